"""Signing in: with a password, a second factor, a passkey, or by a provider of single sign-on."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.views import LoginView
from allauth.core import ratelimit
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from catalog.demo_people import LOGINS
from catalog.models import User
from catalog.sign_in import second_factor as second_factors
from catalog.sign_in import single_sign_on
from catalog.sign_in.forms import SignInForm
from catalog.sign_in.oidc import StrictAdapter
from catalog.sign_in.oidc import provider as provider_of
from pimhub.foundation import audit
from pimhub.foundation.requests_session import Trouble


class Login(LoginView):  # type: ignore[misc]
    template_name = "registration/login.html"

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """On a machine of one's own with the demo's people, their logins are offered."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["next"] = safe_next(self.request)
        context["providers"] = get_adapter(self.request).list_apps(self.request)
        if settings.PIMHUB_PUBLIC_URL.startswith("http://127.0.0.1"):
            known = set(
                User.objects.filter(username__in=[x["name"] for x in LOGINS]).values_list("username", flat=True)
            )
            context["demo_logins"] = [x for x in LOGINS if x["name"] in known]
        return context


class SecondFactor(AuthenticateView):  # type: ignore[misc]
    """After the password: a code of the app, a recovery code, or a passkey."""

    template_name = "sign_in/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        kinds = set(second_factors.of(self.stage.login.user.pk).values_list("type", flat=True))
        if Authenticator.Type.WEBAUTHN in kinds:
            context["options"] = json.dumps(context["js_data"]["request_options"], default=dict)
        context["by_app"] = Authenticator.Type.TOTP in kinds
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        if form is self.webauthn_form:
            audit.record("second_factor.failed", f"user:{self.stage.login.user.pk}", type="webauthn")
        answer: HttpResponse = super().form_invalid(form)
        return answer


class PasskeyLogin(LoginWebAuthnView):  # type: ignore[misc]
    """Signing in by a passkey alone, which is two factors at once."""

    def form_invalid(self, form: Any) -> HttpResponse:
        audit.record("login.failed", how="passkey")
        answer: HttpResponse = super().form_invalid(form)
        return answer


@login_not_required
@require_POST
@never_cache
def sso_start(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Lead to the provider. By a page of ours: forms may lead nowhere else (form-action of the security policy)."""
    again = request.user.is_authenticated and "again" in request.POST
    if request.user.is_authenticated and not again:
        return redirect("home")
    if not ratelimit.consume(request, action="login"):
        return render(request, "429.html", status=429)
    try:
        provider = provider_of(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        address = single_sign_on.begin(request, provider, next_url=safe_next(request), again=again)
    except (OAuth2Error, Trouble) as error:
        return single_sign_on.failed(request, provider, None, error)
    return render(request, "sign_in/leaving.html", {"address": address, "provider": provider.app})


@login_not_required
@never_cache
def sso_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Where the provider sends people back to."""
    try:
        provider = provider_of(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        view = OAuth2CallbackView.adapter_view(StrictAdapter(request, provider_id))
        answer: HttpResponseBase = view(request)
    except (OAuth2Error, Trouble, ValueError, TypeError, KeyError) as error:  # whatever a provider may answer
        return single_sign_on.failed(request, provider, None, error)
    return answer


def safe_next(request: HttpRequest) -> str:
    """Where to go on to, if it is one of our own pages."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own else ""


login = Login.as_view()
second_factor = SecondFactor.as_view()
passkey_login = method_decorator(never_cache, name="dispatch")(PasskeyLogin).as_view()
