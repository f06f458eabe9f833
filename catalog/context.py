"""What every page's shell shows: where one can go, and who one is."""

from __future__ import annotations

from django.http import HttpRequest

from pimhub.foundation.jsonvalue import JSON


def shell(request: HttpRequest) -> dict[str, JSON]:
    return {}
