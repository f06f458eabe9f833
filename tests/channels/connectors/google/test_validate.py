"""Preflight says what Google would refuse, at the field that mends it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.base import Medium, Price
from channels.connectors.google.gtin import is_restricted, problem
from channels.connectors.google.validate import is_web_address
from tests.channels.connectors.google.builders import (
    BACK,
    CONNECTION,
    FRONT,
    connection,
    google,
    problems,
    rendered,
    single,
    speaking,
    tee,
    variant,
)


def test_shipping_to_where_the_offers_are_not_shown():
    given = connection(shipping=[{"country": "FR", "price": "x"}])
    assert problems(single(), given) == [("setting", "", "error"), ("setting", "", "error")]
    given = connection(shipping=[{"country": "FR", "price": "0"}], countries=["US", "FR"])
    assert problems(single(), given) == []


def test_a_good_product_has_no_issue():
    assert problems(tee()) == []
    assert problems(single()) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": None}, [("required", "title", "error")]),
        ({"title": "x" * 151}, [("too_long", "title", "error")]),
        ({"title": "x" * 150}, []),
        ({"description": None}, [("required", "description", "error")]),
        ({"description": "x" * 5001}, [("too_long", "description", "error")]),
        ({"brand": "x" * 71}, [("too_long", "brand", "error")]),
        ({"brand": None}, [("no_brand", "brand", "warning")]),
        ({"mpn": "x" * 71}, [("too_long", "mpn", "error")]),
        ({"product_type": ["fine", "x" * 751]}, [("too_long", "product_type", "error")]),
        ({"item_group_id": "x" * 51}, [("too_long", "item_group_id", "error")]),
        ({"condition": "mint"}, [("choice", "condition", "error")]),
        ({"gender": "men"}, [("choice", "gender", "error")]),
        ({"age_group": "teen"}, [("choice", "age_group", "error")]),
        ({"availability": "preorder"}, [("choice", "availability", "error")]),
        ({"link": "/p/tee"}, [("address", "link", "error")]),
        ({"link": "https://s.test/" + "x" * 2000}, [("too_long", "link", "error")]),
        ({"image_link": "ftp://s.test/a.jpg"}, [("address", "image_link", "error")]),
        ({"additional_image_link": ["a.jpg"]}, [("address", "additional_image_link", "error")]),
        ({"shipping_weight": {"amount": "1", "unit": "stone"}}, [("weight", "shipping_weight", "error")]),
        ({"gtin": "9506000134353"}, [("gtin", "gtin", "error")]),
        ({"gtin": "950600013435"}, [("gtin", "gtin", "error")]),
        ({"gtin": "2000000000008"}, [("gtin_restricted", "gtin", "warning")]),
    ],
)
def test_fields(fields, expected):
    assert problems(single(speaking(**fields))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gtin": ""}, [("no_identifier", "gtin", "warning")]),
        ({"price": None}, [("price_missing", "price", "error")]),
        ({"price": Price("USD", Decimal(0))}, [("price_not_positive", "price", "error")]),
        ({"price": Price("USD", Decimal("-1"))}, [("price_not_positive", "price", "error")]),
        ({"price": Price("USD", Decimal("1.0000001"))}, [("price_places", "price", "error")]),
        ({"price": Price("dollar", Decimal(1))}, [("currency", "price", "error")]),
        ({"price": Price("USD", Decimal(5), sale_price=Decimal(5))}, [("sale_price", "price", "error")]),
        ({"price": Price("USD", Decimal(5), sale_price=Decimal(0))}, [("price_not_positive", "price", "error")]),
        ({"stock": {}}, [("no_stock", "stock", "warning")]),
        ({"stock": {"main": -1}}, [("stock", "stock", "warning")]),
    ],
)
def test_offer_and_stock(changes, expected):
    assert problems(single(replace(speaking(), **changes))) == expected


def test_a_sale_that_ends_before_it_begins():
    day = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    sale = Price("USD", Decimal(5), sale_price=Decimal(4), sale_from=day, sale_to=day)
    assert problems(single(variant(price=sale))) == [("sale_dates", "price", "error")]


def test_stock_that_is_not_counted_needs_no_record():
    assert problems(single(replace(speaking(tracked=False), stock={}))) == []


@pytest.mark.parametrize(
    ("sku", "expected"),
    [
        ("S" * 51, [("too_long", "sku", "error")]),
        ("a  b", [("sku_spaces", "sku", "error")]),
        (" a", [("sku_spaces", "sku", "error")]),
        ("a b/c%~ü", []),
    ],
)
def test_skus(sku, expected):
    assert problems(single(replace(speaking(), sku=sku))) == expected


def test_a_variant_without_sku():
    assert problems(single(speaking(), variant(""))) == [("sku_missing", "sku", "error")]


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ((), [("required", "image_link", "error")]),
        ((replace(FRONT, key="url:x"),), [("media_not_fetched", "image_link", "warning")]),
        ((replace(FRONT, url="/media/a.jpg"),), [("address", "image_link", "error")]),
        ((replace(FRONT, mime="image/svg+xml"),), [("image_type", "image_link", "error")]),
        ((replace(FRONT, width=99, height=400),), [("image_small", "image_link", "error")]),
        ((replace(FRONT, width=100, height=100), BACK), []),
        ((FRONT, replace(BACK, mime="video/mp4")), [("media_kind", "image_link", "warning")]),
        (
            tuple(Medium(key=f"sha256:{n}", url=f"https://cdn.example.com/{n}.jpg") for n in range(12)),
            [("too_many_images", "image_link", "warning")],
        ),
    ],
)
def test_pictures(media, expected):
    assert problems(single(media=media)) == expected


def test_a_product_without_a_page():
    assert problems(single(url="")) == [("required", "link", "error")]


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("data_source", "", "data_source"),
        ("data_source", "2001", "data_source"),
        ("account", "", "account"),
        ("account", "1002", "account"),
        ("feed_label", "", "feed_label"),
        ("feed_label", "us", "feed_label"),
        ("feed_label", "U" * 21, "feed_label"),
        ("content_language", "english", "content_language"),
    ],
)
def test_settings(setting, value, named):
    given = connection(**{setting: value})
    [issue] = google.validate(single(), rendered(single(), given), given)
    assert (issue.code, issue.severity, issue.sku) == ("setting", "error", "")
    assert f"setting {named} " in issue.message


def test_a_key_that_cannot_be_read():
    given = replace(CONNECTION, credentials={"service_account": "{}"})
    [issue] = google.validate(single(), rendered(single(), given), given)
    assert issue.code == "credentials"
    assert "JSON file" in issue.message


def test_a_message_names_field_value_and_remedy():
    [issue] = google.validate(
        single(speaking(condition="mint")), rendered(single(speaking(condition="mint"))), CONNECTION
    )
    assert issue.message == (
        "Condition “mint” is none of new, refurbished, used. Choose one of these, or adjust the mapping."
    )
    assert issue.sku == "TEE-BLK-S"


def test_the_wall_finds_what_no_rule_knows():
    product = single()
    made = rendered(product)
    made.bodies["TEE-BLK-S"]["content"]["productAttributes"]["title"] = 5
    made.bodies["TEE-BLK-S"]["content"]["productAttributes"]["colour"] = "red"
    made.bodies["TEE-BLK-S"]["stock"]["availability"] = "SOME"
    found = google.validate(replace(product, variants=()), made, CONNECTION)
    assert [(issue.code, issue.field) for issue in found] == [
        ("schema", "title"),
        ("schema", ""),
        ("schema", "availability"),
    ]


@pytest.mark.parametrize("gtin", ["9506000134352", "96385074", "036000291452", "4006381333931", "10614141000415"])
def test_good_gtins(gtin):
    assert problem(gtin) == ""


@pytest.mark.parametrize("gtin", ["", "9506000134353", "950-6000134352", "123", "９５０６０００１３４３５２"])
def test_bad_gtins(gtin):
    assert problem(gtin)


@pytest.mark.parametrize(
    ("gtin", "expected"),
    [
        ("2000000000008", True),  # 20 to 29
        ("0212345678909", True),  # 02
        ("212345678909", True),  # the same as a UPC
        ("0412345678905", True),
        ("0512345678902", True),
        ("9812345678908", True),
        ("9912345678905", True),
        ("12000000000005", True),  # in a case
        ("20123451", True),
        ("9506000134352", False),
        ("036000291452", False),
        ("96385074", False),
    ],
)
def test_restricted_gtins(gtin, expected):
    assert is_restricted(gtin) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://shop.example.com/p/tee?a=1", True),
        ("http://127.0.0.1:8000/media/a.jpg", True),
        ("https://", False),
        ("shop.example.com", False),
        ("//shop.example.com/a", False),
        ("https://shop.example.com/a b", False),
        ("https://[shop", False),
        ("javascript:alert(1)", False),
    ],
)
def test_web_addresses(text, expected):
    assert is_web_address(text) is expected
