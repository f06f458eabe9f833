"""The calls that are missing, and no others."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from urllib.parse import unquote, urlsplit

from channels.connectors.base import Facet, Known, Price
from tests.channels.connectors.amazon.builders import (
    CONNECTION,
    FIELDS,
    amazon,
    body,
    connection,
    known_after,
    plan,
    single,
    tee,
    variant,
)


def names(calls):
    return [(call.name, call.context["sku"]) for call in calls]


def test_a_new_family_is_put_whole_and_its_variants_wait():
    calls = plan(tee())
    assert names(calls) == [
        ("putListingsItem", "TEE"),
        ("putListingsItem", "TEE-BLA-S"),
        ("putListingsItem", "TEE-BLA-M"),
    ]
    assert [call.waits_for for call in calls] == [(), ("",), ("",)]
    assert body(calls[1])["attributes"]["purchasable_offer"][0]["our_price"][0]["schedule"][0] == {
        "value_with_tax": 19.99
    }
    assert calls[1].carries == (
        ("TEE-BLA-S", Facet.CONTENT),
        ("TEE-BLA-S", Facet.OFFER),
        ("TEE-BLA-S", Facet.STOCK),
    )


def test_once_the_parent_is_seen_nothing_waits():
    known = Known(links={"item:": "TEE", "seen:": "TEE"}, accepted={"": known_after(tee()).accepted[""]})
    assert [(call.context["sku"], call.waits_for) for call in plan(tee(), known)] == [
        ("TEE-BLA-S", ()),
        ("TEE-BLA-M", ()),
    ]


def test_what_is_as_it_should_be_needs_no_call():
    assert plan(tee(), known_after(tee())) == []


def test_only_what_differs_is_patched():
    dearer = tee(variants=(variant("S", price=Price("EUR", Decimal("21.5"))), variant("M")))
    [call] = plan(dearer, known_after(tee()))
    assert (call.name, call.carries) == ("patchListingsItem", (("TEE-BLA-S", Facet.OFFER),))
    [patch] = body(call)["patches"]
    assert (patch["op"], patch["path"]) == ("replace", "/attributes/purchasable_offer")
    assert patch["value"][0]["our_price"][0]["schedule"][0]["value_with_tax"] == 21.5


def test_an_attribute_that_is_gone_is_deleted_by_its_exact_entry():
    before = single(fields={**FIELDS, "color": "Black"})
    [call] = plan(single(), known_after(before))
    assert body(call)["patches"] == [
        {
            "op": "delete",
            "path": "/attributes/color",
            "value": [{"marketplace_id": "A1PA6795UKMFR9", "language_tag": "en_GB", "value": "Black"}],
        }
    ]


def test_the_relationship_is_not_sent_again():
    named = tee(variants=(variant("S", fields={**FIELDS, "brand": "Bolt"}), variant("M")))
    [call] = plan(named, known_after(tee()))
    assert [p["path"] for p in body(call)["patches"]] == ["/attributes/brand"]


def test_a_family_that_becomes_one_product_loses_its_parent_last():
    calls = plan(single(), known_after(tee()))
    assert names(calls) == [
        ("patchListingsItem", "TEE-BLA-S"),
        ("deleteListingsItem", "TEE-BLA-M"),
        ("deleteListingsItem", "TEE"),
    ]
    gone = {p["path"] for p in body(calls[0])["patches"] if p["op"] == "delete"}
    assert {"/attributes/parentage_level", "/attributes/child_parent_sku_relationship"} <= gone


def test_removal_takes_variants_before_the_parent():
    calls = amazon.plan_removal(known_after(tee()), CONNECTION)
    assert names(calls) == [
        ("deleteListingsItem", "TEE-BLA-M"),
        ("deleteListingsItem", "TEE-BLA-S"),
        ("deleteListingsItem", "TEE"),
    ]
    assert all(call.destructive for call in calls)


def test_an_item_that_may_be_there_after_a_lost_answer_is_found_when_it_is_to_go():
    known = Known(links={"item:TEE-BLA-S": "TEE-BLA-S"})
    assert names(amazon.plan_removal(known, CONNECTION)) == [("deleteListingsItem", "TEE-BLA-S")]


def test_a_parent_with_a_new_sku_leaves_its_old_one():
    known = known_after(tee())
    calls = plan(tee(code="SHIRT"), known)
    assert names(calls)[:2] == [("deleteListingsItem", "TEE"), ("putListingsItem", "SHIRT")]
    assert calls[0].carries == ()


def test_another_product_type_is_put_whole():
    known = known_after(single())
    held = {row: {**b, "content": {**b["content"], "productType": "PANTS"}} for row, b in known.accepted.items()}
    [call] = plan(single(), replace(known, accepted=held))
    assert call.name == "putListingsItem"


def test_skus_are_encoded_once():
    [call] = plan(single(sku="A/1 ß+%2F"))
    path = urlsplit(call.request.url).path
    assert "%2F1%20" in path
    assert unquote(path).endswith("/items/A2SANDBOXSELLER/A/1 ß+%2F")


def test_the_token_is_never_shown():
    [call] = plan(single(), at=connection())
    assert call.request.redacted()["headers"]["x-amz-access-token"] == "[secret]"
