"""A mail a day for whoever has something to decide: what waits for them, what is overdue."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from catalog.access.reach import seen
from catalog.change_sets import acting
from catalog.models import ChangeSet, User
from governance import proposals
from governance.models import DigestMail, Standing
from governance.workflow.base import APPROVE, in_review

logger = logging.getLogger("pimhub.digest")
LISTED = 10


def digest_for(user: User) -> str:
    """What waits for a person, as plain text; "" when nothing does. Only what their roles reach."""
    with acting(user=user, source=ChangeSet.Source.SYSTEM):
        reviews = _reviews() if user.has_perm(APPROVE) else Standing.objects.none()
        mine = reviews.filter(assigned_to=user)
        proposed = seen(proposals.waiting().filter(assigned_to=user), "product").count()
        free = reviews.filter(assigned_to__isnull=True)
        if not (mine.exists() or free.exists() or proposed):
            return ""
        context = {
            "user": user,
            "url": settings.PIMHUB_PUBLIC_URL,
            "now": timezone.now(),
            "mine": mine.count(),
            "free": free.count(),
            "overdue": (mine | free).filter(due_at__lt=timezone.now()).count(),
            "rows": (mine | free).select_related("product")[:LISTED],
            "proposals": proposed,
        }
        return render_to_string("governance/digest.txt", context).strip() + "\n"


def _reviews() -> QuerySet[Standing]:
    return in_review().order_by(F("due_at").asc(nulls_last=True), "requested_at", "pk")


def send_digests(day: dt.date) -> int:
    """Write to everybody who has an address and something to decide; how many mails. Nobody gets two a day: that
    somebody was written to is noted before it is done."""
    if not settings.PIMHUB_MAIL:
        return 0
    sent = 0
    for user in User.objects.filter(is_active=True).exclude(email="").order_by("pk"):
        text = digest_for(user)
        if not text or not DigestMail.objects.get_or_create(user=user, day=day)[1]:
            continue
        try:
            send_mail("PIMHub: waiting for you", text, settings.DEFAULT_FROM_EMAIL, [user.email])
            sent += 1
        except OSError as error:  # SMTP errors are of this kind too
            logger.warning("a digest could not be sent", extra={"user": user.pk, "error": str(error)})
    DigestMail.objects.filter(day__lt=day - dt.timedelta(days=30)).delete()
    return sent
