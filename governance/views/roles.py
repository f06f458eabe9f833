"""Roles: those that come with PIMHub, and own ones, with what they may do and how far they reach."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.access import reach
from catalog.models import RoleLimit, RoleSignIn, User
from catalog.permissions import ROLES, requires
from catalog.sign_in import second_factor
from catalog.views.again import asks_again
from governance.views.people import MANAGE, lacking, role_words
from pimhub.foundation import audit

TYPED = 30  # more than these are not ticked but written, a line each


class RoleForm(forms.Form):
    name = forms.RegexField(r"\A[a-z][a-z0-9-]{1,40}\Z", help_text="Lower-case letters, digits and hyphens.")
    permissions = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False, label="May")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["permissions"]).choices = known_permissions()
        self.known: dict[str, list[tuple[str, str]]] = {}
        for name, kind in reach.kinds.items():
            self.known[name] = choices = list(kind.choices())
            label = f"Only for: {kind.label.lower()}"
            if len(choices) > TYPED:
                self.fields[name] = forms.CharField(
                    label=label, required=False, widget=forms.Textarea({"rows": 3}), help_text="Codes, a line each."
                )
            elif choices:
                self.fields[name] = forms.MultipleChoiceField(
                    label=label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple
                )
        for name in self.limits:
            self.initial[name] = self._shown(name, self.initial.get(name, []))

    @property
    def limits(self) -> list[str]:
        return [name for name in reach.kinds if name in self.fields]

    def _shown(self, name: str, codes: list[str]) -> Any:
        return "\n".join(codes) if isinstance(self.fields[name], forms.CharField) else codes

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.limits:
            if isinstance(self.fields[name], forms.CharField):
                given = [line.strip() for line in str(cleaned.get(name, "")).splitlines() if line.strip()]
                known = {code for code, _ in self.known[name]}
                if strange := [code for code in given if code not in known]:
                    self.add_error(name, ValidationError(f"There is no “{strange[0]}”."))
                cleaned[name] = given
        return cleaned


@requires(MANAGE)
def role_list(request: HttpRequest) -> HttpResponse:
    """The roles that come with PIMHub, and own ones."""
    rows = [
        {
            "group": group,
            "words": role_words(group),
            "fixed": group.name in ROLES,
            "people": group.user_set.count(),
            "rights": group.permissions.count(),
            "limits": ", ".join(limit.code for limit in group.limits.all()),
        }
        for group in Group.objects.order_by("name").prefetch_related("limits")
    ]
    return render(request, "governance/role_list.html", {"rows": rows})


@requires(MANAGE)
@asks_again
def role_edit(request: HttpRequest, name: str = "") -> HttpResponse:
    """One's own role: its name, and what it may. Those that come with PIMHub are as they are."""
    granter = cast(User, request.user)
    group = get_object_or_404(Group, name=name) if name else None
    fixed = group is not None and group.name in ROLES
    if request.method == "POST" and group is not None and not fixed and request.POST.get("do") == "delete":
        return _delete(request, group)
    if request.method == "POST" and group is not None and request.POST.get("do") == "second_factor":
        return _second_factor(request, group)
    held = [f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()] if group else []
    limits = _limits_of(group)
    form = RoleForm(request.POST or None, initial={"name": name, "permissions": held, **limits})
    if fixed:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and not fixed and form.is_valid() and _keep(form, group, granter, held):
        messages.success(request, f"The role {form.cleaned_data['name']} is saved.")
        return redirect("role_list")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "group": group, "fixed": fixed, "second_factor": _needs_second_factor(group)}
    return render(request, "governance/role_edit.html", context, status=status)


def _needs_second_factor(group: Group | None) -> bool:
    return group is not None and RoleSignIn.objects.filter(role=group, second_factor=True).exists()


def _second_factor(request: HttpRequest, group: Group) -> HttpResponse:
    wanted = "second_factor" in request.POST
    second_factor.demand(group, wanted=wanted)
    words = "must set up a second factor now" if wanted else "may sign in without a second factor"
    messages.success(request, f"People with the role {role_words(group)} {words}.")
    return redirect("role_edit", name=group.name)


def known_permissions() -> list[tuple[str, str]]:
    """What roles are made of: every permission that some role of PIMHub's has, in words."""
    names = {name for _, permissions in ROLES.values() for name in permissions}
    rows = Permission.objects.select_related("content_type")
    found = {f"{p.content_type.app_label}.{p.codename}": p.name for p in rows}
    return [(name, f"{found[name]} ({name})") for name in sorted(names) if name in found]


def _limits_of(group: Group | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for limit in group.limits.all() if group else ():
        found.setdefault(limit.kind, []).append(limit.code)
    return found


def _keep(form: RoleForm, group: Group | None, granter: User, held: list[str]) -> bool:
    name, wanted = form.cleaned_data["name"], set(form.cleaned_data["permissions"])
    before = _limits_of(group)
    limits = {kind: sorted(form.cleaned_data[kind]) for kind in form.limits if form.cleaned_data[kind]}
    # What cannot be ticked because there is none of it any more still limits.
    limits |= {kind: codes for kind, codes in before.items() if kind not in form.limits}
    others = Group.objects.filter(name=name)
    if (others.exclude(pk=group.pk) if group else others).exists():
        form.add_error("name", "There is a role of this name already. Choose another.")
    if beyond := lacking(granter, wanted if limits != before else wanted - set(held)):
        message = f"You cannot give a right that you do not have, or have for a part only: {beyond}."
        form.add_error("permissions", message)
    if form.errors:
        return False
    with transaction.atomic():
        row = group or Group()
        row.name = name
        row.save()
        rows = Permission.objects.select_related("content_type")
        row.permissions.set([p for p in rows if f"{p.content_type.app_label}.{p.codename}" in wanted])
        if limits != before:
            row.limits.all().delete()
            for kind, codes in limits.items():
                for code in codes:
                    RoleLimit.objects.create(role=row, kind=kind, code=code)
            audit.record("role.limited", f"role:{name}", before=before, after=limits)
    return True


def _delete(request: HttpRequest, group: Group) -> HttpResponse:
    if count := group.user_set.count():
        messages.error(request, f"{count} people have the role {group.name}. Give them another first.")
        return redirect("role_edit", name=group.name)
    audit.record("role.deleted", f"role:{group.name}")
    group.delete()
    messages.success(request, f"The role {group.name} is gone.")
    return redirect("role_list")
