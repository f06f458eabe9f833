"""The mappings in force, printed."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from channels.demo.shop import ensure_channels
from tests.world import build_world


@pytest.mark.django_db
def test_the_mappings_are_printed() -> None:
    build_world()
    ensure_channels()
    out = io.StringIO()
    call_command("document", "mappings", stdout=out)
    text = out.getvalue()
    assert "## Google Merchant (google)" in text
    assert "Scope default, languages" in text
    assert "| title | `" in text
    with pytest.raises((CommandError, SystemExit)):
        call_command("document", "nothing", stdout=io.StringIO(), stderr=io.StringIO())
