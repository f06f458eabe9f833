"""The inbox of reviews: what waits, for whom, where it piles up; many at once after looking at a sample."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.access.reach import seen
from catalog.models import Family, Product, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from governance import concerns, reminders
from governance.copywriting import seeds
from governance.models import ApprovalPolicy, Embargo, Standing, TextOrigin
from governance.people import who_may
from governance.workflow import verbs
from governance.workflow.base import APPROVE, Refused, in_review
from governance.workflow.second_thoughts import grace

SHOWN = 100
WHOSE = {"": "everybody's", "mine": "mine", "nobody": "nobody's yet"}
SORTS = {
    "": "due first",
    "risk": "riskiest first",
    "launch": "next launch first",
    "waiting": "longest waiting first",
    "first": "never approved first",
    "code": "by code",
}
ASKED = ("whose", "for", "family", "channel", "q", "sort")  # what the address may say of which reviews are meant
OPENED, SKIPPED = "review-opened", "review-skipped"  # of the session
UNDO = "review-undo"  # what can be taken back
KEPT = 500
DOUBTFUL = Q(draft__flags__gt=0) | Q(stale_since__isnull=False)  # of texts by AI
SAMPLE = 10  # one in so many must have been opened before a batch


def waiting(request: HttpRequest, *, whose: str | None = None) -> QuerySet[Standing]:
    """Products in review that the address asks for: `whose` or `for`, `family`, `channel`, `q`, `sort`."""
    asked, user = request.GET, cast(User, request.user)
    query = in_review()
    whose = asked.get("whose", "") if whose is None else whose
    if whose == "mine":
        query = query.filter(assigned_to=user)
    elif whose == "nobody":
        query = query.filter(assigned_to__isnull=True)
    if name := asked.get("for", ""):
        query = query.filter(assigned_to__username=name)
    if family := asked.get("family", ""):
        query = query.filter(product__family__code=family)
    if channel := asked.get("channel", ""):
        query = concerning(query, channel)
    for word in code_key(asked.get("q", "")).split():
        query = query.filter(product__search_text__contains=word)
    due = F("due_at").asc(nulls_last=True)
    launch = Embargo.objects.filter(product=OuterRef("product")).order_by("until").values("until")[:1]
    orders: dict[str, Sequence[Any]] = {
        "risk": (_risk(), due, "requested_at", "pk"),
        "launch": (Subquery(launch).asc(nulls_last=True), due, "requested_at", "pk"),
        "waiting": ("requested_at", "pk"),
        "first": (Case(When(live__isnull=True, then=0), default=1), due, "requested_at", "pk"),
        "code": ("product__code_key",),
    }
    return query.order_by(*orders.get(asked.get("sort", ""), (due, "requested_at", "pk")))


def concerning(query: QuerySet[Standing], channel: str) -> QuerySet[Standing]:
    """Of products that the channel shows, or will show once they are approved; none where there is no such channel."""
    place = next((p for p in concerns.places() if p.code == channel), None)
    return query.filter(product__in=Product.objects.filter(place.products)) if place is not None else query.none()


def _risk() -> Case:
    """First what AI wrote and is flagged or stale, then what must be looked at value by value, then what was never
    approved."""
    texts = TextOrigin.objects.filter(product=OuterRef("product"), is_current=True)
    regulated = ApprovalPolicy.objects.filter(item_by_item=True, family__isnull=False).values("family")
    return Case(
        When(Exists(texts.filter(DOUBTFUL)), then=0),
        When(product__family__in=regulated, then=1),
        When(live__isnull=True, then=2),
        default=3,
    )


def asked_of(request: HttpRequest) -> str:
    """The part of the address that says which reviews are meant, to be handed on."""
    query = request.GET.copy()
    for name in [name for name in query if name not in ASKED]:
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
        "places": concerns.places(),
        "people": who_may(APPROVE),
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
    """Where reviews wait: by who shall decide, by family and by channel; of each, where the oldest is first."""
    figures = {
        "n": Count("pk"),
        "oldest": Min("requested_at"),
        "overdue": Count("pk", filter=Q(due_at__lt=timezone.now())),
    }
    found: list[dict[str, Any]] = []
    for kind, path in (("Reviewer", "assigned_to__username"), ("Family", "product__family__code")):
        rows = query.order_by().values(path).annotate(**figures).order_by("oldest")[:10]
        found += [{"kind": kind, "name": row[path] or "nobody in particular", **row} for row in rows]
    told = [(p.label, query.filter(product__in=Product.objects.filter(p.products))) for p in concerns.places()]
    shown = [{"kind": "Channel", "name": label, **rows.order_by().aggregate(**figures)} for label, rows in told]
    return found + sorted((row for row in shown if row["n"]), key=lambda row: row["oldest"])[:10]


def note_opened(request: HttpRequest, standing: Standing) -> None:
    """That the person looked at a product as it is: what a batch asks for."""
    opened = dict(list(request.session.get(OPENED, {}).items())[-KEPT:])
    opened[str(standing.product_id)] = standing.content_hash
    request.session[OPENED] = opened


@require_POST
@requires(APPROVE)
def reminders_seen(request: HttpRequest) -> HttpResponse:
    """Put the notice about what is due away."""
    reminders.put_away(cast(User, request.user))
    return redirect(f"{reverse('review_queue')}?whose=mine")


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
    found = rows.filter(DOUBTFUL).first()
    return found.key if found else ""


def _tell(request: HttpRequest, approved: int, noted: int, refused: list[str]) -> None:
    if approved:
        messages.success(request, f"{approved} products are approved.")
    if noted:
        messages.success(request, f"Your word on {noted} products is noted. More people must agree.")
    if refused:
        more = f" And {len(refused) - 5} more." if len(refused) > 5 else ""
        messages.error(request, f"{len(refused)} were not approved. {' '.join(refused[:5])}{more}")
