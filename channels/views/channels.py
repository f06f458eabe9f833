"""What each channel has, and why: the list, one channel, one product on it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import blobs
from catalog.access.reach import seen, sight
from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.models import Product
from catalog.models.codes import code_key
from catalog.permissions import requires
from channels import health, overview, pausing
from channels.access import PUBLISH, reached
from channels.connections import ChannelNotReady, connector_of, elsewhere
from channels.explain import explain
from channels.feeds.build import formats_of
from channels.fields import STATES
from channels.models import (
    Call,
    Channel,
    ChannelDefinition,
    ChannelIssue,
    Drift,
    FeedFile,
    Hold,
    Match,
    Pin,
    Placement,
)
from channels.publishing.preview import preview
from channels.publishing.request import publish_by_hand
from channels.sides import MOST, sides
from channels.trace import trace
from governance.models import Standing

PAGE = 50
ERRORS = ChannelIssue.objects.filter(cleared_at=None, severity="error")


@requires("channels.view_channel")
def channel_list(request: HttpRequest) -> HttpResponse:
    """Each channel with its listings by state."""
    rows = []
    for channel in reached(Channel.objects.select_related("scope", "market")):
        rows.append(
            {
                "channel": channel,
                "problem": _problem(channel),
                "counts": overview.counts(channel),
                "waiting": overview.waiting(channel),
                "url": reverse("channel_detail", kwargs={"code": channel.code}),
                "feed": _feed(request, channel),
                "causes": overview.causes(channel)[:3],
                "lag": overview.told(figures := overview.lag(channel)),
                "late": figures.late,
                "budget": overview.budget(channel),
            }
        )
    may_change = request.user.has_perm("channels.change_channel")
    return render(request, "channels/channel_list.html", {"rows": rows, "may_change": may_change})


def _problem(channel: Channel) -> str:
    try:
        connector_of(channel)
    except ChannelNotReady as error:
        return str(error)
    return ""


def _feed(request: HttpRequest, channel: Channel) -> dict[str, Any] | None:
    held = {f.kind: f for f in FeedFile.objects.filter(channel=channel, current=True)}
    kinds = [kind for kind in formats_of(channel) if kind in held]
    if not kinds:
        return None
    given = {"code": channel.code, "token": channel.feed_token}
    names = [*kinds[1:], *(f"{kind}.gz" for kind in kinds)]
    return {
        "file": held[kinds[0]],
        "url": request.build_absolute_uri(reverse("feed_as", kwargs=given | {"extension": kinds[0]})),
        "others": [(name, reverse("feed_as", kwargs=given | {"extension": name})) for name in names],
    }


@requires("channels.view_channel")
def channel_detail(request: HttpRequest, code: str) -> HttpResponse:
    """The products of one channel with the state of their listings."""
    channel = get_object_or_404(reached(Channel.objects.select_related("scope", "market")), code=code)
    state, words = request.GET.get("state", ""), request.GET.get("q", "")
    query = seen(Placement.objects.filter(channel=channel), "product").select_related("product").order_by("-pk")
    if state in STATES:
        query = query.filter(listings__state=state).distinct()
    cause = request.GET.get("cause", "")
    if cause:
        open_issues = ChannelIssue.objects.filter(placement__channel=channel, cleared_at=None, code=cause)
        query = query.filter(pk__in=open_issues.values("placement_id"))
    for word in code_key(words).split():
        query = query.filter(product__search_text__contains=word)
    if request.GET.get("after", "").isdigit():
        query = query.filter(pk__lt=int(request.GET["after"]))
    rows = list(query.prefetch_related("listings")[: PAGE + 1])
    found = ERRORS.filter(placement__in=rows)
    problems = dict(found.values_list("placement_id").annotate(n=Count("id")))
    asked = {"state": state, "cause": cause, "q": words}
    context = {
        "channel": channel,
        "problem": _problem(channel),
        "feed": _feed(request, channel),
        "state": state,
        "q": words,
        "cause": cause,
        "states": STATES,
        "counts": overview.counts(channel),
        "rows": [{"placement": r, "states": _states(r), "issues": problems.get(r.pk, 0)} for r in rows[:PAGE]],
        "next_url": f"?{urlencode({**asked, 'after': rows[PAGE - 1].pk})}" if len(rows) > PAGE else "",
        "may_publish": request.user.has_perm("channels.publish_channel"),
        "waiting": overview.waiting(channel),
        "causes": overview.causes(channel),
        "lag": overview.told(figures := overview.lag(channel)),
        "waits_longest": overview.in_words(figures.waiting) if figures.waiting else "",
        "late": figures.late,
        "elsewhere": elsewhere(channel) if channel.is_elsewhere else "",
        "health": health.of(channel),
        "news": ChannelDefinition.objects.filter(channel=channel, next_at__isnull=False).defer("text", "next_text"),
    }
    return render(request, "channels/channel_detail.html", context)


def _states(placement: Placement) -> list[tuple[str, int]]:
    counts = Counter(x.state for x in placement.listings.all())
    return [(state, counts[state]) for state in STATES if counts[state]]


@requires("channels.publish_channel")
def channel_publish(request: HttpRequest, code: str) -> HttpResponse:
    """What publishing would do, then have the workers look at all approved products now."""
    channel = get_object_or_404(reached(Channel.objects.all(), right=PUBLISH), code=code)
    if request.method != "POST":
        found = overview.to_publish(channel, right=PUBLISH)
        context = {"channel": channel, "found": found, "waiting": overview.waiting(channel)}
        return render(request, "channels/publish.html", context)
    approved = Product.objects.filter(standing__live__isnull=False)
    everything = sight(PUBLISH).ids() is None
    count, left = publish_by_hand(
        channel=channel,
        products=None if everything else seen(approved, right=PUBLISH),
        over_drift="over_drift" in request.POST,
    )
    if left:
        shown, more = ", ".join(list(left)[:10]), f" and {len(left) - 10} more" if len(left) > 10 else ""
        messages.warning(request, f"Left out: {shown}{more}. {next(iter(left.values()))}")
    messages.success(request, f"{count} approved products are being checked and published.")
    return redirect("channel_detail", code=code)


@require_POST
@requires("channels.publish_channel")
def channel_pause(request: HttpRequest, code: str) -> HttpResponse:
    """Stop all calls of the channel."""
    channel = get_object_or_404(reached(Channel.objects.all(), right=PUBLISH), code=code)
    if reason := request.POST.get("reason", "").strip():
        pausing.pause(channel, reason=reason)
        messages.success(request, f"{channel.label} is paused.")
    else:
        messages.error(request, "Say why the channel is paused.")
    return redirect("channel_detail", code=code)


@require_POST
@requires("channels.publish_channel")
def channel_resume(request: HttpRequest, code: str) -> HttpResponse:
    """Go on; a channel of another instance belongs to this one from now on."""
    channel = get_object_or_404(reached(Channel.objects.all(), right=PUBLISH), code=code)
    pausing.resume(channel)
    messages.success(request, f"Calls to {channel.label} go out again.")
    return redirect("channel_detail", code=code)


@require_POST
@requires("channels.publish_channel")
def channel_check(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the channel now which rights it grants."""
    channel = get_object_or_404(reached(Channel.objects.all(), right=PUBLISH), code=code)
    if health.of(channel) is not None:
        row = health.check(channel)
        if row.problem:
            messages.error(request, row.problem)
        else:
            messages.success(request, "The channel was asked what it grants.")
    return redirect("channel_detail", code=code)


@requires("channels.view_channel")
def listing_detail(request: HttpRequest, code: str, product_id: int) -> HttpResponse:
    """One product on one channel: state by facet, what stands against it, what would be sent, what was."""
    channel = get_object_or_404(
        reached(Channel.objects.select_related("mapping", "scope", "market__price_list__currency")), code=code
    )
    product = get_object_or_404(seen(Product.objects.all()), pk=product_id)
    if request.method == "POST":
        if not request.user.has_perm("channels.publish_channel"):
            return render(request, "403.html", status=403)
        if not (reached(Channel.objects.filter(pk=channel.pk), right=PUBLISH) and _may_send(product)):
            return render(request, "403.html", status=403)
        _, left = publish_by_hand(channel=channel, products=[product], over_drift=True)
        if left:
            messages.error(request, f"Nothing was sent. {left[product.code]}")
        else:
            messages.success(request, "The product is being published.")
        return redirect("listing_detail", code=code, product_id=product_id)
    placement = Placement.objects.filter(channel=channel, product=product).first()
    get_object_or_404(Standing, product=product)
    shown, whole = preview(channel, product), sight().whole(product.pk)
    # What preflight says is told as it is now.
    said = placement.issues.filter(cleared_at=None).exclude(source="preflight") if placement else []
    told = sides(list(placement.listings.all()), fields=whole) if placement else []
    context = {
        "channel": channel,
        "product": product,
        "placement": placement,
        "whole": whole,
        "most": MOST,
        "sides": told,
        "differ": any(x.differ for x in told),
        "equal": any(x.same for x in told),
        "issues": [_issue(i, product) for i in said],
        "preflight": [{"entry": e, "url": field_url(product, e["key"])} for e in shown["preflight"]],
        "requests": [{**r, "pretty": _pretty(str(r["body"]))} for r in shown["requests"]] if whole else [],
        "blocked": shown["blocked"],
        "why": [{**link, "url": field_url(product, link["key"])} for link in explain(channel, product)["chain"]],
        "then": shown["then"],
        "publications": [
            {"row": p, "request": _pretty(json.dumps(blobs.get(p.request))) if whole else ""}
            for p in placement.publications.select_related("revision", "mapping")[:20]
        ]
        if placement
        else [],
        "links": placement.links.order_by("key") if placement else [],
        "trace": trace(channel, product),
        "pin": Pin.objects.filter(placement=placement).select_related("by").first() if placement else None,
        "match": Match.objects.filter(placement=placement, state__in=("open", "left", "taken")).first()
        if placement
        else None,
        "holds": Hold.objects.filter(placement=placement, state=Hold.State.OPEN) if placement else [],
        "drifts": Drift.objects.filter(placement=placement, state=Drift.State.OPEN).count() if placement else 0,
        "calls": Call.objects.filter(placement=placement)[:20] if placement else [],
        "may_publish": request.user.has_perm("channels.publish_channel"),
    }
    return render(request, "channels/listing_detail.html", context)


def _may_send(product: Product) -> bool:
    return seen(Product.objects.filter(pk=product.pk), right=PUBLISH).exists()


def _issue(issue: ChannelIssue, product: Product) -> dict[str, Any]:
    return {"row": issue, "url": field_url(product, issue.key)}


def field_url(product: Product, key: str) -> str:
    """Where the value is edited that causes a problem."""
    url = reverse("product_detail", kwargs={"code": product.code})
    try:
        locale = ValueKey.parse(key).locale if key else None
    except ValueProblem:
        locale = None
    return f"{url}{f'?locale={locale}' if locale else ''}{f'#field-{key}' if key else ''}"


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
