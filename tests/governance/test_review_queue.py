"""The inbox: skip, take back within seconds, many at once after a sample, and where reviews pile up."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import AttributeGroup, Product
from channels.demo.shop import ensure_channels
from channels.models import Channel, Placement
from governance.models import ApprovalPolicy, Embargo, ReviewStep, Revision, SalePolicy, Standing
from governance.workflow.base import Refused
from governance.workflow.second_thoughts import take_back
from pimhub.foundation import panels
from tests.world import World


@pytest.fixture
def rafael(world: World, client: Client) -> Client:
    client.force_login(world.people["rafael"])
    return client


def submitted(world: World, *codes: str) -> list[Product]:
    found = [world.product(code) for code in codes]
    for product in found:
        world.verb("submit", product, "mara")
    return found


def hash_of(product: Product) -> str:
    return Standing.objects.get(product=product).content_hash


def decide(client: Client, product: Product, decision: str, **more: str) -> str:
    sent = {"decision": decision, "content_hash": hash_of(product), **more}
    return client.post(f"/review/{product.pk}/", sent, follow=True).content.decode()


def test_a_decision_is_taken_back_before_anything_is_shown(world: World, rafael: Client) -> None:
    tee, hat = submitted(world, "tee", "hat")
    world.verb("assign", tee, "mara", to=world.people["rafael"], due_at=timezone.now() + dt.timedelta(days=2))
    before = Standing.objects.get(product=tee)
    page = decide(rafael, tee, "approve")
    assert "tee is approved as revision 1." in page
    assert "Take back (Z)" in page  # on the next one
    assert Embargo.objects.filter(product=tee, shown=None).exists()
    assert rafael.post(f"/review/{tee.pk}/undo/").status_code == 302
    after = Standing.objects.get(product=tee)
    assert (after.state, after.live, after.requested_by) == ("in_review", None, before.requested_by)
    assert (after.assigned_to, after.due_at) == (before.assigned_to, before.due_at)
    assert "Take back (Z)" not in rafael.get(f"/review/{hat.pk}/").content.decode()


def test_a_taken_back_revision_is_never_live_again(world: World, rafael: Client) -> None:
    (tee,) = submitted(world, "tee")
    decide(rafael, tee, "approve")
    rafael.post(f"/review/{tee.pk}/undo/")
    decide(rafael, tee, "approve")
    assert Revision.objects.filter(product=tee).count() == 2
    with pytest.raises(Refused, match="taken back at once"):
        world.verb("make_live", tee, "rafael", number=1, comment="back")


def test_changes_that_were_asked_for_too(world: World, rafael: Client) -> None:
    (tee,) = submitted(world, "tee")
    decide(rafael, tee, "request_changes", comment="Not so.")
    assert Standing.objects.get(product=tee).state == "changes_requested"
    rafael.post(f"/review/{tee.pk}/undo/")
    assert Standing.objects.get(product=tee).state == "in_review"


def test_it_is_too_late_after_ten_seconds_and_never_somebody_elses(world: World) -> None:
    (tee,) = submitted(world, "tee")
    world.verb("approve", tee, "rafael", content_hash=hash_of(tee))
    with pytest.raises(Refused, match="not yours"):
        take_back(product=tee, user=world.people["ada"])
    ReviewStep.objects.update(created_at=timezone.now() - dt.timedelta(seconds=11))
    with pytest.raises(Refused, match="too late"):
        take_back(product=tee, user=world.people["rafael"])


def test_what_is_skipped_does_not_come_up_again(world: World, rafael: Client) -> None:
    tee, hat = submitted(world, "tee", "hat")
    page = decide(rafael, tee, "skip")
    assert "<title>Review hat" in page
    assert Standing.objects.get(product=tee).state == "in_review"
    listed = decide(rafael, hat, "approve")
    assert "skipped" in listed  # back on the list, nothing else is left
    assert "1 waiting" in listed


def test_a_batch_wants_a_sample_to_be_opened(world: World, rafael: Client) -> None:
    products = submitted(world, *(f"p{n}" for n in range(11)))
    picked = {"pick": [f"{p.pk} {hash_of(p)}" for p in products]}
    answer = rafael.post("/review/batch/", picked, follow=True).content.decode()
    assert "Open 2 more of these 11 and look at them first." in answer
    for product in products[:2]:
        rafael.get(f"/review/{product.pk}/")
    world.change("p0", values={"brand": "Bolt"})  # what was opened is not what is there any more
    assert "Open 1 more" in rafael.post("/review/batch/", picked, follow=True).content.decode()
    rafael.get(f"/review/{products[2].pk}/")
    answer = rafael.post("/review/batch/", picked, follow=True).content.decode()
    assert "10 products are approved." in answer
    assert "1 were not approved. p0: The product was edited after you opened it." in answer
    assert Revision.objects.count() == 10


def test_a_batch_obeys_policies(world: World, rafael: Client) -> None:
    (tee,) = submitted(world, "tee")
    ApprovalPolicy.objects.create(code="one", group=AttributeGroup.objects.get(code="general"), item_by_item=True)
    rafael.get(f"/review/{tee.pk}/")
    answer = rafael.post("/review/batch/", {"pick": [f"{tee.pk} {hash_of(tee)}"]}, follow=True).content.decode()
    assert "Policy one wants each value looked at by itself" in answer
    assert not Revision.objects.exists()


def test_the_queue_is_narrowed_sorted_and_shows_where_it_piles_up(world: World, rafael: Client) -> None:
    tee, hat = submitted(world, "tee", "hat")
    world.verb("assign", hat, "mara", to=world.people["rafael"])
    page = rafael.get("/review/?q=hat&sort=code").content.decode()
    assert f"/review/{hat.pk}/?q=hat&amp;sort=code" in page
    assert f"/review/{tee.pk}/" not in page
    assert "nobody in particular" in rafael.get("/review/").content.decode()
    assert f"/review/{tee.pk}/" not in rafael.get("/review/?whose=mine").content.decode()
    assert "Nothing waits" in rafael.get("/review/?family=nothing").content.decode()


def test_it_is_narrowed_by_channel_and_by_reviewer(world: World, rafael: Client) -> None:
    ensure_channels()
    tee, _ = submitted(world, "tee", "hat")
    shopify = Channel.objects.get(code="shopify")
    shopify.selection = {"filter": [{"field": "code", "op": "=", "value": "hat"}]}
    shopify.save()

    def codes(**asked: str) -> set[str]:
        rows = rafael.get("/review/", asked).context["rows"]
        return {row.product.code for row in rows}

    assert codes() == {"tee", "hat"}
    assert codes(channel="shopify") == {"hat"}
    Placement.objects.create(channel=shopify, product=tee, due_at=timezone.now())
    assert codes(channel="shopify") == {"tee", "hat"}  # it is there already
    Placement.objects.update(selected=False)
    assert codes(channel="shopify") == {"hat"}
    assert codes(channel="nowhere") == set()
    world.verb("assign", tee, "mara", to=world.people["ada"])
    assert codes(**{"for": "ada"}) == {"tee"}
    page = rafael.get("/review/").content.decode()
    assert '<option value="shopify">' in page
    piles = rafael.get("/review/").context["piles"]
    assert {(p["kind"], p["n"]) for p in piles if p["name"] == shopify.label} == {("Channel", 1)}


def test_it_is_sorted_by_risk_and_by_launch(world: World, rafael: Client) -> None:
    old, tee, hat = (world.product(code) for code in ("old", "tee", "hat"))
    world.approve(old)
    world.change("old", values={"brand": "Bolt"})
    for product in (old, tee, hat):
        world.verb("submit", product, "mara")

    def codes(sort: str) -> list[str]:
        return [row.product.code for row in rafael.get("/review/", {"sort": sort}).context["rows"]]

    assert codes("risk") == ["tee", "hat", "old"]
    ApprovalPolicy.objects.create(code="toys", family=old.family, item_by_item=True)
    assert codes("risk")[0] == "old"  # all of its family are looked at value by value; it waits longest
    soon = timezone.now() + dt.timedelta(days=3)
    world.verb("hold_back", hat, "rafael", until=soon)
    assert codes("launch")[0] == "hat"
    world.verb("hold_back", tee, "rafael", until=soon - dt.timedelta(days=1))
    assert codes("launch") == ["tee", "hat", "old"]


def test_the_menu_says_how_much_waits(world: World, rafael: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown() -> dict[str, int | str | None]:
        return {each["label"]: each["count"] for each in rafael.get("/products/").context["nav"]}

    assert shown()["Review"] == 0
    submitted(world, "tee", "hat")
    assert shown()["Review"] == 2
    assert "Sales" not in shown()  # no policy asks for them
    monkeypatch.setattr(panels, "MOST", 1)
    assert shown()["Review"] == "1+"
    SalePolicy.objects.create(code="all")
    assert shown()["Sales"] == 0
