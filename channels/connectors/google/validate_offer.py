"""Preflight of what customers compare: price, stock and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from channels.connectors.base import Connection, MappedProduct, MappedVariant, Medium, Price
from channels.connectors.google import settings
from channels.connectors.google.canonical import MICROS
from channels.connectors.google.fields import MOST_ADDITIONAL_IMAGES
from channels.connectors.google.render import sellable
from channels.connectors.outcome import Issue

# support.google.com/merchants/answer/6324350
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp")
SMALLEST_IMAGE = 100  # pixels, on either side


def price(variant: MappedVariant) -> Iterator[Issue]:
    given, sku = variant.price, variant.sku
    if given is None:
        yield _price("price_missing", "There is no price on the channel's price list. Add one.", sku)
        return
    if not re.fullmatch(r"[A-Z]{3}", given.currency):
        message = f"“{given.currency}” is no currency. Google needs three letters such as EUR."
        yield _price("currency", message, sku)
    yield from _amount("price", given.price, sku)
    if given.sale_price is not None:
        yield from _amount("sale price", given.sale_price, sku)
        yield from _sale(given, given.sale_price, sku)


def _amount(label: str, amount: Decimal, sku: str) -> Iterator[Issue]:
    if amount <= 0:
        yield _price("price_not_positive", f"The {label} is {amount}. Google needs one above zero.", sku)
    elif amount * MICROS % 1:
        message = f"The {label} {amount} has more than 6 decimal places. Round it."
        yield _price("price_places", message, sku)


def _sale(given: Price, sale: Decimal, sku: str) -> Iterator[Issue]:
    if sale >= given.price:
        message = f"The sale price {sale} is not below the price {given.price}. Lower it, or remove it."
        yield _price("sale_price", message, sku)
    if given.sale_from and given.sale_to and given.sale_from >= given.sale_to:
        yield _price("sale_dates", "The sale ends before it begins. Correct its dates.", sku)


def _price(code: str, message: str, sku: str) -> Issue:
    return Issue(code=code, message=message, field="price", sku=sku)


def stock(variant: MappedVariant, connection: Connection) -> Iterator[Issue]:
    given = settings.read(connection)
    counted = [x for x in variant.stock if given.locations is None or x in given.locations]
    if variant.fields.get("tracked") is False or variant.fields.get("availability"):
        return
    if not counted:
        message = "No stock is recorded at the channel's locations, so the offer is shown as out of stock."
        yield Issue("no_stock", message, field="stock", sku=variant.sku, severity="warning")
    elif sellable(variant, given) < 0:
        message = "The stock is below zero. Correct it."
        yield Issue("stock", message, field="stock", sku=variant.sku, severity="warning")


def media(product: MappedProduct) -> Iterator[Issue]:
    """Pictures, each once: it is the product's matter which variants show them."""
    shown = [medium for medium in product.media if medium.is_picture]
    if len(shown) > MOST_ADDITIONAL_IMAGES + 1:
        message = (
            f"There are {len(shown)} pictures; Google shows the first and "
            f"{MOST_ADDITIONAL_IMAGES} more of each variant."
        )
        yield _picture("too_many_images", message, severity="warning")
    for medium in product.media:
        name = f"“{medium.alt or medium.url}”"
        if not medium.is_picture:
            message = (
                f"{name} is a video or 3D model and no picture, so it is not sent with the pictures. Google takes the "
                "addresses of such files: map them to video_link or virtual_model_link."
            )
            yield _picture("media_kind", message, medium, severity="warning")
            continue
        if medium.key.startswith("url:"):
            message = f"The picture {name} is not fetched yet, so nothing is known about it."
            yield _picture("media_not_fetched", message, medium, severity="warning")
        if medium.mime and medium.mime not in IMAGE_TYPES:
            message = f"The picture {name} is {medium.mime}; Google takes JPEG, PNG, GIF, BMP, TIFF and WebP."
            yield _picture("image_type", message, medium)
        if medium.width and medium.height and min(medium.width, medium.height) < SMALLEST_IMAGE:
            message = (
                f"The picture {name} has {medium.width} × {medium.height} pixels; Google wants at least "
                f"{SMALLEST_IMAGE} × {SMALLEST_IMAGE}."
            )
            yield _picture("image_small", message, medium)


def _picture(code: str, message: str, medium: Medium | None = None, *, severity: str = "error") -> Issue:
    sku = medium.sku if medium else ""
    return Issue(code=code, message=message, field="image_link", sku=sku, severity=severity)
