"""Proposed values: from anybody, written by who may, never over what came later."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.change_sets import acting
from catalog.models import Attribute, ExternalSystem, JournalEntry
from governance import proposals
from governance.models import OwnershipRule, Proposal, Standing
from governance.workflow.base import Refused
from tests.catalog.api.conftest import Api
from tests.world import World


def propose(world: World, by: str = "rafael", **values: Any) -> list[Proposal]:
    with acting(user=world.people[by], source="page"):
        product = world.product() if not Standing.objects.exists() else Standing.objects.get().product
        return proposals.propose(product=product, wanted={"": values}, reason="I know better")


def accept(world: World, proposal: Proposal, by: str = "mara", **how: Any) -> None:
    with acting(user=world.people[by], source="page"):
        proposals.accept(proposal=proposal, user=world.people[by], **how)


def test_who_may_not_write_proposes_and_who_may_takes_it(world: World) -> None:
    (made,) = propose(world, brand="Bolt")
    assert (made.base, made.value, made.state) == ("Acme", "Bolt", "open")
    assert world.flat()[""]["brand"] == "Acme"
    accept(world, made)
    made.refresh_from_db()
    assert (made.state, made.decided_by) == ("accepted", world.people["mara"])
    assert world.flat()[""]["brand"] == "Bolt"
    entry = JournalEntry.objects.latest("pk")
    assert (entry.change_set_id, entry.change_set.user) == (made.change_set_id, world.people["mara"])
    with pytest.raises(proposals.CannotDecide, match="already"):
        accept(world, made)


def test_a_value_that_changed_since_is_not_written_over(world: World) -> None:
    (made,) = propose(world, brand="Bolt")
    world.change(values={"brand": "Crow"})
    with pytest.raises(proposals.CannotDecide) as refused:
        accept(world, made)
    assert (refused.value.code, refused.value.status) == ("overtaken", 409)
    assert world.flat()[""]["brand"] == "Crow"
    world.change(values={"brand": "Bolt"})  # somebody wrote just that: nothing is left to write
    accept(world, made)
    made.refresh_from_db()
    assert (made.state, made.change_set_id) == ("accepted", None)


def test_others_edits_of_other_values_do_not_matter(world: World) -> None:
    (made,) = propose(world, brand="Bolt")
    world.change(values={"name@en_US": "Shirt"})
    accept(world, made)
    assert (world.flat()[""]["brand"], world.flat()[""]["name@en_US"]) == ("Bolt", "Shirt")


def test_it_is_taken_with_another_value_or_turned_down(world: World) -> None:
    (made,) = propose(world, brand="bolt")
    accept(world, made, instead="Bolt", edited=True)
    assert world.flat()[""]["brand"] == "Bolt"
    (other,) = propose(world, brand="Crow")
    mara = world.people["mara"]
    with acting(user=mara, source="page"):
        with pytest.raises(proposals.CannotDecide, match="Say why"):
            proposals.reject(proposal=other, user=mara, why="")
        proposals.reject(proposal=other, user=mara, why="unproven", comment="Who says so?")
    other.refresh_from_db()
    assert (other.state, other.why, other.comment) == ("rejected", "unproven", "Who says so?")


def test_a_newer_one_replaces_ones_own_and_no_others(world: World) -> None:
    (first,) = propose(world, brand="Bolt")
    (theirs,) = propose(world, by="chiara", brand="Crow")
    propose(world, brand="Dove")
    states = dict(Proposal.objects.values_list("pk", "state"))
    assert (states[first.pk], states[theirs.pk]) == ("replaced", "open")


def test_what_cannot_be_is_refused_and_what_is_so_already_is_nothing(world: World) -> None:
    for values in ({"colour": "x"}, {"size": "huge"}, {"gtin": "4006381333931"}):
        with pytest.raises(proposals.CannotPropose):
            propose(world, **values)
    assert propose(world, brand="Acme") == []
    assert not Proposal.objects.exists()


def test_what_a_system_owns_can_be_proposed_and_the_system_takes_it(world: World) -> None:
    world.product()
    erp = ExternalSystem.objects.create(code="erp", label="the ERP")
    OwnershipRule.objects.create(code="brands", owner=erp, attribute=Attribute.objects.get(code="brand"))
    (made,) = propose(world, by="mara", brand="Bolt")
    with pytest.raises(proposals.CannotDecide) as refused:
        accept(world, made, by="mara")  # may change products, and not speak for the ERP
    assert (refused.value.code, refused.value.status) == ("owned", 403)
    client = Api(world).of("ada", system="erp")
    answer = client.post(f"proposals/{made.pk}/accept/")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    assert world.flat()[""]["brand"] == "Bolt"


def test_who_proposed_it_does_not_approve_it(world: World) -> None:
    product = world.product()
    world.approve(product)
    (made,) = propose(world, by="ada", brand="Bolt")
    accept(world, made, by="mara")
    world.verb("submit", product, "mara")
    seen = Standing.objects.get().content_hash
    with pytest.raises(Refused, match="somebody else"):
        world.verb("approve", product, "ada", content_hash=seen)
    world.verb("approve", product, "rafael", content_hash=seen)


def test_through_the_api(world: World) -> None:
    world.product()
    rafael, mara = Api(world).of("rafael"), Api(world).of("mara")
    body = {"values": {"brand": "Bolt"}, "variants": {"tee-s": {"mpn": "B-1"}}, "reason": "catalogue"}
    made = rafael.post("products/tee/proposals/", body)
    assert made.status_code == 201, made.json()
    ids = [p["id"] for p in made.json()["results"]]
    assert len(ids) == 2
    assert rafael.post(f"proposals/{ids[0]}/accept/").status_code == 403
    listed = mara.get("proposals/?state=open&product=tee").json()["results"]
    assert {p["key"] for p in listed} == {"brand", "mpn"}
    assert mara.post(f"proposals/{ids[0]}/accept/", {"value": "Bolt Ltd"}).json()["state"] == "accepted"
    assert mara.post(f"proposals/{ids[1]}/reject/", {"why": "wrong"}).json()["why"] == "wrong"
    assert mara.post(f"proposals/{ids[1]}/reject/", {"why": "wrong"}).status_code == 409
    assert mara.post("proposals/999/accept/").status_code == 404
    bad = rafael.post("products/tee/proposals/", {"values": {"colour": "x"}})
    assert (bad.status_code, bad.json()["errors"][0]["key"]) == (422, "colour")
    assert rafael.post("products/tee/proposals/", {"values": []}).status_code == 422


def test_on_pages(world: World, client: Client) -> None:
    world.product()
    client.force_login(world.people["rafael"])
    path = "/proposals/new/?product=tee&key=brand"
    assert b"Acme" in client.get(path).content
    assert client.post(path, {"value": "Acme"}).status_code == 422
    assert client.post(path, {"value": "Bolt", "reason": "seen on the box"}).status_code == 302
    page = client.get("/proposals/").content.decode()
    assert "seen on the box" in page
    assert "Take it" not in page
    made = Proposal.objects.get()
    assert client.post(f"/proposals/{made.pk}/", {"do": "accept"}).status_code == 403
    client.force_login(world.people["mara"])
    assert "1 proposed value" in client.get("/products/tee/").content.decode()
    assert client.post(f"/proposals/{made.pk}/", {"do": "accept"}).status_code == 302
    assert world.flat()[""]["brand"] == "Bolt"
    assert client.get("/proposals/new/?product=tee&key=none").status_code == 404
