"""Which products a channel shows: widened in waves, put back to a moment, let go of again."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen, sight
from catalog.api import params
from catalog.api.describe import FLAG, MOMENT, NUMBER, PAGING, TEXT, TEXTS, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import User
from catalog.search.filters import BadFilter
from channels import named
from channels.access import PUBLISH, VIEW
from channels.api.channels import OfChannels, body_of
from channels.models import Channel, Pin, Rollout
from channels.publishing import putback, rollout
from channels.publishing.putback import DEFAULT_FACETS, WITH_PRICES, Effect

NEWEST = Order("pk", descending=True)
ROLLOUT = thing(
    "*",
    id=NUMBER,
    state=TEXT,
    view=TEXT,
    wave=NUMBER,
    adds=NUMBER,
    removes=NUMBER,
    most_bad=NUMBER,
    problem=TEXT,
    by=TEXT,
    began=MOMENT,
    finished=maybe(MOMENT),
)
PIN = thing("*", product=TEXT, at=MOMENT, revision=maybe(NUMBER), facets=TEXTS, reason=TEXT, by=TEXT, since=MOMENT)
LINE = thing("*", product=TEXT, effect=TEXT, facets=TEXTS, gone=TEXTS, why=TEXT)
PLANNED = thing(
    "*", at=MOMENT, total=NUMBER, counts={"type": "object", "additionalProperties": NUMBER}, lines=array(LINE)
)
ASKED = {"at": TEXT, "products": TEXTS, "prices": FLAG}
MOST_LINES = 500


class OfAllProducts(OfChannels):
    """What is about all products of a channel is for whoever reaches all of them."""

    def channel(self, code: str, right: str = VIEW) -> Channel:
        if sight(right).ids() is not None:
            raise Problem(403, "not_all_products", "This is about all products of the channel; you reach some of them.")
        return super().channel(code, right)


class RolloutList(OfAllProducts):
    """Rollouts, the newest first. POST begins one with the products of a saved "view" (none: all that is approved)."""

    operations = {
        "GET": Op(query=PAGING, answers={200: page_of(ROLLOUT)}),
        "POST": Op(body=thing("", view=maybe(NUMBER), canary=NUMBER, most_bad=NUMBER), answers={201: ROLLOUT}),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING)
        rows = Rollout.objects.filter(channel=self.channel(code)).select_related("by")
        return Response(page(request, rows, NEWEST, lambda found: [_rollout(x) for x in found]))

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel, user = self.channel(code, PUBLISH), cast(User, request.user)
        given = body_of(request, "view", "canary", "most_bad")
        canary, most_bad = _whole(given, "canary", 5), _whole(given, "most_bad", 20)
        try:
            selection = named.selection(user, _view(given))
            made = rollout.start(channel=channel, selection=selection, canary=canary, most_bad=most_bad, user=user)
        except rollout.CannotRoll as error:
            raise Problem(409, "not_now", str(error)) from error
        except (BadFilter, ValueError) as error:
            raise Problem(422, "bad_view", str(error)) from error
        return Response(_rollout(made), status=201)


class RolloutPreview(OfAllProducts):
    """What a rollout to a saved "view" would bring to the channel, and take off it."""

    rights = {"POST": (VIEW,)}
    operations = {
        "POST": Op(body=thing("", view=maybe(NUMBER)), answers={200: thing("*", adds=NUMBER, removes=NUMBER)})
    }

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel = self.channel(code)
        try:
            selection = named.selection(cast(User, request.user), _view(body_of(request, "view")))
            found = rollout.preview(channel, selection)
        except (BadFilter, ValueError) as error:
            raise Problem(422, "bad_view", str(error)) from error
        return Response({"adds": len(found.adds), "removes": len(found.removes)})


class RolloutSteer(OfAllProducts):
    """ "stop" the one under way, "go_on" with one that stopped, or "take_back" what it brought. 409 when it cannot."""

    VERBS = {"stop": rollout.stop, "go_on": rollout.go_on, "take_back": rollout.take_back}
    operations = {"POST": Op(body=thing("do", do={"type": "string", "enum": list(VERBS)}), answers={200: ROLLOUT})}

    def post(self, request: Request, code: str, pk: int) -> Response:
        params.only(request, ())
        channel, do = self.channel(code, PUBLISH), body_of(request, "do").get("do")
        if do not in self.VERBS:
            raise Problem(422, "bad_verb", f"do is one of {', '.join(self.VERBS)}.")
        row = Rollout.objects.filter(channel=channel, pk=pk).first()
        if row is None:
            raise Problem(404, "not_found", f"{code} has no such rollout.")
        try:
            self.VERBS[do](rollout=row, user=cast(User, request.user))
        except rollout.CannotRoll as error:
            raise Problem(409, "not_now", str(error)) from error
        return Response(_rollout(Rollout.objects.select_related("by").get(pk=pk)))


class PinList(OfChannels):
    """Products that were put back, until somebody lets go. POST puts back: some "products" (codes or SKUs; none: all)
    to what the channel had accepted "at" a moment, with a "reason", with "prices" if wanted."""

    operations = {
        "GET": Op(query=PAGING, answers={200: page_of(PIN)}),
        "POST": Op(body=thing("at reason", **ASKED, reason=TEXT), answers={202: thing("*", products=NUMBER)}),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING)
        rows = seen(Pin.objects.filter(placement__channel=self.channel(code)), "placement__product")
        rows = rows.select_related("placement__product", "revision", "by")
        return Response(page(request, rows, NEWEST, lambda found: [_pin(x) for x in found]))

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        given = body_of(request, *ASKED, "reason")
        reason = given.get("reason")
        if not isinstance(reason, str) or not reason.strip():
            raise Problem(422, "reason_missing", "Say why it is put back, as “reason”.")
        at, facets, lines = _planned(self.channel(code, PUBLISH), given, right=PUBLISH)
        wanted = [line for line in lines if line.effect is not Effect.SAME]
        user = cast(User, request.user)
        count = putback.put_back(lines=wanted, at=at, facets=facets, reason=reason.strip(), user=user)
        return Response({"products": count}, status=202)


class PinPreview(OfChannels):
    """What putting back would do, product by product; what changes first. Changes nothing."""

    rights = {"POST": (VIEW,)}
    operations = {"POST": Op(body=thing("at", **ASKED), answers={200: PLANNED})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        at, _, lines = _planned(self.channel(code), body_of(request, *ASKED), right=VIEW)
        told = sorted(lines, key=lambda line: line.effect is Effect.SAME)[:MOST_LINES]
        counts = Counter(str(line.effect) for line in lines)
        return Response({"at": at, "total": len(lines), "counts": counts, "lines": [_line(x) for x in told]})


class PinRelease(OfChannels):
    """Have some "products" (codes or SKUs), or with "all" every one, follow their approved revision again."""

    operations = {"POST": Op(body=thing("", products=TEXTS, all=FLAG), answers={202: thing("*", products=NUMBER)})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel, given = self.channel(code, PUBLISH), body_of(request, "products", "all")
        codes = _codes(given)
        if bool(codes) == (given.get("all") is True):
            raise Problem(422, "name_them", "Name “products”, or say “all”: true.")
        pins = seen(Pin.objects.filter(placement__channel=channel), "placement__product", right=PUBLISH)
        try:
            ids = named.products(codes, right=PUBLISH)
        except ValueError as error:
            raise Problem(422, "bad_products", str(error)) from error
        chosen = pins if not codes else pins.filter(placement__product_id__in=ids or [])
        return Response({"products": putback.let_go(pins=list(chosen), user=cast(User, request.user))}, status=202)


def _planned(
    channel: Channel, given: dict[str, Any], *, right: str
) -> tuple[dt.datetime, tuple[str, ...], list[putback.Line]]:
    prices = given.get("prices", False)
    if not isinstance(prices, bool):
        raise Problem(422, "bad_prices", "prices is true or false.")
    facets = WITH_PRICES if prices else DEFAULT_FACETS
    try:
        at = named.past(channel, str(given.get("at") or ""))
        ids = named.products(_codes(given), right=right)
    except ValueError as error:
        raise Problem(422, "bad_request", str(error)) from error
    return at, facets, putback.plan(channel=channel, at=at, product_ids=ids, facets=facets)


def _codes(given: dict[str, Any]) -> list[str]:
    codes = given.get("products") or []
    if not isinstance(codes, list) or not all(isinstance(c, str) and c.strip() for c in codes):
        raise Problem(422, "bad_products", "products is a list of codes or SKUs.")
    return [str(c).strip() for c in codes]


def _whole(given: dict[str, Any], name: str, usual: int) -> int:
    value = given.get(name, usual)
    if type(value) is not int or not 0 <= value < 1_000_000:
        raise Problem(422, f"bad_{name}", f"{name} is a whole number.")
    return value


def _view(given: dict[str, Any]) -> str:
    view = given.get("view")
    if view is not None and (type(view) is not int or view < 1):
        raise Problem(422, "bad_view", "view is the number of a saved view, or null for all that is approved.")
    return str(view or "")


def _rollout(row: Rollout) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "view": str((row.selection or {}).get("view") or ""),
        "wave": len(row.canary),
        "adds": row.adds,
        "removes": row.removes,
        "most_bad": row.most_bad,
        "problem": row.problem,
        "by": row.by.username if row.by else "",
        "began": row.created_at,
        "finished": row.finished_at,
    }


def _pin(row: Pin) -> dict[str, Any]:
    return {
        "product": row.placement.product.code,
        "at": row.at,
        "revision": row.revision.number if row.revision else None,
        "facets": row.facets,
        "reason": row.reason,
        "by": row.by.username if row.by else "",
        "since": row.created_at,
    }


def _line(line: putback.Line) -> dict[str, Any]:
    return {
        "product": line.placement.product.code,
        "effect": str(line.effect),
        "facets": list(line.facets),
        "gone": list(line.gone),
        "why": line.why,
    }
