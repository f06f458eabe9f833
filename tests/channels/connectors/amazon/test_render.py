"""What an item says: Amazon's shapes, parents and variants, prices and stock."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from channels.connectors.amazon import shape
from channels.connectors.amazon.render import title
from channels.connectors.base import Price
from channels.sandbox.amazon.types import definition
from tests.channels.connectors.amazon.builders import DE, connection, rendered, single, tee, variant

SHIRT = definition("SHIRT").body


def attributes(product, row, at=None):
    bodies = rendered(product, at or connection()).bodies
    return bodies[row]["content"]["attributes"]


def test_texts_carry_their_language_and_everything_its_marketplace():
    held = attributes(single(), "TEE-BLA-S")
    assert held["brand"] == [{"marketplace_id": DE, "language_tag": "en_GB", "value": "Acme"}]
    assert held["country_of_origin"] == [{"marketplace_id": DE, "value": "PT"}]


def test_the_language_follows_the_channel_when_no_setting_names_one():
    at = connection(language="")
    assert attributes(tee(locale="de_DE"), "TEE-BLA-S", at)["brand"][0]["language_tag"] == "de_DE"


def test_variants_stand_below_a_parent_that_cannot_be_bought():
    bodies = rendered(tee()).bodies
    parent, child = bodies[""], bodies["TEE-BLA-M"]
    assert set(parent) == {"content"}
    assert (parent["content"]["sku"], parent["content"]["requirements"]) == ("TEE", "LISTING_PRODUCT_ONLY")
    told = child["content"]["attributes"]
    assert told["child_parent_sku_relationship"][0]["parent_sku"] == "TEE"
    assert told["variation_theme"] == [{"name": "SIZE/COLOR"}]
    assert (told["color"][0]["value"], told["size"][0]["value"]) == ("Black", "M")
    assert told["item_name"][0]["value"] == "Acme Tee, Black, M"
    for name in ("color", "size", "condition_type", "externally_assigned_product_identifier"):
        assert name not in parent["content"]["attributes"]


def test_a_single_variant_has_no_parent():
    bodies = rendered(single()).bodies
    assert list(bodies) == ["TEE-BLA-S"]
    assert "parentage_level" not in bodies["TEE-BLA-S"]["content"]["attributes"]


def test_a_parent_whose_code_is_a_variants_sku_gets_another():
    assert rendered(tee(code="TEE-BLA-S")).bodies[""]["content"]["sku"] == "TEE-BLA-S-PARENT"


def test_our_axis_may_have_another_name_at_amazon():
    at = connection(axes={"shoe_size": "size"})
    product = tee(axes=("color", "shoe_size"))
    assert attributes(product, "TEE-BLA-M", at)["size"][0]["value"] == "M"
    assert attributes(product, "TEE-BLA-M", at)["variation_theme"] == [{"name": "SIZE/COLOR"}]


def test_pictures_of_the_variant_come_first():
    held = attributes(tee(), "TEE-BLA-M")
    assert held["main_product_image_locator"][0]["media_location"].endswith("/aa.jpg")
    black = tee(variants=(variant("M", sku="TEE-BLK-M"), variant("S")))
    held = attributes(black, "TEE-BLK-M")
    assert held["main_product_image_locator"][0]["media_location"].endswith("/bb.jpg")
    assert held["other_product_image_locator_1"][0]["media_location"].endswith("/aa.jpg")


def test_what_a_type_does_not_know_is_left_out():
    assert "heel_height" not in attributes(single(fields={"heel_height": "3"}), "TEE-BLA-S")


def test_no_definition_no_bodies():
    assert rendered(tee(fields={"product_type": "BOOT"})).bodies == {}


def test_labels_and_words_become_amazons_codes():
    fields = {"country_of_origin": "portugal", "condition_type": "New", "skip_offer": "No", "bullet_point": ["a", "b"]}
    held = attributes(single(fields=fields), "TEE-BLA-S")
    assert held["country_of_origin"][0]["value"] == "PT"
    assert held["condition_type"][0]["value"] == "new_new"
    assert held["skip_offer"][0]["value"] is False
    assert [entry["value"] for entry in held["bullet_point"]] == ["a", "b"]


def test_a_constant_in_amazons_own_shape_is_kept():
    fields = {"variation_theme": "COLOR", "fabric_type": {"value": "Wool", "language_tag": "de_DE"}}
    held = attributes(single(fields=fields), "TEE-BLA-S")
    assert held["fabric_type"] == [{"marketplace_id": DE, "language_tag": "de_DE", "value": "Wool"}]


def test_a_sale_with_both_ends_is_a_discount_and_without_the_price_itself():
    begin, end = dt.datetime(2026, 11, 27, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    given = Price("EUR", Decimal("20.00"), sale_price=Decimal("15"), sale_from=begin, sale_to=end)
    made = rendered(single(price=given))
    offer = made.bodies["TEE-BLA-S"]["offer"]["purchasable_offer"][0]
    assert offer["our_price"][0]["schedule"][0]["value_with_tax"] == "20"
    assert offer["discounted_price"][0]["schedule"] == [
        {"start_at": "2026-11-27T00:00:00Z", "end_at": "2026-11-30T00:00:00Z", "value_with_tax": "15"}
    ]
    assert made.recheck_at == end
    open_ended = Price("EUR", Decimal("20.00"), sale_price=Decimal("15"))
    offer = rendered(single(price=open_ended)).bodies["TEE-BLA-S"]["offer"]["purchasable_offer"][0]
    assert offer["our_price"][0]["schedule"][0]["value_with_tax"] == "15"
    assert "discounted_price" not in offer


def test_stock_is_ours_to_tell_or_amazons():
    def stock(at, **more):
        return rendered(single(**more), at).bodies["TEE-BLA-S"]["stock"]["fulfillment_availability"][0]

    two = {"main": 5, "berlin": 2}
    assert stock(connection(), stock=two)["quantity"] == 7
    assert stock(connection(locations=["berlin"], lead_time_days=2), stock=two) == {
        "fulfillment_channel_code": "DEFAULT",
        "quantity": 2,
        "lead_time_to_ship_max_days": 2,
    }
    assert stock(connection(), stock={"main": -3})["quantity"] == 0
    assert stock(connection(), fields={"tracked": False}) == {
        "fulfillment_channel_code": "DEFAULT",
        "is_inventory_available": True,
    }
    assert stock(connection(fulfillment_channel="AMAZON_EU")) == {"fulfillment_channel_code": "AMAZON_EU"}


def test_an_exemption_is_claimed_only_where_there_is_no_gtin():
    at = connection(gtin_exempt=True)
    assert "supplier_declared_has_product_identifier_exemption" not in attributes(single(), "TEE-BLA-S", at)
    held = attributes(single(gtin=""), "TEE-BLA-S", at)
    assert held["supplier_declared_has_product_identifier_exemption"] == [{"marketplace_id": DE, "value": True}]


def test_titles_take_the_options_and_stay_within_the_limit():
    assert title("Tee", ["Black", "M"]) == "Tee, Black, M"
    assert title("Black Tee", ["Black", "M"]) == "Black Tee, M"
    assert title("Shirt", ["S"]) == "Shirt, S"
    assert title("", ["M"]) == ""
    long = title("word " * 60, ["Black", "M"])
    assert len(long) <= 200
    assert long.endswith("word, Black, M")


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_price_is_on_the_wire_what_was_approved(price):
    sent = shape.to_wire(
        SHIRT, {"purchasable_offer": [{"our_price": [{"schedule": [{"value_with_tax": shape.decimal_text(price)}]}]}]}
    )
    number = sent["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]
    assert Decimal(repr(number)) == price
    assert shape.from_answer(SHIRT, sent) == shape.from_answer(SHIRT, shape.to_wire(SHIRT, sent))
