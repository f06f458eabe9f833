"""What all verbs of the workflow share: lock, may they, move, record, announce."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db.models import QuerySet

from catalog import change_sets, events
from catalog.access.reach import seen, sight
from catalog.models import Product, User
from governance.models import ReviewStep, Revision, Standing
from governance.ownership.publication import barred
from governance.revisions import embargo
from governance.revisions.pending import Key, Pending
from governance.workflow.moves import Move
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON, digest

S = Standing.State
APPROVE = "governance.approve_product"


class Refused(Exception):
    """The move was refused. `code` for machines, the text for people, `status` as HTTP speaks."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


COMMENTS = {
    "request_changes": "Say what must change, so that the editor can act on it.",
    "make_live": "Say why the older revision goes live again.",
    "archive": "Say why the product goes out of use.",
    "lift": "Say why it goes live before its time.",
}


def in_review() -> QuerySet[Standing]:
    """What waits for an approval, as far as the person acting may give it."""
    return seen(Standing.objects.filter(state=S.IN_REVIEW), "product", APPROVE)


def locked(product: Product) -> Standing:
    # The product first, as the write door does: two that lock in another order each wait for the other.
    Product.everything.select_for_update(of=("self",)).get(pk=product.pk)
    return Standing.objects.select_for_update(of=("self",)).select_related("live", "product").get(product=product)


def check(move: Move, standing: Standing, user: User, comment: str) -> Move:
    if not user.has_perm(move.permission):
        words = move.words or f"{move.verb.replace('_', ' ')} products"
        raise Refused("forbidden", f"You do not have the right to {words}.", 403)
    check_reach(standing.product, user, move.permission)
    if standing.product.trashed_at is not None:
        raise Refused("in_trash", f"{standing.product.code} is in the trash. Restore it first.", 409)
    if standing.state not in move.sources:
        label = Standing.State(standing.state).label
        raise Refused(
            "wrong_state",
            f"{standing.product.code} is {label}; it cannot be handled this way from there.",
            409,
        )
    if move.comment_needed and not comment.strip():
        raise Refused("comment_missing", COMMENTS[move.verb], 400)
    return move


def check_reach(product: Product, user: User, right: str, keys: Iterable[Key] = ()) -> None:
    """Raises Refused where the person's roles do not reach the product, or one of the keys, with the right."""
    reached = sight(right, user=user)
    if reached.everything:
        return
    if not reached.on(product.pk):
        message = f"{product.code} is outside the categories of your roles. Ask somebody who looks after it."
        raise Refused("forbidden", message, 403)
    for row, key in keys:
        if not reached.shows(product.pk, key):
            where = f" of {row}" if row else ""
            message = f"Your roles do not cover {key}{where}, which is to go live too. Approve only what they cover."
            raise Refused("forbidden", message, 403)


def check_publication(product: Product) -> None:
    """Raises Refused where another system owns whether the product is sold."""
    if why := barred([product.pk], system=change_sets.current_act().system).get(product.pk):
        raise Refused("owned", why, 403)


def reaches(user: User, product: Product) -> bool:
    reached = sight(APPROVE, user=user)
    return reached.everything or bool(reached.on(product.pk))


def check_two_persons(standing: Standing, now: Pending, chosen: set[Key] | None, user: User) -> None:
    """Who wrote any of what goes live, edited last or asked for the review cannot approve it."""
    if not settings.PIMHUB_TWO_PERSON:
        return
    if user.pk == standing.last_editor_id:
        raise Refused("two_person", "You edited this product last, so somebody else must approve it.", 403)
    if user.pk == standing.requested_by_id:
        raise Refused("two_person", "You asked for this review, so somebody else must approve it.", 403)
    if written := now.writers(chosen).get(user.pk):
        row, key = written
        where = f" of {row}" if row else ""
        message = f"You wrote {key}{where}, which is to go live, so somebody else must approve it."
        raise Refused("two_person", message, 403)


def move_to(
    move: Move,
    standing: Standing,
    user: User | None,
    comment: str,
    *,
    target: str = "",
    revision: Revision | None = None,
    taken_back: Revision | None = None,
    details: Mapping[str, JSON] | None = None,
) -> Standing:
    """Move, record, announce. `revision`: what is live from now on; `taken_back`: what is not, though it was to be."""
    before, standing.state = standing.state, target or move.target
    about: dict[str, JSON] = dict(details or {})
    if standing.state != S.IN_REVIEW:
        # What a second thought needs to put back.
        about |= {"assigned": standing.assigned_to_id} if standing.assigned_to_id else {}
        about |= {"due": standing.due_at.isoformat()} if standing.due_at else {}
        standing.assigned_to = standing.due_at = None
    standing.save()
    step(move.verb, standing, user, comment, before=before, revision=revision or taken_back, details=about)
    data: dict[str, object] = {"state": standing.state}
    if revision is not None:
        data["revision"] = revision.number
    waits = revision is not None and embargo.everywhere(standing.product)
    events.append(
        type="revision.approved" if waits else "revision.live" if revision else f"review.{move.verb}",
        product=standing.product,
        data=data,
        change_set_id=change_sets.change_set().pk,
    )
    return standing


def step(
    verb: str,
    standing: Standing,
    user: User | None,
    comment: str,
    *,
    before: str = "",
    revision: Revision | None = None,
    details: Mapping[str, JSON] | None = None,
) -> ReviewStep:
    told: dict[str, JSON] = {
        "from": before or standing.state,
        "to": standing.state,
        "content_hash": standing.content_hash,
    }
    told |= {"revision": revision.number} if revision else {}
    # What people say may name people, and the audit cannot forget: it proves the words, and does not hold them.
    told |= {"comment": digest(comment.strip())} if comment.strip() else {}
    audit.record(f"review.{verb}", f"product:{standing.product.code}", by=user.pk if user else None, **told)
    return ReviewStep.objects.create(
        product=standing.product,
        verb=verb,
        user=user,
        from_state=before or standing.state,
        to_state=standing.state,
        comment=comment.strip(),
        content_hash=standing.content_hash,
        details=dict(details or {}),
        revision=revision,
    )
