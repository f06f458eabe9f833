"""The inbox of reviews: what waits, for whom, where it piles up; many at once after looking at a sample."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.db.models import Case, Count, F, Min, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.access.reach import seen
from catalog.models import Family, Product, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from governance.copywriting import seeds
from governance.models import Standing, TextOrigin
from governance.workflow import verbs
from governance.workflow.base import APPROVE, Refused, in_review
from governance.workflow.second_thoughts import grace

SHOWN = 100
WHOSE = {"": "everybody's", "mine": "mine", "nobody": "nobody's yet"}
SORTS = {"": "due first", "waiting": "longest waiting first", "first": "never approved first", "code": "by code"}
OPENED, SKIPPED = "review-opened", "review-skipped"  # of the session
UNDO = "review-undo"  # what can be taken back
KEPT = 500
SAMPLE = 10  # one in so many must have been opened before a batch


def waiting(request: HttpRequest, *, whose: str | None = None) -> QuerySet[Standing]:
    """Products in review that the address asks for: `whose`, `family`, `q`, `sort`."""
    asked, user = request.GET, cast(User, request.user)
    query = in_review()
    whose = asked.get("whose", "") if whose is None else whose
    if whose == "mine":
        query = query.filter(assigned_to=user)
    elif whose == "nobody":
        query = query.filter(assigned_to__isnull=True)
    if family := asked.get("family", ""):
        query = query.filter(product__family__code=family)
    for word in code_key(asked.get("q", "")).split():
        query = query.filter(product__search_text__contains=word)
    due = F("due_at").asc(nulls_last=True)
    orders: dict[str, Sequence[Any]] = {
        "waiting": ("requested_at", "pk"),
        "first": (Case(When(live__isnull=True, then=0), default=1), due, "requested_at", "pk"),
        "code": ("product__code_key",),
    }
    return query.order_by(*orders.get(asked.get("sort", ""), (due, "requested_at", "pk")))


def asked_of(request: HttpRequest) -> str:
    """The part of the address that says which reviews are meant, to be handed on."""
    query = request.GET.copy()
    for name in [name for name in query if name not in ("whose", "family", "q", "sort")]:
        del query[name]
    return f"?{query.urlencode()}" if query else ""


@requires(APPROVE)
def review_queue(request: HttpRequest) -> HttpResponse:
    """Products in review, narrowed and sorted; and where they pile up."""
    query = waiting(request)
    rows = query.select_related("product", "requested_by", "last_editor", "live", "assigned_to")[:SHOWN]
    now = timezone.now()
    context = {
        "rows": rows,
        "count": query.count(),
        "shown": SHOWN,
        "asked": request.GET,
        "asked_of": asked_of(request),
        "sorts": SORTS.items(),
        "families": Family.objects.order_by("code"),
        "choices": [(value, words, waiting(request, whose=value).count()) for value, words in WHOSE.items()],
        "whose": request.GET.get("whose", ""),
        "now": now,
        "skipped": request.session.get(SKIPPED, []),
        "opened": request.session.get(OPENED, {}),
        "piles": piles(waiting(request)),
        "sample": SAMPLE,
        "undo": undo_of(request),
    }
    return render(request, "governance/review_queue.html", context)


def undo_of(request: HttpRequest) -> dict[str, Any] | None:
    """The decision that the person can still take back, with the milliseconds that are left for it."""
    held = request.session.get(UNDO)
    left = held["until"] - time.time() if held else 0.0
    return {**held, "left": int(left * 1000)} if held and left > 0 else None


def piles(query: QuerySet[Standing]) -> list[dict[str, Any]]:
    """Where reviews wait: by family, and by who shall decide; the oldest first."""
    found = []
    for kind, path in (("Family", "product__family__code"), ("Reviewer", "assigned_to__username")):
        rows = query.order_by().values(path).annotate(n=Count("pk"), oldest=Min("requested_at"), due=Min("due_at"))
        found += [
            {"kind": kind, "name": row[path] or "nobody in particular", "n": row["n"], "oldest": row["oldest"]}
            for row in rows.order_by("oldest")[:10]
        ]
    return found


def note_opened(request: HttpRequest, standing: Standing) -> None:
    """That the person looked at a product as it is: what a batch asks for."""
    opened = dict(list(request.session.get(OPENED, {}).items())[-KEPT:])
    opened[str(standing.product_id)] = standing.content_hash
    request.session[OPENED] = opened


@require_POST
@requires(APPROVE)
def review_batch(request: HttpRequest) -> HttpResponse:
    """Approve the ticked ones, each bound to what the list showed. One in ten must have been opened before."""
    ticked = [
        (int(pk), hash) for pk, _, hash in (p.partition(" ") for p in request.POST.getlist("pick")) if pk.isdigit()
    ]
    address = reverse("review_queue") + asked_of(request)
    opened = request.session.get(OPENED, {})
    now = dict(Standing.objects.filter(product_id__in=dict(ticked)).values_list("product_id", "content_hash"))
    looked_at = sum(opened.get(str(pk)) == now.get(pk, "") for pk, _ in ticked)
    needed = math.ceil(len(ticked) / SAMPLE)
    if not ticked:
        messages.error(request, "Tick the products to approve.")
        return redirect(address)
    if looked_at < needed:
        more = needed - looked_at
        messages.error(
            request, f"Open {more} more of these {len(ticked)} and look at them first. Nothing was approved."
        )
        return redirect(address)
    if not seeds.may_batch(cast(User, request.user)):
        message = "Too many known errors passed you by. Approve product by product until you catch more of them."
        messages.error(request, message)
        return redirect(address)
    _tell(request, *_approve_all(request, dict(ticked)))
    return redirect(address)


def _approve_all(request: HttpRequest, ticked: dict[int, str]) -> tuple[int, int, list[str]]:
    user, live_at = cast(User, request.user), timezone.now() + grace() if grace() else None
    approved, noted, refused = 0, 0, []
    opened = request.session.get(OPENED, {})
    rows = seen(Standing.objects.filter(product_id__in=ticked), "product", APPROVE).select_related("product")
    for standing in rows.order_by("pk"):
        product, content_hash = standing.product, ticked[standing.product_id]
        if opened.get(str(product.pk)) != content_hash and (key := _doubtful_text(product)):
            refused.append(f"{product.code}: AI wrote {key}, and it is flagged or stale. Open it and decide it there.")
            continue
        try:
            revision = verbs.approve(product=product, user=user, content_hash=content_hash, live_at=live_at)
        except Refused as refusal:
            refused.append(f"{product.code}: {refusal}")
            continue
        approved, noted = approved + (revision is not None), noted + (revision is None)
    return approved, noted, refused


def _doubtful_text(product: Product) -> str:
    """The key of a text by AI that is flagged or stale, and that nobody may pass without looking at it."""
    rows = TextOrigin.objects.filter(product=product, is_current=True)
    found = rows.filter(Q(draft__flags__gt=0) | Q(stale_since__isnull=False)).first()
    return found.key if found else ""


def _tell(request: HttpRequest, approved: int, noted: int, refused: list[str]) -> None:
    if approved:
        messages.success(request, f"{approved} products are approved.")
    if noted:
        messages.success(request, f"Your word on {noted} products is noted. More people must agree.")
    if refused:
        more = f" And {len(refused) - 5} more." if len(refused) > 5 else ""
        messages.error(request, f"{len(refused)} were not approved. {' '.join(refused[:5])}{more}")
