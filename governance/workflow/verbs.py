"""Submit, withdraw, request changes, approve. The same beats in each: may, table, move, record, announce."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog import change_sets, events
from catalog.models import Product, User
from governance.models import ReviewStep, Revision, Standing
from governance.revisions.freeze import freeze
from governance.workflow.moves import MOVES, Move


class Refused(Exception):
    """The move was refused. `code` for machines, the text for people, `status` as HTTP speaks."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def submit(*, product: Product, user: User, comment: str = "") -> Standing:
    """Ask for review of the working copy as it is now."""
    with transaction.atomic():
        standing = _locked(product)
        move = _check(MOVES["submit"], standing, user, comment)
        if not standing.has_unpublished_changes:
            raise Refused("nothing_to_review", "Nothing has changed since the last approval.", 409)
        standing.requested_by, standing.requested_at = user, timezone.now()
        return _move(move, standing, user, comment)


def withdraw(*, product: Product, user: User, comment: str = "") -> Standing:
    """Take the request back; the product is a draft again."""
    with transaction.atomic():
        standing = _locked(product)
        return _move(_check(MOVES["withdraw"], standing, user, comment), standing, user, comment)


def request_changes(*, product: Product, user: User, comment: str) -> Standing:
    """Send the product back, saying what must change."""
    with transaction.atomic():
        standing = _locked(product)
        return _move(_check(MOVES["request_changes"], standing, user, comment), standing, user, comment)


def approve(*, product: Product, user: User, content_hash: str, comment: str = "") -> Revision:
    """Freeze the content that was looked at as the next revision and make it live.

    `content_hash` binds the decision: if the working copy changed since, nothing is approved.
    Raises Refused (two-person 403, content changed 409, wrong state 409).
    """
    with transaction.atomic():
        standing = _locked(product)
        move = _check(MOVES["approve"], standing, user, comment)
        if content_hash != standing.content_hash:
            raise Refused(
                "content_changed",
                "The product was edited after you opened it. Look at what is new, then decide.",
                409,
            )
        _check_two_persons(standing, user)
        standing.last_number += 1
        revision = freeze(product=product, standing=standing, number=standing.last_number, user=user, comment=comment)
        standing.live = revision
        _move(move, standing, user, comment, revision=revision)
        return revision


def _locked(product: Product) -> Standing:
    return Standing.objects.select_for_update(of=("self",)).select_related("live", "product").get(product=product)


def _check(move: Move, standing: Standing, user: User, comment: str) -> Move:
    if not user.has_perm(move.permission):
        raise Refused("forbidden", f"You do not have the right to {move.verb.replace('_', ' ')} products.", 403)
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
        raise Refused("comment_missing", "Say what must change, so that the editor can act on it.", 400)
    return move


def _check_two_persons(standing: Standing, user: User) -> None:
    if not settings.PIMHUB_TWO_PERSON:
        return
    if user.pk == standing.last_editor_id:
        raise Refused("two_person", "You edited this product last, so somebody else must approve it.", 403)
    if user.pk == standing.requested_by_id:
        raise Refused("two_person", "You asked for this review, so somebody else must approve it.", 403)


def _move(move: Move, standing: Standing, user: User, comment: str, *, revision: Revision | None = None) -> Standing:
    before, standing.state = standing.state, move.target
    standing.save()
    ReviewStep.objects.create(
        product=standing.product,
        verb=move.verb,
        user=user,
        from_state=before,
        to_state=move.target,
        comment=comment.strip(),
        content_hash=standing.content_hash,
        revision=revision,
    )
    data: dict[str, object] = {"state": move.target}
    if revision is not None:
        data["revision"] = revision.number
    events.append(
        type="revision.live" if revision else f"review.{move.verb}",
        product=standing.product,
        data=data,
        change_set_id=change_sets.change_set().pk,
    )
    return standing
