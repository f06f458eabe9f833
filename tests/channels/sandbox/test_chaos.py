"""A channel that fails on command: what the client sees, and what took effect."""

from __future__ import annotations

import http.client
import socket
import time
from typing import Any

import pytest

from tests.channels.sandbox.account import at_once, insert, offer
from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.shop import created, product_set, tee

LOST = (http.client.HTTPException, ConnectionError, TimeoutError)


def products(sandbox: Sandbox, channel: str) -> int:
    count: int = sandbox.state(channel)["products" if channel == "shopify" else "inputs"]
    return count


def write(sandbox: Sandbox, channel: str) -> Any:
    return product_set(sandbox, tee()) if channel == "shopify" else insert(sandbox, offer()).json


def test_shopify_throttles_with_http_200(sandbox: Sandbox) -> None:
    sandbox.control("chaos", channel="shopify", mode="throttle", count=2)
    for _ in range(2):
        answer = sandbox.shopify("{ shop { name } }")
        assert answer.status == 200
        assert answer.json["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert answer.json["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0
    assert sandbox.shopify("{ shop { name } }").json["data"] == {"shop": {"name": "sandbox"}}


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("throttle", "quota/request_rate_too_high"), ("quota", "quota/daily_limit_exceeded")],
)
def test_google_throttles_with_429(sandbox: Sandbox, mode: str, reason: str) -> None:
    sandbox.control("chaos", channel="google", mode=mode)
    answer = insert(sandbox, offer())
    assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (429, reason)
    assert products(sandbox, "google") == 0


@pytest.mark.parametrize("channel", ["shopify", "google"])
@pytest.mark.parametrize(("mode", "status"), [("error500", 500), ("unauthorized", 401)])
def test_errors_are_in_the_vendors_shape_and_without_effect(
    sandbox: Sandbox, channel: str, mode: str, status: int
) -> None:
    sandbox.control("chaos", channel=channel, mode=mode)
    answer = sandbox.shopify("{ shop { name } }") if channel == "shopify" else insert(sandbox, offer())
    assert answer.status == status
    assert set(answer.json) == ({"errors"} if channel == "shopify" else {"error"})
    assert products(sandbox, channel) == 0


@pytest.mark.parametrize("channel", ["shopify", "google"])
@pytest.mark.parametrize(("mode", "effect"), [("timeout_before", 0), ("timeout_after", 1), ("down", 0)])
def test_a_lost_answer_may_hide_an_effect(sandbox: Sandbox, channel: str, mode: str, effect: int) -> None:
    sandbox.control("chaos", channel=channel, mode=mode, delay=0.2)
    started = time.monotonic()
    with pytest.raises(LOST):
        write(sandbox, channel)
    waited = time.monotonic() - started
    assert waited < 0.15 if mode == "down" else waited >= 0.2
    assert products(sandbox, channel) == effect
    write(sandbox, channel)


def test_a_client_that_waits_less_than_the_delay_times_out(sandbox: Sandbox) -> None:
    sandbox.control("chaos", channel="shopify", mode="timeout_after", delay=1)
    with pytest.raises(TimeoutError):
        sandbox.shopify("{ shop { name } }", timeout=0.2)


def test_nonsense_is_no_answer_of_the_vendor_and_has_no_effect(sandbox: Sandbox) -> None:
    sandbox.control("chaos", channel="google", mode="nonsense", count=None, seed=1)
    bodies = {insert(sandbox, offer()).body for _ in range(20)}
    assert len(bodies) > 1
    assert not any(b"offerId" in body for body in bodies)
    assert products(sandbox, "google") == 0


def test_the_seed_decides_which_calls_are_hit(sandbox: Sandbox) -> None:
    def run(seed: int) -> list[str]:
        plan = {
            "channel": "shopify",
            "mode": ["throttle", "error500"],
            "rate": 0.4,
            "seed": seed,
            "count": None,
        }
        sandbox.control("chaos", **plan)
        since = sandbox.control("state")["call"]
        for _ in range(30):
            sandbox.shopify("{ shop { name } }")
        return [call["chaos"] for call in sandbox.control(f"calls?since={since}")]

    first = run(1)
    assert run(1) == first
    assert run(2) != first
    assert set(first) == {"", "throttle", "error500"}


def test_chaos_hits_one_channel_until_it_is_switched_off(sandbox: Sandbox) -> None:
    at_once(sandbox)
    sandbox.control("chaos", channel="shopify", mode="error500", count=None)
    assert insert(sandbox, offer()).status == 200
    assert sandbox.shopify("{ shop { name } }").status == 500
    assert sandbox.control("state")["chaos"]["shopify"]["hits"] == 1
    sandbox.control("chaos", channel="shopify", mode="off")
    assert sandbox.shopify("{ shop { name } }").status == 200


def test_chaos_is_no_violation_and_stands_in_the_log(sandbox: Sandbox) -> None:
    sandbox.control("chaos", channel="shopify", mode="down")
    with pytest.raises(LOST):
        created(sandbox)
    [call] = sandbox.control("calls")
    assert (call["chaos"], call["effects"], call["status"]) == ("down", [], 0)
    assert sandbox.violations() == []


@pytest.mark.parametrize(
    "plan",
    [
        {"channel": "bazaar", "mode": "down"},
        {"channel": "amazon", "mode": "quota"},
        {"channel": "shopify", "mode": "sleepy"},
        {"channel": "shopify", "mode": "quota"},
        {"channel": "shopify", "mode": "down", "count": "many"},
        {"channel": "shopify", "mode": "down", "colour": "red"},
    ],
)
def test_a_wrong_plan_is_refused_with_a_reason(sandbox: Sandbox, plan: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="error"):
        sandbox.control("chaos", **plan)


@pytest.mark.parametrize("channel", ["shopify", "google", "amazon"])
def test_a_call_that_breaks_off_while_it_is_sent_is_none(sandbox: Sandbox, channel: str) -> None:
    """Its sender was killed: half a request is no request, and nobody's fault."""
    path = {
        "shopify": "/shopify/admin/api/2026-10/graphql.json",
        "google": "/google/products/v1/x",
        "amazon": "/amazon/x",
    }
    head = f"POST {path[channel]} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Shopify-Access-Token: sandbox-token\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.running.port)) as call:
        call.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n".encode() + b'{"query": "mut'
        )
        call.shutdown(socket.SHUT_WR)
        assert call.recv(100) == b""
    assert sandbox.control("calls") == []
    assert sandbox.violations() == []
