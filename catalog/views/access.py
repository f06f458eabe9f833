"""One's own API tokens: made, renewed, revoked; the text is shown once."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from catalog.access import scopes, tokens
from catalog.models import ApiToken, User
from catalog.views.again import asks_again

DAYS = (30, 90, 365)


@login_required
@never_cache
@asks_again
def token_list(request: HttpRequest) -> HttpResponse:
    """Tokens of the person who is signed in; nobody sees another's."""
    user, text, problem = cast(User, request.user), "", ""
    if request.method == "POST":
        given = request.POST
        days = int(given["days"]) if given.get("days", "").isdigit() and int(given["days"]) in DAYS else DAYS[1]
        try:
            _, text = tokens.create(
                user=user,
                name=given.get("name", "").strip() or "API",
                scopes_wanted=given.getlist("scope"),
                expires_at=timezone.now() + dt.timedelta(days=days),
                networks=[n.strip() for n in given.get("networks", "").split(",") if n.strip()],
            )
        except (scopes.BadScope, ValueError) as error:
            problem = str(error)
    context = {
        "tokens": ApiToken.objects.filter(user=user)[:100],
        "now": timezone.now(),
        "text": text,
        "problem": problem,
        "resources": scopes.resources.items(),
        "days": DAYS,
        "given": request.POST,
    }
    return render(request, "catalog/token_list.html", context, status=422 if problem else 200)


@login_required
def token_change(request: HttpRequest, prefix: str) -> HttpResponse:
    """Renew or revoke one."""
    token = get_object_or_404(ApiToken, user=cast(User, request.user), prefix=prefix)
    if request.method == "POST" and request.POST.get("do") == "revoke":
        tokens.revoke(token)
        messages.success(request, f"“{token.name}” opens nothing any more.")
    return redirect("token_list")
