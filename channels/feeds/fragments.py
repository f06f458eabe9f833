"""The items of each product as they were last written, so that a build renders only what changed.

A fragment is taken again while its key is the same: the digest of everything that rendering reads.
What is not in the key must not be read while rendering for a feed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from functools import cache

import orjson
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from catalog.models import Attribute, Offer, StockLevel
from channels.connectors.abilities import BuildsFeed
from channels.connectors.base import Connection, Connector
from channels.models import Channel, FeedFragment
from channels.publishing.desire import Desired, check
from channels.rendering.source import gather
from channels.rendering.stock_rules import rule_of, stale_now
from governance.models import Revision
from governance.sales.windows import windows
from pimhub.foundation.jsonvalue import digest

RENDERED = 50  # products at once: what they are rendered from is far larger than what is kept
WHOSE = ("variant__product_id", "variant__sku")
STOCK_FIELDS = ("location__code", "available", "reserved")
OFFER_FIELDS = ("price", "compare_at", "sale_price", "sale_from", "sale_to", "cost")


def fragments_of(
    channel: Channel,
    connector: Connector,
    builder: BuildsFeed,
    connection: Connection,
    revisions: Sequence[Revision],
    kind: str,
) -> Iterator[FeedFragment]:
    """The fragment of each revision, in order; those that are not held are made and kept."""
    now = timezone.now()
    keys = keys_of(channel, connector, connection, revisions)
    current = Q(recheck_at__isnull=True) | Q(recheck_at__gt=now)
    held = FeedFragment.objects.filter(current, channel=channel, kind=kind, product_id__in=keys)
    known = {f.product_id: f for f in held if f.key == keys[f.product_id]}
    missing = [r for r in revisions if r.product_id not in known]
    for start in range(0, len(missing), RENDERED):
        sources = gather(channel, connector, missing[start : start + RENDERED], connection, now)
        made = [
            _made(channel, keys[product_id], builder, check(connector, connection, source), product_id, kind)
            for product_id, source in sources.items()
        ]
        FeedFragment.objects.bulk_create(
            made,
            update_conflicts=True,
            update_fields=["key", "body", "items", "skipped", "recheck_at"],
            unique_fields=["channel", "product", "kind"],
        )
        known |= {f.product_id: f for f in made}
    for revision in revisions:
        yield known[revision.product_id]


def text_of(fragment: FeedFragment) -> bytes:
    return zlib.decompress(fragment.body)


def _made(
    channel: Channel, key: str, builder: BuildsFeed, desired: Desired, product_id: int, kind: str
) -> FeedFragment:
    body, items, skipped = bytearray(), 0, []
    for row in desired.rendered.bodies:
        problems = [i for i in desired.issues if i.severity == "error" and i.sku in ("", row)]
        if problems:
            skipped.append({"sku": row, "code": problems[0].code, "message": problems[0].message})
            continue
        body += builder.feed_item(desired.rendered, row, desired.connection, kind)
        items += 1
    moments = [m for m in (desired.source.recheck_at, desired.rendered.recheck_at) if m]
    return FeedFragment(
        channel=channel,
        product_id=product_id,
        kind=kind,
        key=key,
        body=zlib.compress(bytes(body), 1),
        items=items,
        skipped=skipped,
        recheck_at=min(moments, default=None),
    )


# ---- what rendering reads ----------------------------------------------------------------------------


def keys_of(
    channel: Channel, connector: Connector, connection: Connection, revisions: Sequence[Revision]
) -> dict[int, str]:
    """By product: the digest of the revision, its prices and stock, and all that the channel's products share."""
    shared = _shared(channel, connector, connection)
    ids = [r.product_id for r in revisions]
    facts: dict[int, list[object]] = {r.product_id: [shared, r.pk] for r in revisions}
    sales = windows([channel.market.price_list_id])
    offers = sales.among(Offer.objects.filter(price_list=channel.market.price_list, variant__product_id__in=ids))
    words = ("word",) if sales.policies else ()
    for product, *values in offers.order_by("variant__sku").values_list(*WHOSE, *OFFER_FIELDS, *words):
        facts[product].append([_plain(v) for v in values])
    levels = StockLevel.objects.filter(variant__product_id__in=ids)
    for product, *stock in levels.order_by("variant__sku", "location__code").values_list(*WHOSE, *STOCK_FIELDS):
        facts[product].append(stock)
    return {product: digest(found) for product, found in facts.items()}


def _shared(channel: Channel, connector: Connector, connection: Connection) -> str:
    assert channel.mapping is not None
    market = channel.market
    rule = rule_of(channel)
    facts = [
        _code(),
        [repr(rule), sorted(stale_now(rule, timezone.now())[0])],
        [connector.key, connector.api_version],
        [channel.mapping_id, channel.mapping.rules],
        [channel.code, channel.scope.code, dict(connection.settings)],
        [list(market.locales), market.price_list.code, market.price_list.currency.code],
        settings.PIMHUB_PUBLIC_URL,
        # Revisions from before axes' names were pinned show today's.
        dict(Attribute.objects.values_list("code", "labels")),
    ]
    # Settings and rules may hold floats, which a canonical digest refuses; here any stable form will do.
    return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest()


@cache
def _code() -> str:
    """The digest of all code that takes part in rendering: an update of PIMHub renders anew."""
    found = hashlib.sha256()
    for folder in ("channels", "governance/revisions", "governance/sales", "catalog/attributes", "pimhub/foundation"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return None if value is None else str(value)
