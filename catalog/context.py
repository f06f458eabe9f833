"""What every page's shell shows: where one can go, and who one is."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from catalog.models import User
from catalog.permissions import role_label
from pimhub.foundation import panels
from pimhub.foundation.jsonvalue import JSON


def shell(request: HttpRequest) -> dict[str, JSON]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    entries = [found for make in panels.nav if (found := make(request))]
    return {
        "nav": sorted(entries, key=lambda e: e["order"]),
        "search_url": reverse("search"),
        "role_label": role_label(user),
    }
