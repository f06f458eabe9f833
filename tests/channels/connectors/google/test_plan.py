"""Which calls take Google from what it holds to what it should show."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from channels.connectors.base import Facet, Known, Price
from channels.connectors.google import names
from channels.connectors.google.schema import check, check_query
from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Response
from tests.channels.connectors.google.builders import (
    CONNECTION,
    connection,
    google,
    publish,
    refused,
    rendered,
    sent,
    single,
    speaking,
    tee,
    variant,
)

PATCHES = "merchantapi.accounts.productInputs.patch"
PATCHES = "merchantapi.accounts.productInputs.patch"
PATCHES = "merchantapi.accounts.productInputs.patch"
GOLDEN = Path(__file__).parent / "golden"
INPUTS = "https://merchant.test/products/v1/accounts/1001/productInputs"
SOURCE = "dataSource=accounts/1001/dataSources/2001"


def content(sku, **more):
    held = {"contentLanguage": "en", "feedLabel": "US", "dataSource": "accounts/1001/dataSources/2001"}
    return {**held, "offerId": sku, **more}


def test_an_insert_to_the_last_byte():
    [call] = google.plan(rendered(single()), Known(number=42), CONNECTION)
    assert call.request.method == "POST"
    assert call.request.url == f"{INPUTS}:insert?{SOURCE}"
    assert call.request.headers == {
        "Accept": "application/json",
        "Authorization": "Bearer secret",
        "Content-Type": "application/json",
    }
    assert sent(call) == json.loads((GOLDEN / "insert.json").read_text(encoding="utf-8"))
    assert call.carries == tuple(("TEE-BLK-S", facet) for facet in (Facet.CONTENT, Facet.OFFER, Facet.STOCK))
    assert call.idempotent
    assert not call.destructive


def test_the_token_is_never_shown():
    [call] = google.plan(rendered(single()), Known(), replace(CONNECTION, access_token="fetched"))
    assert call.request.headers["Authorization"] == "Bearer fetched"
    assert "fetched" not in str(call.request.redacted())


def test_a_base_url_with_a_path():
    [call] = google.plan(rendered(single()), Known(), replace(CONNECTION, base_url="http://127.0.0.1:1/google/"))
    assert call.request.url.startswith("http://127.0.0.1:1/google/products/v1/accounts/1001/productInputs:insert?")


def test_each_variant_takes_its_own_call_and_then_nothing_is_left():
    known, calls = publish(tee())
    assert [sent(call)["offerId"] for call in calls] == ["TEE-BLK-S", "TEE-BLK-M"]
    assert [sent(call)["versionNumber"] for call in calls] == ["1", "2"]
    assert known.accepted == rendered(tee()).bodies
    assert google.plan(rendered(tee()), known, CONNECTION) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"gtin": ""},
        {"gtin": "", "price": Price("USD", Decimal(9))},
        {"fields": {"title": "Acme Tee", "description": "Other"}},
    ],
)
def test_any_change_of_content_sends_the_whole_offer_again(changes):
    known, _ = publish(tee())
    small, medium = tee().variants
    product = tee(variants=(replace(small, **changes), medium))
    [call] = google.plan(rendered(product), known, CONNECTION)
    body = sent(call)
    assert body["offerId"] == "TEE-BLK-S"
    assert body["versionNumber"] == "3"
    assert {"price", "availability", "title"} <= body["productAttributes"].keys()
    assert len(call.carries) == 3


def test_a_price_is_patched_alone():
    known, _ = publish(tee())
    small, medium = tee().variants
    product = tee(variants=(small, replace(medium, price=Price("USD", Decimal("19.99")))))
    known, [call] = publish(product, known)
    assert call.request.method == "PATCH"
    mask = ",".join(f"productAttributes.{name}" for name in ("price", "salePrice", "salePriceEffectiveDate"))
    assert call.request.url == f"{INPUTS}/en~US~TEE-BLK-M?{SOURCE}&updateMask={mask}"
    # The sale is over: what the mask names and the body lacks is taken away.
    assert sent(call) == {"productAttributes": {"price": {"amountMicros": "19990000", "currencyCode": "USD"}}}
    assert call.carries == (("TEE-BLK-M", Facet.OFFER),)
    assert check("ProductInput", sent(call), answer=True) == []
    assert check_query(PATCHES, dict(parse_qsl(urlsplit(call.request.url).query))) == []
    assert not call.renews  # the offer's thirty days go on from its last insert
    assert known.accepted == rendered(product).bodies


def test_stock_and_price_are_one_patch():
    known, _ = publish(single())
    product = single(replace(speaking(), stock={"main": 0}, price=Price("USD", Decimal(9))))
    _, [call] = publish(product, known)
    assert sent(call)["productAttributes"].keys() == {"price", "availability"}
    assert [facet for _, facet in call.carries] == [Facet.OFFER, Facet.STOCK]


def test_after_a_lost_patch_the_offer_is_inserted_whole():
    known, _ = publish(single())
    dearer = rendered(single(replace(speaking(), price=Price("USD", Decimal(99)))))
    [call] = google.plan(dearer, known, CONNECTION)
    outcome = google.interpret(call, Response(status=0, headers={}, body=b"", error="timeout"))
    assert outcome.verdict is Verdict.TRANSIENT
    known = replace(known, links={**known.links, **outcome.links})
    # Google may hold the dear price now, although we want what it took before.
    known, [call] = publish(single(), known)
    assert call.name == "productInputs.insert"
    assert google.plan(rendered(single()), known, CONNECTION) == []


def test_an_offer_that_is_gone_is_no_patch():
    known, _ = publish(single())
    [call] = google.plan(rendered(single(replace(speaking(), stock={"main": 0}))), known, CONNECTION)
    assert google.interpret(call, refused("NOT_FOUND", http=404)).verdict is Verdict.GONE


def test_stock_that_changes_nothing_for_google_sends_nothing():
    known, _ = publish(single())
    assert google.plan(rendered(single(replace(speaking(), stock={"main": 4}))), known, CONNECTION) == []


def test_a_variant_that_is_no_more_is_deleted_last():
    known, _ = publish(tee())
    _, medium = tee().variants
    product = tee(variants=(medium, variant("TEE-BLK-L", "L")))
    known, calls = publish(product, known)
    assert [call.name for call in calls] == ["productInputs.insert", "productInputs.delete"]
    delete = calls[-1]
    assert delete.request.method == "DELETE"
    assert delete.request.url == f"{INPUTS}/en~US~TEE-BLK-S?{SOURCE}"
    assert delete.request.body == b""
    assert delete.destructive
    assert known.links.keys() == {"offer:TEE-BLK-M", "sent:TEE-BLK-M", "offer:TEE-BLK-L", "sent:TEE-BLK-L"}
    assert known.accepted.keys() == {"TEE-BLK-M", "TEE-BLK-L"}


@pytest.mark.parametrize("forget", [{"links": {}}, {"accepted": {}}])
def test_a_link_or_an_accepted_body_is_enough_to_delete(forget):
    known, _ = publish(tee())
    product = replace(tee(), variants=())
    calls = google.plan(rendered(product), replace(known, **forget), CONNECTION)
    assert [call.request.url for call in calls] == [
        f"{INPUTS}/en~US~{sku}?{SOURCE}" for sku in ("TEE-BLK-M", "TEE-BLK-S")
    ]


def test_removal_deletes_every_offer():
    known, _ = publish(tee())
    calls = google.plan_removal(known, CONNECTION)
    assert [(call.name, call.context["row"], call.destructive) for call in calls] == [
        ("productInputs.delete", "TEE-BLK-M", True),
        ("productInputs.delete", "TEE-BLK-S", True),
    ]
    assert google.plan_removal(Known(), CONNECTION) == []


# ---- a channel that is set up anew -------------------------------------------------------------


def test_another_label_is_another_offer_and_the_old_one_goes():
    known, _ = publish(single())
    known, calls = publish(single(), known, connection(feed_label="GB"))
    assert [(call.name, urlsplit(call.request.url).path.rpartition("/")[2]) for call in calls] == [
        ("productInputs.delete", "en~US~TEE-BLK-S"),
        ("productInputs.insert", "productInputs:insert"),
    ]
    assert known.links["offer:TEE-BLK-S"] == f"accounts/1001/productInputs/en~GB~TEE-BLK-S?{SOURCE}"


def test_another_data_source_takes_the_offer_over():
    known, _ = publish(single())
    given = connection(data_source="accounts/1001/dataSources/2003")
    known, [call] = publish(single(), known, given)
    assert parse_qs(urlsplit(call.request.url).query) == {"dataSource": ["accounts/1001/dataSources/2003"]}
    assert known.links["offer:TEE-BLK-S"].endswith("/2003")


def test_offers_in_an_account_that_was_left_are_not_touched():
    known, _ = publish(tee())
    given = connection(account="2", data_source="accounts/2/dataSources/9")
    _, calls = publish(single(), known, given)
    assert [(call.name, urlsplit(call.request.url).path) for call in calls] == [
        ("productInputs.insert", "/products/v1/accounts/2/productInputs:insert")
    ]
    assert google.plan_removal(known, given) == []


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sku", "segment"),
    [
        ("sku123", "en~US~sku123"),
        ("A.b_c-1", "en~US~A.b_c-1"),
        ("sku/123", "ZW5-VVN-c2t1LzEyMw"),  # the example of Google's own description
    ],
)
def test_names(sku, segment):
    assert names.segment(content(sku)) == segment


@pytest.mark.parametrize("sku", ["a~b", "50%", "a/b", "a b", "größe", "a?b#c", "+&"])
def test_ids_that_no_path_can_hold_are_encoded(sku):
    segment = names.segment(content(sku))
    assert base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode() == f"en~US~{sku}"
    assert not set(segment) & set("=~/%+")
