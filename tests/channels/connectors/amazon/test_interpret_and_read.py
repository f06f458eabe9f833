"""Answers: what a submission came to, and what Amazon shows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Response
from tests.channels.connectors.amazon.builders import (
    CONNECTION,
    DATE,
    DE,
    accepted,
    amazon,
    answer,
    known_after,
    plan,
    rendered,
    single,
    tee,
)

SKU = "TEE-BLA-S"
LATER = "Sun, 22 Nov 2026 10:20:00 GMT"


def error(status, code, message="", details=""):
    return answer(status, errors=[{"code": code, "message": message, "details": details}])


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (accepted(SKU), Verdict.ACCEPTED),
        (answer(sku=SKU, status="INVALID", submissionId="1", issues=[]), Verdict.REJECTED),
        (error(400, "InvalidInput", "Invalid input"), Verdict.REJECTED),
        (error(400, "InvalidInput", "Invalid path provided in patch"), Verdict.CONTRACT),
        (error(400, "InvalidInput", "Invalid marketplaceIds provided"), Verdict.CONFIG),
        (error(403, "Unauthorized", "Access to requested resource is denied."), Verdict.AUTH),
        (error(404, "NOT_FOUND", "SKU not found"), Verdict.GONE),
        (error(413, "RequestTooLarge"), Verdict.CONTRACT),
        (error(429, "QuotaExceeded"), Verdict.THROTTLED),
        (error(500, "InternalFailure"), Verdict.TRANSIENT),
        (error(503, "ServiceUnavailable"), Verdict.TRANSIENT),
        (Response(0, error="the connection broke"), Verdict.TRANSIENT),
        (Response(200, {}, b"<html>"), Verdict.TRANSIENT),
        (Response(200, {}, b"[]"), Verdict.TRANSIENT),
    ],
)  # fmt: skip
def test_each_answer_has_its_verdict(response, verdict):
    [call] = plan(single())
    assert amazon.interpret(call, response).verdict is verdict


def test_an_issue_leads_to_our_field():
    issue = {"code": "90220", "message": "'x' is required", "severity": "ERROR", "categories": []}
    told = [
        {**issue, "attributeNames": ["purchasable_offer"]},
        {**issue, "attributeNames": ["brand"], "severity": "WARNING"},
        {**issue, "severity": "INFO"},
    ]
    [call] = plan(single())
    outcome = amazon.interpret(call, answer(sku=SKU, status="INVALID", submissionId="1", issues=told))
    assert [(i.sku, i.field, i.severity) for i in outcome.issues] == [
        (SKU, "price", "error"),
        (SKU, "brand", "warning"),
    ]


def test_an_item_is_remembered_even_when_the_answer_is_lost():
    [call] = plan(single())
    assert amazon.interpret(call, Response(0, error="lost")).links == {f"item:{SKU}": SKU}
    assert amazon.interpret(call, accepted(SKU, "7")).links[f"sent:{SKU}"] == f"{DATE}|7"


def test_a_deleted_item_that_is_not_there_is_gone():
    [call] = amazon.plan_removal(known_after(single()), CONNECTION)
    outcome = amazon.interpret(call, error(404, "NOT_FOUND"))
    assert outcome.verdict is Verdict.ACCEPTED
    assert f"item:{SKU}" in outcome.dropped_links


def test_a_throttle_waits_by_the_rate_that_amazon_names():
    [call] = plan(single())
    slow = replace(error(429, "QuotaExceeded"), headers={"x-amzn-ratelimit-limit": "0.1"})
    assert amazon.interpret(call, slow).retry_after == 10
    assert amazon.interpret(call, error(429, "QuotaExceeded")).retry_after == 2


# ---- reading -------------------------------------------------------------------------------------


def item(product, row=SKU, **attributes):
    """The row as Amazon shows it once it is processed."""
    [call] = [c for c in plan(product) if c.context["row"] == row]
    import json

    sent = json.loads(call.request.body)
    return {
        "sku": call.context["sku"],
        "summaries": [{"marketplaceId": DE, "asin": "B012345678", "productType": "SHIRT", "status": ["BUYABLE"]}],
        "attributes": {**sent["attributes"], **attributes},
        "issues": [],
    }


def look(product, known, response):
    return amazon.interpret_read(rendered(product), known, [response], CONNECTION)


def sent(product, done=""):
    known = known_after(product)
    return replace(known, links={**known.links, f"done:{SKU}": done})


def test_what_is_shown_as_it_should_be_compares_equal():
    state = look(single(), sent(single()), answer(**item(single())))
    assert state.bodies == rendered(single()).bodies
    assert state.links == {f"done:{SKU}": f"{DATE}|1", f"asin:{SKU}": "B012345678"}
    assert not state.pending


def test_what_amazon_adds_and_other_marketplaces_do_not_count():
    shown = item(single(), brand=[
        {"marketplace_id": DE, "language_tag": "en_GB", "value": "Acme"},
        {"marketplace_id": "ATVPDKIKX0DER", "language_tag": "en_US", "value": "Acme US"},
    ], style=[{"value": "theirs"}])  # fmt: skip
    shown["attributes"]["purchasable_offer"][0]["start_at"] = {"value": "2026-01-01"}
    assert look(single(), known_after(single()), answer(**shown)).bodies == rendered(single()).bodies


def test_an_older_state_is_pending_only_while_amazon_may_be_at_work():
    old = [{"marketplace_id": DE, "language_tag": "en_GB", "value": "Older words"}]
    shown = item(single(), product_description=old)
    assert look(single(), sent(single()), answer(**shown)).pending
    late = look(single(), sent(single()), answer(**shown, date=LATER))
    assert not late.pending
    assert late.bodies != rendered(single()).bodies
    # What was once shown as sent has drifted when it differs, however soon.
    assert not look(single(), known_after(single()), answer(**shown)).pending


def test_what_was_taken_last_is_settled_though_something_else_is_wanted_now():
    wanted = single(fields={**single().variants[0].fields, "brand": "New brand"})
    state = amazon.interpret_read(rendered(wanted), sent(single()), [answer(**item(single()))], CONNECTION)
    assert not state.pending
    assert SKU in state.bodies


def test_a_missing_item_is_pending_when_it_is_new_and_gone_when_it_was_seen():
    missing = error(404, "NOT_FOUND", "SKU not found")
    new = sent(single())
    new = replace(new, links={k: v for k, v in new.links.items() if not k.startswith("seen:")})
    assert look(single(), new, missing).pending
    gone = look(single(), sent(single()), missing)
    assert not gone.pending
    assert gone.bodies == {}


def test_a_variant_that_is_listed_alone_has_drifted():
    shown = {row: item(tee(), row) for row in ("", SKU, "TEE-BLA-M")}
    shown[SKU]["relationships"] = [{"marketplaceId": DE, "relationships": []}]
    items = answer(numberOfResults=3, items=list(shown.values()))
    state = amazon.interpret_read(rendered(tee()), known_after(tee()), [items], CONNECTION)
    assert "child_parent_sku_relationship" not in state.bodies[SKU]["content"]["attributes"]
    assert state.bodies["TEE-BLA-M"] == rendered(tee()).bodies["TEE-BLA-M"]


def test_what_amazon_never_changes_is_no_drift():
    theirs = [{"marketplace_id": DE, "language_tag": "en_GB", "value": "First brand"}]  # editable: false
    assert look(single(), known_after(single()), answer(**item(single(), brand=theirs))).bodies == (
        rendered(single()).bodies
    )


@pytest.mark.parametrize("response", [error(500, "InternalFailure"), Response(200, {"date": DATE}, b"nonsense")])
def test_an_answer_that_says_nothing_is_never_an_absent_item(response):
    state = look(single(), known_after(single()), response)
    assert state.pending
    assert state.issues[0].code == "read_failed"


def test_many_are_searched_twenty_at_a_time_and_a_comma_by_itself():
    from tests.channels.connectors.amazon.builders import variant

    many = tee(variants=tuple(variant("S", sku=f"TEE-{n}") for n in range(24)) + (variant("M", sku="A,B"),))
    requests = amazon.read(rendered(many), known_after(many), CONNECTION)
    assert ["identifiers=" in r.url for r in requests] == [True, True, False]
    assert requests[2].url.split("?")[0].endswith("/A%2CB")


@pytest.mark.parametrize("small", [False, True])
def test_notifications_are_read_whichever_letter_their_names_begin_with(small: bool) -> None:
    """LISTINGS_ITEM_STATUS_CHANGE begins with capitals, FEED_PROCESSING_FINISHED with small letters, as Amazon's
    schemas have them."""
    body: dict[str, Any] = {
        "NotificationType": "FEED_PROCESSING_FINISHED" if small else "LISTINGS_ITEM_STATUS_CHANGE",
        "EventTime": "2026-11-22T10:00:00Z",
        "Payload": {"feedProcessingFinishedNotification": {"feedId": "1"}} if small else {"Sku": "TEE"},
        "NotificationMetadata": {"NotificationId": "n1"} if not small else {"notificationId": "n1"},
    }
    if small:
        body = {name[0].lower() + name[1:]: value for name, value in body.items()}
    text = json.dumps({"messages": [{"receipt": "r", "body": json.dumps(body)}]}).encode()
    (queued,) = amazon.read_queue(Response(200, body=text))
    assert (queued.heard.id, queued.heard.topic) == ("n1", body.get("NotificationType", "FEED_PROCESSING_FINISHED"))
    assert queued.heard.at is not None
    told = amazon.read_webhook(queued.heard.topic, queued.raw)
    assert (told.skus, told.finished) == ((), True) if small else (("TEE",), False)
