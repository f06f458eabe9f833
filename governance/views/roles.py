"""Roles: those that come with PIMHub, and own ones, with what they may do and how far they reach."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.access import reach
from catalog.models import RoleSignIn, User
from catalog.permissions import ROLES, requires
from catalog.sign_in import second_factor
from catalog.views.again import asks_again
from governance import roles
from governance.views.people import MANAGE, role_words

TYPED = 30  # more than these are not ticked but written, a line each


class RoleForm(forms.Form):
    name = forms.RegexField(r"\A[a-z][a-z0-9-]{1,40}\Z", help_text="Lower-case letters, digits and hyphens.")
    permissions = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False, label="May")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["permissions"]).choices = roles.known_permissions()
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
    held = roles.permissions_of(group) if group else []
    limits = roles.limits_of(group)
    form = RoleForm(request.POST or None, initial={"name": name, "permissions": held, **limits})
    if fixed:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and not fixed and form.is_valid() and _keep(form, group, granter):
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


def _keep(form: RoleForm, group: Group | None, granter: User) -> bool:
    given, before = form.cleaned_data, roles.limits_of(group)
    limits = {kind: given[kind] for kind in form.limits if given[kind]}
    # What cannot be ticked because there is none of it any more still limits.
    limits |= {kind: codes for kind, codes in before.items() if kind not in form.limits}
    wanted = set(given["permissions"])
    try:
        roles.keep(group, name=given["name"], permissions=wanted, limits=limits, granter=granter)
    except roles.CannotKeep as error:
        form.add_error(error.field, str(error))
        return False
    return True


def _delete(request: HttpRequest, group: Group) -> HttpResponse:
    try:
        roles.delete(group)
    except roles.CannotKeep as error:
        messages.error(request, str(error))
        return redirect("role_edit", name=group.name)
    messages.success(request, f"The role {group.name} is gone.")
    return redirect("role_list")
