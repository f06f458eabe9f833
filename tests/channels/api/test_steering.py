"""What waits for a person on a channel, and what people decide there, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from catalog.models import SavedView, User
from catalog.products.changes import ProductChange, VariantChange
from channels.models import Channel, Drift, Hold, Match, Pin, Publication, RemoteLink, Rollout
from channels.publishing.rollout import advance
from channels.reconcile.look import look
from governance.models import AuditEntry, Proposal
from tests.catalog.api.conftest import Api
from tests.channels.publishing.shop import Shop
from tests.channels.sandbox import shop as remote
from tests.world import World

HERE = "channels/shopify/"


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    return shop


@pytest.fixture
def minder(shopify: Shop) -> Api:
    people = {u.username: u for u in User.objects.all()}
    return Api(World(people)).of("channelmanager", "channels:write")


@pytest.fixture
def reader(shopify: Shop) -> Api:
    people = {u.username: u for u in User.objects.all()}
    return Api(World(people)).of("channelmanager", "channels:read")


def results(api: Api, where: str) -> list[dict[str, Any]]:
    answer = api.get(HERE + where)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def shrink(shop: Shop) -> None:
    product = shop.live(sizes=("s", "m", "l"))
    shop.settle()
    gone = tuple(VariantChange(sku=sku, trashed=True) for sku in ("tee-m", "tee-l"))
    shop.write(ProductChange(code="tee", variants=gone))
    shop.approve(product)
    shop.settle()


def test_a_held_change_is_refused_and_another_one_confirmed(shopify: Shop, minder: Api, reader: Api) -> None:
    shrink(shopify)
    [held] = results(minder, "holds/?kind=shrink")
    assert (held["product"], held["state"], held["decided"]) == ("tee", "open", None)
    assert reader.post(f"{HERE}holds/{held['id']}/confirm/", {}).json()["code"] == "missing_scope"
    assert minder.post(f"{HERE}holds/{held['id']}/reject/", {}).json()["state"] == "rejected"
    calls = Publication.objects.count()
    shopify.hurry()
    shopify.settle()
    # Nobody is asked again about the same, and it stays as it is there.
    assert (Hold.objects.count(), Publication.objects.count()) == (1, calls)
    assert results(minder, "holds/") == []
    assert minder.post(f"{HERE}holds/{held['id']}/confirm/", {}).status_code == 409
    assert AuditEntry.objects.filter(kind="hold.rejected", about="product:tee").exists()
    Channel.objects.filter(code="shopify").update(policy={"ask": {"price_percent": 20}})
    shopify.live("cap")
    shopify.settle()
    shopify.product("cap", price="25.00")
    shopify.settle()
    [held] = results(minder, "holds/?product=cap")
    assert held["kind"] == "price"
    assert minder.post(f"{HERE}holds/{held['id']}/confirm/", {}).json()["decided_by"] == "channelmanager"
    shopify.settle()
    assert {state for row, state in shopify.states().items() if row.startswith("cap")} == {"live"}
    assert minder.post(f"{HERE}holds/999999/confirm/", {}).status_code == 404
    assert minder.get(f"{HERE}holds/?state=lost").status_code == 400


def test_drift_gets_each_of_its_answers(shopify: Shop, minder: Api) -> None:
    shopify.live()
    shopify.settle()
    gid = RemoteLink.objects.get(key="product").remote_id
    for field, value in (("title", "Theirs"), ("vendor", "Acme Ltd"), ("productType", "Shirts")):
        shopify.sandbox.control("edit", channel="shopify", product=gid, field=field, value=value)
    assert minder.post(f"{HERE}drift/look/", {}).json() == {"products": 1}
    look(seconds=5)
    found = {row["path"]: row for row in results(minder, "drift/")}
    assert (found["/title"]["ours"], found["/title"]["theirs"]) == ("Tee shirt", "Theirs")

    def answer(path: str, what: str) -> Any:
        return minder.post(f"{HERE}drift/answer/", {"ids": [found[path]["id"]], "answer": what})

    assert answer("/vendor", "propose").json() == {"answered": 1, "proposals": 1}
    assert Proposal.objects.get().value == "Acme Ltd"
    assert answer("/vendor", "keep").status_code == 409
    assert answer("/title", "leave").json() == {"answered": 1, "proposals": 0}
    assert answer("/title", "take_back").status_code == 200
    shopify.settle()
    assert remote_title(shopify, gid) == "Tee shirt"
    assert answer("/title", "guess").json()["code"] == "bad_answer"
    assert minder.post(f"{HERE}drift/answer/", {"ids": [999999], "answer": "keep"}).status_code == 404
    assert minder.post(f"{HERE}drift/answer/", {"ids": [], "answer": "keep"}).json()["code"] == "bad_ids"
    assert Drift.objects.filter(state="kept").count() == 1


def remote_title(shop: Shop, gid: str) -> str:
    held = remote.read(shop.sandbox, gid)
    assert held is not None
    return str(held["title"])


def test_what_the_shop_has_already_is_answered(shopify: Shop, minder: Api) -> None:
    theirs = remote.created(
        shopify.sandbox,
        {
            "title": "Made by hand",
            "productOptions": [{"name": "Color", "values": [{"name": "S"}]}],
            "variants": [{"sku": "tee-s", "price": "18", "optionValues": [{"optionName": "Color", "name": "S"}]}],
        },
    )
    shopify.live(sizes=("s",))
    shopify.settle()
    [match] = results(minder, "matches/?sku=tee-s")
    assert [each["title"] for each in match["found"]] == ["Made by hand"]
    where = f"{HERE}matches/{match['id']}/answer/"
    assert minder.post(where, {"answer": "take", "which": "another"}).status_code == 409
    assert minder.post(where, {"answer": "take", "which": theirs["id"]}).json()["state"] == "taken"
    assert minder.post(where, {"answer": "leave"}).status_code == 409
    shopify.settle()
    assert Match.objects.get().state == "taken"
    assert "/title" in [row["path"] for row in results(minder, "drift/")]


def test_a_rollout_is_previewed_begun_stopped_and_taken_back(shopify: Shop, minder: Api) -> None:
    Channel.objects.filter(code="shopify").update(sends=False)
    for code in ("cap", "tee"):
        shopify.live(code, sizes=("s",))
    shopify.settle()
    user = shopify.user("channelmanager")
    view = SavedView.objects.create(name="Caps", user=user, filter=[{"field": "code", "op": "=", "value": "cap"}])
    assert minder.post(f"{HERE}rollouts/preview/", {"view": view.pk}).json() == {"adds": 1, "removes": 0}
    assert minder.post(f"{HERE}rollouts/preview/", {"view": 999999}).json()["code"] == "bad_view"
    begun = minder.post(f"{HERE}rollouts/", {"canary": 1}).json()
    assert (begun["state"], begun["adds"], begun["by"]) == ("canary", 2, "channelmanager")
    assert minder.post(f"{HERE}rollouts/", {"canary": 1}).status_code == 409
    where = f"{HERE}rollouts/{begun['id']}/"
    assert minder.post(where, {"do": "stop"}).json()["state"] == "stopped"
    shopify.settle()
    advance(begun["id"])
    live = [row for row, state in shopify.states().items() if state == "live"]
    assert live == ["cap/", "cap/cap-s"]  # what was on its way came; no wave followed
    assert minder.post(where, {"do": "stop"}).status_code == 409
    assert minder.post(where, {"do": "go_on"}).json()["state"] == "rest"
    shopify.settle()
    assert set(shopify.states().values()) == {"live"}
    assert minder.post(where, {"do": "take_back"}).json()["state"] == "taken_back"
    assert [row["state"] for row in results(minder, "rollouts/")] == ["taken_back"]
    assert Rollout.objects.count() == 1


def test_a_channel_is_put_back_and_let_go(shopify: Shop, minder: Api) -> None:
    product = shopify.live()
    shopify.settle()
    at = timezone.now()
    shopify.product(**{"name@en_US": "Wrong"})
    shopify.approve(product)
    shopify.settle()
    asked = {"at": at.isoformat(), "products": ["tee-s"]}
    plan = minder.post(f"{HERE}pins/preview/", asked).json()
    assert (plan["total"], plan["counts"], plan["lines"][0]["facets"]) == (1, {"changes": 1}, ["content"])
    assert Pin.objects.count() == 0
    assert minder.post(f"{HERE}pins/", asked).json()["code"] == "reason_missing"
    assert minder.post(f"{HERE}pins/", {**asked, "reason": "a bad import"}).json() == {"products": 1}
    shopify.settle()
    assert remote_title(shopify, RemoteLink.objects.get(key="product").remote_id) == "Tee shirt"
    assert [(p["product"], p["reason"]) for p in results(minder, "pins/")] == [("tee", "a bad import")]
    assert minder.post(f"{HERE}pins/release/", {}).json()["code"] == "name_them"
    assert minder.post(f"{HERE}pins/release/", {"products": ["tee"]}).json() == {"products": 1}
    assert Pin.objects.count() == 0
    late = {"at": "2126-01-01T00:00:00Z"}
    assert "has passed" in minder.post(f"{HERE}pins/preview/", late).json()["detail"]
    assert minder.post(f"{HERE}pins/preview/", {**asked, "products": ["nothing"]}).status_code == 422


def test_every_call_is_found_by_sku(shopify: Shop, minder: Api) -> None:
    shopify.live()
    shopify.live("cap")
    shopify.settle()
    found = results(minder, "calls/?q=tee-s")
    assert {row["product"] for row in found} == {"tee"}
    assert {"find", "productSet", "read"} <= {row["operation"] for row in found}
    [one] = results(minder, f"calls/?q={found[0]['request_id']}") if found[0]["request_id"] else [found[0]]
    assert one["id"] == found[0]["id"]
    assert results(minder, "calls/?verdict=throttled") == []
    assert all(row["operation"] == "read" for row in results(minder, "calls/?operation=read"))
