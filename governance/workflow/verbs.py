"""The verbs of the workflow. The same beats in each: may, table, move, record, announce."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ChangeSet, Product, Scope, User
from governance.models import Embargo, ReviewStep, Revision, Standing, Vote
from governance.revisions import embargo
from governance.revisions.freeze import freeze
from governance.revisions.pending import Key, NoSuchChange, Pending, pending
from governance.workflow import policies
from governance.workflow.base import (
    APPROVE,
    Refused,
    check,
    check_publication,
    check_reach,
    check_two_persons,
    locked,
    move_to,
    reaches,
    step,
)
from governance.workflow.moves import MOVES
from governance.workflow.second_thoughts import was_taken_back
from pimhub.foundation.jsonvalue import JSON

S = Standing.State
logger = logging.getLogger("pimhub.workflow")


def submit(*, product: Product, user: User, comment: str = "") -> Standing:
    """Ask for review of the working copy as it is now."""
    with transaction.atomic():
        standing = locked(product)
        move = check(MOVES["submit"], standing, user, comment)
        now = pending(standing)
        if not standing.has_unpublished_changes and not now.words:
            raise Refused("nothing_to_review", "Nothing has changed since the last approval.", 409)
        standing.requested_by, standing.requested_at = user, timezone.now()
        standing.due_at = policies.due(policies.policies_of(product), now.keys())
        return move_to(move, standing, user, comment)


def withdraw(*, product: Product, user: User, comment: str = "") -> Standing:
    """Take the request back; the product is a draft again, or approved when no value differs from what is live."""
    with transaction.atomic():
        standing = locked(product)
        move = check(MOVES["withdraw"], standing, user, comment)
        target = move.target if standing.has_unpublished_changes else S.APPROVED  # names or pictures were asked for
        return move_to(move, standing, user, comment, target=target)


def request_changes(*, product: Product, user: User, comment: str) -> Standing:
    """Send the product back, saying what must change."""
    with transaction.atomic():
        standing = locked(product)
        return move_to(check(MOVES["request_changes"], standing, user, comment), standing, user, comment)


def approve(
    *,
    product: Product,
    user: User,
    content_hash: str,
    comment: str = "",
    review_hash: str = "",
    keys: Collection[Key] | None = None,
    live_at: dt.datetime | None = None,
    scope: Scope | None = None,
) -> Revision | None:
    """Freeze the content that was looked at as the next revision and make it live. None: the person's agreement
    is noted, and more people must agree by a policy.

    With `live_at`, not before then (in `scope`, or anywhere): until then each place shows what it shows now.

    `content_hash` binds the decision: if the working copy changed since, nothing is approved. `review_hash`
    also binds it to the names and pictures that were shown. With `keys`, only these changes go live (and
    what cannot go without them); the rest stays in review.
    Raises Refused (two-person 403, content changed 409, wrong state 409).
    """
    with transaction.atomic():
        standing = locked(product)
        move = check(MOVES["approve"], standing, user, comment)
        if content_hash != standing.content_hash:
            raise _changed()
        now = pending(standing, lock=True)
        if review_hash and review_hash != now.review_hash:
            raise _changed()
        chosen = _chosen(now, keys)
        wanted = now.keys() if chosen is None else chosen
        check_reach(product, user, move.permission, sorted(wanted))
        check_two_persons(standing, now, chosen, user)
        asked = policies.policies_of(product).by_key(wanted)
        policies.check_entitled(user, asked)
        policies.check_each_looked_at(asked, chosen=keys is not None)
        others = policies.agreed(product, now.review_hash, but=user)
        if needed := policies.still_needed(asked, others):
            _agree(standing, user, comment, now.review_hash, wanted, needed)
            return None
        content, context = (now.content, now.context) if chosen is None else now.partly(chosen)
        if live_at is not None:
            _hold_back(standing, scope=scope, until=live_at, user=user)
        Vote.objects.filter(product=product).delete()
        before = standing.live.number if standing.live else None
        standing.live = revision = freeze(
            standing=standing,
            content=content,
            context=context,
            provenance=now.provenance(chosen),
            user=user,
            comment=comment,
        )
        target = move.target if revision.content_hash == standing.content_hash else standing.state
        details: dict[str, JSON] = {} if chosen is None else {"keys": sorted(map(list, chosen))}
        details |= {"before": before} if before else {}
        if live_at is not None:
            details |= {"live_at": live_at.isoformat(), "scope": scope.code if scope else None}
        move_to(move, standing, user, comment, target=target, revision=revision, details=details)
        return revision


def _agree(
    standing: Standing, user: User, comment: str, review_hash: str, keys: Collection[Key], needed: Mapping[Key, int]
) -> None:
    """Note that the person agrees to these changes as they are; what they agreed to before is replaced."""
    pairs = sorted(map(list, keys))
    Vote.objects.update_or_create(
        product=standing.product, user=user, defaults={"review_hash": review_hash, "keys": pairs}
    )
    step("agree", standing, user, comment, details={"keys": pairs, "more": max(needed.values())})


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
        standing = locked(product)
        move = check(MOVES["make_live"], standing, user, comment)
        revision = Revision.objects.filter(product=product, number=number).first()
        if revision is None:
            raise Refused("no_such_revision", f"{product.code} has no revision {number}.", 404)
        if was_taken_back(revision):
            raise Refused("taken_back", f"The approval of revision {number} was taken back at once.", 409)
        if standing.live_id == revision.pk:
            raise Refused("live_already", f"Revision {number} is live already.", 409)
        standing.live = revision
        same = revision.content_hash == standing.content_hash
        after = S.APPROVED if same else S.DRAFT if standing.state == S.APPROVED else standing.state
        move_to(move, standing, user, comment, target=after, revision=revision)
        return revision


def archive(*, product: Product, user: User, comment: str) -> Standing:
    """Take the product out of use: nothing of it is live any more, and nothing can be edited until it is reopened."""
    with transaction.atomic():
        standing = locked(product)
        move = check(MOVES["archive"], standing, user, comment)
        check_publication(product)
        details = {"live": standing.live.number} if standing.live else {}
        standing.live = None
        Embargo.objects.filter(product=product).delete()
        return move_to(move, standing, user, comment, details=details)


def reopen(*, product: Product, user: User, comment: str = "") -> Standing:
    """Make an archived product a draft again; what was live must be approved, or made live, anew."""
    with transaction.atomic():
        standing = locked(product)
        move = check(MOVES["reopen"], standing, user, comment)
        check_publication(product)
        return move_to(move, standing, user, comment)


def remark(*, product: Product, user: User, comment: str) -> ReviewStep:
    """Say something about a product; nothing moves."""
    if not user.has_perm("catalog.view_product"):
        raise Refused("forbidden", "You do not have the right to see products.", 403)
    if not comment.strip():
        raise Refused("comment_missing", "Write what you want to say.", 422)
    with transaction.atomic():
        return step("comment", locked(product), user, comment)


def assign(*, product: Product, user: User, to: User | None, due_at: dt.datetime | None = None) -> Standing:
    """Say who shall decide, and until when; None takes it back. Raises Refused when that person may not approve."""
    if not (user.has_perm("governance.submit_product") or user.has_perm("governance.approve_product")):
        raise Refused("forbidden", "You do not have the right to assign reviews.", 403)
    if to is not None and not (to.has_perm(APPROVE) and reaches(to, product)):
        raise Refused(
            "cannot_approve", f"{to.display_name} may not approve this product. Choose somebody who may.", 422
        )
    with transaction.atomic():
        standing = locked(product)
        standing.assigned_to, standing.due_at = to, due_at
        standing.save(update_fields=["assigned_to", "due_at"])
        about = {"to": to.username if to else None, "due": due_at.isoformat() if due_at else None}
        step("assign", standing, user, "", details=about)
        return standing


def hold_back(
    *, product: Product, user: User, until: dt.datetime, scope: Scope | None = None, comment: str = ""
) -> Standing:
    """Keep what is shown now, in a scope or anywhere, until a moment: what is approved meanwhile waits for it.

    Where something is held back already, only the moment changes. Raises Refused.
    """
    with transaction.atomic():
        standing = locked(product)
        check(MOVES["hold_back"], standing, user, comment)
        _hold_back(standing, scope=scope, until=until, user=user)
        about: dict[str, JSON] = {"until": until.isoformat(), "scope": scope.code if scope else None}
        step("hold_back", standing, user, comment, details=about)
        return standing


def _hold_back(standing: Standing, *, scope: Scope | None, until: dt.datetime, user: User) -> None:
    if until <= timezone.now():
        raise Refused("not_in_future", "Choose a moment that is still to come.", 422)
    embargo.keep(standing, scope=scope, until=until, user=user)


def lift(*, product: Product, user: User, comment: str, scope: Scope | None = None) -> Standing:
    """End an embargo now, or all of them: what was approved last goes live there. Raises Refused."""
    with transaction.atomic():
        standing = locked(product)
        check(MOVES["lift"], standing, user, comment)
        held = Embargo.objects.filter(product=product).select_related("scope")
        found = list(held if scope is None else held.filter(scope=scope))
        if not found:
            raise Refused("no_embargo", f"Nothing of {product.code} is held back there.", 409)
        for each in found:
            embargo.end(each, standing)
        step("lift", standing, user, comment, details={"scope": scope.code if scope else None})
        return standing


def release_due() -> int:
    """End the embargoes whose time has come; how many. May be killed at any line, and run twice at once."""
    ended = 0
    for pk in embargo.due():
        try:
            ended += _release(pk)
        except Exception:  # one must not keep the others waiting; it is tried again at the next sweep
            logger.exception("an embargo could not end", extra={"embargo": pk})
    return ended


def _release(pk: int) -> bool:
    with acting(source=ChangeSet.Source.SYSTEM, reason="its time has come"), transaction.atomic():
        held = embargo.lock(pk)
        if held is None:
            return False
        standing = locked(held.product)
        embargo.end(held, standing)
        step("release", standing, None, "", details={"scope": held.scope.code})
        return True
