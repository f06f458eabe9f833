"""Builders for talking to the sandbox Merchant account in tests."""

from __future__ import annotations

from typing import Any

from tests.channels.sandbox.fixtures import Answer, Sandbox

US, DE, OTHER_US = (f"accounts/1001/dataSources/{number}" for number in (2001, 2002, 2003))


def offer(id: str = "TEE-S", version: int | None = None, **attributes: Any) -> dict[str, Any]:
    """An offer that Google approves; an attribute given as None is left out."""
    held = {
        "title": "Acme Tee, S",
        "description": "Soft.",
        "link": "https://shop.example.com/tee",
        "imageLink": "https://cdn.example.com/tee.jpg",
        "availability": "IN_STOCK",
        "price": {"amountMicros": "19990000", "currencyCode": "USD"},
        "brand": "Acme",
        "gtins": ["9506000134352"],
    } | attributes
    body: dict[str, Any] = {"offerId": id, "contentLanguage": "en", "feedLabel": "US"}
    body["productAttributes"] = {name: value for name, value in held.items() if value is not None}
    return body if version is None else body | {"versionNumber": str(version)}


def insert(sandbox: Sandbox, body: Any, source: str = US) -> Answer:
    return sandbox.google("POST", "productInputs:insert", body, dataSource=source)


def get(sandbox: Sandbox, name: str = "en~US~TEE-S") -> Answer:
    return sandbox.google("GET", f"products/{name}")


def at_once(sandbox: Sandbox) -> None:
    """Let reads see inserts without delay."""
    sandbox.control("settings", channel="google", visible_after=0)


def error(answer: Answer) -> tuple[int, str]:
    held = answer.json["error"]
    assert held["code"] == answer.status
    return held["code"], held["status"]
