"""Takes out the guard that `PIMHUB_TEST_WITHOUT` names."""

from __future__ import annotations

import os
from contextlib import nullcontext
from types import SimpleNamespace

from django.apps import AppConfig


class Unguarded(AppConfig):
    name = "tests.faults.unguarded"

    def ready(self) -> None:
        without = os.environ["PIMHUB_TEST_WITHOUT"]
        if without != "the sweep":  # see settings.py
            GUARDS[without]()


def _read_before_retry() -> None:
    """A call whose answer was lost counts as never sent."""
    from channels.models import Placement
    from channels.publishing import work

    converge = work._converge

    def forgetful(placement: Placement, desired: work.Desired, rules: work.Policy) -> work.Turn:
        placement.must_read = False
        placement.publications.filter(verdict="").delete()
        return converge(placement, desired, rules)

    work._converge = forgetful


def _whole_batches() -> None:
    """A batch of an import is not one transaction: what a killed worker had begun stays."""
    from catalog.imports import run
    from catalog.products import save, write

    for module in (run, write, save):
        if hasattr(module, "transaction"):
            module.transaction = SimpleNamespace(atomic=nullcontext, on_commit=lambda call: call())  # type: ignore[attr-defined]


GUARDS = {"read before retry": _read_before_retry, "whole batches": _whole_batches}
