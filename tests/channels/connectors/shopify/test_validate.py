"""Preflight says what is wrong, where, and what to do, before Shopify does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.base import Medium, Price
from tests.channels.connectors.shopify.builders import (
    CONNECTION,
    FRONT,
    rendered,
    shopify,
    tee,
    variant,
    with_fields,
)


def issues(product, connection=CONNECTION):
    return shopify.validate(product, rendered(product, connection), connection)


def told(product, connection=CONNECTION, severity="error"):
    return [(i.code, i.field, i.sku) for i in issues(product, connection) if i.severity == severity]


def one(**more):
    """A product whose single variant is as said."""
    return tee(variants=(variant("A", "S", **more),), media=())


def priced(amount, **more):
    return one(price=Price("EUR", Decimal(amount), **more))


def sized(*values):
    return tee(variants=tuple(variant(f"V{i}", value) for i, value in enumerate(values)), media=())


def test_a_good_product_has_no_issue():
    assert issues(tee()) == []


@pytest.mark.parametrize(
    ("product", "code", "field", "sku"),
    [
        (with_fields(tee(), title=None), "required", "title", ""),
        (with_fields(tee(), title="  "), "required", "title", ""),
        (with_fields(tee(), title="x" * 256), "too_long", "title", ""),
        (with_fields(tee(), vendor="x" * 256), "too_long", "vendor", ""),
        (with_fields(tee(), seo_description="x" * 321), "too_long", "seo_description", ""),
        (with_fields(tee(), description_html="ü" * (256 * 1024 + 1)), "too_long", "description_html", ""),
        (with_fields(tee(), status="ON"), "choice", "status", ""),
        (with_fields(tee(), tags=["a, b"]), "tag_comma", "tags", ""),
        (with_fields(tee(), tags=["x" * 256]), "too_long", "tags", ""),
        (with_fields(tee(), tags=[f"t{i}" for i in range(251)]), "too_many", "tags", ""),
        (with_fields(tee(), category="Apparel > Shirts"), "category", "category", ""),
        (with_fields(tee(), gift_card="yes"), "schema", "gift_card", ""),
        (tee(media=(replace(FRONT, url="ftp://x/y.jpg"),)), "media_url", "media", ""),
        (tee(media=(replace(FRONT, url="aa.jpg"),)), "media_url", "media", ""),
        (tee(media=(replace(FRONT, alt="x" * 513),)), "too_long", "media", ""),
        (tee(media=tuple(Medium(f"sha256:{i}", f"https://pim.test/{i}.jpg") for i in range(251))),
         "too_many", "media", ""),
        (tee(variants=(), media=()), "no_variants", "sku", ""),
        (one(options=(("A", "1"), ("B", "1"), ("C", "1"), ("D", "1"))), "too_many", "options", ""),
        (one(options=(("Size", "1"), ("size", "1"))), "option_twice", "options", ""),
        (one(options=(("Size", ""),)), "option_missing", "options", "A"),
        (one(options=(("Size", "x" * 256),)), "too_long", "options", "A"),
        (sized("S", "S"), "combination_twice", "options", "V1"),
        (one(fields={"barcode": "4006381333932"}), "barcode", "barcode", "A"),
        (one(fields={"inventory_policy": "deny"}), "choice", "inventory_policy", "A"),
        (one(fields={"country_of_origin": "XX"}), "schema", "country_of_origin", "A"),
        (one(fields={"hs_code": "12"}), "hs_code", "hs_code", "A"),
        (one(fields={"taxable": "yes"}), "schema", "taxable", "A"),
        (one(fields={"weight": {"amount": "2", "unit": "stone"}}), "weight", "weight", "A"),
        (one(fields={"weight": "2 kg"}), "weight", "weight", "A"),
        (one(stock={"main": 1_000_000_001}), "stock", "stock", "A"),
        (one(stock={"main": -1}), "stock", "stock", "A"),
        (one(price=None), "required", "price", "A"),
        (priced("-1"), "price", "price", "A"),
        (priced("1.999"), "price", "price", "A"),
        (one(price=Price("USD", Decimal("1"))), "config_currency", "price", "A"),
        (tee(variants=(variant("", "S"),), media=()), "required", "sku", ""),
        (tee(variants=(variant(" A", "S"),), media=()), "sku", "sku", " A"),
    ],
)  # fmt: skip
def test_each_fault_is_told_once_at_its_field(product, code, field, sku):
    assert told(product) == [(code, field, sku)]


def test_a_sku_that_occurs_twice():
    assert ("sku_twice", "sku", "A") in told(tee(variants=(variant("A", "S"), variant("A", "M")), media=()))


def test_two_spellings_of_one_option_value():
    assert ("option_spelling", "options", "V1") in told(sized("Red", "red"))


def test_more_variants_than_shopify_takes():
    assert ("too_many", "options", "") in told(sized(*(f"Size {i}" for i in range(2049))))


def test_the_right_check_digit_is_proposed():
    [issue] = issues(one(fields={"barcode": "4006381333932"}))
    assert "4006381333931" in issue.message


@pytest.mark.parametrize(
    ("product", "code", "field"),
    [
        (with_fields(tee(), seo_title="x" * 71), "seo_title_long", "seo_title"),
        (with_fields(tee(), handle="Oak Table"), "handle_changed", "handle"),
        (with_fields(tee(), handle="???"), "handle", "handle"),
        (tee(media=(replace(FRONT, key=f"url:{FRONT.url}"),)), "media_not_fetched", "media"),
        (one(fields={"barcode": "ABC-1"}), "barcode", "barcode"),
        (one(stock={"main": 1, "attic": 2}), "location_unmapped", "stock"),
        (priced("10", sale_price=Decimal("10")), "price_sale", "price"),
    ],
)
def test_what_does_not_block_is_a_warning(product, code, field):
    assert told(product) == []
    assert [(c, f) for c, f, _ in told(product, severity="warning")] == [(code, field)]


def test_three_decimals_where_the_currency_has_three():
    dinar = replace(CONNECTION, settings={**CONNECTION.settings, "currency": "KWD"})
    assert told(one(price=Price("KWD", Decimal("1.125"))), dinar) == []


def settings(**more):
    return replace(CONNECTION, settings={**CONNECTION.settings, **more})


def test_a_channel_without_locations_cannot_take_stock():
    assert told(tee(), settings(locations={})) == [("config_location", "stock", "")]
    assert told(one(stock={}), settings(locations={})) == []
    assert told(tee(), settings(locations={"main": "1"})) == [("config_location", "stock", "")]


def test_a_channel_without_sales_channels_shows_nothing():
    assert told(tee(), settings(publications=[]), "warning") == [("config_publication", "published", "")]
    assert told(tee(), settings(publications=["Online Store"])) == [("config_publication", "published", "")]
