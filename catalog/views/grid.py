"""The product grid: filtered, searched, sorted, paged by key; what is selected goes into a plan."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.api.paging import Order, after, cursor_of
from catalog.api.problems import Problem
from catalog.attributes.types import type_of
from catalog.exports.run import export_csv, start_run
from catalog.models import Attribute, Product, SavedView, User
from catalog.permissions import requires
from catalog.plans import run
from catalog.plans.kinds.base import BadPlan
from catalog.products.grid import READ, rows_of
from catalog.search import filters, operators, text
from catalog.search.select import Count, conditions_of, count, leaves, select, view_of
from catalog.search.values import BY_COLUMN
from catalog.views.again import asks_again
from catalog.views.grid_rows import rows_html
from catalog.views.selection import selection_of
from pimhub.foundation import panels
from pimhub.foundation.jsonvalue import JSON

PAGE = 50
AT_ONCE = 2000  # products that are exported while somebody waits for the page
SORTS = {
    "": ("Newest first", Order("pk", descending=True)),
    "updated": ("Changed last", Order("updated_at", descending=True)),
    "code": ("By code", Order("code_key")),
    "rank": ("Best match first", Order("rank")),  # of the words in the search box
}


@requires("catalog.view_product")
def product_list(request: HttpRequest) -> HttpResponse:
    """A page of products. The address holds all that is asked for, so it can be kept and sent."""
    asked = request.GET
    if "add_field" in asked:
        return _with_condition(request)
    user = cast(User, request.user)
    view, words = _view(request)
    problem = ""
    own: JSON = []
    try:
        own = _own(asked)
        query = _products(asked, own, view, words)
    except (ValueError, RecursionError) as error:  # BadFilter is one
        problem, query = str(error), Product.objects.none()
    label, order = SORTS.get(asked.get("sort", ""), SORTS[""])
    if order.column == "rank":
        query, order = (text.ranked(query, words), order) if text.words_of(words) else (query, SORTS[""][1])
    panel = bool(problem) or asked.get("panel") == "filter"
    found, first = _page(query.select_related("family").only(*READ), order, asked.get("after", ""), words)
    rows, more = rows_of(found[:PAGE]), len(found) > PAGE
    deeds = [deed for offer in panels.deeds if (deed := offer(request))]
    context = {
        "rows": rows_html(rows, pick=bool(deeds) or user.has_perm("catalog.undo_changes")) if rows else "",
        "q": words,
        "sort": asked.get("sort", ""),
        "sorts": [(name, words_of) for name, (words_of, _) in SORTS.items()],
        "next_url": _url(asked, after=cursor_of(found[PAGE - 1], order)) if more else "",
        "first_url": "" if first else _url(asked, after=None),
        # What is all on one page is counted; the rest is asked for when the page is there.
        "total": Count(len(rows), exact=True) if first and not more else count(query) if "count" in asked else None,
        "count_url": _url(asked, after=None, count=None).replace(reverse("product_list"), reverse("product_count"), 1),
        "counted_url": _url(asked, count="1"),
        "problem": problem,
        "filter": asked.get("filter", ""),
        "save_filter": _json([*conditions_of(view), *([own] if own else [])]),
        "conditions": _chips(asked, own),
        "grouped": bool(own) and not leaves(own),
        "export_url": _url(asked, after=None).replace(reverse("product_list"), reverse("product_export"), 1),
        "panel": panel,
        "panel_url": _url(asked, after=None, panel=None if panel else "filter"),
        "fields": _fields() if panel else [],
        "operators": sorted(operators.EVERY),
        "view": view,
        "views": SavedView.objects.filter(user=user) | SavedView.objects.filter(shared=True),
        "filtered": bool(own or words or view or asked.get("family")),
        "family": asked.get("family", ""),
        "may_change": user.has_perm("catalog.undo_changes"),
        "deeds": deeds,
    }
    return render(request, "catalog/product_list.html", context, status=400 if problem else 200)


@requires("catalog.view_product")
def product_count(request: HttpRequest) -> HttpResponse:
    """How many products the grid has for the same address, in words."""
    view, words = _view(request)
    try:
        own = _own(request.GET)
        query = _products(request.GET, own, view, words)
    except (ValueError, RecursionError) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    filtered = bool(own or words or view or request.GET.get("family"))
    context = {"total": count(query), "filtered": filtered}
    return HttpResponse(render_to_string("catalog/product_count.html", context))  # no page, so no menu


@requires("catalog.export_product")
@asks_again
def product_export(request: HttpRequest) -> HttpResponseBase:
    """What the grid shows, as a CSV file: at once, or once it is written where there is much of it."""
    asked = request.GET
    view, words = _view(request)
    try:
        query = _products(asked, _own(asked), view, words)
    except (ValueError, RecursionError) as error:
        messages.error(request, f"This cannot be asked: {error}")
        return redirect("product_list")
    total = query[: AT_ONCE + 1].count()
    if total > AT_ONCE and request.method != "POST":
        context = {"total": count(query), "back_url": _url(asked, after=None)}
        return render(request, "catalog/export_new.html", context)
    if total > AT_ONCE:
        every = asked.copy()
        every["do"] = "all"
        user = cast(User, request.user)
        try:
            select = run.without_view({"select": selection_of(every)}, user)["select"]
            return redirect("export_detail", pk=start_run(user=user, select=select, total=count(query).value).pk)
        except BadPlan as error:  # a view that is gone, which the grid passes over
            messages.error(request, str(error))
            return redirect("product_list")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "products.csv"
        export_csv(path, query)
        # The open file outlives its name.
        return FileResponse(path.open("rb"), as_attachment=True, filename="products.csv", content_type="text/csv")


def _view(request: HttpRequest) -> tuple[SavedView | None, str]:
    """The view that is asked for, and the words to search."""
    asked = request.GET
    view = view_of(cast(User, request.user), int(asked["view"])) if asked.get("view", "").isdigit() else None
    return view, asked.get("q", "") or (view.text if view else "")


def _own(asked: QueryDict) -> JSON:
    """The filter of the address, beside that of a view. Raises ValueError and RecursionError."""
    own: JSON = json.loads(given) if (given := asked.get("filter")) else []
    return own


def _products(asked: QueryDict, own: JSON, view: SavedView | None, words: str) -> QuerySet[Product]:
    return select([*conditions_of(view), own, *_family(asked)], words)


def _family(asked: QueryDict) -> list[JSON]:
    return [{"field": "family", "op": "=", "value": asked["family"]}] if asked.get("family") else []


def _page(query: QuerySet[Product], order: Order, cursor: str, words: str) -> tuple[list[Product], bool]:
    """One more than a page of rows, and whether it is the first. What is called exactly so comes first of all."""
    try:
        page = list(after(query, order, cursor)[: PAGE + 1])
    except Problem:  # an old bookmark, sorted otherwise
        cursor, page = "", list(after(query, order, "")[: PAGE + 1])
    if cursor or not words:
        return page, not cursor
    named = text.exact_ids(words)
    exact = {p.pk: p for p in query.filter(pk__in=named)} if named else {}
    if not exact:
        return page, True
    rest = [p for p in page if p.pk not in exact]
    return [*(exact[pk] for pk in named if pk in exact), *rest], True


def _url(asked: QueryDict, **changes: str | None) -> str:
    kept = [(name, value) for name, values in asked.lists() if name not in changes for value in values]
    added = [(name, value) for name, value in changes.items() if value is not None]
    return f"{reverse('product_list')}?{urlencode([*kept, *added])}"


def _chips(asked: QueryDict, given: JSON) -> list[dict[str, str]]:
    """Each condition in words, with the address without it."""
    found = leaves(given)
    return [
        {
            "text": f"{_label(str(leaf['field']))} {leaf.get('op', '=')} {_shown(leaf.get('value'))}".strip(),
            "url": _url(asked, after=None, filter=_json([each for each in found if each is not leaf]) or None),
        }
        for leaf in found
    ]


def _json(given: JSON) -> str:
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")) if given else ""


def _label(field: str) -> str:
    return filters.parts.get(field).label if field in filters.parts else field


def _shown(value: JSON) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _fields() -> list[dict[str, str]]:
    """What one can filter by, each with its operators, for the form."""
    found = [
        {"name": part.name, "label": part.label, "ops": "|".join(part.ops), "kind": part.kind} for part in filters.parts
    ]
    for attribute in Attribute.objects.filter(filterable=True).order_by("code"):
        ops = (*BY_COLUMN[type_of(attribute.type).index_column], operators.EMPTY, operators.NOT_EMPTY)
        name = f"{attribute.code}@en_US" if attribute.localizable else attribute.code
        found.append({"name": name, "label": f"{attribute.label()} ({name})", "ops": "|".join(ops), "kind": "value"})
    return sorted(found, key=lambda field: field["label"].casefold())


def _with_condition(request: HttpRequest) -> HttpResponse:
    """The same page with one condition more, as typed into the form."""
    asked = request.GET.copy()
    field, op, typed = (asked.pop(name, [""])[0] for name in ("add_field", "add_op", "add_value"))
    try:
        held = json.loads(str(asked["filter"])) if asked.get("filter") else []
    except ValueError:
        held = []
    items = leaves(held) if leaves(held) or not held else [held]
    leaf: dict[str, JSON] = {"field": field.strip(), "op": op}
    if op not in operators.NEEDS_NO_VALUE:
        leaf["value"] = _typed(field, op, typed)
    return redirect(_url(asked, after=None, panel=None, filter=_json([*items, leaf])))


def _typed(field: str, op: str, typed: str) -> JSON:
    """What was typed, as the language wants it: lists by commas, numbers and answers where the field has them."""
    items = [item.strip() for item in typed.split(",")]
    several = op in (operators.IN, operators.NOT_IN, operators.IN_CHILDREN, operators.NOT_IN_CHILDREN)
    if several or op in (operators.BETWEEN, operators.NOT_BETWEEN, operators.IN_OR_NONE):
        return [_one(field, item) for item in items]
    if op == operators.LAST_DAYS:
        return int(typed) if typed.strip().isdigit() else typed
    return _one(field, typed.strip())


def _one(field: str, typed: str) -> JSON:
    kind = filters.parts.get(field).kind if field in filters.parts else "value"
    if kind == "number" and typed.lstrip("-").isdigit():
        return int(typed)
    if kind == "flag":
        return typed.casefold() in ("yes", "true", "1", "ja", "oui")
    return typed


@require_POST
@requires("catalog.view_product")
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep what the grid shows under a name."""
    user, given = cast(User, request.user), request.POST
    name = given.get("name", "").strip()[:100]
    try:
        conditions = json.loads(given["filter"]) if given.get("filter") else []
        filters.build(conditions)
    except (ValueError, RecursionError) as error:
        messages.error(request, f"The view was not saved: {error}")
        return redirect("product_list")
    if not name:
        messages.error(request, "Give the view a name.")
        return redirect(_url(QueryDict(given.get("query", "")), after=None))
    view, made = SavedView.objects.update_or_create(
        user=user,
        name=name,
        defaults={
            "filter": conditions,
            "text": given.get("q", "")[:200],
            "sort": given.get("sort", "")[:50],
            "shared": given.get("shared") == "1",
        },
    )
    messages.success(request, f"The view “{name}” is {'saved' if made else 'changed'}.")
    return redirect(f"{reverse('product_list')}?view={view.pk}")


@require_POST
@requires("catalog.view_product")
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a view of one's own away."""
    gone, _ = SavedView.objects.filter(pk=pk, user=cast(User, request.user)).delete()
    if gone:
        messages.success(request, "The view is gone; the products are as they were.")
    else:
        messages.error(request, "This view is not yours.")
    return redirect("product_list")
