"""Take one's own decision back, a few seconds after it was made."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from catalog.models import Product, User
from governance.models import ReviewStep, Revision, Standing, Vote
from governance.workflow.base import Refused, check_reach, locked, move_to
from governance.workflow.moves import MOVES

DECISIONS = ("approve", "agree", "request_changes")


def grace() -> dt.timedelta:
    """For how long a decision made on a page can be taken back; nothing of it is shown anywhere before."""
    return dt.timedelta(seconds=settings.PIMHUB_REVIEW_GRACE)


def take_back(*, product: Product, user: User) -> Standing:
    """Undo the last decision on a product, which must be the person's own and younger than the grace.

    The product is in review as it was; a revision that was made is never live again. Raises Refused.
    """
    with transaction.atomic():
        standing = locked(product)
        check_reach(product, user, MOVES["take_back"].permission)
        steps = ReviewStep.objects.filter(product=product).exclude(verb="comment").select_related("revision")
        last = steps.order_by("-pk").first()
        if last is None or last.user_id != user.pk or last.verb not in DECISIONS:
            raise Refused("nothing_to_take_back", "The last decision on this product is not yours.", 409)
        if timezone.now() - last.created_at > grace():
            raise Refused("too_late", "It is too late to take this back. Make an older revision live instead.", 409)
        revision = last.revision
        if last.verb == "approve":
            if revision is None or standing.live_id != revision.pk:
                raise Refused("nothing_to_take_back", "Something else went live meanwhile.", 409)
            before = last.details.get("before")
            standing.live = Revision.objects.filter(product=product, number=before).first() if before else None
        Vote.objects.filter(product=product, user=user).delete()
        move_to(MOVES["take_back"], standing, user, "", target=last.from_state, taken_back=revision)
        _assign_again(standing, last)
        return standing


def _assign_again(standing: Standing, last: ReviewStep) -> None:
    """To whom the review was given, and until when, before the decision took it off."""
    standing.assigned_to = User.objects.filter(pk=last.details.get("assigned") or 0).first()
    standing.due_at = parse_datetime(str(last.details.get("due") or ""))
    standing.save(update_fields=["assigned_to", "due_at"])


def was_taken_back(revision: Revision) -> bool:
    return ReviewStep.objects.filter(verb="take_back", revision=revision).exists()
