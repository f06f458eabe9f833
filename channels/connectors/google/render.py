"""From a mapped product to the offers Google should show: one row per SKU, in three bodies.

SKU  content  {offerId, contentLanguage, feedLabel, dataSource, productAttributes: {…}}
SKU  offer    {price, salePrice?, salePriceEffectiveDate?}, {} without a price
SKU  stock    {availability}

Attributes are named as in the API; only those we have something to say about are there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import quote, urlsplit

from channels.connectors.base import Connection, Facet, MappedProduct, MappedVariant, Medium, Price, Rendered
from channels.connectors.google import canonical, settings
from channels.connectors.google.attributes import (
    AVAILABILITY,
    CONTENT,
    PRICE,
    SALE_DATES,
    SALE_PRICE,
    STRUCTURED,
    Form,
)
from channels.connectors.google.fields import BY_CODE, MOST_ADDITIONAL_IMAGES
from channels.connectors.google.names import LONGEST_GROUP_ID
from channels.connectors.google.settings import Settings
from pimhub.foundation.jsonvalue import JSON

LONGEST_TITLE = BY_CODE["title"].max_length or 150
# Of a name shortened further than this, customers would not know what it is: better without options.
SHORTEST_NAME = 40


def render(product: MappedProduct, connection: Connection) -> Rendered:
    """The bodies of each SKU. A variant without SKU has no row; preflight says so."""
    given = settings.read(connection)
    bodies = {
        variant.sku: {
            Facet.CONTENT.value: content(product, variant, given),
            Facet.OFFER.value: offer(variant.price) if given.sends("price") else {},
            Facet.STOCK.value: {AVAILABILITY: availability(variant, given)} if given.sends("availability") else {},
        }
        for variant in product.variants
        if variant.sku
    }
    ends = [v.price.sale_to for v in product.variants if v.price and v.price.sale_price and v.price.sale_to]
    return Rendered(
        product=product.code,
        bodies=bodies,
        recheck_at=min(ends, default=None),
        media_urls={medium.key: medium.url for medium in product.media},
    )


# ---- content -----------------------------------------------------------------------------------


def content(product: MappedProduct, variant: MappedVariant, given: Settings) -> dict[str, JSON]:
    return {
        "offerId": variant.sku,
        "contentLanguage": given.content_language or product.locale.replace("-", "_").split("_")[0].lower(),
        "feedLabel": given.feed_label,
        "dataSource": given.data_source,
        "productAttributes": attributes(product, variant, given),
    }


def attributes(product: MappedProduct, variant: MappedVariant, given: Settings) -> dict[str, JSON]:
    """What is said of the item itself; see `attributes.CONTENT` for the names."""
    fields, several = variant.fields, len(product.variants) > 1
    made: dict[str, JSON] = {}
    for attribute in CONTENT:
        value = fields.get(attribute.code)
        if attribute.form is Form.TEXTS:
            made[attribute.api] = canonical.texts(value)
        elif attribute.form is Form.CHOICE:
            made[attribute.api] = canonical.text(value).upper()
        elif attribute.form is Form.WEIGHT:
            made[attribute.api] = canonical.weight(value)
        elif attribute.form is Form.FLAG:
            made[attribute.api] = True if value is True else None  # what it is not needs no word
        elif attribute.form is Form.TEXT:
            made[attribute.api] = canonical.text(value)
    made["title"] = title(made["title"], [label for _, label in variant.options] if several else [])
    made["link"] = made["link"] or link(product.url, variant.sku if several else "", given)
    made["gtins"] = made["gtins"] or canonical.texts(variant.gtin)
    first, *further = pictures(product.media, variant.sku) or [""]
    made["imageLink"] = made["imageLink"] or first
    made["additionalImageLinks"] = (made["additionalImageLinks"] or further)[:MOST_ADDITIONAL_IMAGES]
    if several:
        made["itemGroupId"] = made["itemGroupId"] or group_id(product.code)
        made["itemGroupTitle"] = group_title(product)
        made["variantOptions"] = [
            {"name": canonical.text(name), "value": canonical.text(label)}
            for name, label in variant.options
            if canonical.text(name) and canonical.text(label)
        ]
    made["shipping"] = shipping(variant.price, given)
    if not made["gtins"] and not (made["mpn"] and made["brand"]) and given.sends("identifier_exists"):
        made["identifierExists"] = False
    made = {a.api: made.get(a.api) for a in CONTENT if given.sends(a.code)}
    for plain, structured in STRUCTURED.items():
        if plain in variant.origins and made.get(plain):
            made[structured] = {"digitalSourceType": "TRAINED_ALGORITHMIC_MEDIA", "content": made.pop(plain)}
    return {name: value for name, value in made.items() if value not in (None, "", [])}


def title(name: str, labels: Iterable[str]) -> str:
    """“Tee – Black, M”: Google asks for what tells a variant apart, in the title.

    Labels that the name holds already are not repeated. Where it gets too long the name is cut at
    a word, never a label (support.google.com/merchants/answer/6324415).
    """
    said = name.casefold()
    news = [x for x in canonical.texts(list(labels)) if not re.search(rf"(?<!\w){re.escape(x.casefold())}(?!\w)", said)]
    if not name or not news:
        return name
    ending = f" – {', '.join(news)}"
    room = LONGEST_TITLE - len(ending)
    if len(name) <= room:
        return name + ending
    if room < SHORTEST_NAME:
        return name
    head = name[: room - 1]
    whole = head if name[room - 1].isspace() else head.rsplit(None, 1)[0]
    return f"{whole.rstrip(' ,;:–-')}…{ending}"


def group_title(product: MappedProduct) -> str:
    """The name that all variants share, if they do."""
    names = {canonical.text(variant.fields.get("title")) for variant in product.variants}
    return names.pop() if len(names) == 1 else ""


def group_id(code: str) -> str:
    """The product's code; a longer one ends in a hash of all of it, so that two never become one."""
    if len(code) <= LONGEST_GROUP_ID:
        return code
    return f"{code[: LONGEST_GROUP_ID - 13]}-{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def link(url: str, sku: str, given: Settings) -> str:
    """The product's page; with a `sku`, that page with this variant chosen."""
    if not url or not sku or not given.variant_parameter:
        return url
    parts = urlsplit(url)
    chosen = f"{quote(given.variant_parameter, safe='')}={quote(sku, safe='')}"
    return parts._replace(query=f"{parts.query}&{chosen}" if parts.query else chosen).geturl()


def pictures(media: Iterable[Medium], sku: str) -> list[str]:
    """Addresses for one variant, its own first. Those of other variants only when there are no others."""
    held = [medium for medium in media if medium.url and medium.is_picture]
    own = [medium.url for medium in held if medium.sku and medium.sku == sku]
    shared = [medium.url for medium in held if not medium.sku]
    return list(dict.fromkeys(own + shared)) or list(dict.fromkeys(medium.url for medium in held))


def shipping(price: Price | None, given: Settings) -> list[JSON]:
    """What sending costs, in the currency of the price; nothing where the account's own rates hold."""
    if price is None:
        return []
    return [
        {name: one[name] for name in ("country", "service") if one.get(name)}
        | {"price": {"amountMicros": canonical.micros(Decimal(one["price"])), "currencyCode": price.currency}}
        for one in given.shipping
        if canonical.is_amount(one.get("price", ""))
    ]


# ---- offer and stock ---------------------------------------------------------------------------


def offer(price: Price | None) -> dict[str, JSON]:
    if price is None:
        return {}
    body: dict[str, JSON] = {PRICE: {"amountMicros": canonical.micros(price.price), "currencyCode": price.currency}}
    if price.sale_price is not None:
        body[SALE_PRICE] = {
            "amountMicros": canonical.micros(price.sale_price),
            "currencyCode": price.currency,
        }
        # Google wants both ends; without them the sale holds for as long as we send it.
        if price.sale_from and price.sale_to:
            body[SALE_DATES] = {
                "startTime": canonical.moment(price.sale_from),
                "endTime": canonical.moment(price.sale_to),
            }
    return body


def availability(variant: MappedVariant, given: Settings) -> str:
    """IN_STOCK with units at a location that counts, or where stock is not counted.

    Selling on without stock would be BACKORDER, which needs the day of delivery; that we do not know.
    """
    said = canonical.text(variant.fields.get("availability")).upper()
    if said:
        return said
    in_stock = variant.fields.get("tracked") is False or sellable(variant, given) > 0
    return "IN_STOCK" if in_stock else "OUT_OF_STOCK"


def sellable(variant: MappedVariant, given: Settings) -> int:
    """Units at the locations that count for this channel."""
    return sum(
        units for location, units in variant.stock.items() if given.locations is None or location in given.locations
    )
