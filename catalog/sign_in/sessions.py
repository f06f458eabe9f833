"""Where somebody is signed in: one row per session, which they can end."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import User
from catalog.sign_in import fresh
from pimhub.foundation import audit
from pimhub.foundation.address import client_address

SEEN = "seen_at"
SEEN_EVERY = 300  # seconds: a row is not written on each page
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = tuple(
    {
        "Windows": "Windows",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Android": "Android",
        "Mac OS X": "macOS",
        "Linux": "Linux",
    }.items()
)


def address_of(request: Any) -> str:
    """Where a request comes from, seen through our own proxies; "" when it came by no connection."""
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=settings.PIMHUB_TRUSTED_PROXIES,
    )


def began(sender: Any, request: Any, user: User, **_: Any) -> None:
    fresh.stamp(request)
    request.session[SEEN] = int(time.time())
    if address_of(request):
        _keep(request, user)


def ended(sender: Any, request: Any, user: User | None, **_: Any) -> None:
    if request.session.session_key:
        UserSession.objects.filter(session_key=request.session.session_key).delete()


def seen(request: Any) -> None:
    """Note that the session is in use; at most every five minutes."""
    at = request.session.get(SEEN)
    if isinstance(at, int) and time.time() - at < SEEN_EVERY:
        return
    request.session[SEEN] = int(time.time())
    _keep(request, request.user)


def _keep(request: Any, user: User) -> None:
    agent = request.META.get("HTTP_USER_AGENT", "")[: UserSession._meta.get_field("user_agent").max_length]
    now = {"user_id": user.pk, "ip": address_of(request), "user_agent": agent, "last_seen_at": timezone.now()}
    UserSession.objects.update_or_create(session_key=request.session.session_key, defaults=now)


def of(user: User) -> list[Any]:
    """The sessions of a person that still stand, the latest first."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda s: s.last_seen_at, reverse=True)


def end(sessions: QuerySet[UserSession], user: User) -> int:
    """End some sessions of a person; how many."""
    count = 0
    for session in sessions.filter(user_id=user.pk):
        session.end()
        count += 1
    if count:
        audit.record("sessions.ended", f"user:{user.pk}", count=count)
    return count


def forget_old() -> None:
    """Sessions that are over, and what was known of them."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    before = timezone.now() - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(last_seen_at__lt=before).delete()


def in_words(agent: str) -> str:
    """A browser as people know it: “Firefox on Windows”."""
    browser = next((name for mark, name in BROWSERS if re.search(rf"{mark}\w*/", agent)), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " on ".join(part for part in (browser, system) if part) or agent[:60] or "An unnamed program"


def plug_in() -> None:
    user_logged_in.connect(began, dispatch_uid="session began")
    user_logged_out.connect(ended, dispatch_uid="session ended")
