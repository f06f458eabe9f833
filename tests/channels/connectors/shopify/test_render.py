"""Bodies are in the form in which Shopify shows them, and speak only of what we have to say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.base import Price
from channels.connectors.shopify import canonical
from channels.connectors.shopify.render import content, offer
from pimhub.foundation.jsonvalue import digest
from tests.channels.connectors.shopify.builders import (
    CONNECTION,
    FRONT,
    SIDE,
    rendered,
    tee,
    variant,
    with_fields,
)


def test_the_whole_of_a_product():
    wanted = rendered(tee())
    assert wanted.bodies == {
        "": {
            "content": {
                "title": "Tee",
                "descriptionHtml": "<p>Soft.</p>",
                "vendor": "Acme",
                "handle": "tee",
                "seoTitle": "A soft tee",
                "options": [{"name": "Size", "values": ["S", "M"]}],
                "variants": [
                    {
                        "sku": sku,
                        "options": [size],
                        "taxable": True,
                        "inventoryPolicy": "DENY",
                        "tracked": True,
                        "weight": {"value": "0.2", "unit": "KILOGRAMS"},
                    }
                    for sku, size in (("TEE-S", "S"), ("TEE-M", "M"))
                ],
            },
            "media": {
                "files": [{"key": "sha256:aa", "alt": "Front"}, {"key": "sha256:bb", "alt": "Side"}],
                "variants": {"TEE-S": "sha256:bb"},
            },
            "tags": {"tags": ["Cotton", "new"]},
            "collections": {"collections": []},
            "metafields": {"product": {}, "variants": {}},
            "translation": {},
            "publication": {"status": "ACTIVE", "publications": ["gid://shopify/Publication/1"]},
        },
        **{
            sku: {
                "offer": {"price": "19.90", "compareAtPrice": None, "cost": "7.50"},
                "stock": {"gid://shopify/Location/1": 5},
            }
            for sku in ("TEE-S", "TEE-M")
        },
    }
    assert wanted.media_urls == {"sha256:aa": FRONT.url, "sha256:bb": SIDE.url}
    assert digest(wanted.bodies)  # no floats anywhere


def test_a_product_without_axes_has_the_default_option():
    body = content(tee(variants=(variant("TEE", "", options=()),)), CONNECTION)
    assert body["options"] == [{"name": "Title", "values": ["Default Title"]}]
    assert body["variants"][0]["options"] == ["Default Title"]


def test_nothing_to_say_is_not_said():
    body = content(with_fields(tee(), vendor="", tags=[], seo_title="  ", description_html=None), CONNECTION)
    assert not {"vendor", "seoTitle", "descriptionHtml", "category"} & set(body)


def test_the_gtin_is_the_barcode_unless_the_mapping_gives_one():
    own = variant("B", "M", gtin="4006381333931", fields={"barcode": "96385074"})
    body = content(tee(variants=(variant("A", "S", gtin="4006381333931"), own)), CONNECTION)
    assert [v["barcode"] for v in body["variants"]] == ["4006381333931", "96385074"]


@pytest.mark.parametrize(
    ("price", "body"),
    [
        (None, {}),
        (Price("EUR", Decimal("10")), {"price": "10.00", "compareAtPrice": None}),
        (
            Price("EUR", Decimal("10"), compare_at=Decimal("12.5")),
            {"price": "10.00", "compareAtPrice": "12.50"},
        ),
        (
            Price("EUR", Decimal("10"), compare_at=Decimal("12.5"), sale_price=Decimal("8")),
            {"price": "8.00", "compareAtPrice": "10.00"},
        ),
    ],
)
def test_a_sale_strikes_through_the_regular_price(price, body):
    assert offer(price) == body


def test_stock_at_locations_the_shop_does_not_have_stays_out():
    product = tee(variants=(variant("A", "S", stock={"main": 3, "attic": 9}),))
    assert rendered(product).bodies["A"]["stock"] == {"gid://shopify/Location/1": 3}


def test_an_unpublished_product_is_in_no_sales_channel():
    product = with_fields(tee(), published=False, status="DRAFT")
    assert rendered(product).bodies[""]["publication"] == {"status": "DRAFT", "publications": []}


def test_a_picture_of_two_variants_is_one_file():
    product = tee(media=(SIDE, replace(SIDE, sku="TEE-M"), replace(SIDE, sku="GONE")))
    assert rendered(product).bodies[""]["media"] == {
        "files": [{"key": "sha256:bb", "alt": "Side"}],
        "variants": {"TEE-S": "sha256:bb", "TEE-M": "sha256:bb"},
    }


def test_rendering_is_a_pure_function_of_its_input():
    assert rendered(tee()) == rendered(tee())
    assert rendered(tee(), CONNECTION).recheck_at is None


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("19.9", "19.90"),
        ("20", "20.00"),
        ("1E+2", "100.00"),
        ("1.125", "1.125"),
        ("1.5000", "1.50"),
        (None, None),
    ],
)
def test_money(given, made):
    assert canonical.money(given) == made


@pytest.mark.parametrize(
    ("amount", "unit", "made"),
    [
        ("0.500", "kg", {"value": "0.5", "unit": "KILOGRAMS"}),
        ("0", "g", {"value": "0", "unit": "GRAMS"}),
        ("1200", "mg", {"value": "1.2", "unit": "GRAMS"}),
        ("1e2", "lb", {"value": "100", "unit": "POUNDS"}),
        ("1", "stone", None),
        ("heavy", "kg", None),
    ],
)
def test_weight(amount, unit, made):
    assert canonical.weight(amount, unit) == made


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("TEE", "tee"),
        ("  Weird/Handle 300 % ", "weird-handle-300"),
        ("Größe XL", "grosse-xl"),
        ("???", ""),
        (None, ""),
    ],
)
def test_handle(given, made):
    assert canonical.handle(given) == made


def test_tags_are_kept_once_whatever_their_case():
    assert canonical.tags(["b", " a ", "B", "", None]) == ["a", "b"]
    assert canonical.tags("b, a,b") == ["a", "b"]


def test_category_ids_are_completed():
    assert canonical.category("aa-1-13-8") == "gid://shopify/TaxonomyCategory/aa-1-13-8"
    assert canonical.category(["sg"]) == "gid://shopify/TaxonomyCategory/sg"
    assert canonical.category("Apparel > Shirts") == "Apparel > Shirts"
