"""A sale on a price list whose policy names an approver is shown when one of these approved exactly that sale."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import Offer, PriceList, Product, Scope, User
from catalog.products.changes import OfferChange, VariantChange
from channels.connections import connect, connector_of
from channels.demo.shop import ensure_channels
from channels.models import Channel, Placement
from channels.published.read import Audience, published
from channels.publishing.desire import Desired, desire
from governance.models import AuditEntry, SaleDecision, SalePolicy, Standing
from governance.revisions.embargo import shown_in
from governance.sales.decide import window_of
from tests.catalog.api.conftest import Api
from tests.world import World

NOW = dt.datetime(2026, 11, 27, 5, tzinfo=dt.UTC)


@pytest.fixture
def tee(world: World) -> Product:
    """Live on Shopify at 19.90, with a policy by which rita approves sales, and a sale of tee-s that is on."""
    ensure_channels()
    tee = world.product()
    world.approve(tee)
    rita = User.objects.create_user("rita", password="rita-secret", first_name="Rita")
    rita.groups.add(Group.objects.get(name="reviewer"))
    world.people["rita"] = rita
    SalePolicy.objects.create(code="sales", price_list=PriceList.objects.get(code="default")).approvers.add(rita)
    sale(world, "12.90", begins=timezone.now() - dt.timedelta(days=1), ends=timezone.now() + dt.timedelta(days=3))
    return tee


def sale(world: World, price: str, *, begins: Any = None, ends: Any = None, by: str = "mara") -> None:
    offer = OfferChange(sale_price=Decimal(price), sale_from=begins, sale_to=ends)
    result = world.change(by=by, variants=(VariantChange("tee-s", offers={"default": offer}),))
    assert result.status == "updated", result.errors


def rendered(code: str = "shopify") -> Desired:
    found = desire(Channel.objects.get(code=code), Standing.objects.select_related("product", "live").get())
    assert isinstance(found, Desired)
    return found


def shown() -> Decimal | None:
    price = next(v.price for v in rendered().source.mapped.variants if v.sku == "tee-s")
    assert price is not None
    return price.sale_price


def offer() -> Offer:
    return Offer.objects.get(variant__sku="tee-s")


def decide(world: World, by: str, verb: str = "approve", **given: Any) -> Any:
    body = {"window": window_of(offer())} | given
    return Api(world).of(by).post(f"sales/{offer().pk}/{verb}/", body)


def test_a_sale_is_shown_once_a_named_approver_approved_it(world: World, tee: Product) -> None:
    assert shown() is None
    (issue,) = [i for i in rendered().issues if i.code == "sale_not_approved"]
    assert (issue.sku, issue.severity) == ("tee-s", "warning")
    assert "regular price is shown" in issue.message

    answer = decide(world, "rita")
    assert answer.status_code == 200, answer.content
    assert shown() == Decimal("12.90")
    assert not [i for i in rendered().issues if i.code == "sale_not_approved"]
    entry = AuditEntry.objects.get(kind="sale.approved")
    assert (entry.about, entry.user_id) == ("product:tee", world.people["rita"].pk)


def test_readers_of_what_is_published_see_no_sale_before(world: World, tee: Product) -> None:
    def told() -> Any:
        scope = Scope.objects.get(code="default")
        (found,) = published(list(shown_in(scope)), Audience.of(scope))
        variants: Any = found["variants"]
        return next(iter(next(v["offers"] for v in variants if v["sku"] == "tee-s").values()))

    assert not {"sale_price", "sale_from", "sale_to"} & set(told())
    assert told()["price"] == "19.90"
    decide(world, "rita")
    assert told()["sale_price"] == "12.90"


def test_another_price_or_window_needs_a_word_of_its_own(world: World, tee: Product) -> None:
    decide(world, "rita")
    held = offer()
    sale(world, "11.90", begins=held.sale_from, ends=held.sale_to)
    assert shown() is None
    sale(world, "12.90", begins=held.sale_from, ends=held.sale_to)
    assert shown() == Decimal("12.90")  # this one was approved
    sale(world, "12.90", begins=held.sale_from, ends=None)
    assert shown() is None


def test_a_word_is_bound_to_what_was_seen(world: World, tee: Product) -> None:
    seen = window_of(offer())
    sale(world, "11.90")
    answer = decide(world, "rita", window=seen)
    assert (answer.status_code, answer.json()["code"]) == (409, "content_changed")
    assert not SaleDecision.objects.exists()


def test_only_the_named_ones_approve_and_nobody_their_own(world: World, tee: Product) -> None:
    refused = decide(world, "rafael")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_entitled")
    assert "Rita" in refused.json()["detail"]
    assert decide(world, "mara").status_code == 403  # without the right
    policy = SalePolicy.objects.get()
    policy.approvers.add(world.people["ada"])
    sale(world, "10.90", by="ada")
    own = decide(world, "ada")
    assert (own.status_code, own.json()["code"]) == (403, "two_person")
    policy.roles.add(Group.objects.get(name="reviewer"))
    assert decide(world, "rafael").status_code == 200


def test_refusing_needs_a_reason_and_can_be_thought_over(world: World, tee: Product) -> None:
    assert decide(world, "rita", "refuse").json()["code"] == "comment_missing"
    assert decide(world, "rita", "refuse", comment="too deep").status_code == 200
    assert shown() is None
    (issue,) = [i for i in rendered().issues if i.code == "sale_not_approved"]
    assert "refused" in issue.message
    assert Api(world).of("rita").get("sales/").json()["results"] == []
    (row,) = Api(world).of("rita").get("sales/?state=refused").json()["results"]
    assert (row["sku"], row["sale_price"], row["price"]) == ("tee-s", "12.90", "19.90")
    decide(world, "rita")
    assert shown() == Decimal("12.90")


def test_what_is_decided_makes_the_product_due(world: World, tee: Product) -> None:
    events.derive()
    Placement.objects.update(due_at=None)
    decide(world, "rita")
    events.derive()
    assert Placement.objects.filter(product=tee, due_at__isnull=False).count() == Placement.objects.count() > 0


def test_a_policy_is_a_row_that_names_somebody_and_its_going_shows_the_sale(world: World, tee: Product) -> None:
    ada = Api(world).of("ada")
    nobody = ada.post("sale-policies/", {"code": "all"})
    assert nobody.status_code == 400
    assert "at least one person or role" in nobody.content.decode()
    twice = ada.post("sale-policies/", {"code": "again", "price_list": "default", "roles": ["admin"]})
    assert "Policy sales is about default" in twice.content.decode()
    assert ada.post("sale-policies/", {"code": "all", "roles": ["admin"]}).status_code == 201
    events.derive()
    Placement.objects.update(due_at=None)
    assert ada.delete("sale-policies/sales/").status_code == 204
    assert shown() is None  # the policy for all others asks now
    events.derive()
    assert Placement.objects.filter(due_at__isnull=False).exists()
    assert ada.delete("sale-policies/all/").status_code == 204
    assert shown() == Decimal("12.90")
    assert AuditEntry.objects.filter(kind="sale_policy.deleted").count() == 2


def test_the_page_approves_what_is_ticked(world: World, tee: Product, client: Client) -> None:
    client.force_login(world.people["rita"])
    page = client.get("/sales/").content.decode()
    assert "tee-s" in page
    assert "−35 %" in page
    assert "Sales" in client.get("/products/tee/").content.decode()
    picked = f"{offer().pk} {window_of(offer())}"
    done = client.post("/sales/", {"pick": [picked], "do": "approve"}, follow=True).content.decode()
    assert "1 sale is approved." in done
    assert shown() == Decimal("12.90")
    assert "tee-s" in client.get("/sales/?state=approved").content.decode()


def test_a_feed_is_built_anew_when_a_sale_was_decided(world: World, tee: Product) -> None:
    from channels.feeds.fragments import keys_of

    channel = Channel.objects.get(code="google")
    revision = Standing.objects.get().live
    assert revision is not None

    def key() -> str:
        return keys_of(channel, connector_of(channel), connect(channel), [revision])[tee.pk]

    before = key()
    with acting(user=world.people["rita"], source="page"):
        decide(world, "rita")
    assert key() != before
