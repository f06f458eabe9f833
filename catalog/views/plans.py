"""Change many products: say what, look at the preview, apply it; and undo what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Count as Counted
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import own, seen, seen_acts, sight
from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import Attribute, Category, ChangePlan, ChangeSet, Family, JournalEntry, Locale, PlanLine, User
from catalog.permissions import requires
from catalog.plans import run
from catalog.plans.kinds.base import BadPlan
from catalog.plans.kinds.selection import selected
from catalog.products.options import codes_for
from catalog.products.told import Teller
from catalog.search.select import Count, count
from catalog.views.selection import selection_of
from pimhub.foundation.jsonvalue import JSON

SHOWN = 100
RIGHT = "catalog.undo_changes"
# What the form offers: name → label.
DEEDS = {
    "set": "Set a value",
    "empty": "Empty a value",
    "add_category": "Add to a category",
    "remove_category": "Take out of a category",
    "family": "Change the family",
    "axes": "Change what tells variants apart",
    "down": "Move an attribute to the variants",
    "up": "Move an attribute to the product",
    "attach": "Make them variants of another product",
    "trash": "Move to the trash",
}


@requires(RIGHT)
def plan_new(request: HttpRequest) -> HttpResponse:
    """Which products (chosen in the grid), and what to do with them."""
    given = request.POST if request.method == "POST" else request.GET
    problem = ""
    try:
        select = selection_of(given)
    except (ValueError, RecursionError):
        messages.error(request, "The selection cannot be read. Select the products again.")
        return redirect("product_list")
    user = cast(User, request.user)
    total: Count | None = None
    try:
        if request.method == "POST":
            kind, what = _deed(given, select, user)
            plan = run.start(kind=kind, what=what, user=user, reason=given.get("reason", ""))
            return redirect("plan_detail", pk=plan.pk)
        if not select:
            messages.error(request, "Select products first.")
            return redirect("product_list")
        total = _total(select, user)
    except (BadPlan, ValueProblem, ValueError) as error:
        problem = str(error)
        total = None if isinstance(error, BadPlan) and error.key.startswith("select") else _total(select, user)
    context = {
        "select": json.dumps(select),
        "total": total,
        "deeds": DEEDS.items(),
        "deed": given.get("deed", "set"),
        "given": given,
        "keys": _keys(),
        "families": Family.objects.all(),
        "categories": Category.objects.filter(trashed_at__isnull=True).order_by("path")[:2000],
        "problem": problem,
    }
    return render(request, "catalog/plan_new.html", context, status=422 if problem else 200)


def _total(select: dict[str, JSON], user: User) -> Count:
    return count(selected(run.without_view({"select": select}, user)["select"]))


def _keys() -> list[tuple[str, str]]:
    """Value keys for the form: (key, label)."""
    locales = list(Locale.objects.filter(scopes__isnull=False).distinct().values_list("code", flat=True))
    found = []
    for attribute in Attribute.objects.order_by("group__position", "position"):
        for locale in locales if attribute.localizable else [""]:
            key = f"{attribute.code}@{locale}" if locale else attribute.code
            found.append((key, f"{attribute.label()}{f' ({locale})' if locale else ''}"))
    return found


def _deed(given: Mapping[str, str], select: dict[str, JSON], user: User) -> tuple[str, dict[str, JSON]]:
    """The kind of plan and its description, from the form. Raises BadPlan, ValueProblem."""
    deed, key = given.get("deed", ""), given.get("key", "").strip()
    what: dict[str, JSON] = {"select": select}
    if deed in ("set", "empty"):
        return "edit", what | {
            "change": {"values": {key: _value(key, given.get("value", "")) if deed == "set" else None}}
        }
    if deed in ("add_category", "remove_category"):
        place = "add_categories" if deed == "add_category" else "remove_categories"
        return "edit", what | {"change": {place: [given.get("category", "")]}}
    if deed == "family":
        return "edit", what | {"change": {"family": given.get("family", "")}}
    if deed == "trash":
        return "edit", what | {"change": {"trashed": True} | ({"force": True} if given.get("force") else {})}
    if deed == "axes":
        return "axes", what | {"axes": [axis.strip() for axis in given.get("axes", "").split(",") if axis.strip()]}
    if deed in ("down", "up"):
        return "levels", what | {"attribute": _attribute(key), "to": "variants" if deed == "down" else "product"}
    if deed == "attach":
        chosen = selected(run.without_view({"select": select}, user)["select"])
        codes = list(chosen.values_list("code", flat=True)[:101])
        return "attach", {"parent": given.get("parent", "").strip(), "codes": codes}
    raise BadPlan("deed", "Choose what to do.")


def _attribute(key: str) -> str:
    return key.partition("@")[0].partition("#")[0]


def _value(key: str, text: str) -> JSON:
    attribute = Attribute.objects.filter(code=ValueKey.parse(key).attribute).first()
    if attribute is None:
        raise BadPlan("key", f"There is no attribute “{key}”.")
    kind = type_of(attribute.type)
    value = kind.parse(text, attribute.spec())
    value = codes_for(attribute, value) if kind.has_options else value
    if value is None:
        raise BadPlan("value", "Give a value, or choose “Empty a value”.")
    return value


@requires("catalog.view_product")
def plan_list(request: HttpRequest) -> HttpResponse:
    """Plans, newest first."""
    plans = own(ChangePlan.objects.select_related("user"))[:SHOWN]
    return render(request, "catalog/plan_list.html", {"plans": plans})


@requires("catalog.view_product")
def plan_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a plan would do or did, product by product. Polled while it works."""
    plan = get_object_or_404(own(ChangePlan.objects.select_related("user", "change_set")), pk=pk)
    wanted = request.GET.get("outcome", "")
    lines = plan.lines.filter(outcome=wanted) if wanted in PlanLine.Outcome.values else plan.lines.all()
    shown = list(lines[:SHOWN])
    told = {
        line.pk: {sku: dict(sight().visible(line.product_id, pairs)) for sku, pairs in line.changes.items()}
        for line in shown
    }
    teller = Teller([pairs for rows in told.values() for pairs in rows.values()], locale="en_US")
    context = {
        "plan": plan,
        "working": plan.state in (ChangePlan.State.PLANNING, ChangePlan.State.APPLYING),
        "outcomes": [(value, label, plan.counts.get(value, 0)) for value, label in PlanLine.Outcome.choices],
        "outcome": wanted,
        "changing": plan.counts.get(PlanLine.Outcome.CHANGES, 0),
        "lines": [
            {
                "line": line,
                "rows": [{"sku": sku, "changes": teller.tell(pairs)} for sku, pairs in told[line.pk].items()],
            }
            for line in shown
        ],
        "shown": SHOWN,
        "more": lines.count() > SHOWN,
        "may": request.user.has_perm(RIGHT),
    }
    template = "catalog/plan_run.html" if getattr(request, "htmx", None) else "catalog/plan_detail.html"
    return render(request, template, context)


@require_POST
@requires(RIGHT)
def plan_decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Apply a finished preview, or cancel it."""
    plan = get_object_or_404(own(ChangePlan.objects.all()), pk=pk)
    try:
        if request.POST.get("decision") == "apply":
            run.apply(plan, user=cast(User, request.user))
        else:
            run.cancel(plan)
            messages.success(request, "Cancelled: nothing was changed.")
    except run.NotNow as error:
        messages.error(request, str(error))
    return redirect("plan_detail", pk=plan.pk)


@requires("catalog.view_product")
def change_set_list(request: HttpRequest) -> HttpResponse:
    """What was changed, by whom and why, newest first."""
    rows = seen_acts(ChangeSet.objects.select_related("user")).order_by("-created_at")
    before = request.GET.get("before", "")
    if before:
        last = ChangeSet.objects.filter(pk=before).first() if _is_uuid(before) else None
        rows = rows.filter(created_at__lt=last.created_at) if last else rows
    found = list(rows[: SHOWN + 1])
    counts = dict(
        seen(JournalEntry.objects.filter(change_set__in=found), "product")
        .values("change_set_id")
        .annotate(n=Counted("product_id", distinct=True))
        .values_list("change_set_id", "n")
    )
    context = {
        "rows": [{"act": act, "products": counts.get(act.pk, 0)} for act in found[:SHOWN]],
        "next_url": f"?before={found[SHOWN - 1].pk}" if len(found) > SHOWN else "",
        "first_url": "?" if before else "",
    }
    return render(request, "catalog/change_set_list.html", context)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@requires("catalog.view_product")
def change_set_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One act: what it changed, and the way back."""
    act = get_object_or_404(seen_acts(ChangeSet.objects.select_related("user", "undoes")), pk=pk)
    touched = seen(JournalEntry.objects.filter(change_set=act), "product")
    entries = list(touched.select_related("product").order_by("pk")[:SHOWN])
    told = {e.pk: dict(sight().visible(e.product_id, e.changes)) for e in entries}
    teller = Teller(told.values(), locale="en_US")
    context = {
        "act": act,
        "entries": [{"entry": e, "changes": teller.tell(told[e.pk])} for e in entries],
        "products": touched.values("product_id").distinct().count(),
        "more": touched.count() > SHOWN,
        "shown": SHOWN,
        "undone_by": ChangeSet.objects.filter(undoes=act),
        "may": request.user.has_perm(RIGHT),
    }
    return render(request, "catalog/change_set_detail.html", context)


@require_POST
@requires(RIGHT)
def change_set_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Work out the way back; it is looked at before it is gone."""
    act = get_object_or_404(seen_acts(ChangeSet.objects.all()), pk=pk)
    what: dict[str, JSON] = {"change_set": str(act.pk)}
    if code := request.POST.get("code"):
        what["codes"] = [code]
    plan = run.start(kind="undo", what=what, user=cast(User, request.user), reason=request.POST.get("reason", ""))
    return redirect("plan_detail", pk=plan.pk)
