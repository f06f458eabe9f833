"""Rows as instances of their model, without the way through every field that Django goes.

Only for models without signals, as in `bulk`. Half of what a batch read went into `Model.__init__`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)


def columns(model: type[Model]) -> tuple[str, ...]:
    """The attribute names of a whole row."""
    return tuple(field.attname for field in model._meta.concrete_fields)


def stored(model: type[M], cells: dict[str, Any]) -> M:
    """The row that the database holds, from its cells by attribute name."""
    row = model.__new__(model)
    state = ModelState()
    state.db, state.adding = DEFAULT_DB_ALIAS, False
    row.__dict__.update(cells, _state=state)
    return row


def fresh(model: type[M], **cells: Any) -> M:
    """A row that is not saved yet: these cells, by attribute name, and the defaults."""
    fixed, made = _defaults(model)
    row = model.__new__(model)
    row.__dict__.update(fixed)
    for name, make in made:
        row.__dict__[name] = make()
    row.__dict__.update(cells, _state=ModelState())
    return row


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """The defaults of a model: those that are one and the same value, and those that are made each time."""
    fields = model._meta.concrete_fields
    made = [(f.attname, f.get_default) for f in fields if f.has_default() and callable(f.default)]
    names = {name for name, _ in made}
    return {f.attname: f.get_default() for f in fields if f.attname not in names}, made


def copied(row: M) -> M:
    """A copy that can be changed or thrown away; what its cells hold is shared."""
    copy = row.__class__.__new__(row.__class__)
    state = ModelState()
    state.db, state.adding = row._state.db, row._state.adding
    state.fields_cache = dict(row._state.fields_cache)
    copy.__dict__.update(row.__dict__)
    copy.__dict__["_state"] = state
    return copy
