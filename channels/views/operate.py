"""What a channel manager decides: held changes, drift, rollouts, putting back; and the log of calls."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.contrib import messages
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import seen, sight
from catalog.models import Product, SavedView, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.search.filters import BadFilter
from channels import named, overview, subscribed
from channels.access import PUBLISH, VIEW, reached, readable
from channels.models import BulkRun, Call, Channel, Drift, Pin, Placement, Rollout
from channels.publishing import drift, holds, policy, putback, rollout
from channels.publishing.pointers import told as place_words
from channels.publishing.putback import DEFAULT_FACETS, WITH_PRICES, Effect
from channels.reconcile.look import look_soon

M = TypeVar("M", bound=Model)
PAGE = 50
MOST = 5000  # products that one page puts back; more by several


def channel_of(code: str, right: str = VIEW) -> Channel:
    query = reached(Channel.objects.select_related("scope", "market", "mapping"), right=right)
    channel: Channel = get_object_or_404(query, code=code)
    return channel


def context_of(request: HttpRequest, channel: Channel, **more: Any) -> dict[str, Any]:
    return {
        "channel": channel,
        "waiting": overview.waiting(channel),
        "may_publish": request.user.has_perm(PUBLISH),
        **more,
    }


def page_of(request: HttpRequest, rows: QuerySet[M]) -> tuple[list[M], int | None]:
    """So many rows, oldest first, behind the one that the address names; and behind which the next page begins."""
    after = request.GET.get("after", "")
    if after.isascii() and after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows.order_by("pk")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


# ---- held changes --------------------------------------------------------------------------------


@requires(VIEW)
def held(request: HttpRequest, code: str) -> HttpResponse:
    """Changes that are not sent before somebody confirms them."""
    channel = channel_of(code)
    open_ = seen(overview.open_holds(channel), "placement__product").select_related("placement__product")
    rows, after = page_of(request, open_)
    return render(request, "channels/held.html", context_of(request, channel, rows=rows, next_after=after, tab="held"))


@require_POST
@requires(PUBLISH)
def held_confirm(request: HttpRequest, code: str) -> HttpResponse:
    channel = channel_of(code, PUBLISH)
    given = request.POST.getlist("hold")
    picked = [int(pk) for pk in given if pk.isdecimal() and len(pk) < 19]
    rows = seen(overview.open_holds(channel).filter(pk__in=picked), "placement__product", right=PUBLISH)
    refusing = request.POST.get("do") == "reject"
    decide, done, told = holds.reject if refusing else holds.confirm, 0, ""
    for hold in rows:
        try:
            decide(hold=hold, user=cast(User, request.user))
            done += 1
        except holds.CannotConfirm as error:
            told = str(error)
    if done:
        what = f"refused; what {channel.label} shows stays" if refusing else "confirmed; they go out now"
        messages.success(request, f"{done} {what}.")
    if told or not done:
        messages.error(request, told or "Nothing was decided: choose what still waits.")
    return redirect("channel_held", code=code)


# ---- drift ---------------------------------------------------------------------------------------


@requires(VIEW)
def drifted(request: HttpRequest, code: str) -> HttpResponse:
    """What the channel shows otherwise than it took, field by field."""
    channel = channel_of(code)
    words = request.GET.get("q", "").strip()
    open_ = overview.open_drift(channel).select_related("placement__product", "placement__channel")
    for word in code_key(words).split():
        open_ = open_.filter(placement__product__search_text__contains=word)
    rows, after = page_of(request, open_)
    told = readable(rows)
    left = Drift.objects.filter(placement__channel=channel, state=Drift.State.HANDED_OVER)
    left = seen(left, "placement__product").select_related("placement__product", "decided_by").order_by("-decided_at")
    context = context_of(
        request,
        channel,
        rows=[{"row": r, "place": place_words(r.path), "told": r.pk in told} for r in rows],
        left=[{"row": r, "place": place_words(r.path)} for r in left[:PAGE]],
        left_count=left.count(),
        next_after=after,
        q=words,
        tab="drift",
    )
    return render(request, "channels/drift.html", context)


@require_POST
@requires(PUBLISH)
def drift_answer(request: HttpRequest, code: str) -> HttpResponse:
    """One answer for the differences that are ticked; a look at the channel where none is."""
    channel = channel_of(code, PUBLISH)
    user, do = cast(User, request.user), request.POST.get("do", "")
    if do == "look":
        asked = look_soon(channel)
        messages.success(request, f"{asked} products are being compared with what {channel.label} shows.")
        return redirect("channel_drift", code=code)
    picked = [int(pk) for pk in request.POST.getlist("drift") if pk.isdecimal() and len(pk) < 19]
    rows = Drift.objects.filter(placement__channel=channel, pk__in=picked)
    chosen = list(seen(rows, "placement__product", right=PUBLISH).select_related("placement__channel"))
    if not chosen:
        messages.error(request, "Choose at least one difference.")
        return redirect("channel_drift", code=code)
    try:
        messages.success(request, _answered(do, chosen, user))
    except drift.CannotAnswer as error:
        messages.error(request, str(error))
    return redirect("channel_drift", code=code)


def _answered(do: str, chosen: list[Drift], user: User) -> str:
    if do == "keep":
        return f"Ours is sent again for {drift.keep_ours(drifts=chosen, user=user)} products."
    if do == "leave":
        return f"{drift.hand_over(drifts=chosen, user=user)} fields are left to the channel."
    if do == "take_back":
        for row in chosen:
            drift.take_back(drift=row, user=user)
        return f"{len(chosen)} fields are ours again."
    if do == "adopt":
        made = sum(len(drift.adopt(drift=row, user=user)) for row in chosen)
        return f"{made} values are proposed. Whoever owns them decides."
    raise Http404


# ---- putting back --------------------------------------------------------------------------------


@requires(VIEW)
def put_back(request: HttpRequest, code: str) -> HttpResponse:
    """Choose a moment and products; see what would change; do just that."""
    posting = request.method == "POST"
    if posting and not request.user.has_perm(PUBLISH):
        return render(request, "403.html", status=403)
    channel = channel_of(code, PUBLISH if posting else VIEW)
    given = request.POST if posting else request.GET
    asked = {name: given.get(name, "") for name in ("at", "codes", "reason", "prices")}
    context: dict[str, Any] = {"asked": asked, "tab": "put_back", "facets": WITH_PRICES if asked["prices"] else None}
    pins = seen(Pin.objects.filter(placement__channel=channel), "placement__product")
    context |= {"zone": policy.read(channel.policy).zone, "pin_count": pins.count()}
    context["pins"] = pins.select_related("placement__product", "by", "revision").order_by("-created_at")[:PAGE]
    if not asked["at"]:
        return render(request, "channels/put_back.html", context_of(request, channel, **context))
    facets = WITH_PRICES if asked["prices"] else DEFAULT_FACETS
    try:
        at = named.past(channel, asked["at"])
        ids = named.products(named.words(asked["codes"]), right=PUBLISH if posting else VIEW)
        lines = putback.plan(channel=channel, at=at, product_ids=ids, facets=facets)
    except ValueError as error:
        context["problem"] = str(error)
        return render(request, "channels/put_back.html", context_of(request, channel, **context), status=422)
    if posting:
        count = putback.put_back(
            lines=[x for x in lines if x.effect is not Effect.SAME or given.get("hold_same")],
            at=at,
            facets=facets,
            reason=asked["reason"].strip(),
            user=cast(User, request.user),
        )
        messages.success(request, f"{count} products go back to {at:%Y-%m-%d %H:%M} UTC.")
        return redirect("channel_put_back", code=code)
    order = [Effect.CANNOT, Effect.GOES, Effect.RETURNS, Effect.CHANGES]
    changing = sorted((x for x in lines if x.effect in order), key=lambda x: order.index(x.effect))
    context |= {
        "at": at,
        "lines": changing[: PAGE * 4],
        "more": max(len(changing) - PAGE * 4, 0),
        "counts": {str(e): sum(x.effect is e for x in lines) for e in Effect},
        "total": len(lines),
    }
    return render(request, "channels/put_back.html", context_of(request, channel, **context))


@require_POST
@requires(PUBLISH)
def let_go(request: HttpRequest, code: str) -> HttpResponse:
    channel = channel_of(code, PUBLISH)
    pins = seen(Pin.objects.filter(placement__channel=channel), "placement__product", right=PUBLISH)
    if not request.POST.get("all"):
        pins = pins.filter(pk__in=[int(pk) for pk in request.POST.getlist("pin") if pk.isdecimal() and len(pk) < 19])
    count = putback.let_go(pins=list(pins), user=cast(User, request.user))
    messages.success(request, f"{count} products follow their approved revision again.")
    return redirect("channel_put_back", code=code)


# ---- rollouts ------------------------------------------------------------------------------------


@requires(VIEW)
def rollouts(request: HttpRequest, code: str) -> HttpResponse:
    """Which products the channel shows, and how it is widened."""
    posting = request.method == "POST"
    if posting and not request.user.has_perm(PUBLISH):
        return render(request, "403.html", status=403)
    channel = channel_of(code, PUBLISH if posting else VIEW)
    if sight(PUBLISH if posting else VIEW).ids() is not None:
        return render(request, "403.html", status=403)  # it is about all products
    user = cast(User, request.user)
    given = request.POST if posting else request.GET
    asked = {"view": given.get("view", ""), "canary": given.get("canary", "5"), "bad": given.get("bad", "20")}
    views = SavedView.objects.filter(Q(shared=True) | Q(user=user)).order_by("name")
    context: dict[str, Any] = {"asked": asked, "views": views, "tab": "rollout"}
    try:
        if posting and given.get("do") == "start":
            numbers = [_number(asked["canary"], "products that go first"), _number(asked["bad"], "percent")]
            begun = rollout.start(
                channel=channel,
                selection=named.selection(user, asked["view"]),
                canary=numbers[0],
                most_bad=numbers[1],
                user=user,
            )
            done = f"No product comes to {channel.label}; {begun.removes} leave it."
            on_way = "It has begun. The first products are on their way."
            messages.success(request, on_way if begun.adds else done)
            return redirect("channel_rollout", code=code)
        if posting:
            _steer(request, channel, given.get("do", ""), user)
            return redirect("channel_rollout", code=code)
        if "view" in given:
            context["preview"] = _told(rollout.preview(channel, named.selection(user, asked["view"])))
    except (rollout.CannotRoll, BadFilter, ValueError) as error:
        context["problem"] = str(error)
    rows = Rollout.objects.filter(channel=channel).select_related("by")
    context["rows"] = rows.exclude(state__in=rollout.OPEN)[:20]
    context["under_way"] = _under_way(rows.filter(state__in=rollout.OPEN).first())
    context["shown"] = channel.selection
    status = 422 if context.get("problem") else 200
    return render(request, "channels/rollout.html", context_of(request, channel, **context), status=status)


def _under_way(row: Rollout | None) -> dict[str, Any] | None:
    """The open rollout: how far it is, and which products of its wave went wrong, with why."""
    if row is None:
        return None
    placed = Placement.objects.filter(channel=row.channel)
    wrong = placed.filter(product_id__in=list(rollout.went_wrong(row.channel, row.canary))[:PAGE])
    return {
        "row": row,
        "state": "stopped" if row.state == Rollout.State.STOPPED else row.get_state_display(),
        "shown": placed.filter(selected=True).count(),
        "wrong": [
            {"placement": each, "states": sorted({x.state for x in each.listings.all()})}
            for each in wrong.select_related("product").prefetch_related("listings").order_by("product__code")
        ],
    }


def _steer(request: HttpRequest, channel: Channel, do: str, user: User) -> None:
    row = Rollout.objects.filter(channel=channel, state__in=rollout.OPEN).first()
    if row is None:
        raise rollout.CannotRoll("No rollout is under way.")
    if do == "stop":
        rollout.stop(rollout=row, user=user)
        messages.success(request, "It stands still.")
    elif do == "go_on":
        rollout.go_on(rollout=row, user=user)
        messages.success(request, "It goes on.")
    elif do == "take_back":
        messages.success(request, f"{rollout.take_back(rollout=row, user=user)} products leave the channel again.")
    else:
        raise Http404


def _number(text: str, what: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise ValueError(f"“{text}” is no number of {what}.")
    return int(text)


def _told(found: rollout.Preview) -> dict[str, Any]:
    """The preview with some names, of those whom one may see."""
    names = {}
    for kind, ids in (("adds", found.adds), ("removes", found.removes)):
        names[kind] = list(seen(Product.everything.filter(pk__in=ids[:500])).order_by("code")[:20])
    return {"adds": len(found.adds), "removes": len(found.removes), "names": names}


# ---- calls ---------------------------------------------------------------------------------------


@requires(VIEW)
def calls(request: HttpRequest, code: str) -> HttpResponse:
    """How the calls go, and each of them."""
    channel = channel_of(code)
    words, verdict = request.GET.get("q", "").strip(), request.GET.get("verdict", "")
    rows = overview.calls_about(channel, words).select_related("placement__product", "publication").order_by("-id")
    if verdict:
        rows = rows.filter(verdict=verdict)
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    page = list(rows[: PAGE + 1])
    known = Call.objects.filter(channel=channel).order_by("verdict").values_list("verdict", flat=True).distinct()
    context = context_of(
        request,
        channel,
        rows=page[:PAGE],
        flows=overview.flows(channel, hours=24),
        told=overview.messages(channel),
        files=BulkRun.objects.filter(channel=channel)[:5],
        subscriptions=subscribed.of(channel),
        lag=overview.told(overview.lag(channel)),
        q=words,
        verdict=verdict,
        verdicts=known,
        next_after=page[PAGE - 1].pk if len(page) > PAGE else None,
        tab="calls",
    )
    return render(request, "channels/calls.html", context)
