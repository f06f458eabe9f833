"""The feed file: what a reader of RSS 2.0 finds in it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.connectors.base import Price
from channels.connectors.google.feed import NAMESPACE, price
from tests.channels.connectors.google.builders import (
    CONNECTION,
    connection,
    google,
    rendered,
    single,
    speaking,
    tee,
    variant,
)

GOLDEN = Path(__file__).parent / "golden"
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def feed(product, given=CONNECTION, title="Acme"):
    made = rendered(product, given)
    items = b"".join(google.feed_item(made, row, given) for row in made.bodies)
    return google.feed_header(given, title, NOW) + items + google.feed_footer()


def items(product, given=CONNECTION):
    return ET.fromstring(feed(product, given)).findall("channel/item")


def values(item, name):
    return [tag.text or "" for tag in item.findall(f"{{{NAMESPACE}}}{name}")]


def test_two_variants_as_agreed():
    assert feed(tee()).decode() == (GOLDEN / "tee.xml").read_text(encoding="utf-8")


def test_the_channel():
    channel = ET.fromstring(feed(single(), title="Tees & <more>")).find("channel")
    assert [(tag.tag, tag.text) for tag in channel if tag.tag != "item"] == [
        ("title", "Tees & <more>"),
        ("link", "https://shop.example.com/"),
        ("description", "Tees & <more>"),
        ("lastBuildDate", "Fri, 20 Nov 2026 12:00:00 GMT"),
    ]
    assert ET.fromstring(feed(single(), connection(product_url=""))).findtext("channel/link") == ""


def test_every_attribute_of_an_item():
    sale = Price(
        "USD",
        Decimal("24.99"),
        sale_price=Decimal("19.9"),
        sale_from=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
        sale_to=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
    )
    said = {"material": "Cotton", "pattern": "Plain", "mpn": "T-1", "shipping_label": "small"}
    said |= {"product_highlight": ["Soft", "Organic"], **{f"custom_label_{n}": f"label {n}" for n in range(5)}}
    first = variant(price=sale, fields={**variant().fields, **said})
    [item, _] = items(tee(variants=(first, tee().variants[1])))
    found = {}
    for tag in item:
        name = tag.tag.removeprefix(f"{{{NAMESPACE}}}")
        found.setdefault(name, []).append([part.text for part in tag] or tag.text)
    assert found == {
        "id": ["TEE-BLK-S"],
        "title": ["Acme Tee – Black, S"],
        "description": ["Soft organic tee.\nMade to last."],
        "link": ["https://shop.example.com/p/TEE?variant=TEE-BLK-S"],
        "image_link": ["https://pim.example.com/media/aa.jpg"],
        "additional_image_link": ["https://pim.example.com/media/cc.jpg"],
        "brand": ["Acme"],
        "gtin": ["9506000134352"],
        "mpn": ["T-1"],
        "condition": ["new"],
        "google_product_category": ["212"],
        "product_type": ["Apparel > T-Shirts"],
        "item_group_id": ["TEE"],
        "item_group_title": ["Acme Tee"],
        "variant_option": [["Color", "Black"], ["Size", "S"]],
        "color": ["Black"],
        "size": ["S"],
        "material": ["Cotton"],
        "pattern": ["Plain"],
        "gender": ["unisex"],
        "age_group": ["adult"],
        "product_highlight": ["Soft", "Organic"],
        "shipping_weight": ["0.2 kg"],
        "shipping_label": ["small"],
        **{f"custom_label_{n}": [f"label {n}"] for n in range(5)},
        "price": ["24.99 USD"],
        "sale_price": ["19.90 USD"],
        "sale_price_effective_date": ["2026-11-20T00:00:00Z/2026-12-01T00:00:00Z"],
        "availability": ["in_stock"],
    }


def test_no_identifiers_and_no_stock():
    [item] = items(single(replace(speaking(brand=None), gtin="", stock={})))
    assert values(item, "identifier_exists") == ["no"]
    assert values(item, "availability") == ["out_of_stock"]
    assert values(item, "gtin") == []


@pytest.mark.parametrize(
    ("micros", "currency", "expected"),
    [
        ("19990000", "USD", "19.99 USD"),
        ("19900000", "USD", "19.90 USD"),
        ("20000000", "EUR", "20.00 EUR"),
        ("1500000000", "JPY", "1500 JPY"),
        ("1234500", "KWD", "1.2345 KWD"),
        ("10000", "USD", "0.01 USD"),
        ("1", "USD", "0.000001 USD"),
        ("100000000000000", "USD", "100000000.00 USD"),
    ],
)
def test_prices(micros, currency, expected):
    assert price({"amountMicros": micros, "currencyCode": currency}) == expected


FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_survives(text):
    product = single(speaking(title=text, product_type=[text], link=f"https://s.test/{text}"))
    [item] = items(product)
    plain = FORBIDDEN.sub("", text.strip())
    assert values(item, "title") == ([plain] if text.strip() else [])
    assert values(item, "product_type") == ([plain] if text.strip() else [])
    assert values(item, "link") == [f"https://s.test/{FORBIDDEN.sub('', text.rstrip())}"]


def test_xml_cannot_be_smuggled_in():
    [item] = items(single(speaking(title="</g:title></item><item>&x;<![CDATA[ ]]>")))
    assert values(item, "title") == ["</g:title></item><item>&x;<![CDATA[ ]]>"]


# ---- tab-separated text ------------------------------------------------------------------------


def table(product, given=CONNECTION):
    """Header and rows, as a reader of tab-separated text sees them."""
    made = rendered(product, given)
    text = google.feed_header(given, "Acme", NOW, "tsv")
    text += b"".join(google.feed_item(made, row, given, "tsv") for row in made.bodies)
    [header, *rows] = list(csv.reader(io.StringIO(text.decode(), newline=""), delimiter="\t"))
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_line_holds_every_attribute_once():
    shipping = [{"country": "US", "service": "Next: day", "price": "4.9"}]
    product = tee()
    small = replace(product.variants[0], origins={"title": "ai"})
    row = table(replace(product, variants=(small, product.variants[1])), connection(shipping=shipping))[0]
    assert row["id"] == "TEE-BLK-S"
    assert row["title"] == ""
    assert row["structured_title"] == 'trained_algorithmic_media:"Acme Tee – Black, S"'
    assert row["description"] == "Soft organic tee. Made to last."
    assert row["variant_option"] == "Color:Black,Size:S"
    assert row["additional_image_link"] == "https://pim.example.com/media/cc.jpg"
    assert row["shipping"] == 'US::"Next: day":4.90 USD'
    assert row["shipping_weight"] == "0.2 kg"
    assert row["price"] == "24.99 USD"
    assert row["availability"] == "in_stock"
    assert row["condition"] == "new"


def test_values_that_hold_what_parts_them():
    [row] = table(single(speaking(product_highlight=["Soft, light", 'A "must"'], title='"Best"\ttee')))
    assert row["product_highlight"] == '"Soft, light","A ""must"""'
    assert row["title"] == '"Best" tee'


def test_a_supplemental_table_has_only_what_it_adds():
    given = connection(supplements=["custom_label_0", "title"])
    [row] = table(single(speaking(custom_label_0="sale")), given)
    assert row == {"id": "TEE-BLK-S", "title": "Acme Tee", "structured_title": "", "custom_label_0": "sale"}


@given(st.lists(st.text(), min_size=1, max_size=4), st.text(min_size=1))
def test_no_value_leaves_its_line_or_column(highlights, title):
    product = single(speaking(product_highlight=highlights, title=title))
    [row] = table(product)
    assert row["id"] == "TEE-BLK-S"
    assert row["availability"] == "in_stock"


@pytest.mark.parametrize("kind", ["xml", "tsv", "atom"])
def test_a_header_is_as_long_for_every_moment(kind):
    for moment in (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 12, 31, 23, 59, 59, tzinfo=dt.UTC)):
        assert len(google.feed_header(CONNECTION, "Acme", moment, kind)) == len(
            google.feed_header(CONNECTION, "Acme", NOW, kind)
        )
