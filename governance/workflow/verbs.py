"""The verbs of the workflow. The same beats in each: may, table, move, record, announce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog import change_sets, events
from catalog.access.reach import sight
from catalog.models import Product, User
from governance.models import ReviewStep, Revision, Standing
from governance.revisions.freeze import freeze
from governance.revisions.pending import Key, NoSuchChange, Pending, pending
from governance.workflow.moves import MOVES, Move
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
}


def submit(*, product: Product, user: User, comment: str = "") -> Standing:
    """Ask for review of the working copy as it is now."""
    with transaction.atomic():
        standing = _locked(product)
        move = _check(MOVES["submit"], standing, user, comment)
        if not standing.has_unpublished_changes and not pending(standing).words:
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


def approve(
    *,
    product: Product,
    user: User,
    content_hash: str,
    comment: str = "",
    review_hash: str = "",
    keys: Collection[Key] | None = None,
) -> Revision:
    """Freeze the content that was looked at as the next revision and make it live.

    `content_hash` binds the decision: if the working copy changed since, nothing is approved. `review_hash`
    also binds it to the names and pictures that were shown. With `keys`, only these changes go live (and
    what cannot go without them); the rest stays in review.
    Raises Refused (two-person 403, content changed 409, wrong state 409).
    """
    with transaction.atomic():
        standing = _locked(product)
        move = _check(MOVES["approve"], standing, user, comment)
        if content_hash != standing.content_hash:
            raise _changed()
        now = pending(standing, lock=True)
        if review_hash and review_hash != now.review_hash:
            raise _changed()
        chosen = _chosen(now, keys)
        every = {(row, key) for row, changed in now.changes.items() for key in changed}
        check_reach(product, user, move.permission, sorted(every if chosen is None else chosen))
        _check_two_persons(standing, now, chosen, user)
        content, context = (now.content, now.context) if chosen is None else now.partly(chosen)
        standing.live = revision = freeze(
            standing=standing,
            content=content,
            context=context,
            provenance=now.provenance(chosen),
            user=user,
            comment=comment,
        )
        target = move.target if revision.content_hash == standing.content_hash else standing.state
        details = {} if chosen is None else {"keys": sorted(map(list, chosen))}
        _move(move, standing, user, comment, target=target, revision=revision, details=details)
        return revision


def _changed() -> Refused:
    message = "The product was edited after you opened it. Look at what is new, then decide."
    return Refused("content_changed", message, 409)


def _chosen(now: Pending, keys: Collection[Key] | None) -> set[Key] | None:
    if keys is None:
        return None
    if not keys:
        raise Refused("nothing_chosen", "Choose at least one change to approve.", 422)
    try:
        chosen = now.whole(keys)
    except NoSuchChange as error:
        raise Refused("no_such_change", str(error), 422) from error
    everything = not now.words and len(chosen) == sum(map(len, now.changes.values()))
    return None if everything else chosen


def make_live(*, product: Product, user: User, number: int, comment: str) -> Revision:
    """Put an older revision live again, as it was approved; the working copy stays as it is.

    It was approved once, by the rules of then: no second person is needed to go back to it.
    """
    with transaction.atomic():
        standing = _locked(product)
        move = _check(MOVES["make_live"], standing, user, comment)
        revision = Revision.objects.filter(product=product, number=number).first()
        if revision is None:
            raise Refused("no_such_revision", f"{product.code} has no revision {number}.", 404)
        if standing.live_id == revision.pk:
            raise Refused("live_already", f"Revision {number} is live already.", 409)
        standing.live = revision
        same = revision.content_hash == standing.content_hash
        after = S.APPROVED if same else S.DRAFT if standing.state == S.APPROVED else standing.state
        _move(move, standing, user, comment, target=after, revision=revision)
        return revision


def archive(*, product: Product, user: User, comment: str) -> Standing:
    """Take the product out of use: nothing of it is live any more, and nothing can be edited until it is reopened."""
    with transaction.atomic():
        standing = _locked(product)
        move = _check(MOVES["archive"], standing, user, comment)
        details = {"live": standing.live.number} if standing.live else {}
        standing.live = None
        return _move(move, standing, user, comment, details=details)


def reopen(*, product: Product, user: User, comment: str = "") -> Standing:
    """Make an archived product a draft again; what was live must be approved, or made live, anew."""
    with transaction.atomic():
        standing = _locked(product)
        return _move(_check(MOVES["reopen"], standing, user, comment), standing, user, comment)


def remark(*, product: Product, user: User, comment: str) -> ReviewStep:
    """Say something about a product; nothing moves."""
    if not user.has_perm("catalog.view_product"):
        raise Refused("forbidden", "You do not have the right to see products.", 403)
    if not comment.strip():
        raise Refused("comment_missing", "Write what you want to say.", 422)
    with transaction.atomic():
        return _step("comment", _locked(product), user, comment)


def assign(*, product: Product, user: User, to: User | None, due_at: dt.datetime | None = None) -> Standing:
    """Say who shall decide, and until when; None takes it back. Raises Refused when that person may not approve."""
    if not (user.has_perm("governance.submit_product") or user.has_perm("governance.approve_product")):
        raise Refused("forbidden", "You do not have the right to assign reviews.", 403)
    if to is not None and not (to.has_perm(APPROVE) and _reaches(to, product)):
        raise Refused(
            "cannot_approve", f"{to.display_name} may not approve this product. Choose somebody who may.", 422
        )
    with transaction.atomic():
        standing = _locked(product)
        standing.assigned_to, standing.due_at = to, due_at
        standing.save(update_fields=["assigned_to", "due_at"])
        about = {"to": to.username if to else None, "due": due_at.isoformat() if due_at else None}
        _step("assign", standing, user, "", details=about)
        return standing


def _reaches(user: User, product: Product) -> bool:
    reached = sight(APPROVE, user=user)
    return reached.everything or bool(reached.on(product.pk))


def _locked(product: Product) -> Standing:
    # The product first, as the write door does: two that lock in another order each wait for the other.
    Product.everything.select_for_update(of=("self",)).get(pk=product.pk)
    return Standing.objects.select_for_update(of=("self",)).select_related("live", "product").get(product=product)


def _check(move: Move, standing: Standing, user: User, comment: str) -> Move:
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


def _check_two_persons(standing: Standing, now: Pending, chosen: set[Key] | None, user: User) -> None:
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


def _move(
    move: Move,
    standing: Standing,
    user: User,
    comment: str,
    *,
    target: str = "",
    revision: Revision | None = None,
    details: Mapping[str, JSON] | None = None,
) -> Standing:
    before, standing.state = standing.state, target or move.target
    if standing.state != S.IN_REVIEW:
        standing.assigned_to = standing.due_at = None
    standing.save()
    _step(move.verb, standing, user, comment, before=before, revision=revision, details=details)
    data: dict[str, object] = {"state": standing.state}
    if revision is not None:
        data["revision"] = revision.number
    events.append(
        type="revision.live" if revision else f"review.{move.verb}",
        product=standing.product,
        data=data,
        change_set_id=change_sets.change_set().pk,
    )
    return standing


def _step(
    verb: str,
    standing: Standing,
    user: User,
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
    audit.record(f"review.{verb}", f"product:{standing.product.code}", by=user.pk, **told)
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
