"""The discovery document as a wall, Google's error shape, tokens and quotas."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.channels.sandbox.account import US, at_once, error, get, insert, offer
from tests.channels.sandbox.fixtures import Sandbox


def price(amount: Any) -> dict[str, Any]:
    return {"price": {"amountMicros": amount, "currencyCode": "USD"}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (offer() | {"attributes": {}}, 'Unknown name "attributes"'),
        (offer(colour="red"), "Unknown name \"colour\" at 'productAttributes'"),
        (offer(title=5), "productAttributes.title"),
        (offer(gtins="9506000134352"), "productAttributes.gtins"),
        (offer(availability="in stock"), "TYPE_ENUM"),
        (offer(availability=99), "TYPE_ENUM"),
        (offer(**price("19.99")), "int64"),
        (offer(**price(str(2**63))), "int64"),
        (offer(availabilityDate="tomorrow"), "google-datetime"),
        (offer(adult="yes"), "productAttributes.adult"),
        (offer() | {"product": "accounts/1001/products/x"}, "output only"),
        (offer() | {"offerId": ""}, "offerId"),
        (offer("x" * 51), "offerId"),
        (offer() | {"feedLabel": "us"}, "feedLabel"),
        (offer() | {"contentLanguage": "english"}, "contentLanguage"),
        ([], "object"),
    ],
)
def test_an_illegal_body_is_refused_and_recorded(strict: Sandbox, body: Any, told: str) -> None:
    answer = insert(strict, body)
    assert error(answer) == (400, "INVALID_ARGUMENT")
    assert told in answer.json["error"]["message"]
    [violation] = strict.violations("google")
    assert told in violation["reason"]
    assert strict.state("google")["inputs"] == 0


def test_enums_are_taken_as_names_and_as_numbers(sandbox: Sandbox) -> None:
    at_once(sandbox)
    assert insert(sandbox, offer(availability=2, **price(19990000))).json["productAttributes"]["availability"] == (
        "OUT_OF_STOCK"
    )
    held = get(sandbox).json["productAttributes"]
    assert (held["availability"], held["price"]["amountMicros"]) == ("OUT_OF_STOCK", "19990000")


@pytest.mark.parametrize("query", [{}, {"dataSource": "2001"}, {"dataSource": US, "color": "red"}])
def test_a_wrong_query_is_refused_and_recorded(strict: Sandbox, query: dict[str, str]) -> None:
    assert error(strict.google("POST", "productInputs:insert", offer(), **query)) == (400, "INVALID_ARGUMENT")
    assert len(strict.violations("google")) == 1


def test_googles_own_client_library_may_ask_for_numbers(sandbox: Sandbox) -> None:
    query = {"dataSource": US, "$alt": "json;enum-encoding=int"}
    assert sandbox.google("POST", "productInputs:insert", offer(), **query).status == 200


@pytest.mark.parametrize("mask", ["*", "productAttributes", "productAttributes.price.amountMicros", "offerId"])
def test_a_mask_names_top_level_attributes_only(strict: Sandbox, mask: str) -> None:
    insert(strict, offer())
    body = {"productAttributes": {"title": "B"}}
    answer = strict.google("PATCH", "productInputs/en~US~TEE-S", body, dataSource=US, updateMask=mask)
    assert error(answer) == (400, "INVALID_ARGUMENT")
    assert len(strict.violations()) == 1


def test_a_version_in_a_patch_is_a_violation(strict: Sandbox) -> None:
    insert(strict, offer())
    answer = strict.google("PATCH", "productInputs/en~US~TEE-S", {"versionNumber": "3"}, dataSource=US)
    assert error(answer) == (400, "INVALID_ARGUMENT")
    assert len(strict.violations()) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "productInputs/en~US~TEE-S"), ("PUT", "products/en~US~TEE-S"), ("GET", "offers")],
)
def test_methods_that_do_not_exist_are_violations(strict: Sandbox, method: str, path: str) -> None:
    assert error(strict.google(method, path)) == (404, "NOT_FOUND")
    assert len(strict.violations()) == 1


def test_another_account_is_forbidden(sandbox: Sandbox) -> None:
    answer = sandbox.call(
        "GET", "/google/products/v1/accounts/9/products", headers={"Authorization": "Bearer sandbox-token"}
    )
    assert error(answer) == (403, "PERMISSION_DENIED")


def test_the_error_body_is_googles(sandbox: Sandbox) -> None:
    answer = sandbox.google("GET", "products", token="wrong")
    assert error(answer) == (401, "UNAUTHENTICATED")
    [detail] = answer.json["error"]["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert detail["domain"] == "merchantapi.googleapis.com"


def test_the_quota_per_minute_is_enforced_when_switched_on(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="google", requests_per_minute=2)
    statuses = [insert(sandbox, offer(f"SKU-{n}")).status for n in range(3)]
    assert statuses == [200, 200, 429]
    answer = sandbox.google("GET", "products")
    assert answer.json["error"]["details"][0]["reason"] == "quota/request_rate_too_high"
    assert sandbox.state("google")["inputs"] == 2


# ---- tokens --------------------------------------------------------------------------------------

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def assertion(**claims: Any) -> str:
    held = {
        "iss": "hub@project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/content",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
    } | claims
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, held)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in [*parts, b"signature"])


def ask(sandbox: Sandbox, **form: str) -> Any:
    return sandbox.call("POST", "/google/token", urlencode(form).encode(), FORM)


def test_a_token_is_given_for_an_assertion_and_works_until_it_expires(sandbox: Sandbox) -> None:
    given = ask(sandbox, grant_type=GRANT, assertion=assertion()).json
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3599)
    assert sandbox.google("GET", "products", token=given["access_token"]).status == 200
    sandbox.control("settings", channel="google", token_ttl=0)
    stale = ask(sandbox, grant_type=GRANT, assertion=assertion()).json["access_token"]
    assert sandbox.google("GET", "products", token=stale).status == 401


@pytest.mark.parametrize("claims", [{"scope": "email"}, {"exp": 1}, {"iss": ""}])
def test_a_wrong_assertion_is_an_invalid_grant(sandbox: Sandbox, claims: dict[str, Any]) -> None:
    answer = ask(sandbox, grant_type=GRANT, assertion=assertion(**claims))
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_another_grant_is_a_violation(strict: Sandbox) -> None:
    assert ask(strict, grant_type="password").status == 400
    assert len(strict.violations("google")) == 1


def test_shopify_gives_a_token_for_client_credentials(sandbox: Sandbox) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }
    path = "/shopify/admin/oauth/access_token"
    given = sandbox.call("POST", path, urlencode(form).encode(), FORM).json
    assert given["expires_in"] == 86399
    assert sandbox.shopify("{ shop { name } }", token=given["access_token"]).status == 200
    wrong = urlencode(form | {"client_secret": "x"}).encode()
    assert sandbox.call("POST", path, wrong, FORM).status == 401
