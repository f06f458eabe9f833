"""From a mapped product to the items Amazon should hold: one per variant, and a parent above several.

SKU  content  {sku, productType, requirements, attributes: {…}}
SKU  offer    {purchasable_offer: […]}, {} without a price
SKU  stock    {fulfillment_availability: […]}
""   content  of the parent: the product's own facts; it has neither offer nor stock

Attributes stand in Amazon's own shape, with decimals as text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from channels.connectors.amazon import settings, shape
from channels.connectors.amazon.fields import OUR_OWN
from channels.connectors.amazon.settings import Settings
from channels.connectors.base import Connection, Facet, MappedProduct, MappedVariant, Medium, Price, Rendered
from channels.connectors.outcome import Row
from pimhub.foundation.jsonvalue import JSON

OFFER, STOCK = "purchasable_offer", "fulfillment_availability"
PARENTAGE, RELATION, THEME = "parentage_level", "child_parent_sku_relationship", "variation_theme"
MAIN_IMAGE = "main_product_image_locator"
OTHER_IMAGES = tuple(f"other_product_image_locator_{n}" for n in range(1, 9))
IDENTIFIER, EXEMPTION = (
    "externally_assigned_product_identifier",
    "supplier_declared_has_product_identifier_exemption",
)
PARENT: Row = ""
LONGEST_TITLE = 200
# By the number of digits; Amazon takes a GTIN of 12 as UPC, one of 13 as EAN.
_GTIN_TYPES = {8: "ean", 12: "upc", 13: "ean", 14: "gtin"}


def product_type(product: MappedProduct) -> str:
    return str(product.fields.get("product_type") or "").strip()


def render(product: MappedProduct, connection: Connection) -> Rendered:
    """The bodies of each item; none while the definition of the product type is not there (preflight says so)."""
    definition = connection.definitions.get(product_type(product))
    bodies: dict[Row, dict[str, JSON]] = {}
    if definition is not None:
        given = reading(product, connection)
        family = len(product.variants) > 1
        if family:
            bodies[PARENT] = {
                Facet.CONTENT.value: _body(parent_sku(product), product, parent(product, definition.body, given))
            }
        for variant in product.variants:
            if variant.sku:
                bodies[variant.sku] = {
                    Facet.CONTENT.value: _body(variant.sku, product, child(product, variant, definition.body, given)),
                    Facet.OFFER.value: offer(variant.price, given),
                    Facet.STOCK.value: stock(variant, given),
                }
    return Rendered(
        product=product.code,
        bodies=bodies,
        recheck_at=min(_ends(product.variants), default=None),
        media_urls={medium.key: medium.url for medium in product.media},
    )


def reading(product: MappedProduct, connection: Connection) -> Settings:
    given = settings.read(connection)
    return replace(given, language=given.language or product.locale)


def parent_sku(product: MappedProduct) -> str:
    """The parent's SKU on Amazon: the product's code, made different from those of its variants."""
    taken = {variant.sku.casefold() for variant in product.variants}
    return product.code if product.code.casefold() not in taken else f"{product.code}-PARENT"


def _body(sku: str, product: MappedProduct, attributes: dict[str, JSON]) -> dict[str, JSON]:
    parental = any(entry.get("value") == "parent" for entry in attributes.get(PARENTAGE, ()))
    return {
        "sku": sku,
        "productType": product_type(product),
        "requirements": "LISTING_PRODUCT_ONLY" if parental else "LISTING",
        "attributes": attributes,
    }


# ---- what is said of an item -------------------------------------------------------------------


def parent(product: MappedProduct, definition: shape.Schema, given: Settings) -> dict[str, JSON]:
    """The product's own facts, without what only a variant has."""
    axes = {amazon_axis(axis, given) for axis in product.axes}
    made = _mapped(product.fields, definition, given)
    for name in (*axes, IDENTIFIER, "condition_type"):
        made.pop(name, None)
    made |= _pictures(product.media, PARENT, definition, given)
    made |= _attributes(
        definition,
        given,
        {
            PARENTAGE: "parent",
            RELATION: {"child_relationship_type": "variation"},
            THEME: theme(product, given, definition),
        },
    )
    return made


def child(product: MappedProduct, variant: MappedVariant, definition: shape.Schema, given: Settings) -> dict[str, JSON]:
    """The facts of what can be bought; of several variants each points to the parent."""
    family = len(product.variants) > 1
    made = _mapped(variant.fields, definition, given)
    if family:
        options = dict(zip(product.axes, (label for _, label in variant.options), strict=False))
        told = {amazon_axis(axis, given): text for axis, text in options.items() if text}
        made |= _attributes(definition, given, {n: text for n, text in told.items() if n not in made})
        name = title(str(variant.fields.get("item_name") or ""), list(options.values()))
        made |= _attributes(definition, given, {"item_name": name})
        relation = {"child_relationship_type": "variation", "parent_sku": parent_sku(product)}
        made |= _attributes(
            definition, given, {PARENTAGE: "child", RELATION: relation, THEME: theme(product, given, definition)}
        )
    made |= _pictures(product.media, variant.sku, definition, given)
    gtin = str(variant.fields.get("gtin") or variant.gtin or "").strip()
    if gtin:
        made |= _attributes(
            definition, given, {IDENTIFIER: {"type": _GTIN_TYPES.get(len(gtin), "gtin"), "value": gtin}}
        )
    elif given.gtin_exempt:
        made |= _attributes(definition, given, {EXEMPTION: True})
    return made


def _mapped(fields: Mapping[str, JSON], definition: shape.Schema, given: Settings) -> dict[str, JSON]:
    return _attributes(definition, given, {n: v for n, v in fields.items() if n not in OUR_OWN})


def _attributes(definition: shape.Schema, given: Settings, values: Mapping[str, JSON]) -> dict[str, JSON]:
    shaped = {name: shape.attribute(definition, name, value, given) for name, value in values.items()}
    return {name: entries for name, entries in shaped.items() if entries}


def title(name: str, labels: Sequence[str]) -> str:
    """“Tee, Black, M”; labels that the name says already are not repeated, and the name is cut before they are."""
    news = [x for x in labels if x and not re.search(rf"(?<!\w){re.escape(x)}(?!\w)", name, re.IGNORECASE)]
    ending = "".join(f", {label}" for label in news)
    if not name or len(name) + len(ending) <= LONGEST_TITLE:
        return name + ending if name else ""
    head = name[: LONGEST_TITLE - len(ending)]
    return (head.rsplit(None, 1)[0].rstrip(" ,;") + ending) if " " in head else name


def amazon_axis(axis: str, given: Settings) -> str:
    """Amazon's attribute for one of our axes."""
    return given.axes.get(axis, axis)


def theme(product: MappedProduct, given: Settings, definition: shape.Schema) -> JSON:
    """The product type's variation theme that is made of just our axes; None when there is none."""
    chosen = product.fields.get(THEME)
    if chosen:
        return chosen if isinstance(chosen, dict) else {"name": chosen}
    wanted = {amazon_axis(axis, given) for axis in product.axes}
    for name in themes(definition):
        if {part.strip().casefold().removesuffix("_name") for part in name.split("/")} == wanted:
            return {"name": name}
    return None


def themes(definition: shape.Schema) -> list[str]:
    """The variation themes of a product type, such as "SIZE/COLOR"."""
    entry = definition["properties"].get(THEME, {}).get("items", {}).get("properties", {})
    rule = shape.resolve(definition, entry.get("name", {}))
    return [str(name) for name in rule.get("enum", ())]


def _pictures(media: Iterable[Medium], sku: str, definition: shape.Schema, given: Settings) -> dict[str, JSON]:
    """The item's own pictures first, then those of the product; all there are when it has neither."""
    held = [medium for medium in media if medium.url and medium.is_picture]
    own = [medium.url for medium in held if sku and medium.sku == sku]
    shared = [medium.url for medium in held if not medium.sku]
    urls = list(dict.fromkeys(own + shared)) or list(dict.fromkeys(medium.url for medium in held))
    places = dict(zip((MAIN_IMAGE, *OTHER_IMAGES), urls, strict=False))
    return _attributes(definition, given, {name: {"media_location": url} for name, url in places.items()})


# ---- offer and stock ---------------------------------------------------------------------------


def offer(price: Price | None, given: Settings) -> dict[str, JSON]:
    """The price with tax. A sale without both ends is sent as the price itself: Amazon takes none without."""
    if price is None:
        return {}
    now, body = price.price, {}
    if price.sale_price is not None:
        if price.sale_from and price.sale_to:
            sale = {
                "start_at": _moment(price.sale_from),
                "end_at": _moment(price.sale_to),
                "value_with_tax": shape.decimal_text(price.sale_price),
            }
            body = {"discounted_price": [{"schedule": [sale]}]}
        else:
            now = price.sale_price
    entry = {
        "marketplace_id": given.marketplace,
        "currency": price.currency,
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": shape.decimal_text(now)}]}],
        **body,
    }
    return {OFFER: [entry]}


def stock(variant: MappedVariant, given: Settings) -> dict[str, JSON]:
    entry: dict[str, JSON] = {"fulfillment_channel_code": given.fulfillment_channel}
    if given.counts_stock:
        if variant.fields.get("tracked") is False:
            entry["is_inventory_available"] = True
        else:
            entry["quantity"] = max(sellable(variant, given), 0)
        if given.lead_time_days is not None:
            entry["lead_time_to_ship_max_days"] = given.lead_time_days
    return {STOCK: [entry]}


def sellable(variant: MappedVariant, given: Settings) -> int:
    """Units at the locations that count for this channel."""
    return sum(
        units for location, units in variant.stock.items() if given.locations is None or location in given.locations
    )


def _moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _ends(variants: Iterable[MappedVariant]) -> list[dt.datetime]:
    return [v.price.sale_to for v in variants if v.price and v.price.sale_price and v.price.sale_to]
