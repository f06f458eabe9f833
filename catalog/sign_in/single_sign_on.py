"""Single sign-on: who of ours somebody is, whom a provider vouches for.

By the stored subject; else, once, by an e-mail address that the provider says it verified and that exactly one account
has here; else, where the operator switched that on, somebody new. An address that is not verified leads nowhere.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthError
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from catalog.models import User
from catalog.sign_in import fresh, oidc
from pimhub.foundation import audit


class Refused(Exception):
    """The provider's word is not enough; the text may be shown."""


def begin(request: HttpRequest, provider: Any, *, next_url: str, again: bool) -> str:
    """The address at the provider to go to. `again`: the person signed in shall prove anew who they are."""
    nonce = secrets.token_urlsafe(24)
    asked = {"nonce": nonce} | ({"prompt": "login", "max_age": "0"} if again else {})
    more = {"nonce": nonce, "again": request.user.pk if again else None}
    answer = provider.redirect(request, "login", next_url=next_url, auth_params=asked, **more)
    return str(answer["Location"])


def admit(request: HttpRequest, login: Any) -> HttpResponse | None:
    """Let the login go on as somebody of ours; an answer instead where it ends here."""
    name, claims, state = login.account.provider, login.account.extra_data.get("id_token", {}), login.state
    try:
        if not hmac.compare_digest(str(state.get("nonce", "")), str(claims.get("nonce", ""))) or not state.get("nonce"):
            raise Refused("The answer was not meant for this sign-in. Try again.")
        person = _known(login)
        if person is None and state.get("again") is None:
            person = _linked(login, claims)
        if person is None:
            raise Refused("That account of the provider is not linked to anybody here.")
        if not person.is_active:
            raise Refused("This account is closed. Ask your administrator.")
        if state.get("again") is not None:
            return _again(request, person, state, claims)
    except Refused as refusal:
        audit.record("sso.refused", f"sso:{name}", reason=str(refusal))
        messages.error(request, str(refusal))
        return redirect("login")
    return None


def failed(request: HttpRequest, provider: Any, error: Any, exception: Exception | None) -> HttpResponse:
    """Back to the sign-in, with words; what exactly was wrong is for the audit."""
    if error == AuthError.CANCELLED:
        messages.warning(request, f"The sign-in with {provider.app.name} was cancelled.")
    else:
        # Without the body of an answer, which allauth quotes: it may hold a token.
        words = str(exception).partition(": b'")[0][:300]
        why = f"{type(exception).__name__}: {words}" if exception else str(error or "no such sign-in")
        audit.record("sso.failed", f"sso:{provider.app.provider_id}", reason=why)
        messages.error(request, f"{provider.app.name} could not vouch for you. Try again, or use your password.")
    return redirect("login")


def _known(login: Any) -> User | None:
    return login.user if login.is_existing else None


def _linked(login: Any, claims: Mapping[str, Any]) -> User:
    """Somebody of ours, from now on linked to this subject. Raises Refused."""
    app = login.provider.app
    email = verified_email(claims)
    if app.settings["domains"] and email.rpartition("@")[2] not in app.settings["domains"]:
        raise Refused(f"{app.name} does not vouch for an e-mail address that is taken here.")
    with transaction.atomic():
        person = _by_email(email)
        how = "email" if person else "new"
        if person is None:
            if not app.settings["new_roles"]:
                raise Refused("Nobody here has your e-mail address. Ask your administrator for an account.")
            if not email and claims.get("email") and User.objects.filter(email__iexact=claims["email"]).exists():
                raise Refused(f"{app.name} has not verified your e-mail address. Verify it there, then try again.")
            person = _made(claims, email, app.settings["new_roles"])
        if not person.is_active:
            raise Refused("This account is closed. Ask your administrator.")
        login.user = login.account.user = person
        try:
            with transaction.atomic():
                login.account.save()
        except IntegrityError as error:  # in another tab, a moment ago
            raise Refused("You are signing in elsewhere at this moment. Try again.") from error
        audit.record("sso.linked", f"user:{person.pk}", by=person.pk, provider=app.provider_id, how=how)
    return person


def verified_email(claims: Mapping[str, Any]) -> str:
    """The address in lower case if the provider says that it verified it, else ""."""
    email, said = claims.get("email"), claims.get("email_verified")
    if not isinstance(email, str) or not email.isascii() or not (said is True or said == "true"):
        return ""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email.lower()


def _by_email(email: str) -> User | None:
    """The one account with this address; nobody when several have it, as any of them might be meant."""
    if not email:
        return None
    found = [user for user in User.objects.filter(email__iexact=email)[:10] if user.email.lower() == email]
    if len(found) > 1:
        raise Refused("Several accounts here have your e-mail address. Ask your administrator to mend that.")
    return found[0] if found else None


def _made(claims: Mapping[str, Any], email: str, roles: list[str]) -> User:
    names = {"first_name": claims.get("given_name"), "last_name": claims.get("family_name")}
    person = User(
        username=_free_name(str(claims.get("preferred_username") or email or "person")),
        email=email,
        **{name: str(value)[:150] for name, value in names.items() if isinstance(value, str)},
    )
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name__in=roles))
    return person


def _free_name(wanted: str) -> str:
    base = re.sub(r"[^\w.+-]", "", wanted.partition("@")[0])[:140] or "person"
    name, number = base, 1
    while User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{base}-{number}"
    return name


def _again(request: HttpRequest, person: User, state: Mapping[str, Any], claims: Mapping[str, Any]) -> HttpResponse:
    """Somebody who is signed in proved anew that it is they."""
    if not request.user.is_authenticated or not request.user.pk == person.pk == state["again"]:
        audit.record("reauthentication.failed", f"user:{state['again']}", how="sso")
        messages.error(request, "That was somebody else. Sign in again as yourself.")
    elif not oidc.recently(claims.get("auth_time")):
        audit.record("reauthentication.failed", f"user:{person.pk}", how="sso")
        messages.error(request, "The provider does not say that you signed in just now.")
    else:
        fresh.stamp(request)
    return redirect(state.get("next") or "home")


def links(user: User) -> list[Any]:
    return list(SocialAccount.objects.filter(user=user).order_by("provider"))
