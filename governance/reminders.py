"""Reviews that are due within a day, or overdue: whoever shall decide is told once, by mail and on their pages."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, F, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ChangeSet, User
from governance.models import Reminder, Standing
from governance.workflow.base import in_review

logger = logging.getLogger("pimhub.digest")
SOON = dt.timedelta(days=1)
KEPT = dt.timedelta(days=90)
K = Reminder.Kind


def remind() -> int:
    """Note what is due, and write to those concerned; how many reminders are new. May be killed at any line and run
    twice at once: a reminder is noted before the mail about it is sent."""
    now, made = timezone.now(), 0
    assigned = Standing.objects.filter(state=Standing.State.IN_REVIEW, assigned_to__is_active=True)
    for user in User.objects.filter(pk__in=_untold(assigned, now).values("assigned_to")).order_by("pk"):
        with acting(user=user, source=ChangeSet.Source.SYSTEM):
            rows = list(_untold(in_review().filter(assigned_to=user), now).select_related("product")[:500])
        new = [row for row in rows if _noted(row, user, now)]
        made += len(new)
        if new:
            _write(user, new, now)
    Reminder.objects.filter(due_at__lt=now - KEPT).delete()
    return made


def _untold(reviews: QuerySet[Standing], now: dt.datetime) -> QuerySet[Standing]:
    """Of these, what somebody must be told of."""
    told = Reminder.objects.filter(product=OuterRef("product"), user=OuterRef("assigned_to"), due_at=OuterRef("due_at"))
    overdue = reviews.filter(~Exists(told.filter(kind=K.OVERDUE)), due_at__lte=now)
    soon = reviews.filter(~Exists(told), due_at__gt=now, due_at__lte=now + SOON)
    return (overdue | soon).order_by("due_at", "pk")


def _noted(row: Standing, user: User, now: dt.datetime) -> bool:
    """Whether it was noted here and now, and by nobody else."""
    assert row.due_at is not None
    kind = K.OVERDUE if row.due_at <= now else K.SOON
    return Reminder.objects.get_or_create(product=row.product, user=user, kind=kind, due_at=row.due_at)[1]


def _write(user: User, rows: Sequence[Standing], now: dt.datetime) -> None:
    if not settings.PIMHUB_MAIL or not user.email:
        return
    context = {"rows": rows, "now": now, "url": settings.PIMHUB_PUBLIC_URL}
    text = render_to_string("governance/reminder.txt", context).strip() + "\n"
    try:
        send_mail("PIMHub: reviews that are due", text, settings.DEFAULT_FROM_EMAIL, [user.email])
    except OSError as error:  # SMTP errors are of this kind too
        logger.warning("a reminder could not be sent", extra={"user": user.pk, "error": str(error)})


def unseen(user: User) -> QuerySet[Reminder]:
    """Reminders that a person has not put away, of reviews that are still theirs and due at that time."""
    standing = Standing.objects.filter(
        product=OuterRef("product"),
        state=Standing.State.IN_REVIEW,
        assigned_to=user,
        due_at=OuterRef("due_at"),
    )
    return Reminder.objects.filter(Exists(standing), user=user, seen_at__isnull=True)


def counted(user: User) -> tuple[int, int]:
    """How many reviews of a person are overdue, and how many are due within a day, of those not put away."""
    due = list(unseen(user).values_list("product_id", F("due_at")).distinct())
    now = timezone.now()
    overdue = sum(moment <= now for _, moment in due)
    return overdue, len(due) - overdue


def put_away(user: User) -> None:
    unseen(user).update(seen_at=timezone.now())
