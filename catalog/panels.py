"""The catalogue's own entries of the navigation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from pimhub.foundation import panels


def products_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("catalog.view_product"):
        return None
    return panels.entry(request, label="Products", url=reverse("product_list"), icon="package", order=10)


def imports_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("catalog.import_product"):
        return None
    return panels.entry(request, label="Imports", url=reverse("import_list"), icon="upload", order=20)


def sources_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not (request.user.has_perm("catalog.handle_rejects") or request.user.has_perm("catalog.manage_sources")):
        return None
    return panels.entry(request, label="Sources", url=reverse("source_list"), icon="plug", order=22)


def changes_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("catalog.view_product"):
        return None
    return panels.entry(request, label="Changes", url=reverse("change_set_list"), icon="history", order=25)


def structure_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not (request.user.has_perm("catalog.manage_structure") or request.user.has_perm("catalog.change_category")):
        return None
    return panels.entry(request, label="Structure", url=reverse("structure_index"), icon="settings", order=80)


def plug_in() -> None:
    panels.nav.add("catalog.products", products_entry)
    panels.nav.add("catalog.imports", imports_entry)
    panels.nav.add("catalog.sources", sources_entry)
    panels.nav.add("catalog.changes", changes_entry)
    panels.nav.add("catalog.structure", structure_entry)
