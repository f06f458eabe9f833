"""One review: old and new side by side, decided by keyboard, taken back within seconds."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from catalog.access.reach import seen
from catalog.models import User
from catalog.permissions import requires
from catalog.products.told import Teller
from governance.copywriting.drafts import facts_for, recheck
from governance.copywriting.origins import plain
from governance.copywriting.provenance import Origins, pending_texts, within
from governance.models import Standing, TextOrigin
from governance.people import who_may
from governance.proposed_parts import ALT
from governance.proposed_parts import now as part
from governance.revisions.pending import Changes, Key, Pending, pending, visible
from governance.views.later import later, later_context
from governance.views.named import names_of, stale_named
from governance.views.proof import facts_told, marked
from governance.views.queue import KEPT, SKIPPED, UNDO, asked_of, note_opened, undo_of, waiting
from governance.workflow import verbs
from governance.workflow.base import APPROVE, Refused
from governance.workflow.policies import told
from governance.workflow.second_thoughts import grace, take_back
from pimhub.foundation.jsonvalue import JSON

DEFAULT_LOCALE = "en_US"  # of labels on this page


@requires(APPROVE)
def review_detail(request: HttpRequest, product_id: int) -> HttpResponse:
    """Old and new side by side; approve or request changes, bound to what is shown."""
    standing = get_object_or_404(
        seen(Standing.objects.select_related("product", "live"), "product"), product_id=product_id
    )
    status = 200
    if request.method == "POST" and request.POST.get("decision") == "skip":
        return _skip(request, standing)
    if request.method == "POST":
        status = _decide(request, standing)
        if status == 303:  # part of it is left to decide
            return redirect(_address(request, product_id))
        if status == 200:
            return _next(request)
        standing.refresh_from_db()
    note_opened(request, standing)
    now = pending(standing)
    context: dict[str, Any] = {
        "standing": standing,
        "product": standing.product,
        "now": now,
        "partly": standing.state == Standing.State.IN_REVIEW and standing.live is not None,
        "rows": shown(now),
        "names": told_names(now.words),
        "needs": told(standing.product, now),
        "absent": now.absent(),
        "steps": standing.product.review_steps.select_related("user", "revision")[:20],
        "asked_of": asked_of(request),
        "approvers": who_may(APPROVE),
        "undo": undo_of(request),
        **later_context(request, standing),
        **_neighbours(request, standing),
    }
    return render(request, "governance/review_detail.html", context, status=status)


def standing_of(product_id: int) -> Standing:
    """The standing of a product that the person reaches. Raises Http404."""
    return get_object_or_404(seen(Standing.objects.select_related("product", "live"), "product"), product_id=product_id)


def _decide(request: HttpRequest, standing: Standing) -> int:
    """Carry the decision out; the HTTP status it came to."""
    user, comment = cast(User, request.user), str(request.POST.get("comment", ""))
    try:
        if request.POST.get("decision") in ("approve", "partly"):
            content_hash = str(request.POST.get("content_hash", ""))
            # No value key holds a blank; a SKU may.
            chosen = [(row, key) for row, _, key in (c.rpartition(" ") for c in request.POST.getlist("key"))]
            live_at, scope = later(request)
            if live_at is None and grace():
                live_at, scope = timezone.now() + grace(), None
            revision = verbs.approve(
                product=standing.product,
                user=user,
                content_hash=content_hash,
                review_hash=str(request.POST.get("review_hash", "")),
                comment=comment,
                keys=chosen if request.POST["decision"] == "partly" else None,
                live_at=live_at,
                scope=scope,
            )
            _can_be_undone(request, standing)
            if revision is None:
                messages.success(request, f"Your word on {standing.product.code} is noted. More people must agree.")
                return 200
            if revision.content_hash == content_hash:
                messages.success(request, f"{standing.product.code} is approved as revision {revision.number}.")
                return 200
            messages.success(request, f"Revision {revision.number} is live. What you did not tick is still in review.")
            return 303
        verbs.request_changes(product=standing.product, user=user, comment=comment)
        _can_be_undone(request, standing)
        messages.success(request, f"{standing.product.code} went back with your comment.")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return refusal.status
    return 200


def shown(now: Pending) -> list[dict[str, Any]]:
    """What an approval would make live: per row and key the live and the new value, and who wrote it."""
    authors, texts = now.authors(), pending_texts(now)
    rows = told_changes(visible(now.product.pk, now.changes))
    return [
        row | {"author": authors.get(where), "texts": _proofs(texts, where, row["told"].new, now)}
        for row in rows
        for where in [(row["sku"], row["told"].key)]
    ]


def _proofs(texts: Origins, where: Key, value: JSON, now: Pending) -> list[dict[str, Any]]:
    """Of the texts by AI in a value: the value itself, or those of the pictures."""
    if where in texts:
        return [_proof(texts[where], value)]
    if where != ("", "media"):
        return []
    return [_proof(texts[key], part(now.content, key[1])) for key in sorted(texts) if key[1].startswith(ALT)]


def _proof(origin: TextOrigin, value: JSON) -> dict[str, Any]:
    """Of a text by AI: its claims marked, the facts they rest on, and what the facts are now."""
    facts, text = facts_for(origin.draft), plain(str(value))
    names = names_of(origin.draft.facts)
    return {
        "origin": origin,
        "stale": stale_named(within(origin.draft, origin.product_id, origin.stale), names),
        "marked": marked(text, recheck(origin.draft, text, facts).claims, names),
        "facts": facts_told(origin.draft, facts.values, origin.stale, names),
    }


def told_changes(changes: Changes) -> list[dict[str, Any]]:
    """Changes in people's words."""
    teller = Teller(map(dict, changes.values()), locale=DEFAULT_LOCALE)
    return [{"sku": sku, "told": told} for sku, row in changes.items() for told in teller.tell(dict(row))]


def told_names(words: Mapping[str, list[Any]]) -> list[dict[str, str]]:
    return [_told_name(what, old, new) for what, (old, new) in words.items()]


def _told_name(what: str, old: Any, new: Any) -> dict[str, str]:
    if what.startswith("picture "):  # hashes say nothing to people
        return {"what": what[:24], "old": "its bytes" if old else "not here", "new": "other bytes" if old else "here"}
    return {"what": what, "old": _plain(old), "new": _plain(new)}


def _plain(words: Any) -> str:
    """Names by language, or along a path, as one text."""
    if isinstance(words, dict):
        return ", ".join(f"{text} ({locale})" for locale, text in words.items())
    return " › ".join(_plain(each) for each in words) if isinstance(words, list) else str(words or "—")


def _neighbours(request: HttpRequest, standing: Standing) -> dict[str, int | None]:
    ids = list(waiting(request).values_list("product_id", flat=True)[:1000])
    at = ids.index(standing.product_id) if standing.product_id in ids else -1
    return {
        "previous_id": ids[at - 1] if at > 0 else None,
        "next_id": ids[at + 1] if 0 <= at < len(ids) - 1 else None,
        "position": at + 1,
        "waiting": len(ids),
    }


def _address(request: HttpRequest, product_id: int) -> str:
    return reverse("review_detail", args=[product_id]) + asked_of(request)


def _next(request: HttpRequest) -> HttpResponse:
    """On to what waits next, leaving out what was skipped; when nothing else is left, back to the list."""
    skipped = request.session.get(SKIPPED, [])
    following = waiting(request).exclude(product_id__in=skipped).first()
    return redirect(
        _address(request, following.product_id) if following else reverse("review_queue") + asked_of(request)
    )


def _skip(request: HttpRequest, standing: Standing) -> HttpResponse:
    """Leave it for later: it stays in the list, and does not come up again by itself."""
    skipped = [pk for pk in request.session.get(SKIPPED, []) if pk != standing.product_id]
    request.session[SKIPPED] = [*skipped, standing.product_id][-KEPT:]
    return _next(request)


def _can_be_undone(request: HttpRequest, standing: Standing) -> None:
    if grace():
        until = time.time() + grace().total_seconds()
        request.session[UNDO] = {"id": standing.product_id, "code": standing.product.code, "until": until}


@require_POST
@requires(APPROVE)
def review_undo(request: HttpRequest, product_id: int) -> HttpResponse:
    """Take one's own decision back, a few seconds after it."""
    standing = standing_of(product_id)
    request.session.pop(UNDO, None)
    try:
        take_back(product=standing.product, user=cast(User, request.user))
        messages.success(request, f"Your decision on {standing.product.code} is taken back.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(_address(request, product_id))


@require_POST
@requires(APPROVE)
def review_assign(request: HttpRequest, product_id: int) -> HttpResponse:
    """Give the review to somebody, until some day; or to nobody."""
    standing = standing_of(product_id)
    chosen, day = request.POST.get("to", ""), parse_date(request.POST.get("due", "") or "")
    to = get_object_or_404(User, pk=int(chosen)) if chosen.isdigit() else None
    due = timezone.make_aware(dt.datetime.combine(day, dt.time(23, 59))) if day else None
    try:
        verbs.assign(product=standing.product, user=cast(User, request.user), to=to, due_at=due)
        messages.success(request, f"{to.display_name} shall look at it." if to else "It is nobody's review now.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("review_detail", product_id=product_id)


@require_POST
@requires("governance.submit_product")
def product_submit(request: HttpRequest, product_id: int) -> HttpResponse:
    return _carry_out(request, product_id, verbs.submit, "was submitted for review")


@require_POST
@requires("governance.submit_product")
def product_withdraw(request: HttpRequest, product_id: int) -> HttpResponse:
    return _carry_out(request, product_id, verbs.withdraw, "is a draft again")


def _carry_out(request: HttpRequest, product_id: int, verb: Any, words: str) -> HttpResponse:
    standing = standing_of(product_id)
    try:
        verb(product=standing.product, user=request.user, comment=str(request.POST.get("comment", "")))
        messages.success(request, f"{standing.product.code} {words}.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("product_detail", code=standing.product.code)
