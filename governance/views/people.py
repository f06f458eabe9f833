"""People: who is here, which roles they have, and the links by which they choose a password."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from catalog.models import User
from catalog.permissions import ROLES, requires
from catalog.sign_in import second_factor
from catalog.views.again import asks_again
from governance.people import end_sessions, reset_second_factor
from governance.roles import lacking
from pimhub.foundation import audit

MANAGE = "governance.manage_people"


class PersonForm(forms.Form):
    username = forms.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(required=False)
    roles = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    is_active = forms.BooleanField(required=False, initial=True, label="May sign in")

    def __init__(self, *args: Any, granter: User, person: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.granter, self.person = granter, person
        roles = cast(forms.MultipleChoiceField, self.fields["roles"])
        roles.choices = [(g.name, role_words(g)) for g in Group.objects.order_by("name")]

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        taken = User.objects.filter(username__iexact=name)
        if (taken.exclude(pk=self.person.pk) if self.person else taken).exists():
            raise ValidationError("Somebody has this name already. Choose another.")
        return name

    def clean_email(self) -> str:
        """By their address, people come in through single sign-on: so it is guarded like a link to a password."""
        email = str(self.cleaned_data["email"])
        before = self.person.email if self.person else ""
        if self.person is not None and email != before and not _may_let_in(self.granter, self.person):
            raise ValidationError(f"{self.person.username} may do more than you. Somebody who may too can change it.")
        return email

    def clean_roles(self) -> list[str]:
        wanted = list(self.cleaned_data["roles"])
        held = set(self.person.groups.values_list("name", flat=True)) if self.person else set()
        if beyond := beyond_own(self.granter, Group.objects.filter(name__in=set(wanted) - held)):
            raise ValidationError(f"You cannot give a right that you do not have, or have for a part only: {beyond}.")
        return wanted

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.person is not None and self.person.pk == self.granter.pk:
            if not cleaned.get("is_active"):
                self.add_error("is_active", "You cannot shut yourself out. Somebody else can.")
            roles = Group.objects.filter(name__in=cleaned.get("roles", []))
            if not self.granter.is_superuser and not _grants(roles, MANAGE):
                self.add_error("roles", "You would lose the right to manage people. Somebody else can take it away.")
        return cleaned


def _grants(roles: Iterable[Group], permission: str) -> bool:
    app, _, codename = permission.partition(".")
    return Permission.objects.filter(group__in=roles, content_type__app_label=app, codename=codename).exists()


def beyond_own(granter: User, roles: Iterable[Group]) -> str:
    """A permission of these roles that the granter does not have, or has for a part only; or ""."""
    rows = Permission.objects.filter(group__in=roles).select_related("content_type")
    return lacking(granter, (f"{p.content_type.app_label}.{p.codename}" for p in rows))


def role_words(group: Group) -> str:
    return ROLES[group.name][0] if group.name in ROLES else group.name


@requires(MANAGE)
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody, those who may sign in first."""
    people = User.objects.prefetch_related("groups").order_by("-is_active", "username")[:1000]
    rows = [(person, [role_words(g) for g in person.groups.all()]) for person in people]
    return render(request, "governance/people_list.html", {"rows": rows})


@requires(MANAGE)
@never_cache
@asks_again
def person_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """One person, or a new one; a link to choose a password is shown once."""
    granter = cast(User, request.user)
    person = get_object_or_404(User, pk=pk) if pk is not None else None
    if request.method == "POST" and person is not None and request.POST.get("do") == "link":
        if not _may_let_in(granter, person):
            messages.error(request, f"{person.username} may do more than you. Somebody who may too can make the link.")
            return redirect("person_edit", pk=person.pk)
        return _with_link(request, person)
    if request.method == "POST" and person is not None and request.POST.get("do") == "forget_factor":
        return _without_factor(request, granter, person)
    form = PersonForm(request.POST or None, granter=granter, person=person, initial=_initial(person))
    if request.method == "POST" and form.is_valid():
        made = person is None
        saved = _save(form, person)
        if made:
            return _with_link(request, saved)
        messages.success(request, f"{saved.username} is saved.")
        return redirect("people_list")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "person": person, "factors": second_factor.of(person.pk).count() if person else 0}
    return render(request, "governance/person_edit.html", context, status=status)


def _without_factor(request: HttpRequest, granter: User, person: User) -> HttpResponse:
    if not _may_let_in(granter, person):
        messages.error(request, f"{person.username} may do more than you. Somebody who may too can do that.")
    else:
        reset_second_factor(person, by=granter)
        messages.success(request, f"{person.username} signs in without a second factor now, until one is set up.")
    return redirect("person_edit", pk=person.pk)


def _may_let_in(granter: User, person: User) -> bool:
    """Whoever holds the link is that person: so nobody makes one for those who may do more than they."""
    if granter.is_superuser or granter.pk == person.pk:
        return True
    return not person.is_superuser and not beyond_own(granter, person.groups.all())


def _initial(person: User | None) -> dict[str, Any]:
    if person is None:
        return {}
    names = ("username", "first_name", "last_name", "email", "is_active")
    return {name: getattr(person, name) for name in names} | {"roles": [g.name for g in person.groups.all()]}


def _save(form: PersonForm, person: User | None) -> User:
    with transaction.atomic():
        row = person or User()
        for name in ("username", "first_name", "last_name", "email", "is_active"):
            setattr(row, name, form.cleaned_data[name])
        if person is None:
            row.set_unusable_password()
        row.save()
        row.groups.set(Group.objects.filter(name__in=form.cleaned_data["roles"]))
        if not row.is_active:
            end_sessions(row)
    return row


def _with_link(request: HttpRequest, person: User) -> HttpResponse:
    """The link is good for three days and once: choosing a password ends it."""
    where = urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)
    link = request.build_absolute_uri(reverse("choose_password", args=where))
    audit.record("password.link", f"user:{person.pk}")
    form = PersonForm(granter=cast(User, request.user), person=person, initial=_initial(person))
    return render(request, "governance/person_edit.html", {"form": form, "person": person, "link": link})


@login_not_required
@never_cache
@sensitive_post_parameters()
def choose_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """For whoever holds the link: choose a password, then sign in with it."""
    person = _person_of(uid)
    if person is None or not person.is_active or not default_token_generator.check_token(person, token):
        return render(request, "governance/choose_password.html", {"form": None}, status=404)
    form: SetPasswordForm[User] = SetPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            end_sessions(person)
            audit.record("password.changed", f"user:{person.pk}", by=person.pk)
        messages.success(request, "Your password is set. Sign in with it.")
        return redirect("login")
    status = 422 if request.method == "POST" else 200
    return render(request, "governance/choose_password.html", {"form": form, "person": person}, status=status)


def _person_of(uid: str) -> User | None:
    try:
        return User.objects.filter(pk=int(force_str(urlsafe_base64_decode(uid)))).first()
    except (ValueError, OverflowError):
        return None
