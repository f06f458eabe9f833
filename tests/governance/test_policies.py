"""What an approval needs beyond one approver, and what needs nobody."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import Attribute, AttributeGroup, Category, ExternalSystem, Family, Product, User
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.write import write_products
from governance.models import ApprovalPolicy, AuditEntry, ReviewStep, Revision, Standing, Vote
from governance.revisions.read import flat, read
from governance.workflow.base import Refused
from tests.catalog.api.conftest import Api
from tests.world import World


def policy(code: str, *roles: str, **about: Any) -> ApprovalPolicy:
    for name, model in (("group", AttributeGroup), ("family", Family), ("category", Category)):
        if name in about:
            about[name] = model.objects.get(code=about[name])
    found = ApprovalPolicy.objects.create(code=code, **about)
    found.roles.set(Group.objects.filter(name__in=roles))
    return found


@pytest.fixture
def tee(world: World) -> Product:
    """Live as revision 1, with a change of the brand (general) and of the page's title (marketing) in review."""
    tee = world.product()
    world.approve(tee)
    world.change(values={"brand": "Bolt", "seo_title@en_US": "Buy Bolt"})
    world.verb("submit", tee, "mara")
    rita = User.objects.create_user("rita", password="rita-secret", first_name="Rita")
    rita.groups.add(Group.objects.get(name="reviewer"))
    world.people["rita"] = rita
    return tee


def approve(world: World, tee: Product, by: str, **given: Any) -> Revision | None:
    found: Revision | None = world.verb(
        "approve", tee, by, content_hash=Standing.objects.get(product=tee).content_hash, **given
    )
    return found


def live(tee: Product) -> dict[str, Any]:
    standing = Standing.objects.select_related("live").get(product=tee)
    assert standing.live
    return dict(flat(read(standing.live))[""])


def test_two_people_must_agree_and_no_one_twice(world: World, tee: Product) -> None:
    policy("claims", group="marketing", people=2)
    assert approve(world, tee, "rafael") is None
    assert approve(world, tee, "rafael") is None
    assert live(tee)["brand"] == "Acme"
    assert ReviewStep.objects.filter(verb="agree").count() == 2
    revision = approve(world, tee, "rita")
    assert revision is not None
    assert live(tee)["seo_title@en_US"] == "Buy Bolt"
    assert not Vote.objects.exists()
    assert AuditEntry.objects.filter(kind="review.agree", about="product:tee").count() == 2


def test_an_edit_voids_what_people_agreed_to(world: World, tee: Product) -> None:
    policy("claims", group="marketing", people=2)
    assert approve(world, tee, "rafael") is None
    world.change(values={"seo_title@en_US": "Buy it now"})
    assert approve(world, tee, "rita") is None
    assert live(tee)["brand"] == "Acme"


def test_what_no_policy_speaks_of_goes_ahead(world: World, tee: Product) -> None:
    policy("claims", group="marketing", people=2)
    assert approve(world, tee, "rafael", keys=[("", "brand")]) is not None
    assert live(tee)["brand"] == "Bolt"
    assert "seo_title@en_US" not in live(tee)


def test_only_the_named_role_approves(world: World, tee: Product) -> None:
    legal = Group.objects.create(name="legal")
    legal.permissions.set(Permission.objects.filter(codename__in=["approve_product", "view_product"]))
    policy("claims", "legal", group="marketing")
    with pytest.raises(Refused, match=r"seo_title@en_US is approved by legal \(policy claims\)"):
        approve(world, tee, "rafael")
    world.people["rita"].groups.set([legal])
    world.people["rita"] = User.objects.get(username="rita")
    assert approve(world, tee, "rita") is not None


def test_the_most_specific_policy_decides(world: World, tee: Product) -> None:
    policy("all", people=3)
    policy("family", family="default", people=2)
    policy("brands", group="general")
    assert approve(world, tee, "rafael", keys=[("", "brand")]) is not None
    assert approve(world, tee, "rafael") is None
    assert approve(world, tee, "rita") is not None


def test_a_category_speaks_for_all_below(world: World, tee: Product) -> None:
    root = Category.objects.get(code="products")
    below = root.add_child(code="toys")
    policy("toys", category="products", people=2)
    world.change(categories=(below.code,))
    assert approve(world, tee, "rafael") is None


def test_regulated_values_are_ticked_one_by_one(world: World, tee: Product) -> None:
    policy("medical", group="marketing", item_by_item=True)
    with pytest.raises(Refused, match="Policy medical wants each value looked at by itself"):
        approve(world, tee, "rafael")
    assert approve(world, tee, "rafael", keys=[("", "seo_title@en_US"), ("", "brand")]) is not None


def test_a_review_is_due_when_its_policy_says(world: World, tee: Product) -> None:
    policy("soon", group="marketing", due_hours=4)
    policy("later", due_hours=48)
    world.verb("withdraw", tee, "mara")
    world.verb("submit", tee, "mara")
    due = Standing.objects.get(product=tee).due_at
    assert due is not None
    assert abs(due - timezone.now() - dt.timedelta(hours=4)) < dt.timedelta(minutes=1)


@pytest.fixture
def erp(world: World) -> ExternalSystem:
    erp = ExternalSystem.objects.create(code="erp", label="the ERP")
    policy("weights", group="logistics", trusted=erp, set_by=world.people["ada"])
    return erp


def write(world: World, system: str, **parts: Any) -> None:
    with acting(user=world.people["ada"], source="api", system=system):
        (result,) = write_products([ProductChange(code="tee", **parts)])
    assert result.status == "updated", result.errors
    events.derive()


def test_what_a_trusted_system_writes_goes_live_by_itself(world: World, erp: ExternalSystem) -> None:
    tee = world.product()
    world.approve(tee)
    write(world, "erp", values={"hs_code": "610910"})
    standing = Standing.objects.select_related("live").get(product=tee)
    assert (standing.state, live(tee)["hs_code"]) == ("approved", "610910")
    assert standing.live is not None
    assert standing.live.approved_by == world.people["ada"]
    assert "By policy weights." in standing.live.comment
    events.derive()
    assert Revision.objects.filter(product=tee).count() == 2  # once


def test_nobody_elses_words_go_along(world: World, erp: ExternalSystem) -> None:
    tee = world.product()
    world.approve(tee)
    world.change(values={"brand": "Bolt"})
    write(world, "erp", values={"hs_code": "610910", "product_type": "Shirts"})
    assert live(tee)["hs_code"] == "610910"
    assert live(tee)["brand"] == "Acme"
    assert "product_type" not in live(tee)
    assert Standing.objects.get(product=tee).state == "draft"
    write(world, "", values={"hs_code": "620520"})  # a person's own writing is not trusted
    assert live(tee)["hs_code"] == "610910"


def test_new_variants_and_new_products_wait_for_people(world: World, erp: ExternalSystem) -> None:
    tee = world.product()
    write(world, "erp", values={"hs_code": "610910"})
    assert Standing.objects.get(product=tee).live is None
    world.approve(tee)
    write(world, "erp", variants=(VariantChange("tee-l", values={"size": "l", "hs_code": "610910"}),))
    standing = Standing.objects.select_related("live").get(product=tee)
    assert standing.live is not None
    assert "tee-l" not in flat(read(standing.live))


def test_attributes_that_need_no_review_go_live(world: World) -> None:
    Attribute.objects.filter(code="custom_label_0").update(requires_review=False)
    tee = world.product()
    world.approve(tee)
    world.change(values={"custom_label_0": "summer", "brand": "Bolt"})
    events.derive()
    assert live(tee)["custom_label_0"] == "summer"
    assert live(tee)["brand"] == "Acme"


def test_the_page_says_what_is_needed_and_who_agreed(world: World, tee: Product, client: Client) -> None:
    policy("claims", group="marketing", people=2, reason="Law of advertising.")
    client.force_login(world.people["rafael"])
    page = client.get(f"/review/{tee.pk}/").content.decode()
    assert "2 × who may approve" in page
    assert "Law of advertising." in page
    content_hash = Standing.objects.get(product=tee).content_hash
    answer = client.post(f"/review/{tee.pk}/", {"decision": "approve", "content_hash": content_hash}, follow=True)
    assert "More people must agree." in answer.content.decode()
    client.force_login(world.people["rita"])
    assert "Agreed: rafael" in client.get(f"/review/{tee.pk}/").content.decode()


def test_policies_are_rows_of_the_api(world: World) -> None:
    ada = Api(world).of("ada")
    body = {"code": "claims", "group": "marketing", "people": 2, "roles": ["reviewer"]}
    assert ada.post("policies/", body).status_code == 201
    assert ApprovalPolicy.objects.get().set_by == world.people["ada"]
    assert ada.post("policies/", {"code": "x", "people": 0}).status_code == 400
    ExternalSystem.objects.create(code="erp")
    wrong = ada.post("policies/", {"code": "y", "people": 2, "trusted": "erp"})
    assert "cannot ask for people" in wrong.json()["errors"][0]["message"]
    assert Api(world).of("rafael").post("policies/", body | {"code": "mine"}).status_code == 403


def test_the_command_does_not_count_what_waits_for_more_people(world: World, tee: Product) -> None:
    policy("claims", group="marketing", people=2)
    out = io.StringIO()
    call_command("approve", "--all", "--as", "rafael", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["approved"], [r["code"] for r in told["refused"]]) == (0, ["more_needed"])
    assert Vote.objects.get().user == world.people["rafael"]
