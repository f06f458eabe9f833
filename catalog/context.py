"""What every page's shell shows: where one can go, and who one is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from catalog.models import User
from catalog.permissions import role_label
from pimhub.foundation import panels


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {
        "nav": panels.menu(request),
        "notices": [notice for make in panels.notices if (notice := make(request))],
        "search_url": reverse("search"),
        "role_label": role_label(user),
    }
