"""Runs of texts: for which products, what they would cost, how far they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.access.reach import seen
from catalog.models import Locale, SavedView, User
from catalog.permissions import requires
from catalog.plans.kinds.base import BadPlan
from catalog.search.filters import BadFilter
from catalog.search.select import Count, conditions_of, count, view_of
from catalog.search.select import select as matching
from catalog.views.selection import products_of, selection_of
from governance.copywriting import budget, runs
from governance.copywriting.prompts import BadPrompt
from governance.models import CopyRun, PromptTemplate, PromptVersion
from governance.views.copy import MOST, SHOWN, USE, in_use, languages, open_drafts, products_named
from pimhub.foundation.jsonvalue import JSON


@requires(USE)
def run_new(request: HttpRequest) -> HttpResponse:
    """Which text, in which language, for which products."""
    given = request.POST if request.method == "POST" else request.GET
    user, problem = cast(User, request.user), ""
    try:
        select = selection_of(given)
    except (ValueError, RecursionError):
        messages.error(request, "The selection cannot be read. Select the products again.")
        return redirect("product_list")
    chosen: Count | None = None
    try:
        chosen = count(products_of(select, user)) if select else None
        if request.method == "POST":
            run = _planned(given, user, select)
            return redirect("copy_run", pk=run.pk)
    except (runs.CannotRun, BadPrompt, BadFilter, BadPlan) as error:
        problem = str(error)
    context = {
        "given": given,
        "select": json.dumps(select) if select else "",
        "chosen": chosen,
        "problem": problem,
        "templates": PromptTemplate.objects.filter(versions__state=PromptVersion.State.ACTIVE),
        "locales": languages(),
        "views": SavedView.objects.filter(Q(shared=True) | Q(user=user)),
    }
    return render(request, "governance/copy_run_new.html", context, status=422 if problem else 200)


def _planned(given: Mapping[str, str], user: User, chosen: dict[str, JSON]) -> CopyRun:
    """Raises CannotRun, BadPrompt, BadFilter, BadPlan."""
    active = PromptVersion.objects.filter(state=PromptVersion.State.ACTIVE)
    version = active.select_related("template").filter(template__code=given.get("template", "")).first()
    if version is None:
        raise runs.CannotRun("template", "Choose a text with an active version.")
    ids = [p.pk for p in products_named(given.get("products", ""))]
    if chosen:
        ids += list(products_of(chosen, user).order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if (named := given.get("view", "")).isdigit() and (view := view_of(user, int(named))):
        ids += list(matching(conditions_of(view)).values_list("pk", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        raise runs.CannotRun("view", f"More than {MOST:,} products are chosen. Narrow the choice.")
    locale = given.get("locale", "")
    if not Locale.objects.filter(code=locale).exists():
        raise runs.CannotRun("locale", "Choose a language.")
    return runs.plan(version=version, locale=locale, ids=ids, by=user)


@requires(USE)
def run_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What it would cost, how far it is, what was skipped or failed and why."""
    run = get_object_or_404(CopyRun.objects.select_related("version__template", "version__provider"), pk=pk)
    if request.method == "POST":
        try:
            _move(request, run)
        except runs.CannotRun as error:
            messages.error(request, str(error))
        return redirect("copy_run", pk=pk)
    counts = runs.counts(run)
    estimate = runs.estimate(run) if run.state == CopyRun.State.PLANNED else None
    items = seen(run.items.exclude(code="").select_related("product"), "product")
    context = {
        "run": run,
        "counts": counts,
        "total": sum(counts.values()),
        "estimate": estimate,
        "at_most": budget.money(estimate.micros or 0) if estimate else "",
        "spent": budget.money(budget.spent(run.calls.all())),
        "limit": budget.money(run.budget_micros),
        "trouble": items[:SHOWN],
        "first": open_drafts().filter(item__run=run).order_by("pk").first(),
        "under_way": run.state == CopyRun.State.RUNNING,
        "in_use": in_use(request, Q(draft__item__run=run)),
    }
    page = "governance/copy_run_state.html" if request.headers.get("HX-Request") else "governance/copy_run.html"
    return render(request, page, context)


def _move(request: HttpRequest, run: CopyRun) -> None:
    user, do = cast(User, request.user), request.POST.get("do", "")
    if do == "start":
        try:
            amount = Decimal(request.POST.get("budget") or "0")
        except InvalidOperation as error:
            raise runs.CannotRun("budget", "Write the budget as an amount, such as 2.50.") from error
        if not amount.is_finite() or not 0 <= amount <= 1_000_000:
            raise runs.CannotRun("budget", "A budget is at least 0 and at most 1,000,000.")
        runs.start(run, by=user, budget_micros=int(amount * 1_000_000), by_batch=bool(request.POST.get("by_batch")))
    elif do == "pause":
        runs.pause(run, by=user)
    elif do == "cancel":
        runs.cancel(run, by=user)
