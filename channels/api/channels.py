"""Channels: what each is, how far its listings are, and the verbs publish, pause and resume."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen, sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, NUMBER, OBJECT, PAGING, TEXT, TEXTS, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import Product, Variant
from catalog.models.codes import code_key
from channels import pausing
from channels.access import PUBLISH, VIEW, reached
from channels.connections import ChannelNotReady, connector_of, elsewhere
from channels.explain import explain
from channels.fields import STATES
from channels.models import Channel, ChannelIssue, Listing, Placement
from channels.publishing.request import publish_by_hand
from channels.trace import trace

CHANNEL = thing(
    "code label connector scope market paused listings",
    code=TEXT,
    label=TEXT,
    connector=TEXT,
    scope=TEXT,
    market=TEXT,
    publishes_on_approval=FLAG,
    paused=FLAG,
    pause_reason=TEXT,
    environment=TEXT,
    problem=maybe(TEXT),
    mapping=maybe(NUMBER),
    listings={"type": "object", "description": "how many by state", "additionalProperties": NUMBER},
    due=NUMBER,
    waiting_seconds=maybe(NUMBER),
    errors=NUMBER,
)
LINK = thing("*", step=TEXT, ok=FLAG, reason=TEXT, who=TEXT, since=maybe(TEXT), key=TEXT)
EXPLAINED = thing("*", channel=TEXT, product=TEXT, sku=TEXT, state=TEXT, chain=array(LINK))


class OfChannels(ApiView):
    """What all of them share: who may, and which channel is meant."""

    resource = "channels"
    rights = {"GET": (VIEW,), "POST": (PUBLISH,)}

    def channel(self, code: str, right: str = VIEW) -> Channel:
        related = "mapping", "scope", "market__price_list__currency"
        found = reached(Channel.objects.select_related(*related).filter(code=code), right=right).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no channel “{code[:50]}”.")
        return found


class ChannelList(OfChannels):
    """All channels that the person reaches."""

    operations = {"GET": Op(query=PAGING, answers={200: page_of(CHANNEL)})}

    def get(self, request: Request) -> Response:
        params.only(request, params.PAGING)
        rows = reached(Channel.objects.select_related("scope", "market", "mapping"))
        return Response(page(request, rows, Order("code"), shown))


class ChannelDetail(OfChannels):
    """One channel."""

    operations = {"GET": Op(answers={200: CHANNEL})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        return Response(shown([self.channel(code)])[0])


def shown(channels: Sequence[Channel]) -> list[dict[str, Any]]:
    """Channels as data, in a fixed number of queries. Their credentials and feed addresses are told nowhere."""
    now, ids = timezone.now(), [c.pk for c in channels]
    counts: dict[int, Counter[str]] = {pk: Counter() for pk in ids}
    listings = seen(Listing.objects.filter(placement__channel_id__in=ids), "placement__product").order_by()
    for pk, state, count in listings.values_list("placement__channel_id", "state").annotate(n=Count("pk")):
        counts[pk][state] = count
    placements = seen(Placement.objects.filter(channel_id__in=ids, due_at__lte=now), "product").order_by()
    due = {pk: (n, first) for pk, n, first in placements.values_list("channel_id").annotate(Count("pk"), Min("due_at"))}
    open_errors = ChannelIssue.objects.filter(placement__channel_id__in=ids, cleared_at=None, severity="error")
    found_errors = seen(open_errors, "placement__product").order_by().values_list("placement__channel_id")
    errors = dict(found_errors.annotate(n=Count("pk")))
    return [
        {
            "code": channel.code,
            "label": channel.label,
            "connector": channel.connector,
            "scope": channel.scope.code,
            "market": channel.market.code,
            "publishes_on_approval": channel.publishes_on_approval,
            "paused": channel.paused,
            "pause_reason": channel.pause_reason,
            "environment": channel.environment,
            "problem": _problem(channel),
            "mapping": channel.mapping.number if channel.mapping else None,
            "listings": {state: counts[channel.pk][state] for state in STATES if counts[channel.pk][state]},
            "due": due.get(channel.pk, (0, None))[0],
            "waiting_seconds": int((now - due[channel.pk][1]).total_seconds()) if channel.pk in due else None,
            "errors": errors.get(channel.pk, 0),
        }
        for channel in channels
    ]


def _problem(channel: Channel) -> str | None:
    """What keeps the whole channel from publishing, but for a pause."""
    if channel.is_elsewhere:
        return elsewhere(channel)
    try:
        connector_of(channel)
    except ChannelNotReady as error:
        return str(error)
    return None


class ChannelPublish(OfChannels):
    """Have the workers look at all approved products now, or at those of some "skus". Drift that waits for an answer
    is left alone by the first, unless "over_drift" is true; of named ones ours is sent over it. What belongs to another
    system to publish is left out: {code: why}."""

    operations = {
        "POST": Op(
            body=thing("", skus=TEXTS, over_drift=FLAG), answers={202: thing("*", products=NUMBER, left_out=OBJECT)}
        )
    }

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel = self.channel(code, PUBLISH)
        given = body_of(request, "skus", "over_drift")
        skus, over = given.get("skus"), given.get("over_drift", False)
        if not isinstance(over, bool):
            raise Problem(422, "bad_flag", "over_drift is true or false.")
        if skus is None:
            approved = Product.objects.filter(standing__live__isnull=False)
            everything = sight(PUBLISH).ids() is None
            chosen = None if everything else seen(approved, right=PUBLISH)
            return self._asked(*publish_by_hand(channel=channel, products=chosen, over_drift=over))
        if not isinstance(skus, list) or not all(isinstance(sku, str) for sku in skus) or len(skus) > 1000:
            raise Problem(422, "bad_skus", "skus is a list of at most 1,000 SKUs.")
        found = {product_of_sku(sku, PUBLISH) for sku in skus}
        return self._asked(*publish_by_hand(channel=channel, products=found, over_drift=True))

    @staticmethod
    def _asked(count: int, left: dict[str, str]) -> Response:
        return Response({"products": count, "left_out": left}, status=202)


class ChannelPause(OfChannels):
    """Stop all calls, with a "reason"; what is wanted meanwhile goes out once it is resumed."""

    operations = {"POST": Op(body=thing("reason", reason=TEXT), answers={200: CHANNEL})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel = self.channel(code, PUBLISH)
        reason = body_of(request, "reason").get("reason")
        if not isinstance(reason, str) or not reason.strip():
            raise Problem(422, "reason_missing", "Say why the channel is paused, as “reason”.")
        pausing.pause(channel, reason=reason)
        return Response(shown([self.channel(code, PUBLISH)])[0])


class ChannelResume(OfChannels):
    """Go on. In a restored copy it also says that this instance, and no other, calls the channel from now on."""

    operations = {"POST": Op(body=OBJECT, answers={200: CHANNEL})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        body_of(request)
        pausing.resume(self.channel(code, PUBLISH))
        return Response(shown([self.channel(code, PUBLISH)])[0])


class Explain(OfChannels):
    """Why a SKU is or is not live on the channel, step by step, and who acts next."""

    operations = {"GET": Op(query={"sku": "the SKU"}, answers={200: EXPLAINED})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, {"sku"})
        channel = self.channel(code)
        wanted = request.query_params.get("sku", "")
        if not wanted:
            raise Problem(400, "sku_missing", "Say which one: ?sku=…", parameter="sku")
        product = product_of_sku(wanted, VIEW_PRODUCT)
        sku = Variant.objects.filter(product=product, sku_key=code_key(wanted)).values_list("sku", flat=True).first()
        told = explain(channel, product, sku or "")
        return Response({"channel": channel.code, "product": product.code, "sku": sku or "", **told})


STEP = thing(
    "*",
    sku=TEXT,
    field=TEXT,
    value={},
    rule=TEXT,
    key=TEXT,
    by=TEXT,
    through=TEXT,
    at=maybe(TEXT),
    line=maybe(NUMBER),
    change_set=maybe(TEXT),
    origin=TEXT,
)
TRACED = thing(
    "*",
    channel=TEXT,
    product=TEXT,
    revision=maybe(NUMBER),
    approved_by=TEXT,
    approved_at=maybe(TEXT),
    mapping=maybe(NUMBER),
    put_back_to=maybe(TEXT),
    fields=array(STEP),
)


class TraceFields(OfChannels):
    """Where each field of a product's payload comes from: mapping rule, value key, revision, approval, author."""

    operations = {"GET": Op(query={"sku": "the SKU"}, answers={200: TRACED})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, {"sku"})
        channel = self.channel(code)
        wanted = request.query_params.get("sku", "")
        if not wanted:
            raise Problem(400, "sku_missing", "Say which one: ?sku=…", parameter="sku")
        product = product_of_sku(wanted, VIEW_PRODUCT)
        return Response({"channel": channel.code, "product": product.code, **trace(channel, product)})


VIEW_PRODUCT = "catalog.view_product"


def product_of_sku(sku: str, right: str) -> Product:
    """The product of the SKU where the right reaches it. Raises Problem."""
    named = Q(variants__sku_key=code_key(sku), variants__trashed_at__isnull=True)
    found = seen(Product.objects.filter(named), right=right).first()
    if found is None:
        raise Problem(404, "not_found", f"There is no SKU “{sku[:100]}”.")
    return found


def body_of(request: Request, *known: str) -> dict[str, Any]:
    given = request.data
    if not isinstance(given, dict):
        raise Problem(422, "bad_form", "Send an object.")
    if strange := sorted(set(given) - set(known)):
        raise Problem(422, "unknown_field", f"There is no “{strange[0][:50]}” here.")
    return given
