"""Ownership: the rules in the order in which they count, who may write a value and why, and what a rule changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.api.base import etag_of
from catalog.forms.structure import RowForm
from catalog.models import ExternalSystem, Family
from catalog.permissions import requires
from catalog.views.structure import delete_row, save_row
from catalog.views.structure_kinds import KINDS
from governance.api.ownership import OWN, RuleRow
from governance.models import OwnershipRule
from governance.ownership import ask
from governance.ownership.document import about
from governance.ownership.rules import BadKey, load_rules, others_words, owner_words, read_rules

SHOWN = 100
# Title, what is said of it, its fields.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("The rule", "", ("code", "owner", "reason")),
    (
        "What it is about",
        "One of the three; none of them: everything. A rule for an attribute counts more than one for its group, "
        "and that more than one for everything.",
        ("attribute", "group", "part"),
    ),
    (
        "Only there",
        "Left empty, it holds everywhere. The narrower of two rules counts.",
        ("scope", "locale", "family", "location", "price_list"),
    ),
    (
        "What others write",
        "Others are all who are not the owner, administrators included.",
        ("otherwise", "override_days"),
    ),
)
LABELS = {
    "owner": ("Owner", "people", "The system that writes it. Systems are registered under Structure, Other systems."),
    "reason": ("Why", "", "Is shown to whoever may not write it."),
    "attribute": ("Attribute", "—", ""),
    "group": ("Attribute group", "—", ""),
    "part": ("Part of the product", "—", ""),
    "scope": ("In the scope", "all", ""),
    "locale": ("In the language", "all", ""),
    "family": ("In the family", "all", ""),
    "location": ("At the location", "all", "For stock."),
    "price_list": ("In the price list", "all", "For prices and sales."),
    "otherwise": ("It", "", ""),
    "override_days": (
        "For how many days",
        "",
        "If it holds. Then the owner's value comes back by itself.",
    ),
}


class RuleForm(RowForm):
    """The fields of a rule as the API has them, in the words of this page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, empty, hint) in LABELS.items():
            field = self.fields[name]
            field.label, field.help_text = label, hint or field.help_text
            if empty and isinstance(field, forms.ChoiceField):
                choices: Any = field.choices
                field.choices = [(code, words if code else empty) for code, words in choices]

    def groups(self) -> Iterator[tuple[str, str, list[BoundField]]]:
        for title, says, names in GROUPS:
            yield title, says, [self[name] for name in names]


@requires("catalog.view_product")
def rule_list(request: HttpRequest) -> HttpResponse:
    """All rules, those that count more first; and `?key=` in `?family=`: who may write it, and why."""
    rules, key, family = load_rules(), request.GET.get("key", "").strip()[:255], request.GET.get("family", "")
    told, problem = None, ""
    if key:
        try:
            told = ask.ask(key, family=family)
        except BadKey as error:
            problem = f"{error} Write a value such as description@en_US, or a part such as stock.main.available."
    page = Paginator(rules.rules if rules else [], SHOWN).get_page(request.GET.get("page"))
    context = {
        "rows": [_row(rule) for rule in page.object_list],
        "page": page,
        "key": key,
        "family": family,
        "families": Family.objects.order_by("code"),
        "told": told,
        "deciding": _row(told.rule) if told and told.rule else None,
        "less": [_row(rule) for rule in told.less] if told else [],
        "problem": problem,
        "known": list(islice(ask.known_keys(), 500)),
        "systems": ExternalSystem.objects.exists(),
        "may": request.user.has_perm(OWN),
    }
    return render(request, "governance/ownership.html", context, status=422 if problem else 200)


def _row(rule: OwnershipRule) -> dict[str, Any]:
    return {"rule": rule, "about": about(rule), "owner": owner_words(rule), "others": others_words(rule)}


@requires("catalog.view_product")
def rule_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """One rule, or a new one; `do=try` shows what it would change and keeps nothing."""
    kind, may, status = KINDS["ownership"], request.user.has_perm(OWN), 200
    row = get_object_or_404(OwnershipRule, code=code) if code else None
    if request.method == "POST" and not may:
        raise PermissionDenied
    if request.method == "POST" and request.POST.get("do") == "delete" and row is not None:
        return delete_row(request, kind, row, None)
    form = RuleForm(RuleRow, row, request.POST if request.method == "POST" else None, read_only=not may)
    tried: list[ask.Line] | None = None
    if request.method == "POST" and request.POST.get("do") == "try":
        tried = _tried(request, row, form)
        status = 422 if tried is None else 200
    elif request.method == "POST":
        if (saved := save_row(request, kind, row, None, form)) is not None:
            messages.success(request, f"Rule {saved.code} is saved.")
            return redirect("ownership")
        status = 422
    context = {
        "form": form,
        "row": row,
        "may": may,
        "right": OWN,
        "etag": request.POST.get("etag") or (etag_of(RuleRow(row).data) if row is not None else ""),
        "tried": tried,
        "held": ask.without(row) if row is not None and tried is None else [],
    }
    return render(request, "governance/ownership_rule.html", context, status=status)


def _tried(request: HttpRequest, row: OwnershipRule | None, form: RuleForm) -> list[ask.Line] | None:
    """What would change, or None with the form knowing why it cannot be. The rule is saved, and taken back."""
    before = read_rules()
    with transaction.atomic():
        saved = save_row(request, KINDS["ownership"], row, None, form)
        lines = ask.compare(before, read_rules()) if saved is not None else None
        transaction.set_rollback(True)
    return lines
