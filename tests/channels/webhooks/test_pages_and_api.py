"""Webhooks by hand and by machine: made, changed, rotated, replayed; only by those who may; the secret once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from channels.models import Delivery, Subscription
from channels.webhooks import deliver
from governance.models import AuditEntry
from tests.catalog.api.conftest import Api
from tests.channels.webhooks.receiver import Receiver, fits
from tests.channels.webhooks.test_deliver import settle
from tests.test_reach import limited
from tests.world import World

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
def ada(world: World, client: Client) -> Client:
    client.force_login(world.people["ada"])
    return client


def make(client: Client, receiver: Receiver, **fields: Any) -> Any:
    return client.post("/webhooks/new/", {"name": "ERP", "url": f"{receiver.url}/in", **fields})


def test_a_person_makes_one_sees_the_secret_once_and_what_was_sent(
    world: World, ada: Client, receiver: Receiver
) -> None:
    page = make(ada, receiver, types="product.*, revision.live").content.decode()
    (secret,) = SECRET.findall(page)
    row = Subscription.objects.get()
    assert row.types == ["product.*", "revision.live"]
    where = f"/webhooks/{row.pk}/"
    assert not SECRET.search(ada.get(where).content.decode())
    world.product()
    settle()
    assert fits(secret, receiver.taken[0].headers, receiver.taken[0].body)
    page = ada.get(where).content.decode()
    assert "product.created" in page
    assert "204" in page
    assert receiver.taken[0].id in page
    assert receiver.taken[0].headers["webhook-signature"] not in page
    assert "ERP" in ada.get("/webhooks/").content.decode()


def test_every_button_does_what_it_says(world: World, ada: Client, receiver: Receiver) -> None:
    make(ada, receiver)
    row = Subscription.objects.get()
    where = f"/webhooks/{row.pk}/"

    def press(**fields: str) -> str:
        answer = ada.post(where, fields, follow=True)
        row.refresh_from_db()
        return str(answer.content.decode())

    assert "Paused." in press(do="pause")
    assert row.state == "paused"
    world.product()
    settle()
    assert receiver.taken == []
    press(do="resume")
    settle()
    assert receiver.numbers == [1]
    assert "from 0 to 1" in press(do="replay", after="99")
    press(do="replay", after="0")
    settle()
    assert receiver.numbers == [1, 1]
    press(do="test")
    settle()
    assert Delivery.objects.filter(type="webhook.test", status=204).count() == 1
    assert SECRET.search(press(do="rotate"))
    answer = ada.post(f"{where}edit/", {"name": "WMS", "url": "http://shop.example/x"})
    assert answer.status_code == 422
    assert "Only https" in answer.content.decode()
    assert ada.post(f"{where}edit/", {"name": "WMS", "url": f"{receiver.url}/new"}).status_code == 302
    row.refresh_from_db()
    assert row.name == "WMS"
    kinds = set(AuditEntry.objects.filter(about=f"webhook:{row.pk}").values_list("kind", flat=True))
    ada.post(where, {"do": "delete"})
    assert not Subscription.objects.exists()
    wanted = {"created", "paused", "resumed", "replayed", "tested", "rotated", "changed"}
    assert {f"webhook.{each}" for each in wanted} == kinds


def test_a_disabled_one_says_why_on_its_page(world: World, ada: Client, receiver: Receiver) -> None:
    make(ada, receiver)
    receiver.status = 410
    world.product()
    settle()
    page = ada.get(f"/webhooks/{Subscription.objects.get().pk}/").content.decode()
    assert "gone for good (410)" in page
    assert "Resume" in page


def test_the_api_does_the_same(world: World, receiver: Receiver) -> None:
    api = Api(world).of("ada", "webhooks:write")
    made = api.post("webhooks/", {"name": "ERP", "url": f"{receiver.url}/in", "after": 0})
    assert made.status_code == 201
    secret, path = made.json()["secret"], f"webhooks/{made.json()['id']}/"
    world.product()
    settle()
    assert fits(secret, receiver.taken[0].headers, receiver.taken[0].body)
    assert api.patch(path, {"paused": True}).json()["state"] == "paused"
    assert api.patch(path, {"paused": False, "types": ["product.*"]}).json()["state"] == "active"
    assert "secret" not in api.get(path).json()
    rotated = api.post(f"{path}rotate/", {"overlap": 0}).json()["secret"]
    assert rotated != secret
    assert api.post(f"{path}replay/", {"after": 0}).json()["behind"] == 1
    asked = api.post(f"{path}test/")
    assert (asked.status_code, asked.json()["status"]) == (202, None)
    settle()
    assert fits(rotated, receiver.taken[-1].headers, receiver.taken[-1].body)
    assert not fits(secret, receiver.taken[-1].headers, receiver.taken[-1].body)
    rows = api.get(f"{path}deliveries/").json()["results"]
    assert {row["status"] for row in rows} == {204}
    assert len(api.get(f"{path}deliveries/?number=1").json()["results"]) == 2
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("webhooks/", {"url": "https://x.example/"}, "name"),
        ("webhooks/", {"name": "x"}, "url"),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "adress": 1}, "adress"),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "types": "all"}, "types"),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "types": ["!"]}, "types"),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "families": ["no-such"]}, "families"),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "after": 10**15}, "after"),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "after": True}, "after"),
    ],
)
def test_a_wrong_field_is_named(path: str, body: Any, field: str, world: World) -> None:
    answer = Api(world).of("ada").post(path, body)
    assert answer.status_code == 422
    assert [error["key"] for error in answer.json()["errors"]] == [field]
    assert not Subscription.objects.exists()


def test_who_reaches_a_part_only_looks_after_their_own(world: World, receiver: Receiver) -> None:
    Api(world).of("ada").post("webhooks/", {"name": "ERP", "url": f"{receiver.url}/in"})
    theirs = Subscription.objects.get()
    world.people["lena"] = limited("lena", locale=["en_US"])
    assert Api(world).of("ada").get(f"webhooks/{theirs.pk}/").status_code == 200
    category = Api(world).of("lena")
    assert category.get("webhooks/").json()["results"] == []
    assert category.get(f"webhooks/{theirs.pk}/").status_code == 404
    assert category.post(f"webhooks/{theirs.pk}/replay/", {"after": 0}).status_code == 404
    assert Api(world).of("mara").get("webhooks/").status_code == 403


def test_the_log_is_kept_for_thirty_days(world: World, ada: Client, receiver: Receiver) -> None:
    make(ada, receiver)
    world.product()
    settle()
    old = Delivery.objects.get()
    Delivery.objects.update(created_at=old.created_at - deliver.KEPT)
    world.change("tee", values={"brand": "New"})
    settle()
    assert deliver.forget_old() == 1
    assert [row.number for row in Delivery.objects.all()] == [2]
