"""Preflight of variants: options, SKU, barcode, price, weight, stock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from stdnum import ean
from stdnum.exceptions import ValidationError

from channels.connectors.base import Connection, MappedProduct, MappedVariant
from channels.connectors.outcome import Issue
from channels.connectors.shopify import canonical, unit_price
from channels.connectors.shopify.issues import error, warning

MOST_VARIANTS = 2048
MOST_OPTIONS = 3
MOST_TEXT = 255
HIGHEST_QUANTITY = 1_000_000_000

GTIN_LENGTHS = (8, 12, 13, 14)
THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")


def variants(product: MappedProduct) -> Iterator[Issue]:
    variants = product.variants
    if not variants:
        yield error("no_variants", "sku", "The product has no variant, so nothing to sell. Add one with a SKU.")
    if len(variants) > MOST_VARIANTS:
        yield error(
            "too_many",
            "options",
            f"{len(variants)} variants, Shopify takes {MOST_VARIANTS}. Split the product.",
        )
    names = [canonical.text(name) for name, _ in max((v.options for v in variants), key=len, default=())]
    if len(names) > MOST_OPTIONS:
        yield error(
            "too_many",
            "options",
            f"{len(names)} options ({', '.join(names)}), Shopify takes {MOST_OPTIONS}. Merge or drop one.",
        )
    if len({name.casefold() for name in names}) < len(names):
        yield error("option_twice", "options", f"Two options have the same name: {', '.join(names)}.")
    for sku, times in Counter(v.sku for v in variants if v.sku).items():
        if times > 1:
            yield error("sku_twice", "sku", f"The SKU {sku} occurs {times} times. Each variant needs its own.", sku)
    yield from spellings(product)
    taken: dict[tuple[str, ...], str] = {}
    for variant in variants:
        yield from _options(variant, names, taken)


def spellings(product: MappedProduct) -> Iterator[Issue]:
    """To Shopify “Red” and “red” are one value of an option, and it may be listed once."""
    seen: dict[tuple[str, str], str] = {}
    for variant in product.variants:
        for name, value in variant.options:
            text = canonical.text(value)
            first = seen.setdefault((canonical.text(name), text.casefold()), text)
            if first != text:
                yield error(
                    "option_spelling",
                    "options",
                    f"{name}: “{text}” and “{first}” are the same to Shopify. Use one spelling.",
                    variant.sku,
                )


def _options(variant: MappedVariant, names: list[str], taken: dict[tuple[str, ...], str]) -> Iterator[Issue]:
    values = [canonical.text(value) for _, value in variant.options]
    missing = [n for n, v in zip(names, values + [""] * len(names), strict=False) if not v]
    if missing or [canonical.text(n) for n, _ in variant.options] != names:
        which = ", ".join(missing or names)
        yield error(
            "option_missing",
            "options",
            f"Every variant needs a value for each option; here: {which}.",
            variant.sku,
        )
        return
    for value in values:
        if len(value) > MOST_TEXT:
            yield error(
                "too_long",
                "options",
                f"The option value “{value[:40]}…” is longer than 255 characters.",
                variant.sku,
            )
    combination = tuple(value.casefold() for value in values)
    if combination in taken:
        yield error(
            "combination_twice",
            "options",
            f"{' / '.join(values) or 'No option'} is the combination of {taken[combination]} already. "
            "Change an option value, or add an axis.",
            variant.sku,
        )
    taken.setdefault(combination, variant.sku or "a variant without SKU")


def identity(variant: MappedVariant) -> Iterator[Issue]:
    if not variant.sku.strip():
        yield error("required", "sku", "A variant has no SKU. Without one it cannot be found again.")
    elif len(variant.sku) > MOST_TEXT or variant.sku != variant.sku.strip():
        yield error(
            "sku",
            "sku",
            f"“{variant.sku[:40]}”: a SKU has at most 255 characters and no space around it.",
            variant.sku,
        )
    barcode = canonical.text(variant.fields.get("barcode")) or canonical.text(variant.gtin)
    if not barcode.isdigit() or len(barcode) not in GTIN_LENGTHS:
        if barcode:
            yield warning(
                "barcode",
                "barcode",
                f"“{barcode}” is no GTIN (8, 12, 13 or 14 digits). Shopify takes it, marketplaces do not.",
                variant.sku,
            )
        return
    try:
        ean.validate(barcode)
    except ValidationError:
        right = barcode[:-1] + ean.calc_check_digit(barcode[:-1])
        yield error(
            "barcode",
            "barcode",
            f"The check digit of barcode {barcode} is wrong; a number that begins so ends as {right}. "
            "Look at the packaging.",
            variant.sku,
        )


def price(variant: MappedVariant, connection: Connection) -> Iterator[Issue]:
    price = variant.price
    if price is None:
        yield error(
            "required",
            "price",
            "The variant has no price on this channel's price list. Give it one.",
            variant.sku,
        )
        return
    currency = connection.settings.get("currency")
    if currency and currency != price.currency:
        yield error(
            "config_currency",
            "price",
            f"The shop sells in {currency}, the price list is in {price.currency}. Choose another price list.",
            variant.sku,
        )
    places = 3 if price.currency in THREE_DECIMALS else 2
    amounts = (price.price, price.compare_at, price.sale_price, price.cost)
    for amount in (a for a in amounts if a is not None):
        if amount < 0:
            yield error("price", "price", f"{amount} is below zero.", variant.sku)
        if amount != round(amount, places):
            yield error(
                "price",
                "price",
                f"{amount} {price.currency} has more than {places} decimals. Round it.",
                variant.sku,
            )
    if price.sale_price is not None and price.sale_price >= price.price:
        yield warning(
            "price_sale",
            "price",
            f"The sale price {price.sale_price} is not below the regular price {price.price}.",
            variant.sku,
        )


def measures(variant: MappedVariant) -> Iterator[Issue]:
    weight = variant.fields.get("weight")
    if isinstance(weight, dict):
        unit = canonical.text(weight.get("unit"))
        known = canonical.weight(weight.get("amount"), unit)
        if known is None or Decimal(known["value"]) < 0:
            yield error(
                "weight",
                "weight",
                f"Shopify cannot take a weight of {weight.get('amount')} {unit}. Give one in g, kg, oz or lb.",
                variant.sku,
            )
    elif weight is not None:
        yield error("weight", "weight", f"“{weight}” is no weight with a unit. Check the mapping.", variant.sku)
    try:
        unit_price.render(variant.fields.get("unit_quantity"), variant.fields.get("unit_reference"))
    except unit_price.BadMeasure as bad:
        words = f"The contents for the price per unit: {variant.fields.get('unit_quantity')} {bad}. Check the mapping."
        yield error("unit_price", "unit_quantity", words, variant.sku)
    code = canonical.text(variant.fields.get("hs_code"))
    if code and not re.fullmatch(r"\d{6,13}", code):
        yield error("hs_code", "hs_code", f"The HS code “{code}” must have 6 to 13 digits.", variant.sku)
    for place, units in variant.stock.items():
        if not 0 <= units <= HIGHEST_QUANTITY:
            yield error("stock", "stock", f"{units} at {place}: Shopify counts from 0 to 1,000,000,000.", variant.sku)
