"""The configuration on pages: attributes, families, categories, scopes and all the rest, by the rows of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import ProtectedError, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from rest_framework import serializers

from catalog import change_sets
from catalog.api import structure
from catalog.api.base import etag_of
from catalog.forms.structure import RowForm
from catalog.models import Attribute, Family, Scope
from catalog.permissions import requires
from catalog.products.uses import InUse
from catalog.structure import recompute
from catalog.structure.problems import CannotBe
from catalog.views.structure_kinds import KINDS, Kind

SHOWN = 50


@requires("catalog.view_product")
def structure_index(request: HttpRequest) -> HttpResponse:
    """All kinds, and what is being measured anew."""
    kinds = [(kind, kind.rows(None).count()) for kind in KINDS.values() if not kind.of]
    return render(request, "catalog/structure_index.html", {"kinds": kinds, "running": recompute.progress()})


@requires("catalog.view_product")
def structure_list(request: HttpRequest, name: str) -> HttpResponse:
    """Rows of a kind, by page, found by code or label."""
    kind, parent = _kind(request, name)
    if kind.page:
        return redirect(kind.page)
    query, q = kind.rows(parent), request.GET.get("q", "").strip()[:100]
    if q:
        found = Q(code__icontains=q)
        columns = {field.name for field in query.model._meta.get_fields()}
        for column in ("labels", "label", "name"):
            if column in columns:
                found |= Q(**{f"{column}__icontains": q})
        query = query.filter(found)
    page = Paginator(query, SHOWN).get_page(request.GET.get("page"))
    context = {
        "kind": kind,
        "parent": parent,
        "page": page,
        "q": q,
        "rows": [_cells(kind, row) for row in page.object_list],
        "may": request.user.has_perm(kind.right),
        "below": next((k for k in KINDS.values() if k.of == kind.name), None),
    }
    return render(request, "catalog/structure_list.html", context)


def _cells(kind: Kind, row: Any) -> dict[str, Any]:
    label = getattr(row, "label", "") or getattr(row, "name", "")
    cells = [(w, column(row) if callable(column) else getattr(row, column)) for w, column in kind.columns]
    return {
        "row": row,
        "label": label() if callable(label) else label,
        "cells": cells,
        "has_below": kind.has_below(row),
        "depth": "– " * (getattr(row, "depth", 1) - 1),
    }


@requires("catalog.view_product")
def structure_edit(request: HttpRequest, name: str) -> HttpResponse:
    """One row (`?code=`), or a new one; who may not change it reads it."""
    kind, parent = _kind(request, name)
    if kind.page:
        return redirect(kind.page)
    may, status = request.user.has_perm(kind.right), 200
    row = None
    if code := request.GET.get("code"):
        row = get_object_or_404(kind.rows(parent), code=code)
    if request.method == "POST" and not may:
        raise PermissionDenied
    if request.method == "POST" and request.POST.get("do") == "delete" and row is not None:
        return delete_row(request, kind, row, parent)
    form = RowForm(kind.row, row, request.POST if request.method == "POST" else None, read_only=not may)
    if request.method == "POST":
        if (saved := save_row(request, kind, row, parent, form)) is not None:
            messages.success(request, f"{kind.one.capitalize()} {saved.code} is saved.")
            return redirect(_address(kind, parent))
        status = 422
    context = {
        "kind": kind,
        "parent": parent,
        "row": row,
        "form": form,
        "may": may,
        "etag": etag_of(kind.row(row).data) if row is not None else "",
        "list_url": _address(kind, parent),
        **(_matrix(row, request.POST if status == 422 else None) if kind.name == "families" else {}),
    }
    return render(request, "catalog/structure_edit.html", context, status=status)


def _kind(request: HttpRequest, name: str) -> tuple[Kind, Any]:
    kind = KINDS.get(name)
    if kind is None:
        raise Http404
    parent = get_object_or_404(kind.parent, code=request.GET.get("of", "")) if kind.parent else None
    return kind, parent


def _address(kind: Kind, parent: Any) -> str:
    url = kind.address
    return f"{url}?{urlencode({'of': parent.code})}" if parent is not None else url


def save_row(request: HttpRequest, kind: Kind, row: Any, parent: Any, form: RowForm) -> Any | None:
    """The saved row, or None with the form knowing why not."""
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            if row is not None:
                row = kind.rows(parent).select_for_update(of=("self",)).get(pk=row.pk)
                if request.POST.get("etag") != etag_of(kind.row(row).data):
                    form.add_error(None, "Somebody changed it since you opened this page. Open it anew, then decide.")
                    return None
            elif kind.rows(parent).filter(code=form.cleaned_data["code"]).exists():
                form.add_error("code", "There is one with this code already. Choose another.")
                return None
            sent = form.sent()
            if kind.name == "families":
                sent["attributes"] = _has(request.POST)
            given = kind.given(parent)
            serializer = kind.row(row, data=sent, partial=row is not None, context={"given": given})
            serializer.is_valid(raise_exception=True)
            return serializer.save(**(given if row is None else {}))
    except serializers.ValidationError as error:
        form.blame(error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail})
    except CannotBe as error:
        form.blame({wrong.field: [wrong.message] for wrong in error.wrong})
    return None


def delete_row(request: HttpRequest, kind: Kind, row: Any, parent: Any) -> HttpResponse:
    try:
        with transaction.atomic():
            change_sets.change_set()
            kind.remove(row)
        messages.success(request, f"{kind.one.capitalize()} {row.code} is gone.")
        return redirect(_address(kind, parent))
    except ProtectedError as error:
        users = sorted({f"{type(o)._meta.verbose_name} {o}" for o in error.protected_objects})
        messages.error(request, f"{row.code} is in use by {', '.join(users[:3])}. Change that first.")
    except (CannotBe, InUse) as error:
        messages.error(request, str(error))
    return redirect(f"{request.path}?{request.GET.urlencode()}")


def _matrix(row: Family | None, sent: QueryDict | None) -> dict[str, Any]:
    """The attributes of a family, and where each is required."""
    scopes = list(Scope.objects.all())
    known = {a.code: a for a in Attribute.objects.all()}
    held: Sequence[Any] = structure.FamilyRow(row).data["attributes"] if row is not None else []
    if sent is not None:
        held = _has(sent)
    lines = [
        {
            "code": has["attribute"],
            "label": known[has["attribute"]].label() if has["attribute"] in known else has["attribute"],
            "on_variant": has["on_variant"],
            "scopes": [(scope, scope.code in has["required_for"]) for scope in scopes],
        }
        for has in held
    ]
    taken = {has["attribute"] for has in held}
    return {"has": lines, "scopes": scopes, "free": [a for a in known.values() if a.code not in taken]}


def _has(sent: QueryDict) -> list[dict[str, Any]]:
    codes = [code for code in sent.getlist("has") if f"drop:{code}" not in sent]
    codes += [code.strip() for code in sent.get("add", "").split(",") if code.strip()]
    return [
        {
            "attribute": code,
            "on_variant": f"variant:{code}" in sent,
            "required_for": sent.getlist(f"required:{code}"),
        }
        for code in dict.fromkeys(codes)
    ]
