"""Amazon end to end: from an approved product to what the seller account holds, and back."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.media.ingest import upload
from catalog.models import Product
from catalog.products.changes import MediaChange, ProductChange, VariantChange
from channels.demo.products import PICTURES
from channels.models import Channel, ChannelDefinition, ChannelIssue, Listing, Publication, RemoteLink
from channels.publishing.preview import preview
from channels.publishing.request import publish
from channels.reconcile.run import reconcile
from tests.channels.publishing.shop import Shop


@pytest.fixture
def amazon(shop: Shop) -> Shop:
    """Only Amazon publishes, so that its calls stand by themselves."""
    Channel.objects.exclude(code="amazon").update(publishes_on_approval=False)
    return shop


def shirt(shop: Shop, **given: Any) -> Product:
    values = {"product_type": "T-Shirt", "country_of_origin": "PT", "description@en_US": "<p>Soft tee.</p>"}
    return shop.product(**{"code": "tee", **values, **given})


def with_picture(shop: Shop, product: Product) -> Product:
    held = upload((PICTURES / "solidus_solidus_cap_black_1.png").read_bytes())
    shop.write(ProductChange(code=product.code, media=(MediaChange(sha256=held.sha256, alt={"en_US": "Tee"}),)))
    return product


def live(shop: Shop, **given: Any) -> Product:
    product = with_picture(shop, shirt(shop, **given))
    shop.approve(product)
    shop.settle()
    return product


def calls() -> list[str]:
    return list(Publication.objects.order_by("pk").values_list("operation", flat=True))


def shown(shop: Shop, sku: str) -> dict[str, Any]:
    answer = shop.sandbox.amazon("GET", sku, includedData="summaries,attributes,relationships,issues")
    assert answer.status == 200, answer.body
    held: dict[str, Any] = answer.json
    return held


def test_a_parent_and_its_variants_go_live_in_order(amazon: Shop) -> None:
    live(amazon)
    assert amazon.states("amazon") == {"tee/": "live", "tee/tee-s": "live", "tee/tee-m": "live"}
    assert calls() == ["putListingsItem"] * 3
    item = shown(amazon, "tee-s")
    assert item["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert item["relationships"][0]["relationships"] == [{"type": "VARIATION", "parentSkus": ["tee"]}]
    assert item["attributes"]["item_name"][0]["value"] == "Tee shirt, S"
    assert item["attributes"]["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] == 19.9
    assert RemoteLink.objects.filter(key="asin:tee-s").exists()
    report = reconcile(amazon.channel("amazon"))
    assert (report["checked"], report["in_sync"], report["drifted"]) == (3, 3, [])


def test_a_price_is_patched_alone(amazon: Shop) -> None:
    live(amazon)
    shirt(amazon, price="21.50")
    amazon.settle()
    assert calls()[3:] == ["patchListingsItem"] * 2
    assert set(amazon.states("amazon").values()) == {"live"}
    offer = shown(amazon, "tee-m")["attributes"]["purchasable_offer"][0]
    assert offer["our_price"][0]["schedule"][0]["value_with_tax"] == 21.5


def test_without_a_parent_for_a_single_one(amazon: Shop) -> None:
    live(amazon, sizes=("s",))
    assert amazon.states("amazon") == {"tee/tee-s": "live"}
    assert "parentage_level" not in shown(amazon, "tee-s")["attributes"]


def test_what_the_definition_refuses_is_told_at_the_field(amazon: Shop) -> None:
    product = with_picture(amazon, shirt(amazon, country_of_origin="BD"))
    amazon.approve(product)
    amazon.settle()
    assert set(amazon.states("amazon").values()) == {"blocked"}
    issue = ChannelIssue.objects.filter(code="choice").first()
    assert issue is not None
    assert issue.key == "country_of_origin"
    assert "“BD” is none of US, CN, DE, IT, PT, TR" in issue.message
    assert calls() == []


def test_a_product_of_no_type_is_told_so(amazon: Shop) -> None:
    product = amazon.live()
    amazon.settle()
    found = preview(amazon.channel("amazon"), product)
    assert [p["code"] for p in found["preflight"]] == ["no_product_type"]
    assert found["requests"] == []


def test_an_issue_that_amazon_finds_later_is_shown(amazon: Shop) -> None:
    late = {"sku": "tee-s", "code": "18027", "message": "The main image has text."}
    late |= {"attributeNames": ["main_product_image_locator"]}  # type: ignore[dict-item]
    amazon.sandbox.control("settings", channel="amazon", late_issues=[late])
    live(amazon)
    issue = ChannelIssue.objects.get(source=ChannelIssue.Source.READ_BACK, cleared_at=None)
    assert (issue.sku, issue.code, issue.severity, issue.field) == ("tee-s", "18027", "error", "media")


def test_what_somebody_changes_there_is_found_and_put_right(amazon: Shop) -> None:
    live(amazon)
    price = shown(amazon, "tee-s")["attributes"]["purchasable_offer"]
    price[0]["our_price"][0]["schedule"][0]["value_with_tax"] = 1.0
    amazon.sandbox.control("edit", channel="amazon", product="tee-s", field="purchasable_offer", value=price)
    drifted = reconcile(amazon.channel("amazon"))["drifted"]
    assert [d["sku"] for d in drifted] == ["tee-s"]
    publish(channel=amazon.channel("amazon"), over_drift=True)
    amazon.settle()
    assert set(amazon.states("amazon").values()) == {"live"}
    assert reconcile(amazon.channel("amazon"))["drifted"] == []


def test_a_lost_answer_leads_to_no_second_item(amazon: Shop) -> None:
    amazon.sandbox.control("chaos", channel="amazon", mode="timeout_after", count=2, delay=0.01)
    product = with_picture(amazon, shirt(amazon))
    amazon.approve(product)
    for _ in range(6):
        amazon.hurry()
        amazon.settle()
    assert set(amazon.states("amazon").values()) == {"live"}
    assert amazon.sandbox.state("amazon")["items"] == 3


def test_the_definition_is_fetched_when_it_is_needed(amazon: Shop) -> None:
    ChannelDefinition.objects.all().delete()
    live(amazon)
    assert ChannelDefinition.objects.get().name == "SHIRT"
    assert set(amazon.states("amazon").values()) == {"live"}
    counted = amazon.sandbox.state("amazon")["calls"]
    assert (counted["getDefinitionsProductType"], counted["schema"]) == (1, 1)


def test_a_variant_that_is_gone_leaves_amazon(amazon: Shop) -> None:
    product = live(amazon, sizes=("s", "m", "l"))
    amazon.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-l", trashed=True),)))
    amazon.approve(product)
    amazon.settle()
    assert amazon.states("amazon") == {"tee/": "live", "tee/tee-s": "live", "tee/tee-m": "live"}
    assert amazon.sandbox.amazon("GET", "tee-l").status == 404
    assert Listing.objects.filter(sku="tee-l").count() == 0


def test_what_is_missing_leads_to_where_it_is_written(amazon: Shop) -> None:
    product = with_picture(amazon, shirt(amazon, **{"description@en_US": None, "country_of_origin": None}))
    amazon.approve(product)
    amazon.settle()
    missing = ChannelIssue.objects.filter(code="required", sku="tee-s", cleared_at=None)
    assert {(i.field, i.key) for i in missing} == {
        ("product_description", "description@en_US"),
        ("bullet_point", "description@en_US"),
        ("country_of_origin", "country_of_origin"),
    }
