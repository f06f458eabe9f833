"""The Merchant account: inserts, versions, delayed visibility, statuses, expiry."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.channels.sandbox.account import DE, OTHER_US, US, at_once, error, get, insert, offer
from tests.channels.sandbox.fixtures import Sandbox

DAY = 24 * 3600


def test_an_offer_is_answered_at_once_and_seen_a_little_later(sandbox: Sandbox) -> None:
    answer = insert(sandbox, offer(version=7))
    assert answer.status == 200
    assert answer.json["name"] == "accounts/1001/productInputs/en~US~TEE-S"
    assert answer.json["product"] == "accounts/1001/products/en~US~TEE-S"
    assert answer.json["base64EncodedProduct"] == "accounts/1001/products/ZW5-VVN-VEVFLVM"
    assert error(get(sandbox)) == (404, "NOT_FOUND")
    time.sleep(0.35)
    product = get(sandbox).json
    assert (product["offerId"], product["dataSource"], product["versionNumber"]) == ("TEE-S", US, "7")
    assert product["productAttributes"] == offer()["productAttributes"]
    status = product["productStatus"]
    assert status["itemLevelIssues"] == []
    assert {(d["reportingContext"], *d["approvedCountries"]) for d in status["destinationStatuses"]} == {
        ("SHOPPING_ADS", "US"),
        ("FREE_LISTINGS", "US"),
    }


def test_until_a_change_is_processed_reads_see_the_old_offer(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer())
    sandbox.control("settings", channel="google", visible_after=60)
    insert(sandbox, offer(title="New"))
    assert get(sandbox).json["productAttributes"]["title"] == "Acme Tee, S"
    sandbox.control("settings", channel="google", clock_offset=61)
    assert get(sandbox).json["productAttributes"]["title"] == "New"


def test_an_insert_replaces_the_whole_input(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer(color="Black") | {"customAttributes": [{"name": "size type", "value": "regular"}]})
    insert(sandbox, offer())
    product = get(sandbox).json
    assert "color" not in product["productAttributes"]
    assert "customAttributes" not in product
    assert sandbox.state("google")["products"] == 1


def test_an_older_version_is_aborted_and_an_equal_one_is_taken(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer(version=5, title="five"))
    assert error(insert(sandbox, offer(version=4, title="four"))) == (409, "ABORTED")
    assert get(sandbox).json["productAttributes"]["title"] == "five"
    assert insert(sandbox, offer(version=5, title="five again")).status == 200
    assert get(sandbox).json["productAttributes"]["title"] == "five again"


def test_another_data_source_moves_the_offer(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer())
    assert insert(sandbox, offer(), OTHER_US).status == 200
    assert get(sandbox).json["dataSource"] == OTHER_US
    assert sandbox.state("google")["products"] == 1
    assert [c["effects"][0].split()[0] for c in sandbox.control("calls") if c["effects"]] == [
        "offer.created",
        "offer.moved",
    ]
    gone = sandbox.google("DELETE", "productInputs/en~US~TEE-S", dataSource=US)
    assert error(gone) == (404, "NOT_FOUND")


def test_an_offer_must_fit_its_data_source(sandbox: Sandbox) -> None:
    assert error(insert(sandbox, offer(), DE)) == (400, "INVALID_ARGUMENT")
    german = offer() | {"contentLanguage": "de", "feedLabel": "DE"}
    assert insert(sandbox, german, DE).status == 200
    assert error(insert(sandbox, offer(), "accounts/1001/dataSources/9")) == (404, "NOT_FOUND")


def test_ids_with_reserved_characters_travel_encoded(strict: Sandbox) -> None:
    at_once(strict)
    answer = insert(strict, offer("sku/123")).json
    assert answer["base64EncodedName"] == "accounts/1001/productInputs/ZW5-VVN-c2t1LzEyMw"
    assert get(strict, "ZW5-VVN-c2t1LzEyMw").json["offerId"] == "sku/123"
    assert strict.violations() == []
    assert error(get(strict, "en~US~sku%2F123")) == (400, "INVALID_ARGUMENT")
    assert error(get(strict, "nonsense")) == (400, "INVALID_ARGUMENT")
    assert len(strict.violations("google")) == 2


def test_deleting_removes_the_product_a_little_later(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer(version=9))
    sandbox.control("settings", channel="google", visible_after=60)
    answer = sandbox.google("DELETE", "productInputs/en~US~TEE-S", dataSource=US)
    assert (answer.status, answer.json) == (200, {})
    assert get(sandbox).status == 200
    sandbox.control("settings", channel="google", clock_offset=61)
    assert get(sandbox).status == 404
    # The version went with the offer.
    assert insert(sandbox, offer(version=1)).status == 200


def test_a_patch_changes_what_is_masked_and_deletes_what_is_masked_and_absent(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer(color="Black"))
    body = {"productAttributes": {"availability": "OUT_OF_STOCK", "title": "not masked"}}
    mask = "productAttributes.availability,productAttributes.color"
    answer = sandbox.google("PATCH", "productInputs/en~US~TEE-S", body, dataSource=US, updateMask=mask)
    assert answer.status == 200
    held = get(sandbox).json["productAttributes"]
    assert (held["availability"], held["title"], "color" in held) == ("OUT_OF_STOCK", "Acme Tee, S", False)
    sandbox.google("PATCH", "productInputs/en~US~TEE-S", {"productAttributes": {"title": "B"}}, dataSource=US)
    assert get(sandbox).json["productAttributes"]["title"] == "B"
    missing = sandbox.google("PATCH", "productInputs/en~US~NO", body, dataSource=US)
    assert error(missing) == (404, "NOT_FOUND")


def test_an_offer_expires_after_thirty_days_without_an_insert(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer(version=3))
    sandbox.control("settings", channel="google", clock_offset=29 * DAY)
    before = get(sandbox).json["productStatus"]
    assert insert(sandbox, offer(version=3)).status == 200
    sandbox.control("settings", channel="google", clock_offset=31 * DAY)
    after = get(sandbox).json["productStatus"]
    assert after["googleExpirationDate"] > before["googleExpirationDate"]
    assert after["creationDate"] == before["creationDate"]
    sandbox.control("settings", channel="google", clock_offset=60 * DAY)
    assert get(sandbox).status == 404


def test_products_are_listed_in_pages(sandbox: Sandbox) -> None:
    at_once(sandbox)
    for number in range(5):
        insert(sandbox, offer(f"SKU-{number}"))
    first = sandbox.google("GET", "products", pageSize="3").json
    second = sandbox.google("GET", "products", pageSize="3", pageToken=first["nextPageToken"]).json
    assert [len(first["products"]), len(second["products"])] == [3, 2]
    assert "nextPageToken" not in second
    assert {p["offerId"] for p in first["products"] + second["products"]} == {f"SKU-{n}" for n in range(5)}


@pytest.mark.parametrize(
    ("attributes", "code", "attribute", "severity"),
    [
        ({"title": None}, "missing_required_attribute", "title", "DISAPPROVED"),
        ({"link": None}, "missing_required_attribute", "link", "DISAPPROVED"),
        ({"imageLink": None}, "missing_required_attribute", "image_link", "DISAPPROVED"),
        ({"price": None}, "missing_required_attribute", "price", "DISAPPROVED"),
        ({"availability": None}, "missing_required_attribute", "availability", "DISAPPROVED"),
        ({"availability": "PREORDER"}, "missing_required_attribute", "availability_date", "DISAPPROVED"),
        ({"gtins": ["9506000134353"]}, "invalid_gtin", "gtin", "DISAPPROVED"),
        ({"gtins": ["123"]}, "invalid_gtin", "gtin", "DISAPPROVED"),
        ({"link": "/tee"}, "invalid_url", "link", "DISAPPROVED"),
        ({"gtins": None}, "missing_identifier", "gtin", "DEMOTED"),
        ({"title": "x" * 151}, "value_too_long", "title", "DEMOTED"),
        (
            {"salePrice": {"amountMicros": "20000000", "currencyCode": "USD"}},
            "invalid_sale_price",
            "sale_price",
            "DISAPPROVED",
        ),
    ],
)
def test_bad_data_is_accepted_and_told_in_the_status(
    sandbox: Sandbox, attributes: dict[str, Any], code: str, attribute: str, severity: str
) -> None:
    at_once(sandbox)
    assert insert(sandbox, offer(**attributes)).status == 200
    status = get(sandbox).json["productStatus"]
    [issue] = status["itemLevelIssues"]
    assert (issue["code"], issue["attribute"], issue["severity"]) == (code, attribute, severity)
    assert issue["applicableCountries"] == ["US"]
    verdict = "disapprovedCountries" if severity == "DISAPPROVED" else "approvedCountries"
    assert all(destination[verdict] == ["US"] for destination in status["destinationStatuses"])


def test_a_structured_title_stands_for_a_title(sandbox: Sandbox) -> None:
    at_once(sandbox)
    title = {"digitalSourceType": "TRAINED_ALGORITHMIC_MEDIA", "content": "Acme Tee"}
    insert(sandbox, offer(title=None, structuredTitle=title))
    assert get(sandbox).json["productStatus"]["itemLevelIssues"] == []
