"""Before keys, exports and rights: whoever signed in some while ago proves once more that it is they.

Asked on the page itself. What was typed into a form meanwhile rides along in hidden fields and goes on to where it was
going; it is kept nowhere.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers

from catalog.models import User
from catalog.permissions import View
from catalog.sign_in import fresh, single_sign_on
from catalog.sign_in.forms import PasskeyAgainForm, SecondFactorAgainForm
from pimhub.foundation import audit

ASKED = "again_asked"  # the form that asks; its value is the method it stands before
OURS = {ASKED, "again_password", "again_code", "again_credential", "csrfmiddlewaretoken"}


def asks_again(view: View) -> View:
    """The page is for people who signed in, or did it again, within PIMHUB_FRESH_MINUTES."""

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if fresh.is_fresh(request):
            if request.POST.get(ASKED) == "GET":  # sent twice
                return redirect(request.get_full_path())
            return view(request, *args, **kwargs)
        problem = ""
        if ASKED in request.POST:
            problem = _checked(request)
            if not problem:
                fresh.stamp(request)
                if request.POST[ASKED] == "GET":
                    return redirect(request.get_full_path())
                return view(request, *args, **kwargs)
        return _ask(request, problem)

    return asking


def _checked(request: HttpRequest) -> str:
    """What is wrong with the proof that was sent, or ""."""
    user, given = request.user, request.POST
    assert isinstance(user, User)
    problem, how = "", "password"
    try:
        if given.get("again_credential"):
            how = "passkey"
            form: Any = PasskeyAgainForm(user=user, data={"credential": given["again_credential"]})
            if form.is_valid():
                form.save()
            else:
                problem = "That passkey was not accepted. Try again."
        elif given.get("again_code"):
            how = "code"
            form = SecondFactorAgainForm(user=user, data={"code": given["again_code"]})
            if form.is_valid():
                form.save()
            else:
                problem = " ".join(form.errors.get("code", ["That code is not right."]))
        else:
            forget = check_rate_limit(user)
            if user.check_password(given.get("again_password", "")):
                forget()
            else:
                problem = "That password is not right."
    except ValidationError as error:  # too many attempts
        problem = " ".join(error.messages)
    if problem:
        audit.record("reauthentication.failed", f"user:{user.pk}", how=how)
    return problem


def _ask(request: HttpRequest, problem: str) -> HttpResponseBase:
    user = request.user
    assert isinstance(user, User)
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    passkey = Authenticator.Type.WEBAUTHN in kinds
    method = request.POST.get(ASKED) or ("GET" if request.method in ("GET", "HEAD") else "POST")
    context = {
        "problem": problem,
        "method": method,
        "carried": [(name, value) for name, values in request.POST.lists() if name not in OURS for value in values],
        "by_password": user.has_usable_password(),
        "by_code": bool(kinds - {Authenticator.Type.WEBAUTHN}),
        "passkey": json.dumps(webauthn.begin_authentication(user), default=dict) if passkey else "",
        "providers": single_sign_on.links(user),
    }
    answer = render(request, "sign_in/again.html", context, status=422 if problem else 200)
    add_never_cache_headers(answer)
    return answer
