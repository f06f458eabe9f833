"""What is asked of every session: a second factor where one is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from catalog.sign_in import second_factor, sessions

# All that somebody can do who lacks a second factor: set one up, or leave.
SET_UP = {"account", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "logout", "login"}
WORDS = "Your role needs a second factor. Set one up to go on."


class SessionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        sessions.seen(request)
        if not second_factor.lacks(request.user):
            return None
        if request.path.startswith("/api/"):
            return None if _by_token(request) else _problem()
        match = request.resolver_match
        if not getattr(view, "login_required", True) or (match and match.url_name in SET_UP):
            return None
        messages.warning(request, WORDS)
        if getattr(request, "htmx", False):
            return HttpResponse(headers={"HX-Redirect": reverse("account")})
        return redirect("account")


def _by_token(request: HttpRequest) -> bool:
    """Tokens were made in a session with a second factor; whoever calls so does not call as the session."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def _problem() -> JsonResponse:
    body = {"type": "about:blank", "title": "A second factor is missing", "status": 403}
    body |= {"code": "second_factor_needed", "detail": f"{WORDS} Open {reverse('account')} in a browser."}
    return JsonResponse(body, status=403, content_type="application/problem+json")
