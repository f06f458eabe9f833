"""What a channel manager decides: held changes, drift, rollouts, putting back; and the log of calls."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.access.reach import seen, sight
from catalog.models import Product, SavedView, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.search.filters import BadFilter
from catalog.search.select import conditions_of, view_of
from channels import overview, subscribed
from channels.access import PUBLISH, VIEW, reached
from channels.models import BulkRun, Call, Channel, Drift, Pin, Rollout
from channels.publishing import drift, holds, policy, putback, rollout
from channels.publishing.pointers import told as place_words
from channels.publishing.putback import DEFAULT_FACETS, WITH_PRICES, Effect
from channels.publishing.selection import Selection
from channels.reconcile.look import look_soon
from pimhub.foundation.moments import on_the_clock

PAGE = 50
MOST = 5000  # products that one page puts back; more by several


def _channel(code: str, right: str = VIEW) -> Channel:
    query = reached(Channel.objects.select_related("scope", "market", "mapping"), right=right)
    channel: Channel = get_object_or_404(query, code=code)
    return channel


def _context(request: HttpRequest, channel: Channel, **more: Any) -> dict[str, Any]:
    return {
        "channel": channel,
        "waiting": overview.waiting(channel),
        "may_publish": request.user.has_perm(PUBLISH),
        **more,
    }


# ---- held changes --------------------------------------------------------------------------------


@requires(VIEW)
def held(request: HttpRequest, code: str) -> HttpResponse:
    """Changes that are not sent before somebody confirms them."""
    channel = _channel(code)
    rows = seen(overview.open_holds(channel), "placement__product").select_related("placement__product").order_by("pk")
    return render(request, "channels/held.html", _context(request, channel, rows=rows[:PAGE], tab="held"))


@require_POST
@requires(PUBLISH)
def held_confirm(request: HttpRequest, code: str) -> HttpResponse:
    channel = _channel(code, PUBLISH)
    given = request.POST.getlist("hold")
    picked = [int(pk) for pk in given if pk.isdecimal() and len(pk) < 19]
    rows = seen(overview.open_holds(channel).filter(pk__in=picked), "placement__product", right=PUBLISH)
    done, told = 0, ""
    for hold in rows:
        try:
            holds.confirm(hold=hold, user=cast(User, request.user))
            done += 1
        except holds.CannotConfirm as error:
            told = str(error)
    if done:
        messages.success(request, f"{done} confirmed; they go out now.")
    if told or not done:
        messages.error(request, told or "Nothing was confirmed: choose what still waits.")
    return redirect("channel_held", code=code)


# ---- drift ---------------------------------------------------------------------------------------


@requires(VIEW)
def drifted(request: HttpRequest, code: str) -> HttpResponse:
    """What the channel shows otherwise than it took, field by field."""
    channel = _channel(code)
    rows = overview.open_drift(channel).select_related("placement__product").order_by("pk")
    left = Drift.objects.filter(placement__channel=channel, state=Drift.State.HANDED_OVER)
    left = seen(left, "placement__product").select_related("placement__product", "decided_by").order_by("-decided_at")
    context = _context(
        request,
        channel,
        rows=[{"row": r, "place": place_words(r.path)} for r in rows[:PAGE]],
        left=[{"row": r, "place": place_words(r.path)} for r in left[:PAGE]],
        tab="drift",
    )
    return render(request, "channels/drift.html", context)


@require_POST
@requires(PUBLISH)
def drift_answer(request: HttpRequest, code: str) -> HttpResponse:
    """One answer for the differences that are ticked; a look at the channel where none is."""
    channel = _channel(code, PUBLISH)
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
    channel = _channel(code, PUBLISH if posting else VIEW)
    given = request.POST if posting else request.GET
    asked = {name: given.get(name, "") for name in ("at", "codes", "reason", "prices")}
    context: dict[str, Any] = {"asked": asked, "tab": "put_back", "facets": WITH_PRICES if asked["prices"] else None}
    pins = seen(Pin.objects.filter(placement__channel=channel), "placement__product")
    context["pins"] = pins.select_related("placement__product", "by", "revision").order_by("-created_at")[:PAGE]
    if not asked["at"]:
        return render(request, "channels/put_back.html", _context(request, channel, **context))
    facets = WITH_PRICES if asked["prices"] else DEFAULT_FACETS
    try:
        at = _past(channel, asked["at"])
        ids = _products(asked["codes"], right=PUBLISH if posting else VIEW)
        lines = putback.plan(channel=channel, at=at, product_ids=ids, facets=facets)
    except ValueError as error:
        context["problem"] = str(error)
        return render(request, "channels/put_back.html", _context(request, channel, **context), status=422)
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
        "counts": {str(e): sum(x.effect is e for x in lines) for e in Effect},
        "total": len(lines),
    }
    return render(request, "channels/put_back.html", _context(request, channel, **context))


@require_POST
@requires(PUBLISH)
def let_go(request: HttpRequest, code: str) -> HttpResponse:
    channel = _channel(code, PUBLISH)
    pins = seen(Pin.objects.filter(placement__channel=channel), "placement__product", right=PUBLISH)
    if not request.POST.get("all"):
        pins = pins.filter(pk__in=[int(pk) for pk in request.POST.getlist("pin") if pk.isdecimal() and len(pk) < 19])
    count = putback.let_go(pins=list(pins), user=cast(User, request.user))
    messages.success(request, f"{count} products follow their approved revision again.")
    return redirect("channel_put_back", code=code)


def _past(channel: Channel, text: str) -> dt.datetime:
    moment = on_the_clock(text, str(policy.read(channel.policy).zone)).astimezone(dt.UTC)
    if moment > timezone.now():
        raise ValueError("Choose a moment that has passed.")
    return moment


def _products(text: str, *, right: str) -> list[int] | None:
    """Products by code or SKU, one a line or separated by commas; None: all that one reaches. Raises ValueError."""
    wanted = [code_key(part.strip()) for line in text.splitlines() for part in line.split(",") if part.strip()]
    everything = seen(Product.everything.all(), right=right)
    if not wanted:
        return None if sight(right).ids() is None else list(everything.values_list("pk", flat=True))
    if len(wanted) > MOST:
        raise ValueError(f"At most {MOST} products at once; these are {len(wanted)}.")
    found = everything.filter(Q(code_key__in=wanted) | Q(variants__sku_key__in=wanted)).distinct()
    keys = set(found.values_list("code_key", flat=True)) | set(found.values_list("variants__sku_key", flat=True))
    if missing := [w for w in wanted if w not in keys]:
        raise ValueError(f"There is no product or SKU “{missing[0]}”.")
    return list(found.values_list("pk", flat=True))


# ---- rollouts ------------------------------------------------------------------------------------


@requires(VIEW)
def rollouts(request: HttpRequest, code: str) -> HttpResponse:
    """Which products the channel shows, and how it is widened."""
    posting = request.method == "POST"
    if posting and not request.user.has_perm(PUBLISH):
        return render(request, "403.html", status=403)
    channel = _channel(code, PUBLISH if posting else VIEW)
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
            rollout.start(
                channel=channel,
                selection=_selection(user, asked["view"]),
                canary=numbers[0],
                most_bad=numbers[1],
                user=user,
            )
            messages.success(request, "It has begun. The first products are on their way.")
            return redirect("channel_rollout", code=code)
        if posting:
            _steer(request, channel, given.get("do", ""), user)
            return redirect("channel_rollout", code=code)
        if "view" in given:
            context["preview"] = _told(rollout.preview(channel, _selection(user, asked["view"])))
    except (rollout.CannotRoll, BadFilter, ValueError) as error:
        context["problem"] = str(error)
    rows = Rollout.objects.filter(channel=channel).select_related("by")[:20]
    context["rows"] = [{"row": r, "open": r.state in rollout.OPEN} for r in rows]
    context["shown"] = channel.selection
    status = 422 if context.get("problem") else 200
    return render(request, "channels/rollout.html", _context(request, channel, **context), status=status)


def _steer(request: HttpRequest, channel: Channel, do: str, user: User) -> None:
    row = Rollout.objects.filter(channel=channel, state__in=rollout.OPEN).first()
    if row is None:
        raise rollout.CannotRoll("No rollout is under way.")
    if do == "go_on":
        rollout.go_on(rollout=row, user=user)
        messages.success(request, "It goes on.")
    elif do == "take_back":
        messages.success(request, f"{rollout.take_back(rollout=row, user=user)} products leave the channel again.")
    else:
        raise Http404


def _selection(user: User, text: str) -> Selection:
    if not text:
        return None
    view = view_of(user, int(text)) if text.isdecimal() and len(text) < 19 else None
    if view is None:
        raise ValueError("There is no such view. Choose another.")
    return {"filter": conditions_of(view), "text": view.text, "view": view.name}


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
    channel = _channel(code)
    words, verdict = request.GET.get("q", "").strip(), request.GET.get("verdict", "")
    rows = Call.objects.filter(channel=channel).select_related("placement__product", "publication").order_by("-id")
    hidden = seen(Product.everything.all())
    rows = rows.filter(Q(placement__isnull=True) | Q(placement__product__in=hidden))
    if words:
        key = code_key(words)
        named = Q(placement__product__code_key=key) | Q(placement__product__variants__sku_key=key)
        rows = rows.filter(named | Q(request_id=words) | Q(remote_id=words)).distinct()
    if verdict:
        rows = rows.filter(verdict=verdict)
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    page = list(rows[: PAGE + 1])
    known = Call.objects.filter(channel=channel).order_by("verdict").values_list("verdict", flat=True).distinct()
    context = _context(
        request,
        channel,
        rows=page[:PAGE],
        flows=overview.flows(channel, hours=24),
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
