"""What Google should show of a product: one offer per SKU, in the words of the API."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from channels.connectors.base import Medium, Price
from channels.connectors.google import canonical
from channels.connectors.google.render import SHORTEST_NAME, group_id, link, pictures, title
from channels.connectors.google.settings import read
from pimhub.foundation.jsonvalue import digest
from tests.channels.connectors.google.builders import (
    BACK,
    BLACK,
    CONNECTION,
    FRONT,
    attributes,
    connection,
    google,
    problems,
    rendered,
    single,
    speaking,
    tee,
    variant,
)

GOLDEN = Path(__file__).parent / "golden"


def test_two_variants_as_agreed():
    assert rendered(tee()).bodies == json.loads((GOLDEN / "tee.bodies.json").read_text(encoding="utf-8"))


def test_bodies_have_exact_hashes():
    for facets in rendered(tee()).bodies.values():
        for body in facets.values():
            assert len(digest(body)) == 64


def test_one_variant_is_no_group():
    said = attributes(single())
    assert said["title"] == "Acme Tee"
    assert said["link"] == "https://shop.example.com/p/TEE"
    assert {"itemGroupId", "itemGroupTitle", "variantOptions"}.isdisjoint(said)


def test_a_rule_wins_over_what_is_made():
    said = attributes(
        single(
            speaking(
                link="https://other.example.com/tee",
                image_link="https://cdn.example.com/x.jpg",
                additional_image_link=["https://cdn.example.com/y.jpg"],
                gtin="4006381333931",
                item_group_id="GROUP",
            )
        )
    )
    assert said["link"] == "https://other.example.com/tee"
    assert said["imageLink"] == "https://cdn.example.com/x.jpg"
    assert said["additionalImageLinks"] == ["https://cdn.example.com/y.jpg"]
    assert said["gtins"] == ["4006381333931"]
    assert said["itemGroupId"] == "GROUP"


def test_nothing_to_say_is_not_said():
    said = attributes(
        single(variant(fields={"title": "Tee", "brand": "  ", "product_type": [""]}, gtin=""), media=(), url="")
    )
    assert said == {"title": "Tee", "identifierExists": False}


@pytest.mark.parametrize(
    ("gtin", "brand", "mpn", "expected"),
    [
        ("9506000134352", None, None, None),
        ("", "Acme", "T-1", None),
        ("", "Acme", None, False),
        ("", None, "T-1", False),
    ],
)
def test_identifier_exists(gtin, brand, mpn, expected):
    one = replace(speaking(brand=brand, mpn=mpn), gtin=gtin)
    assert attributes(single(one)).get("identifierExists") is expected


# ---- titles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("Acme Tee", ["Black", "M"], "Acme Tee – Black, M"),
        ("Acme Tee", [], "Acme Tee"),
        ("", ["Black"], ""),
        ("Acme Tee black", ["Black", "M"], "Acme Tee black – M"),
        ("Acme Tee, Black, M", ["Black", "M"], "Acme Tee, Black, M"),
        ("Medium Tee", ["M"], "Medium Tee – M"),
        ("Tee", ["", "M", "M"], "Tee – M"),
        ("x" * 149, ["M"], "x" * 145 + "… – M"),
    ],
)
def test_titles(name, labels, expected):
    assert title(name, labels) == expected


def test_a_long_name_is_cut_at_a_word_and_the_labels_stay():
    made = title("A soft tee of organic cotton, " * 6, ["Midnight black", "Extra large"])
    assert len(made) <= 150
    name, _, labels = made.partition("… – ")
    assert labels == "Midnight black, Extra large"
    assert ("A soft tee of organic cotton, " * 6).startswith(name)
    assert name.split()[-1] in {"A", "soft", "tee", "of", "organic", "cotton"}


def test_labels_that_leave_no_room_for_the_name_stay_out():
    name = "word " * 25 + "end"
    assert title(name, ["y" * (150 - SHORTEST_NAME)]) == name


# ---- groups, links, pictures -------------------------------------------------------------------


def test_a_long_code_becomes_a_group_of_its_own():
    one, other = group_id("C" * 60 + "1"), group_id("C" * 60 + "2")
    assert len(one) == len(other) == 50
    assert one != other
    assert group_id("C" * 60 + "1") == one
    assert group_id("C" * 50) == "C" * 50


@pytest.mark.parametrize(
    ("url", "sku", "given", "expected"),
    [
        ("https://s.test/p/tee", "A 1/2&b", {}, "https://s.test/p/tee?variant=A%201%2F2%26b"),
        ("https://s.test/p?x=%20a+b#top", "A", {}, "https://s.test/p?x=%20a+b&variant=A#top"),
        ("https://s.test/p", "A", {"variant_parameter": "sku"}, "https://s.test/p?sku=A"),
        ("https://s.test/p", "A", {"variant_parameter": ""}, "https://s.test/p"),
        ("https://s.test/p", "", {}, "https://s.test/p"),
        ("", "A", {}, ""),
    ],
)
def test_links(url, sku, given, expected):
    assert link(url, sku, read(connection(**given))) == expected


@pytest.mark.parametrize(
    ("media", "sku", "expected"),
    [
        ((FRONT, BLACK, BACK), "TEE-BLK-M", [BLACK.url, FRONT.url, BACK.url]),
        ((FRONT, BLACK, BACK), "TEE-BLK-S", [FRONT.url, BACK.url]),
        ((BLACK,), "TEE-BLK-S", [BLACK.url]),
        ((FRONT, replace(FRONT, alt="again")), "x", [FRONT.url]),
        ((Medium(key="url:x", url=""),), "x", []),
    ],
)
def test_pictures(media, sku, expected):
    assert pictures(media, sku) == expected


def test_at_most_ten_further_pictures():
    media = tuple(Medium(key=f"sha256:{n}", url=f"https://cdn.example.com/{n}.jpg") for n in range(14))
    said = attributes(single(media=media))
    assert said["imageLink"] == "https://cdn.example.com/0.jpg"
    assert said["additionalImageLinks"] == [f"https://cdn.example.com/{n}.jpg" for n in range(1, 11)]


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"amount": "0.200", "unit": "kg"}, {"value": "0.2", "unit": "kg"}),
        ({"amount": "200", "unit": "g"}, {"value": "200", "unit": "g"}),
        ({"amount": "0.5", "unit": "t"}, {"value": "500", "unit": "kg"}),
        ({"amount": "1500", "unit": "mg"}, {"value": "1.5", "unit": "g"}),
        ({"amount": "1e-7", "unit": "oz"}, {"value": "0.0000001", "unit": "oz"}),
        ({"amount": "1", "unit": "stone"}, None),
        ({"amount": "0", "unit": "kg"}, None),
        ({"amount": "much", "unit": "kg"}, None),
        ("0.2 kg", None),
    ],
)
def test_weights(measured, expected):
    assert canonical.weight(measured) == expected


# ---- offer and stock ---------------------------------------------------------------------------

START, END = (
    dt.datetime(2026, 11, 20, 9, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (None, {}),
        (Price("USD", Decimal("19.99")), {"price": {"amountMicros": "19990000", "currencyCode": "USD"}}),
        (
            Price("EUR", Decimal(20), sale_price=Decimal("15.5"), sale_from=START, sale_to=END),
            {
                "price": {"amountMicros": "20000000", "currencyCode": "EUR"},
                "salePrice": {"amountMicros": "15500000", "currencyCode": "EUR"},
                "salePriceEffectiveDate": {
                    "startTime": "2026-11-20T08:00:00Z",
                    "endTime": "2026-12-01T00:00:00Z",
                },
            },
        ),
        (
            Price("EUR", Decimal(20), sale_price=Decimal("15.5"), sale_to=END),
            {
                "price": {"amountMicros": "20000000", "currencyCode": "EUR"},
                "salePrice": {"amountMicros": "15500000", "currencyCode": "EUR"},
            },
        ),
    ],
)
def test_offers(price, expected):
    assert rendered(single(variant(price=price))).bodies["TEE-BLK-S"]["offer"] == expected


def test_the_end_of_a_sale_is_a_moment_to_look_again():
    on_sale = Price("EUR", Decimal(20), sale_price=Decimal("15.5"), sale_to=END)
    assert rendered(single(variant(price=on_sale))).recheck_at == END
    assert rendered(single()).recheck_at is None


@pytest.mark.parametrize(
    ("stock", "fields", "given", "expected"),
    [
        ({"main": 1}, {}, {}, "IN_STOCK"),
        ({"main": 0}, {}, {}, "OUT_OF_STOCK"),
        ({}, {}, {}, "OUT_OF_STOCK"),
        ({"main": 0, "second": 2}, {}, {}, "IN_STOCK"),
        ({"main": 0, "second": 2}, {}, {"locations": ["main"]}, "OUT_OF_STOCK"),
        ({"main": 0}, {"inventory_policy": "CONTINUE"}, {}, "OUT_OF_STOCK"),
        ({}, {"tracked": False}, {}, "IN_STOCK"),
        ({"main": 5}, {"availability": "out_of_stock"}, {}, "OUT_OF_STOCK"),
    ],
)
def test_availability(stock, fields, given, expected):
    product = single(variant(stock=stock, fields=fields))
    body = google.render(product, connection(**given)).bodies["TEE-BLK-S"]["stock"]
    assert body == {"availability": expected}


def test_the_language_of_the_product_stands_in_for_a_missing_setting():
    plain = connection(content_language="")
    product = replace(single(), locale="pt_BR")
    assert google.render(product, plain).bodies["TEE-BLK-S"]["content"]["contentLanguage"] == "pt"


def test_rendering_twice_gives_the_same():
    assert google.render(tee(), CONNECTION) == google.render(tee(), CONNECTION)


def test_packs_bundles_videos_and_models_are_said_as_google_says_them():
    videos = ["https://www.youtube.com/watch?v=a1", "https://www.youtube.com/watch?v=a2"]
    model = "https://cdn.example.com/tee.glb"
    product = single(speaking(multipack=6, is_bundle=True, video_link=videos, virtual_model_link=model))
    said = attributes(product)
    assert (said["multipack"], said["isBundle"]) == ("6", True)
    assert (said["videoLinks"], said["virtualModelLink"]) == (videos, model)
    assert "schema" not in {code for code, _, severity in problems(product) if severity == "error"}
    assert not {"multipack", "isBundle"} & attributes(single(speaking(is_bundle=False))).keys()


@pytest.mark.parametrize("wrong", ["six", 1, "2.5", -3])
def test_a_multipack_is_counted_in_whole_items(wrong: object):
    assert ("multipack", "multipack", "error") in problems(single(speaking(multipack=wrong)))


def test_a_video_among_the_pictures_is_none():
    video = Medium(key="sha256:dd", url="https://cdn.example.com/dd.mp4", mime="video/mp4")
    shown = rendered(single(media=(video, FRONT))).bodies
    assert FRONT.url in str(shown)
    assert video.url not in str(shown)
