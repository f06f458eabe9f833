"""The seller account: Amazon's documents, its published examples, and what it does with items."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.connectors.amazon.schema import LISTINGS, check_answer, document
from channels.sandbox.amazon.types import checksum
from channels.sandbox.world import AMAZON_SELLER, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from tests.channels.sandbox.fixtures import Answer, Sandbox, path_of

DE, US = "A1PA6795UKMFR9", "ATVPDKIKX0DER"
ITEM = "/listings/2021-08-01/items/{sellerId}/{sku}"
ALL = "summaries,attributes,issues,offers,fulfillmentAvailability,relationships,productTypes"


def worded(value: str, place: str = DE) -> list[dict[str, str]]:
    return [{"value": value, "language_tag": "en_GB", "marketplace_id": place}]


def shirt(place: str = DE, **attributes: Any) -> dict[str, Any]:
    """A body that Amazon takes; an attribute given as None is left out."""
    here = {"marketplace_id": place}
    held = {
        "item_name": worded("Tee", place),
        "brand": worded("Acme", place),
        "product_description": worded("Soft.", place),
        "bullet_point": worded("Soft.", place),
        "fabric_type": worded("Cotton", place),
        "country_of_origin": [{"value": "PT", **here}],
        "item_type_keyword": [{"value": "fashion-t-shirts", **here}],
        "supplier_declared_dg_hz_regulation": [{"value": "not_applicable", **here}],
        "condition_type": [{"value": "new_new", **here}],
        "supplier_declared_has_product_identifier_exemption": [{"value": True, **here}],
        "main_product_image_locator": [{"media_location": "https://img.example/tee.jpg", **here}],
        "purchasable_offer": [
            {**here, "currency": "EUR", "audience": "ALL", "our_price": [{"schedule": [{"value_with_tax": 79.99}]}]}
        ],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
    } | attributes
    attributes = {name: value for name, value in held.items() if value is not None}
    return {"productType": "SHIRT", "requirements": "LISTING", "attributes": attributes}


def parent(**attributes: Any) -> dict[str, Any]:
    relation = [{"child_relationship_type": "variation", "marketplace_id": DE}]
    only = dict.fromkeys(
        ("purchasable_offer", "fulfillment_availability", "condition_type",
         "supplier_declared_has_product_identifier_exemption")
    )  # fmt: skip
    family = {"parentage_level": [{"value": "parent"}], "child_parent_sku_relationship": relation}
    return shirt(**only, **family, variation_theme=[{"name": "SIZE"}]) | {"requirements": "LISTING_PRODUCT_ONLY"}


def child(of: str, size: str) -> dict[str, Any]:
    relation = [{"child_relationship_type": "variation", "parent_sku": of, "marketplace_id": DE}]
    return shirt(
        parentage_level=[{"value": "child"}],
        child_parent_sku_relationship=relation,
        variation_theme=[{"name": "SIZE"}],
        size=worded(size),
    )


@pytest.fixture
def account(sandbox: Sandbox) -> Sandbox:
    sandbox.control("settings", channel="amazon", visible_after=0)
    return sandbox


def put(sandbox: Sandbox, sku: str, body: Any, **query: str) -> dict[str, Any]:
    answer = sandbox.amazon("PUT", sku, body, **{"includedData": "issues,identifiers", **query})
    assert answer.status == 200, answer.body
    held: dict[str, Any] = answer.json
    return held


def patch(sandbox: Sandbox, sku: str, *patches: dict[str, Any], kind: str = "SHIRT") -> Answer:
    return sandbox.amazon("PATCH", sku, {"productType": kind, "patches": list(patches)})


def attributes(sandbox: Sandbox, sku: str) -> dict[str, Any]:
    held: dict[str, Any] = sandbox.amazon("GET", sku, includedData="attributes").json["attributes"]
    return held


# ---- what Amazon published -----------------------------------------------------------------------


def test_the_published_examples_are_answered_alike(account: Sandbox) -> None:
    """x-amzn-api-sandbox of putListingsItem: codes, words, names and categories; ids and times differ."""
    examples = {
        pair["response"]["sku"]: pair["response"]
        for pair in document(LISTINGS)["paths"][ITEM]["put"]["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    }
    for sku, body in (
        ("VALIDATION_VALID", shirt()),
        ("VALIDATION_INVALID", shirt(condition_type=None, fake_attribute=[{"value": "x"}])),
        ("GM-ZDPI-9B4E", shirt()),
    ):
        preview = {} if sku.startswith("GM") else {"mode": "VALIDATION_PREVIEW"}
        answer, wanted = put(account, sku, body, **preview), examples[sku]
        assert answer["status"] == wanted["status"]
        assert [_essence(issue) for issue in answer["issues"]] == [_essence(issue) for issue in wanted["issues"]]
    assert account.state("amazon")["items"] == 1  # a preview leaves nothing


def _essence(issue: dict[str, Any]) -> tuple[Any, ...]:
    return issue["code"], issue["message"], issue["severity"], issue["attributeNames"]


def test_every_answer_is_one_of_the_document(account: Sandbox) -> None:
    paths = document(LISTINGS)["paths"]
    account.control("settings", channel="amazon", late_issues=[{"code": "18027", "message": "Text in the image."}])
    answers = [
        ("put", account.amazon("PUT", "A/1 ß", shirt(), includedData="issues,identifiers")),
        ("get", account.amazon("GET", "A/1 ß", includedData=ALL)),
        ("get", account.amazon("GET", "none")),
        ("patch", patch(account, "A/1 ß", {"op": "replace", "path": "/attributes/brand", "value": worded("B")})),
        ("delete", account.amazon("DELETE", "A/1 ß")),
        ("put", account.amazon("PUT", "x", shirt(), token="wrong")),
    ]
    assert [answer.status for _, answer in answers] == [200, 200, 404, 200, 200, 403]
    for verb, answer in answers:
        assert check_answer(LISTINGS, paths[ITEM][verb], answer.status, answer.json) == []
        assert answer.headers["x-amzn-requestid"]


# ---- items ---------------------------------------------------------------------------------------


def test_accepted_is_not_yet_shown(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="amazon", visible_after=60)
    assert put(sandbox, "tee", shirt())["status"] == "ACCEPTED"
    assert sandbox.amazon("GET", "tee").status == 404


def test_an_item_shows_what_was_put(account: Sandbox) -> None:
    accepted = put(account, "tee", shirt())
    item = account.amazon("GET", "tee", includedData=ALL).json
    assert item["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert item["summaries"][0]["asin"] == accepted["identifiers"][0]["asin"]
    assert item["attributes"]["item_name"] == worded("Tee")
    assert item["offers"][0]["price"] == {"currencyCode": "EUR", "amount": "79.99"}


def test_a_put_replaces_for_its_marketplace_only(account: Sandbox) -> None:
    put(account, "tee", shirt(color=worded("Red")))
    put(account, "tee", shirt(US), marketplaceIds=US)
    put(account, "tee", shirt())
    held = attributes(account, "tee")
    assert "color" not in held
    assert {e["marketplace_id"] for e in held["brand"]} == {DE, US}


def test_a_patch_touches_only_entries_with_the_same_selectors(account: Sandbox) -> None:
    put(account, "tee", shirt(color=worded("Red")))
    put(account, "tee", shirt(US, color=worded("Red", US)), marketplaceIds=US)
    patch(account, "tee", {"op": "replace", "path": "/attributes/color", "value": worded("Blue")})
    assert {e["marketplace_id"]: e["value"] for e in attributes(account, "tee")["color"]} == {DE: "Blue", US: "Red"}
    wrong = [{"value": "blue", "language_tag": "en_GB", "marketplace_id": DE}]
    patch(account, "tee", {"op": "delete", "path": "/attributes/color", "value": wrong})
    assert len(attributes(account, "tee")["color"]) == 2  # accepted, and nothing happened
    patch(account, "tee", {"op": "delete", "path": "/attributes/color", "value": worded("Blue")})
    assert [e["value"] for e in attributes(account, "tee")["color"]] == ["Red"]


def test_a_price_is_patched_as_a_product_of_any_type(account: Sandbox) -> None:
    put(account, "tee", shirt())
    offer = shirt()["attributes"]["purchasable_offer"]
    offer[0]["our_price"][0]["schedule"][0]["value_with_tax"] = 5
    change = {"op": "replace", "path": "/attributes/purchasable_offer", "value": offer}
    assert patch(account, "tee", change, kind="PRODUCT").json["status"] == "ACCEPTED"
    assert attributes(account, "tee")["purchasable_offer"] == offer


def test_a_patch_of_an_unknown_sku_is_accepted_without_effect(account: Sandbox) -> None:
    change = {"op": "replace", "path": "/attributes/brand", "value": worded("B")}
    assert patch(account, "none", change).json["status"] == "ACCEPTED"
    assert account.state("amazon")["items"] == 0


def test_a_variant_before_its_parent_is_listed_alone(account: Sandbox) -> None:
    put(account, "tee-s", child("tee", "S"))
    put(account, "tee", parent())
    put(account, "tee-m", child("tee", "M"))

    def tied(sku: str) -> list[Any]:
        held = account.amazon("GET", sku, includedData="relationships").json["relationships"]
        return list(held[0]["relationships"])

    assert tied("tee-s") == []
    assert tied("tee-m") == [{"type": "VARIATION", "parentSkus": ["tee"]}]
    assert tied("tee") == [{"type": "VARIATION", "childSkus": ["tee-m"]}]
    put(account, "tee-s", child("tee", "S"))
    assert tied("tee-s") == [{"type": "VARIATION", "parentSkus": ["tee"]}]


def test_search_finds_by_sku_page_by_page(account: Sandbox) -> None:
    for n in range(5):
        put(account, f"tee-{n}", shirt())
    query = "marketplaceIds=A1PA6795UKMFR9&identifiersType=SKU&identifiers=tee-0,tee-1,tee-4,no&pageSize=2"
    path = f"/amazon/listings/2021-08-01/items/{AMAZON_SELLER}?{query}"
    first = account.call("GET", path, None, {"x-amz-access-token": TOKEN}).json
    token = first["pagination"]["nextToken"]
    second = account.call("GET", f"{path}&pageToken={token}", None, {"x-amz-access-token": TOKEN}).json
    assert (first["numberOfResults"], [i["sku"] for i in first["items"] + second["items"]]) == (
        3,
        ["tee-0", "tee-1", "tee-4"],
    )


DEEP = {"op": "replace", "path": "/attributes/brand/0", "value": [{}]}


# ---- walls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "query", "body"),
    [
        ("PUT", {"marketplaceIds": f"{DE},{US}"}, shirt()),  # one marketplace a call
        ("PUT", {"mode": "PREVIEW"}, shirt()),
        ("PUT", {"colour": "red"}, shirt()),
        ("PUT", {}, {"attributes": {}}),
        ("PUT", {}, {**shirt(), "requirements": "ALL"}),
        ("PATCH", {}, {"productType": "SHIRT", "patches": []}),
        ("PATCH", {}, {"productType": "SHIRT", "patches": [{"op": "move", "path": "/attributes/brand"}]}),
        ("PATCH", {}, {"productType": "SHIRT", "patches": [DEEP]}),
        ("GET", {"includedData": "everything"}, None),
        ("DELETE", {}, shirt()),
    ],
)  # fmt: skip
def test_a_call_against_the_document_is_refused_and_recorded(
    strict: Sandbox, method: str, query: dict[str, str], body: Any
) -> None:
    answer = strict.amazon(method, "tee", body, **query)
    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "InvalidInput"
    assert len(strict.violations("amazon")) == 1


def test_wrong_product_data_is_an_answer_and_no_violation(account: Sandbox) -> None:
    answer = put(account, "tee", shirt(brand=None, country_of_origin=[{"value": "XX", "marketplace_id": DE}]))
    assert answer["status"] == "INVALID"
    assert [i["attributeNames"] for i in answer["issues"]] == [["brand"], ["country_of_origin"]]
    assert account.state("amazon")["items"] == 0


def test_another_seller_and_marketplace_are_refused(account: Sandbox) -> None:
    assert account.amazon("GET", "tee", marketplaceIds="A0").status == 400
    path = "/amazon/listings/2021-08-01/items/OTHER/tee?marketplaceIds=A1PA6795UKMFR9"
    assert account.call("GET", path, None, {"x-amz-access-token": TOKEN}).status == 403


def test_rates_are_enforced_when_switched_on(account: Sandbox) -> None:
    account.control("settings", channel="amazon", bucket=True)
    answers = [account.amazon("GET", "none") for _ in range(30)]
    limited = [a for a in answers if a.status == 429]
    assert limited
    assert limited[0].json["errors"][0]["code"] == "QuotaExceeded"
    assert account.violations() == []


# ---- definitions and tokens ----------------------------------------------------------------------


def definition(sandbox: Sandbox, name: str) -> Answer:
    path = f"/amazon/definitions/2020-09-01/productTypes/{name}?marketplaceIds={DE}&locale=en_US"
    return sandbox.call("GET", path, None, {"x-amz-access-token": TOKEN})


def test_a_definition_is_a_link_that_expires(account: Sandbox) -> None:
    held = definition(account, "SHIRT").json
    link = held["schema"]["link"]["resource"].removeprefix(account.url)
    download = account.call("GET", link)
    assert checksum(download.body) == held["schema"]["checksum"]
    assert "item_name" in json.loads(download.body)["properties"]
    assert account.call("GET", f"{path_of(link)}?expires=1").status == 403
    assert definition(account, "SPACESHIP").status == 404


def test_login_with_amazon_gives_a_token_that_ends(account: Sandbox) -> None:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH_TOKEN,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    account.control("settings", channel="amazon", token_ttl=1)
    given = account.call("POST", "/amazon/auth/o2/token", json.dumps(form).encode()).json
    assert given["expires_in"] == 1
    assert account.amazon("GET", "none", token=given["access_token"]).status == 404
    refused = account.call("POST", "/amazon/auth/o2/token", json.dumps(form | {"refresh_token": "x"}).encode())
    assert refused.json["error"] == "invalid_grant"
    import time

    time.sleep(1.1)
    assert account.amazon("GET", "none", token=given["access_token"]).status == 403
