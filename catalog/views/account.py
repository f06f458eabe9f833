"""“Your account”: password, second factor, passkeys, and where one is signed in."""

from __future__ import annotations

import json
from typing import Any, cast

from allauth.account.internal.flows.password_change import logout_on_password_change
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as codes
from allauth.mfa.totp.internal import flows as totp
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows as passkeys
from allauth.mfa.webauthn.views import AddWebAuthnView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from catalog.models import User
from catalog.sign_in import second_factor, sessions, single_sign_on
from catalog.sign_in.forms import AppForm, PasskeyForm
from catalog.views.again import asks_again
from pimhub.foundation import audit


@login_required
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Everything about how one signs in, on one page."""
    user = cast(User, request.user)
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    of_kind = {kind: [f for f in factors if f.type == kind] for kind in Authenticator.Type}
    recovery = next(iter(of_kind[Authenticator.Type.RECOVERY_CODES]), None)
    names = {app.provider_id: app.name for app in get_adapter(request).list_apps(request)}
    context = {
        "app": next(iter(of_kind[Authenticator.Type.TOTP]), None),
        "passkeys": [(f, f.wrap().name) for f in of_kind[Authenticator.Type.WEBAUTHN]],
        "recovery": recovery,
        "codes_left": len(recovery.wrap().get_unused_codes()) if recovery else None,
        "must": second_factor.must(user),
        "has": second_factor.has(user),
        "sessions": [
            (s, sessions.in_words(s.user_agent), s.session_key == request.session.session_key)
            for s in sessions.of(user)
        ],
        "links": [(link, names.get(link.provider, link.provider)) for link in single_sign_on.links(user)],
    }
    return render(request, "sign_in/account.html", context)


@login_required
@never_cache
@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponseBase:
    """A new password, by whoever knows the old one. All other sessions end."""
    user = cast(User, request.user)
    if not user.has_usable_password():
        messages.info(request, "You have no password here. An administrator can make a link to choose one.")
        return redirect("account")
    if request.method == "POST" and not ratelimit.consume(request, action="change_password", user=user):
        return render(request, "429.html", status=429)
    form: PasswordChangeForm = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            logout_on_password_change(request, user)  # keeps this session, whose key changes
            sessions.end(UserSession.objects.exclude(session_key=request.session.session_key), user)
            request.session.pop(sessions.SEEN, None)
            audit.record("password.changed", f"user:{user.pk}")
        messages.success(request, "Your password is changed. You are signed out everywhere else.")
        return redirect("account")
    if request.method == "POST":
        audit.record("password.refused", f"user:{user.pk}")
    return render(request, "sign_in/password.html", {"form": form}, status=422 if request.method == "POST" else 200)


class AppSetUp(ActivateTOTPView):  # type: ignore[misc]
    """An authenticator app, proven by its first code."""

    template_name = "sign_in/app.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists():
            return redirect("account")
        return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))

    def get_form_class(self) -> type[AppForm]:
        return AppForm

    def get_success_url(self) -> str:
        return reverse("mfa_view_recovery_codes" if self.did_generate_recovery_codes else "account")


class PasskeySetUp(AddWebAuthnView):  # type: ignore[misc]
    template_name = "sign_in/passkey.html"

    def get_form_class(self) -> type[PasskeyForm]:
        return PasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context.update(kwargs)
        # Begun anew: ours are kept by the device and ask for its PIN, finger or face.
        context["options"] = json.dumps(webauthn.begin_registration(self.request.user, True), default=dict)
        return context

    def get_success_url(self) -> str:
        return reverse("mfa_view_recovery_codes" if self.did_generate_recovery_codes else "account")


app_set_up = login_required(never_cache(asks_again(AppSetUp.as_view())))
passkey_set_up = login_required(never_cache(asks_again(PasskeySetUp.as_view())))


@login_required
@never_cache
@asks_again
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Codes for the day on which the phone is lost: shown once. `POST` makes new ones, and the old end."""
    user = cast(User, request.user)
    if request.method == "POST":
        if not second_factor.has(user):
            raise Http404
        codes.generate_recovery_codes(request)
        return redirect("mfa_view_recovery_codes")
    kept, may_see = codes.view_recovery_codes(request)
    if kept is None:
        raise Http404
    return render(request, "sign_in/recovery_codes.html", {"codes": kept.get_unused_codes() if may_see else []})


@login_required
@require_POST
@asks_again
def factor_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up an app or a passkey; with the last of them the recovery codes go too."""
    factor = get_object_or_404(Authenticator, pk=pk, user=cast(User, request.user), type__in=second_factor.KINDS)
    if factor.type == Authenticator.Type.TOTP:
        totp.deactivate_totp(request, factor)
    else:
        passkeys.remove_authenticator(request, factor)
    messages.success(request, "It opens nothing here any more.")
    return redirect("account")


@login_required
@require_POST
def session_end(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions (`session`), or all but this (`others`)."""
    user = cast(User, request.user)
    others = UserSession.objects.exclude(session_key=request.session.session_key)
    if request.POST.get("do") == "others":
        count = sessions.end(others, user)
        messages.success(request, f"Signed out elsewhere: {count}.")
    elif request.POST.get("session", "").isdigit() and sessions.end(others.filter(pk=request.POST["session"]), user):
        messages.success(request, "That session has ended.")
    return redirect("account")


@login_required
@require_POST
@asks_again
def link_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Part from an account at a provider; not from the only way in."""
    user = cast(User, request.user)
    link = get_object_or_404(SocialAccount, pk=pk, user=user)
    if not user.has_usable_password() and SocialAccount.objects.filter(user=user).count() == 1:
        messages.error(request, "This is your only way in. Ask an administrator for a link to choose a password first.")
        return redirect("account")
    audit.record("sso.unlinked", f"user:{user.pk}", provider=link.provider)
    link.delete()
    messages.success(request, "That account is not linked to you any more.")
    return redirect("account")
