"""The review queue, and old beside new for one product."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.models import User
from catalog.permissions import requires
from catalog.products.told import Teller
from governance.models import Standing
from governance.revisions.pending import Pending, pending
from governance.workflow import verbs
from governance.workflow.verbs import Refused

DEFAULT_LOCALE = "en_US"  # of labels on this page


@requires("governance.approve_product")
def review_queue(request: HttpRequest) -> HttpResponse:
    """Products in review, the longest waiting first."""
    query = Standing.objects.filter(state=Standing.State.IN_REVIEW).order_by("requested_at", "pk")
    rows = query.select_related("product", "requested_by", "last_editor", "live")[:100]
    return render(request, "governance/review_queue.html", {"rows": rows, "count": query.count()})


@requires("governance.approve_product")
def review_detail(request: HttpRequest, product_id: int) -> HttpResponse:
    """Old and new side by side; approve or request changes, bound to what is shown."""
    standing = get_object_or_404(Standing.objects.select_related("product", "live"), product_id=product_id)
    status = 200
    if request.method == "POST":
        status = _decide(request, standing)
        if status == 200:
            following = Standing.objects.filter(state=Standing.State.IN_REVIEW).order_by("requested_at", "pk").first()
            return redirect("review_detail", product_id=following.product_id) if following else redirect("review_queue")
        standing.refresh_from_db()
    now = pending(standing)
    context: dict[str, Any] = {
        "standing": standing,
        "product": standing.product,
        "now": now,
        "rows": shown(now),
        "names": [{"what": what, "old": _plain(old), "new": _plain(new)} for what, (old, new) in now.words.items()],
        "steps": standing.product.review_steps.select_related("user")[:20],
        **_neighbours(standing),
    }
    return render(request, "governance/review_detail.html", context, status=status)


def _decide(request: HttpRequest, standing: Standing) -> int:
    """Carry the decision out; the HTTP status it came to."""
    user, comment = cast(User, request.user), str(request.POST.get("comment", ""))
    try:
        if request.POST.get("decision") == "approve":
            content_hash = str(request.POST.get("content_hash", ""))
            chosen = [(row, key) for row, _, key in (c.partition("\n") for c in request.POST.getlist("key"))]
            revision = verbs.approve(
                product=standing.product,
                user=user,
                content_hash=content_hash,
                review_hash=str(request.POST.get("review_hash", "")),
                comment=comment,
                keys=chosen if "partly" in request.POST else None,
            )
            rest = "" if revision.content_hash == content_hash else " What you did not choose is still in review."
            messages.success(request, f"{standing.product.code} is approved as revision {revision.number}.{rest}")
        else:
            verbs.request_changes(product=standing.product, user=user, comment=comment)
            messages.success(request, f"{standing.product.code} went back with your comment.")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return refusal.status
    return 200


def shown(now: Pending) -> list[dict[str, Any]]:
    """What an approval would make live: per row and key the live and the new value, and who wrote it."""
    authors = now.authors()
    teller = Teller(map(dict, now.changes.values()), locale=DEFAULT_LOCALE)
    return [
        {"sku": sku, "told": told, "author": authors.get((sku, told.key))}
        for sku, row in now.changes.items()
        for told in teller.tell(dict(row))
    ]


def _plain(words: Any) -> str:
    """Names by language, or along a path, as one text."""
    if isinstance(words, dict):
        return ", ".join(f"{text} ({locale})" for locale, text in words.items())
    return " › ".join(_plain(each) for each in words) if isinstance(words, list) else str(words)


def _neighbours(standing: Standing) -> dict[str, int | None]:
    ids = list(
        Standing.objects.filter(state=Standing.State.IN_REVIEW)
        .order_by("requested_at", "pk")
        .values_list("product_id", flat=True)[:1000]
    )
    at = ids.index(standing.product_id) if standing.product_id in ids else -1
    return {
        "previous_id": ids[at - 1] if at > 0 else None,
        "next_id": ids[at + 1] if 0 <= at < len(ids) - 1 else None,
        "position": at + 1,
        "waiting": len(ids),
    }


@require_POST
@requires("governance.submit_product")
def product_submit(request: HttpRequest, product_id: int) -> HttpResponse:
    return _carry_out(request, product_id, verbs.submit, "was submitted for review")


@require_POST
@requires("governance.submit_product")
def product_withdraw(request: HttpRequest, product_id: int) -> HttpResponse:
    return _carry_out(request, product_id, verbs.withdraw, "is a draft again")


def _carry_out(request: HttpRequest, product_id: int, verb: Any, words: str) -> HttpResponse:
    standing = get_object_or_404(Standing.objects.select_related("product"), product_id=product_id)
    try:
        verb(product=standing.product, user=request.user, comment=str(request.POST.get("comment", "")))
        messages.success(request, f"{standing.product.code} {words}.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("product_detail", code=standing.product.code)
