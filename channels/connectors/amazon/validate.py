"""Preflight: what Amazon would refuse or suppress, before anything is sent, in a merchandiser's words.

Every item is checked against Amazon's own definition of its product type. Then come rules that no definition tells,
and last the wall: the very calls that would be sent, against Amazon's description of the API.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from channels.connectors.amazon import render, shape
from channels.connectors.amazon.explain import problems
from channels.connectors.amazon.plan import plan
from channels.connectors.amazon.schema import LISTINGS, check_body, check_query, operation_at
from channels.connectors.amazon.schema.vocabulary import validator
from channels.connectors.amazon.settings import Settings
from channels.connectors.base import Connection, Definition, Facet, Known, MappedProduct, MappedVariant, Rendered
from channels.connectors.outcome import Issue, Row

LONGEST_SKU = 40  # listingsItems 2021-08-01; the definitions say the same of parent_sku
# sellercentral.amazon.com, "Product image requirements": 500 pixels on the longest side, 1,000 to zoom.
SMALLEST_IMAGE, ZOOM = 500, 1000
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/tiff")


def validate(product: MappedProduct, rendered: Rendered, connection: Connection) -> list[Issue]:
    """Errors block, warnings are shown. `field` is a target field, or price, sku, stock, media, options."""
    given = render.reading(product, connection)
    config = list(_config(given, connection))
    name = render.product_type(product)
    definition = connection.definitions.get(name)
    if not name:
        return [*config, _no_product_type(product)]
    found = [*config, *media(product)]
    for variant in product.variants:
        found += [*identity(variant), *price(variant), *stock(variant, given)]
    if definition is None:
        return found  # whoever fetches definitions says why there is none
    found += family(product, given, definition)
    for row in rendered.bodies:
        found += described(row, rendered, definition)
    return found if config else [*found, *_wall(rendered, connection, found)]


# ---- the channel -------------------------------------------------------------------------------


def _config(given: Settings, connection: Connection) -> Iterator[Issue]:
    if not re.fullmatch(r"[A-Z0-9]{10,20}", given.seller):
        yield _setting("seller", given.seller, "A2EXAMPLESELLER, the Merchant Token in Seller Central")
    if not re.fullmatch(r"[A-Z0-9]{10,20}", given.marketplace):
        yield _setting("marketplace", given.marketplace, "A1PA6795UKMFR9 (amazon.de)")
    if not re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", given.language):
        yield _setting("language", given.language, "de_DE")


def _setting(name: str, value: str, wanted: str) -> Issue:
    said = f"is “{value}”" if value else "is empty"
    return Issue("setting", f"The channel's setting {name} {said}. Amazon needs one such as {wanted}.")


def _no_product_type(product: MappedProduct) -> Issue:
    message = (
        "The mapping finds no Amazon product type for this product, so nothing can be sent. Give the product what the "
        "rule for “Product type” reads, or add its kind to the rule."
    )
    return Issue("no_product_type", message, field="product_type")


# ---- what no definition tells ------------------------------------------------------------------


def identity(variant: MappedVariant) -> Iterator[Issue]:
    """The SKU is the item's name at Amazon."""
    sku = variant.sku
    if not sku:
        yield Issue("sku_missing", "A variant has no SKU. Amazon tells items apart by it.", field="sku")
    if len(sku) > LONGEST_SKU:
        message = f"The SKU has {len(sku)} characters, Amazon takes {LONGEST_SKU}: “{sku}”. Use a shorter SKU."
        yield Issue("too_long", message, field="sku", sku=sku)


def price(variant: MappedVariant) -> Iterator[Issue]:
    given, sku = variant.price, variant.sku
    if given is None:
        yield _price("price_missing", "There is no price on the channel's price list. Add one.", sku)
        return
    for label, amount in (("price", given.price), ("sale price", given.sale_price)):
        if amount is None:
            continue
        if amount <= 0:
            yield _price("price_not_positive", f"The {label} is {amount}. Amazon needs one above zero.", sku)
        elif -int(amount.normalize().as_tuple().exponent) > 2:
            yield _price("price_places", f"The {label} {amount} has more than two decimal places. Round it.", sku)
    if given.sale_price is not None and given.sale_price >= given.price:
        message = f"The sale price {given.sale_price} is not below the price {given.price}. Lower it, or remove it."
        yield _price("sale_price", message, sku)


def _price(code: str, message: str, sku: str) -> Issue:
    return Issue(code=code, message=message, field="price", sku=sku)


def stock(variant: MappedVariant, given: Settings) -> Iterator[Issue]:
    counted = [x for x in variant.stock if given.locations is None or x in given.locations]
    if given.counts_stock and variant.fields.get("tracked") is not False and not counted:
        message = "No stock is recorded at the channel's locations, so the item cannot be bought."
        yield Issue("no_stock", message, field="stock", sku=variant.sku, severity="warning")


def media(product: MappedProduct) -> Iterator[Issue]:
    for medium in product.media:
        name = f"“{medium.alt or medium.url}”"
        if not medium.is_picture:
            message = (
                f"{name} is a video or 3D model. Amazon takes none with a listing, so it is not sent; upload it in "
                "Seller Central."
            )
            yield Issue("media_kind", message, field="media", sku=medium.sku, severity="warning")
            continue
        if medium.key.startswith("url:"):
            message = f"The picture {name} is not fetched yet, so nothing is known about it."
            yield Issue("media_not_fetched", message, field="media", sku=medium.sku, severity="warning")
        if medium.mime and medium.mime not in IMAGE_TYPES:
            message = f"The picture {name} is {medium.mime}; Amazon takes JPEG, PNG, GIF and TIFF."
            yield Issue("image_type", message, field="media", sku=medium.sku)
        if medium.width and medium.height:
            longest = max(medium.width, medium.height)
            if longest < ZOOM:
                wanted = f"{SMALLEST_IMAGE} pixels" if longest < SMALLEST_IMAGE else f"{ZOOM} to let customers zoom"
                message = f"The picture {name} has {medium.width} × {medium.height} pixels; Amazon wants {wanted}."
                severity = "error" if longest < SMALLEST_IMAGE else "warning"
                yield Issue("image_small", message, field="media", sku=medium.sku, severity=severity)


def family(product: MappedProduct, given: Settings, definition: Definition) -> Iterator[Issue]:
    """Variants stand below a parent by a theme of the product type, and no two of them are alike in it."""
    if len(product.variants) < 2:
        return
    name = render.parent_sku(product)
    if len(name) > LONGEST_SKU:
        message = f"The product's code is the parent's SKU; it has {len(name)} characters, Amazon takes {LONGEST_SKU}."
        yield Issue("too_long", message, field="code")
    known = render.themes(definition.body)
    if render.theme(product, given, definition.body) is None:
        axes = ", ".join(product.axes) or "none"
        message = (
            f"No variation theme of {definition.name} is made of this product's axes ({axes}). Amazon has "
            f"{_some(known)}. Choose one by the rule for “Variation theme”, or list the variants as products."
        )
        yield Issue("no_variation_theme", message, field="variation_theme")
    seen = Counter(tuple(label for _, label in variant.options) for variant in product.variants)
    for variant in product.variants:
        labels = tuple(label for _, label in variant.options)
        if seen[labels] > 1:
            message = f"Another variant has the same options ({', '.join(labels)}); Amazon shows only one of them."
            yield Issue("options", message, field="options", sku=variant.sku)


def _some(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "none"


# ---- the definition ----------------------------------------------------------------------------


def described(row: Row, rendered: Rendered, definition: Definition) -> Iterator[Issue]:
    """What Amazon's definition of the product type holds against an item."""
    bodies = rendered.bodies[row]
    said: Mapping[str, object] = {
        **bodies[Facet.CONTENT]["attributes"],
        **bodies.get(Facet.OFFER, {}),
        **bodies.get(Facet.STOCK, {}),
    }
    attributes = shape.to_wire(definition.body, said)
    errors = validator(definition).iter_errors(attributes)
    yield from dict.fromkeys(issue for error in errors for issue in problems(error, row, definition))


# ---- the wall ----------------------------------------------------------------------------------


def _wall(rendered: Rendered, connection: Connection, found: list[Issue]) -> Iterator[Issue]:
    """Amazon's own description of the API against each call, where nothing else was found wrong."""
    wrong = {issue.sku for issue in found if issue.severity == "error"}
    # The puts themselves: what is asked before them has the same bodies.
    asking = {"preview": False, "check_restrictions": False}
    at_once = replace(connection, settings={**connection.settings, **asking})
    for call in plan(rendered, Known(), at_once):
        sku = str(call.context["row"])
        if sku in wrong or "" in wrong:
            continue
        parts = urlsplit(call.request.url)
        base = urlsplit(connection.base_url.rstrip("/")).path
        at = operation_at(LISTINGS, call.request.method, parts.path.removeprefix(base))
        told = (
            [("", "is no operation of this API")]
            if at is None
            else [
                *check_query(at[0], parse_qsl(parts.query, keep_blank_values=True)),
                *check_body(LISTINGS, at[0], json.loads(call.request.body) if call.request.body else None),
            ]
        )
        for path, problem in told:
            message = f"{path or 'The call'} {problem}, by Amazon's description of its API."
            yield Issue("schema", message, sku=sku)
