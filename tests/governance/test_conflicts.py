"""What becomes of values that somebody writes who does not own them: refused, proposed, or held for a time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import Attribute, ExternalSystem, User
from catalog.products.changes import ProductChange
from catalog.products.write import WriteResult, write_products
from governance import proposals
from governance.models import AuditEntry, Override, OwnershipRule, Proposal
from governance.ownership.overrides import end_due
from tests.catalog.api.conftest import Api
from tests.world import World


def rule(otherwise: str, attribute: str = "brand", **more: Any) -> OwnershipRule:
    erp, _ = ExternalSystem.objects.get_or_create(code="erp", defaults={"label": "the ERP"})
    about = {"attribute": Attribute.objects.get(code=attribute), "owner": erp, "otherwise": otherwise}
    return OwnershipRule.objects.create(code=f"{attribute}s", **about | more)


@pytest.fixture
def shop(world: World) -> World:
    world.product()
    return world


def write(world: World, system: str = "", by: str = "ada", **values: Any) -> WriteResult:
    with acting(user=world.people[by], source="api", system=system, reason="a reason"):
        (result,) = write_products([ProductChange(code="tee", values=values)])
    return result


def brand(world: World) -> Any:
    return world.flat()[""].get("brand")


# ---- proposed ----


def test_it_becomes_a_proposal_and_the_rest_is_written(shop: World) -> None:
    rule("propose")
    result = write(shop, brand="Bolt", product_type="Shirts")
    assert (result.status, [e.code for e in result.dropped]) == ("updated", ["proposed"])
    assert (brand(shop), shop.flat()[""]["product_type"]) == ("Acme", "Shirts")
    (row,) = Proposal.objects.all()
    assert (row.key, row.base, row.value, row.proposed_by, row.reason) == (
        "brand",
        "Acme",
        "Bolt",
        shop.people["ada"],
        "a reason",
    )
    assert write(shop, brand="Crow").status == "unchanged"  # nothing else was asked for
    assert Proposal.objects.get(state="open").value == "Crow"
    assert write(shop, "erp", brand="Delta").status == "updated"
    assert brand(shop) == "Delta"


def test_a_dry_run_proposes_nothing(shop: World) -> None:
    rule("propose")
    with acting(user=shop.people["ada"], source="api"):
        (result,) = write_products([ProductChange(code="tee", values={"brand": "Bolt"})], dry_run=True)
    assert [e.code for e in result.dropped] == ["proposed"]
    assert not Proposal.objects.exists()


def test_who_speaks_for_the_owner_accepts(shop: World) -> None:
    rule("propose")
    write(shop, brand="Bolt", by="mara")
    row = Proposal.objects.get()
    mara = shop.people["mara"]
    with acting(user=mara, source="page"), pytest.raises(proposals.CannotDecide, match="It belongs to the ERP"):
        proposals.accept(proposal=row, user=mara)
    with acting(user=shop.people["ada"], source="page"):
        proposals.accept(proposal=row, user=shop.people["ada"])
    assert brand(shop) == "Bolt"
    assert Proposal.objects.get().state == "accepted"


def test_the_editor_and_the_api_say_that_it_was_proposed(shop: World, client: Client) -> None:
    rule("propose")
    answer = Api(shop).of("ada").patch("products/tee/", {"values": {"brand": "Bolt"}})
    assert answer.status_code == 200
    assert answer.json()["left_out"][0]["code"] == "proposed"
    client.force_login(shop.people["mara"])
    page = client.get("/products/tee/").content.decode()
    assert "it becomes a proposal, for them to decide" in page
    answer = client.post("/products/tee/", {"value:brand": "Crow", "base:brand": "Acme"}, follow=True)
    assert "Brand: It belongs to the ERP" in answer.content.decode()
    assert set(Proposal.objects.values_list("value", flat=True)) == {"Bolt", "Crow"}


# ---- held for a time ----


def test_it_holds_and_the_owners_value_comes_back(shop: World) -> None:
    rule("override", override_days=3)
    assert write(shop, brand="Bolt").status == "updated"
    layer = Override.objects.get()
    assert (layer.pair, layer.set_by, layer.reason) == (["Acme", "Bolt"], shop.people["ada"], "a reason")
    assert dt.timedelta(days=2) < layer.until - timezone.now() < dt.timedelta(days=4)
    waits = write(shop, "erp", brand="Delta")  # the owner goes on writing
    assert [e.code for e in waits.dropped] == ["overridden"]
    assert (brand(shop), Override.objects.get().pair) == ("Bolt", ["Delta", "Bolt"])
    assert end_due() == 0
    Override.objects.update(until=timezone.now() - dt.timedelta(seconds=1))
    assert end_due() == 1
    assert brand(shop) == "Delta"
    assert not Override.objects.exists()
    assert set(AuditEntry.objects.filter(kind__startswith="override").values_list("kind", flat=True)) == {
        "override.set",
        "override.ended",
    }


def test_saying_what_the_owner_says_ends_it(shop: World) -> None:
    rule("override")
    write(shop, brand="Bolt")
    write(shop, brand="Crow")
    assert Override.objects.get().pair == ["Acme", "Crow"]
    write(shop, brand="Acme")
    assert not Override.objects.exists()
    write(shop, brand="Bolt")
    write(shop, "erp", brand="Bolt")
    assert brand(shop) == "Bolt"


def test_an_owner_that_comes_to_the_same_ends_it(shop: World) -> None:
    rule("override")
    write(shop, brand="Bolt")
    write(shop, "erp", brand="Crow")
    assert write(shop, "erp", brand="Bolt").status == "unchanged"
    assert not Override.objects.exists()
    assert brand(shop) == "Bolt"


def test_a_value_without_a_base_goes_away_again(shop: World) -> None:
    rule("override", "product_type")
    write(shop, product_type="Shirts")
    Override.objects.update(until=timezone.now())
    end_due()
    assert "product_type" not in shop.flat()[""]


def test_the_page_shows_the_layer_and_ends_it(shop: World, client: Client) -> None:
    rule("override")
    write(shop, brand="Bolt")
    client.force_login(shop.people["mara"])
    page = client.get("/products/tee/").content.decode()
    assert "Values over their owner" in page
    layer = Override.objects.get()
    assert client.post(f"/overrides/{layer.pk}/end/").status_code == 302
    assert brand(shop) == "Acme"


def test_conflicts_are_listed_counted_and_given_to_somebody(shop: World, client: Client) -> None:
    rule("propose")
    write(shop, brand="Bolt", by="mara")
    shop.people["rafael"].user_permissions.add(Permission.objects.get(codename="change_product"))
    row = Proposal.objects.get()
    client.force_login(shop.people["ada"])
    given = client.post(f"/proposals/{row.pk}/", {"do": "assign", "to": shop.people["rafael"].pk})
    assert given.status_code == 302
    assert Proposal.objects.get().assigned_to == User.objects.get(username="rafael")
    assert "for rafael" in client.get("/proposals/").content.decode()
    assert "Bolt" not in client.get("/proposals/?whose=mine").content.decode()
    told = Api(shop).of("ada").get("overrides/").json()
    assert told["results"] == []
