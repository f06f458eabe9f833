"""The same call twice has one effect and one answer."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from catalog.access import tokens
from catalog.api import idempotency
from catalog.models import ApiToken, IdempotentCall, JournalEntry, Product
from tests.catalog.api.conftest import Api
from tests.catalog.api.test_products import MUG
from tests.world import World


def test_a_repeated_call_gets_the_answer_of_the_first(api: Api) -> None:
    first = api.post("products/", MUG, Idempotency_Key="k1")
    again = api.post("products/", MUG, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again.headers["Location"], again.headers["ETag"]) == (first.headers["Location"], first.headers["ETag"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert JournalEntry.objects.filter(sku="").count() == 1


def test_a_refusal_is_repeated_as_well(api: Api) -> None:
    bad = MUG | {"family": "none"}
    first = api.post("products/", bad, Idempotency_Key="k1")
    again = api.post("products/", bad, Idempotency_Key="k1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["Content-Type"] == "application/problem+json"


def test_another_call_with_the_key_is_a_conflict(api: Api) -> None:
    api.post("products/", MUG, Idempotency_Key="k1")
    for answer in (
        api.post("products/", MUG | {"code": "jug"}, Idempotency_Key="k1"),
        api.patch("products/mug/", MUG, Idempotency_Key="k1"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_mismatch")
    assert Product.objects.count() == 1


def test_keys_are_each_persons_own(api: Api) -> None:
    api.post("products/", MUG, Idempotency_Key="k1")
    other = api.of("ada").post("products/", MUG | {"code": "jug", "variants": [{"sku": "jug"}]}, Idempotency_Key="k1")
    assert other.status_code == 201


def test_while_the_first_is_under_way_the_second_waits(api: Api) -> None:
    api.post("products/", MUG, Idempotency_Key="k1")
    IdempotentCall.objects.update(status=None, lease_until=timezone.now() + dt.timedelta(minutes=1))
    busy = api.post("products/", MUG, Idempotency_Key="k1")
    assert (busy.status_code, busy.json()["code"], busy.headers["Retry-After"]) == (409, "idempotency_busy", "1")
    # One whose worker died is taken over.
    IdempotentCall.objects.update(lease_until=timezone.now())
    Product.objects.all().delete()
    assert api.post("products/", MUG, Idempotency_Key="k1").status_code == 201


def test_a_fault_is_not_kept(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from catalog.api import products

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(products, "write_product", broken)
        with pytest.raises(RuntimeError):
            api.post("products/", MUG, Idempotency_Key="k1")
    assert api.post("products/", MUG, Idempotency_Key="k1").status_code == 201


def test_a_bulk_call_is_answered_again_line_by_line(api: Api) -> None:
    lines = [MUG, {"code": "bad"}]
    first = api.bulk("products/", lines, Idempotency_Key="k1")
    assert api.bulk("products/", lines, Idempotency_Key="k1") == first
    assert [r["status"] for r in first] == [201, 422]
    assert api.send("products/", [MUG], Idempotency_Key="k1").status_code == 409


def test_a_secret_is_not_kept(api: Api) -> None:
    body = {"name": "shop", "scopes": ["read"]}
    text = api.post("tokens/", body, Idempotency_Key="k1").json()["token"]
    again = api.post("tokens/", body, Idempotency_Key="k1")
    assert (again.status_code, again.json()["code"]) == (409, "shown_once")
    assert ApiToken.objects.filter(name="shop").count() == 1
    assert not any(text.encode() in bytes(call.body) for call in IdempotentCall.objects.all())


def test_keys_are_forgotten_after_a_day(api: Api) -> None:
    api.post("products/", MUG, Idempotency_Key="k1")
    IdempotentCall.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    assert idempotency.forget_old() == 1


def test_a_key_has_a_form(api: Api) -> None:
    answer = api.post("products/", MUG, Idempotency_Key="x" * 256)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_a_body_too_large_to_be_compared_is_refused_in_words(api: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = api.post("products/", MUG | {"values": {"brand": "x" * 200}}, Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_who_proves_only_now_who_they_are_needs_no_key(world: World) -> None:
    """Clients that send a key with every POST send it to the token endpoint too."""
    token, text = tokens.create(user=world.people["mara"], name="shop", scopes_wanted=["read"])
    form = urlencode({"grant_type": "client_credentials", "client_id": f"pim_{token.prefix}", "client_secret": text})
    for _ in range(2):
        answer = Api(world).call(
            "POST", "oauth/token/", form, kind="application/x-www-form-urlencoded", Idempotency_Key="k1"
        )
        assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")
    assert not IdempotentCall.objects.exists()
