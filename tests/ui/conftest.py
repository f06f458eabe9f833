"""The shell without the rest of the product: fixed addresses, static files straight from static/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import override_settings

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


class Person:
    display_name = 'Mara "M" <Lind>'
    is_authenticated = True


@pytest.fixture(autouse=True)
def shell() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.ui.urls", STORAGES=STORAGES, STATIC_URL="/static/"):
        yield


def page(template: str, **context: Any) -> str:
    """A template with what the context processors would give."""
    nav = [
        {"label": "Products", "url": "/products/", "icon": "package", "active": True, "count": 0},
        {"label": "Review", "url": "/review/", "icon": "checks", "active": False, "count": 12},
    ]
    shell = {"user": Person(), "nav": nav, "role_label": "Reviewer", "search_url": "/products/"}
    return render_to_string(template, {**shell, "csrf_token": "a-token", **context})
