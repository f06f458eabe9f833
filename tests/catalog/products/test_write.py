"""The write door: what is written, what is refused, and what leaves no trace."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from catalog.models import (
    Attribute,
    Category,
    ChangeSet,
    Completeness,
    DomainEvent,
    HeldPrice,
    JournalEntry,
    MediaLink,
    Offer,
    Product,
    Variant,
)
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from governance.models import Standing
from tests.world import World, variant


def price(amount: str, **more: Any) -> dict[str, OfferChange]:
    return {"default": OfferChange(price=Decimal(amount), **more)}


def rows() -> tuple[int, ...]:
    models = (JournalEntry, DomainEvent, ChangeSet, Product, Variant, Offer, HeldPrice)
    return tuple(m._default_manager.count() for m in models)


def test_a_repeated_save_writes_no_journal_event_or_version(world: World) -> None:
    product = world.product()
    before = rows()
    result = world.change(values={"brand": "Acme"}, variants=(variant("TEE-S", "s"),))
    assert result.status == "unchanged"
    assert rows() == before
    assert Product.objects.get(pk=product.pk).version == product.version == 1


def test_the_journal_says_what_who_and_from_which_line(world: World) -> None:
    world.product()
    world.change(
        values={"brand": "Bolt"}, line=4, variants=(VariantChange(sku="TEE-S", values={"mpn": "P-1"}, line=5),)
    )
    entries = {e.sku: e for e in JournalEntry.objects.order_by("-pk")[:2]}
    assert entries[""].changes == {"brand": ["Acme", "Bolt"]}
    assert entries["tee-s"].changes == {"mpn": [None, "P-1"]}
    assert (entries[""].line, entries["tee-s"].line) == (4, 5)
    act = entries[""].change_set
    assert (act.user, act.source, act.reason) == (world.people["mara"], "page", "a test")
    assert entries["tee-s"].change_set == act


def test_a_stale_base_is_a_conflict_that_names_both_values_and_writes_nothing(world: World) -> None:
    world.product()
    world.change(values={"brand": "Bolt"})
    before = rows()
    result = world.change(values={"brand": "Crest"}, base={"brand": "Acme"})
    (error,) = result.errors
    assert (result.status, error.code, error.value, error.current) == ("rejected", "conflict", "Crest", "Bolt")
    assert "Acme" in error.message
    assert "Bolt" in error.message
    assert rows() == before


def test_two_people_typing_the_same_is_no_conflict(world: World) -> None:
    world.product()
    world.change(values={"brand": "Bolt"})
    assert world.change(values={"brand": "Bolt"}, base={"brand": "Acme"}).status == "unchanged"


def test_a_variant_overrides_empties_and_inherits_again(world: World) -> None:
    world.product()
    for wanted, expected in (
        (VariantChange("tee-s", values={"mpn": "1"}), "1"),
        (VariantChange("tee-s", values={"mpn": None}), None),
    ):
        assert world.change(variants=(wanted,)).status == "updated"
        assert world.flat()["tee-s"]["mpn"] == expected
    assert world.change(variants=(VariantChange("tee-s", reset=("mpn",)),)).status == "updated"
    assert "mpn" not in world.flat()["tee-s"]


@pytest.mark.parametrize(
    ("parts", "key", "code"),
    [
        ({"values": {"colour": "x"}}, "colour", "unknown_attribute"),
        ({"values": {"name": "x"}}, "name", None),
        ({"values": {"gender": "robot"}}, "gender", "unknown_option"),
        ({"variants": (VariantChange("tee-s", values={"brand": "x"}),)}, "brand", "not_on_variant"),
        ({"variants": (VariantChange("tee-s", gtin="4006381333932"),)}, "gtin", "gtin_check_digit"),
        ({"variants": (variant("tee-x", "s"),)}, "size", "axis_duplicate"),
        ({"variants": (VariantChange("tee-x"),)}, "size", "axis_missing"),
        ({"variants": (VariantChange("CUP-s", values={"size": "l"}),)}, "sku", "sku_taken"),
        ({"variants": (VariantChange("tee-s", gtin="4006381333931"),)}, "gtin", "gtin_taken"),
        ({"categories": ("nowhere",)}, "categories", "unknown_category"),
        ({"variants": (VariantChange("tee-s", offers=price("1.23456")),)}, "offers.default.price", "bad_amount"),
        ({"variants": (VariantChange("tee-s", stock={"moon": 1}),)}, "stock.moon.available", "unknown_location"),
        ({"family": "ghost"}, "family", "unknown_family"),
        ({"axes": ("name",)}, "axes", "bad_axis"),
        ({"axes": ("size", "size")}, "axes", "axis_twice"),
    ],
)
def test_what_cannot_be_is_refused_by_key(world: World, parts: dict[str, Any], key: str, code: str | None) -> None:
    world.product()
    world.product("cup")
    world.change("cup", variants=(VariantChange("cup-s", gtin="4006381333931"),))
    before = rows()
    result = world.change(**parts)
    assert result.status == "rejected"
    assert result.errors[0].key == key
    assert code is None or result.errors[0].code == code
    assert rows() == before


def test_an_attribute_outside_the_family_is_refused(world: World) -> None:
    world.product()
    Attribute.objects.create(code="lonely", type="text", group=Attribute.objects.get(code="brand").group)
    assert world.change(values={"lonely": "x"}).errors[0].code == "not_in_family"


def test_a_file_keeps_the_good_variants_of_a_product(world: World) -> None:
    change = ProductChange(
        code="cap", family="default", axes=("size",), variants=(variant("cap-s", "s"), variant("cap-x", "huge"))
    )
    (result,) = world.write(change, partial=True)
    assert (result.status, result.rejected_skus) == ("created", {"cap-x"})
    assert list(Variant.objects.values_list("sku", flat=True)) == ["cap-s"]


def test_a_file_with_no_good_variant_is_refused_whole(world: World) -> None:
    change = ProductChange(code="cap", family="default", axes=("size",), variants=(variant("cap-x", "huge"),))
    (result,) = world.write(change, partial=True)
    assert result.status == "rejected"
    assert not Product.objects.exists()


def test_a_file_cannot_turn_a_variant_into_another_one(world: World) -> None:
    world.product(sizes=("s",))
    change = ProductChange(code="tee", variants=(variant("tee-s", "l"),))
    (result,) = world.write(change, partial=True)
    assert (result.status, result.errors[0].code) == ("rejected", "sku_axes_differ")
    assert world.flat()["tee-s"]["size"] == "s"
    assert world.write(change)[0].status == "updated"  # the editor may


def test_a_unique_value_belongs_to_one_product(world: World) -> None:
    Attribute.objects.filter(code="tax_code").update(unique=True)
    world.product()
    world.product("cup")
    assert world.change(values={"tax_code": "T1"}).status == "updated"
    assert world.change("cup", values={"tax_code": "T1"}).errors[0].code == "not_unique"
    assert world.change(values={"tax_code": "T1"}).status == "unchanged"


def test_cleaned_html_keeps_its_original_and_the_same_text_again_is_unchanged(world: World) -> None:
    world.product()
    raw = "<p onclick='x()'>Warm</p><script>evil()</script>"
    assert world.change(values={"description@en_US": raw}).status == "updated"
    product = Product.objects.get()
    assert "script" not in product.values["description@en_US"]
    assert "onclick" not in product.values["description@en_US"]
    assert product.originals == {"description@en_US": raw}
    assert world.change(values={"description@en_US": raw}).status == "unchanged"


@pytest.mark.parametrize("amount", ["0", "-1", "9.99", "40"])
def test_an_alarming_price_waits_and_arriving_again_changes_nothing(world: World, amount: str) -> None:
    world.product()
    world.change(variants=(VariantChange("tee-s", offers={"default": OfferChange(cost=Decimal(12))}),))
    wanted = (VariantChange("tee-s", offers=price(amount)),)
    result = world.change(variants=wanted)
    assert (result.status, len(result.held)) == ("updated", 1)
    assert world.flat()["tee-s"]["offers.default.price"] == "19.90"
    assert world.change(variants=wanted).status == "unchanged"
    assert HeldPrice.objects.get(confirmed=None).amount == Decimal(amount)


@pytest.mark.parametrize("amount", ["21.00", "19.90"])
def test_a_normal_price_overtakes_one_that_waits(world: World, amount: str) -> None:
    world.product()
    world.change(variants=(VariantChange("tee-s", offers=price("99")),))
    assert world.change(variants=(VariantChange("tee-s", offers=price(amount)),)).status == "updated"
    assert not HeldPrice.objects.filter(confirmed=None).exists()
    assert world.flat()["tee-s"]["offers.default.price"] == amount


def test_prices_and_stock_touch_no_content_and_amounts_are_exact(world: World) -> None:
    product = world.product()
    before = Standing.objects.get(product=product).content_hash
    world.change(variants=(VariantChange("tee-s", offers=price("20.1234"), stock={"main": -3}),))
    assert Standing.objects.get(product=product).content_hash == before
    assert Offer.objects.get(variant__sku="tee-s").price == Decimal("20.1234")
    assert DomainEvent.objects.order_by("-pk")[0].data["facets"] == ["offer", "stock"]


def test_a_new_price_rewrites_no_other_offer(world: World) -> None:
    world.product()
    world.change(values={"brand": "Bolt"}, variants=(VariantChange("tee-s", offers=price("20")),))
    assert dict(Offer.objects.values_list("variant__sku", "version")) == {"tee-s": 2, "tee-m": 1}


def test_a_product_twice_in_a_batch_builds_on_itself(world: World) -> None:
    first = ProductChange(code="cap", family="default", axes=("size",), variants=(variant("cap-s", "s"),))
    second = ProductChange(
        code="CAP", values={"brand": "Bolt"}, variants=(VariantChange("cap-s", values={"mpn": "7"}),)
    )
    assert [r.status for r in world.write(first, second)] == ["created", "updated"]
    assert world.flat("cap")["cap-s"]["mpn"] == "7"
    assert all(e.variant for e in JournalEntry.objects.exclude(sku=""))


def test_pictures_keep_order_and_alt_text_and_categories_are_replaced(world: World) -> None:
    product = world.product()
    pictures = tuple(MediaChange(url=f"https://img.example/{n}.jpg", alt={"en_US": f"no {n}"}) for n in (2, 1))
    assert world.change(media=pictures, categories=("products",)).status == "updated"
    links = MediaLink.objects.filter(product=product)
    assert [(x.asset.source_url[-5:], x.alt["en_US"]) for x in links] == [("2.jpg", "no 2"), ("1.jpg", "no 1")]
    assert world.change(media=pictures, categories=("products",)).status == "unchanged"
    world.change(media=pictures[::-1], categories=())
    assert [x.alt["en_US"] for x in MediaLink.objects.filter(product=product)] == ["no 1", "no 2"]
    assert Category.objects.get(code="products").products.count() == 0


def test_completeness_is_there_with_the_write(world: World) -> None:
    product = world.product()
    assert Completeness.objects.get(product=product, locale="en_US").missing == []
    world.change(values={"name@en_US": None})
    assert Completeness.objects.get(product=product, locale="en_US").missing == ["name@en_US"]


def test_a_rolled_back_write_leaves_nothing_and_can_be_made_again(world: World) -> None:
    before = rows()
    with transaction.atomic():
        world.product()
        transaction.set_rollback(True)
    assert rows() == before
    world.product()


def test_history_names_the_change_set(world: World) -> None:
    product = world.product()
    act = JournalEntry.objects.filter(product=product)[0].change_set_id
    assert product.history.get().change_set_id == act
    assert {h.change_set_id for h in Variant.history.all()} == {act}


def test_a_dry_run_writes_nothing(world: World) -> None:
    before = rows()
    change = ProductChange(code="cap", family="default", variants=(VariantChange("cap-1", offers=price("3")),))
    assert world.write(change, dry_run=True)[0].status == "created"
    assert rows() == before


def one(code: str, **parts: Any) -> ProductChange:
    return ProductChange(code=code, family="default", variants=(VariantChange(sku=f"{code}-1"),), **parts)


def test_a_refused_product_keeps_no_unique_value_from_the_next(world: World) -> None:
    Attribute.objects.filter(code="mpn").update(unique=True)
    bad = one("bad", values={"mpn": "P-1", "brand": "x" * 300})
    good, late = one("good", values={"mpn": "P-1"}), one("late", values={"mpn": "P-1"})
    results = world.write(bad, good, late)
    assert [r.status for r in results] == ["rejected", "created", "rejected"]
    assert [e.code for e in results[2].errors] == ["not_unique"]


def test_a_product_is_created_once_however_often_a_batch_names_it(world: World) -> None:
    world.write(one("tee", values={"brand": "A"}), one("tee", values={"brand": "B"}))
    types = list(DomainEvent.objects.filter(product_code="tee").order_by("pk").values_list("type", flat=True))
    assert types == ["product.created", "product.changed"]
    assert Product.objects.get(code="tee").values["brand"] == "B"
