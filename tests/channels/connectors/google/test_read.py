"""Reading back: what is shown, what is still to come, and what has been taken away."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.base import Known, Price
from channels.connectors.google.schema import check
from pimhub.foundation.http import Response
from tests.channels.connectors.google.builders import (
    CONNECTION,
    answered,
    google,
    publish,
    refused,
    rendered,
    shown,
    single,
    speaking,
    tee,
    variant,
)

SKU = "TEE-BLK-S"
NOT_FOUND = refused("NOT_FOUND", "Product was not found", http=404)


def look(product, known, *responses):
    return google.interpret_read(rendered(product), known, responses, CONNECTION)


def test_one_call_per_offer():
    requests = google.read(rendered(tee()), Known(), CONNECTION)
    assert [(r.method, r.url) for r in requests] == [
        ("GET", f"https://merchant.test/products/v1/accounts/1001/products/en~US~{sku}") for sku in (SKU, "TEE-BLK-M")
    ]


def test_a_data_source_cannot_change_what_a_name_is():
    [request] = google.read(rendered(single(variant("a/productInputs/b"))), Known(), CONNECTION)
    assert request.url.startswith("https://merchant.test/products/v1/accounts/1001/products/ZW5")


def test_what_is_shown_equals_what_was_rendered():
    known, _ = publish(tee())
    products = [shown(tee(), SKU), shown(tee(), "TEE-BLK-M", version=2)]
    for product in products:
        assert check("Product", product, answer=True) == []
    state = look(tee(), known, *map(answered, products))
    assert state.bodies == rendered(tee()).bodies
    assert (state.pending, state.issues) == (False, ())
    assert state.links == {f"seen:{SKU}": "1", "seen:TEE-BLK-M": "2"}


def test_other_spellings_of_the_same_value():
    product = shown(
        single(),
        SKU,
        condition=1,
        shippingWeight={"value": "0.20", "unit": "kg"},
        salePriceEffectivedate=None,
        price={"amountMicros": 24990000, "currencyCode": "USD"},
        availability=1,
    )
    assert look(single(), Known(), answered(product)).bodies == rendered(single()).bodies


def test_what_others_added_is_not_ours():
    product = shown(single(), SKU, pattern="dotted", sizeSystem="US", identifierExists=True)
    assert look(single(), Known(), answered(product)).bodies == rendered(single()).bodies


@pytest.mark.parametrize(
    ("facet", "attributes"),
    [
        ("content", {"title": "Cheap Tee"}),
        ("content", {"color": None, "brand": None}),
        ("offer", {"price": {"amountMicros": "1", "currencyCode": "USD"}}),
        ("offer", {"salePrice": {"amountMicros": "1", "currencyCode": "USD"}}),
        ("stock", {"availability": "OUT_OF_STOCK"}),
        ("stock", {"availability": None}),
    ],
)
def test_drift_shows_in_its_facet(facet, attributes):
    seen = look(single(), Known(), answered(shown(single(), SKU, **attributes))).bodies[SKU]
    wanted = rendered(single()).bodies[SKU]
    assert [name for name in wanted if seen[name] != wanted[name]] == [facet]


def test_an_offer_that_another_data_source_took_over():
    product = shown(single(), SKU) | {"dataSource": "accounts/1001/dataSources/2003"}
    seen = look(single(), Known(), answered(product)).bodies[SKU]["content"]
    assert seen != rendered(single()).bodies[SKU]["content"]


# ---- not there yet, or not there any more ------------------------------------------------------


def test_an_older_version_is_still_being_processed():
    known, _ = publish(single())
    changed = single(speaking(title="Better Tee"))
    known, _ = publish(changed, known)
    state = look(changed, known, answered(shown(single(), SKU, version=1)))
    assert (state.bodies, state.pending, state.links) == ({}, True, {})
    state = look(changed, known, answered(shown(changed, SKU, version=2)))
    assert (state.bodies, state.pending) == (rendered(changed).bodies, False)


def test_an_offer_that_was_taken_and_is_not_found_is_pending():
    known, _ = publish(single())
    state = look(single(), known, NOT_FOUND)
    assert (state.bodies, state.pending, state.issues) == ({}, True, ())


def test_an_offer_that_was_seen_and_is_not_found_is_gone():
    known, _ = publish(single())
    seen = look(single(), known, answered(shown(single(), SKU))).links
    known = replace(known, links={**known.links, **seen})
    state = look(single(), known, NOT_FOUND)
    assert (state.bodies, state.pending) == ({}, False)


def test_an_offer_that_was_never_taken_is_missing():
    state = look(single(), Known(), NOT_FOUND)
    assert (state.bodies, state.pending) == ({}, False)


PATCHED_AT = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(("now", "pending"), [("10:29:59", True), ("10:30:01", False)])
def test_a_patch_shows_after_a_while_or_was_undone(now, pending):
    known, _ = publish(single())
    cheaper = single(replace(speaking(), price=Price("USD", Decimal(9))))
    known, [call] = publish(cheaper, known)
    outcome = google.interpret(call, answered({"name": "accounts/1001/productInputs/x"}, date=PATCHED_AT))
    known = replace(known, links={**known.links, **outcome.links})
    shows_old = answered(shown(single(), SKU), date=f"Sun, 22 Nov 2026 {now} GMT")
    state = look(cheaper, known, shows_old)
    assert state.pending is pending
    assert state.bodies == ({} if pending else rendered(single()).bodies)
    state = look(cheaper, known, answered(shown(cheaper, SKU), date=PATCHED_AT))
    assert (state.bodies, state.pending) == (rendered(cheaper).bodies, False)


def test_one_row_waits_and_the_other_is_shown():
    known, _ = publish(tee())
    state = look(tee(), known, NOT_FOUND, answered(shown(tee(), "TEE-BLK-M", version=2)))
    assert list(state.bodies) == ["TEE-BLK-M"]
    assert state.pending


@pytest.mark.parametrize(
    "response",
    [
        Response(404, body=b"<html>not Google</html>"),
        Response(200, body=b"<html>"),
        answered({"unexpected": True}),
        refused("UNAUTHENTICATED", "token", http=401),
        Response(0, error="timed out"),
    ],
)
def test_an_answer_that_says_nothing_is_no_absence(response):
    known, _ = publish(single())
    state = look(single(), known, response)
    assert state.pending
    [issue] = state.issues
    assert (issue.code, issue.severity, issue.sku) == ("read_failed", "warning", SKU)


def test_an_offer_found_without_a_link_is_linked():
    state = look(single(), Known(), answered(shown(single(), SKU, version=5)))
    assert state.links == {
        f"offer:{SKU}": f"accounts/1001/productInputs/en~US~{SKU}?dataSource=accounts/1001/dataSources/2001",
        f"seen:{SKU}": "5",
    }


# ---- issues ------------------------------------------------------------------------------------


def item_issue(severity, **more):
    held = {
        "code": "image_link_broken",
        "severity": severity,
        "attribute": "image link",
        "reportingContext": "SHOPPING_ADS",
        "description": "Broken image",
        "detail": "Ensure the image is accessible.",
        "documentation": "https://support.google.com/merchants/answer/6098289",
    }
    return {**held, **more}


def test_what_google_holds_against_an_offer():
    product = shown(single(), SKU)
    product["productStatus"]["itemLevelIssues"] = [
        item_issue("DEMOTED", reportingContext="FREE_LISTINGS"),
        item_issue("DISAPPROVED"),
        item_issue("DEMOTED", code="short_title", attribute="title", description="Short title", detail=""),
        item_issue("NOT_IMPACTED", code="other", attribute="color"),
    ]
    assert check("Product", product, answer=True) == []
    found = look(single(), Known(), answered(product)).issues
    assert [(i.code, i.severity, i.field, i.sku, i.message) for i in found] == [
        (
            "image_link_broken",
            "error",
            "image_link",
            SKU,
            "Google: Broken image. Ensure the image is accessible (free listings, shopping ads).",
        ),
        ("short_title", "warning", "title", SKU, "Google: Short title (shopping ads)."),
    ]
    assert found[0].url == "https://support.google.com/merchants/answer/6098289"


def test_where_an_issue_holds_is_said_with_its_countries():
    product = shown(single(), SKU)
    product["productStatus"] = {
        "itemLevelIssues": [
            item_issue("DISAPPROVED", applicableCountries=["DE", "AT"]),
            item_issue("DISAPPROVED", applicableCountries=["DE"], reportingContext="FREE_LISTINGS"),
        ],
        "destinationStatuses": [
            {"reportingContext": "SHOPPING_ADS", "disapprovedCountries": ["AT", "DE"], "approvedCountries": ["CH"]},
            {"reportingContext": "FREE_LISTINGS", "disapprovedCountries": ["DE", "LI"], "pendingCountries": ["CH"]},
        ],
    }
    assert check("Product", product, answer=True) == []
    found = look(single(), Known(), answered(product)).issues
    assert [(i.code, i.severity, i.message) for i in found] == [
        (
            "image_link_broken",
            "error",
            "Google: Broken image. Ensure the image is accessible (shopping ads: AT, DE; free listings: DE).",
        ),
        ("disapproved", "error", "Google does not show the offer (free listings: LI)."),
        (
            "pending_approval",
            "warning",
            "Google had not yet approved the offer when it was last read (free listings: CH).",
        ),
    ]
