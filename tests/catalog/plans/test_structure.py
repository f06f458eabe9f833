"""What a family tree of products becomes later: attributes moved, axes changed, simples attached, all undoable."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Association, AssociationType, AttributeOption, MediaLink, Offer, Product, Variant
from catalog.plans import run
from catalog.plans.kinds.base import BadPlan
from catalog.products.changes import AssociationChange, MediaChange, OfferChange, VariantChange
from catalog.products.represent import Wanted, represent
from catalog.products.state import Flat
from pimhub.foundation.jsonvalue import canonical
from tests.catalog.plans.test_undo import last_act, undone, visible, worked_off
from tests.world import World, variant


def plan(world: World, kind: str, **what: Any) -> Any:
    return worked_off(run.start(kind=kind, what=what, user=world.people["mara"]), world)


TEE = {"filter": {"field": "code", "op": "=", "value": "tee"}}


def values(flat: Flat) -> bytes:
    return canonical({sku: {k: v for k, v in row.items() if "." not in k} for sku, row in flat.items()})


def test_an_attribute_goes_down_and_comes_up_again(world: World) -> None:
    world.product()
    world.change(values={"mpn": "P"})
    before = values(world.flat())
    plan(world, "levels", select=TEE, attribute="mpn", to="variants")
    assert "mpn" not in world.flat()[""]
    assert [world.flat()[sku]["mpn"] for sku in ("tee-s", "tee-m")] == ["P", "P"]
    plan(world, "levels", select=TEE, attribute="mpn", to="product")
    assert values(world.flat()) == before


def test_what_differs_between_variants_stays_with_them_and_is_told(world: World) -> None:
    world.product()
    world.change(variants=(VariantChange("tee-s", values={"mpn": "1"}), VariantChange("tee-m", values={"mpn": "2"})))
    before = values(world.flat())
    done = plan(world, "levels", select=TEE, attribute="mpn", to="product")
    assert values(world.flat()) == before
    assert done.lines.get().errors[0]["code"] == "levels_differ"


def test_axes_change_and_change_back(world: World) -> None:
    for code in ("red", "blue"):
        AttributeOption.objects.create(attribute_id=_pk("color"), code=code, labels={"en_US": code})
    world.product()
    world.change(values={"color": "red"})
    before = values(world.flat())
    plan(world, "axes", select=TEE, axes=["color", "size"])
    assert world.flat()[""]["axes"] == ["color", "size"]
    assert world.flat()["tee-s"]["color"] == "red"
    undone(world, last_act())
    assert values(world.flat()) == before


def test_axes_that_tell_nothing_apart_are_refused_in_the_preview(world: World) -> None:
    world.product()
    started = run.start(kind="axes", what={"select": TEE, "axes": []}, user=world.people["mara"])
    while run.advance(str(started.pk)):
        pass
    assert started.lines.get().errors[0]["code"] == "axis_duplicate"


def test_simples_are_attached_with_all_that_is_theirs_and_let_go_again(world: World) -> None:
    world.product("tee", sizes=("s",))
    for size in ("m", "l"):
        world.change(
            f"simple-{size}",
            family="default",
            values={"name@en_US": f"Tee {size}", "size": size, "mpn": f"P-{size}"},
            media=(MediaChange(url=f"https://shop.example/{size}.jpg"),),
            variants=(
                VariantChange(
                    sku=f"tee-{size}", stock={"main": 3}, offers={"default": OfferChange(price=Decimal("5"))}
                ),
            ),
        )
    before = {code: visible(world.flat(code)) for code in ("tee", "simple-m", "simple-l")}
    pk = Variant.objects.get(sku="tee-m").pk
    done = plan(world, "attach", parent="tee", codes=["simple-m", "simple-l"])
    assert done.counts == {"applied": 3}
    tee = world.flat("tee")
    assert (tee["tee-m"]["size"], tee["tee-m"]["mpn"], tee["tee-m"]["stock.main.available"]) == ("m", "P-m", 3)
    assert Variant.objects.get(sku="tee-m").pk == pk  # the same row: what hangs on it came along
    assert Offer.objects.get(variant__sku="tee-l").price == 5
    assert {link.variant.sku for link in MediaLink.objects.filter(product__code="tee") if link.variant} == {
        "tee-m",
        "tee-l",
    }
    assert not Product.objects.filter(code="simple-m").exists()
    lost = [e["key"] for line in done.lines.all() for e in line.errors]
    assert lost == ["name@en_US", "name@en_US"]
    # Who goes on sending the simple product is told where it went.
    [refused] = world.change("simple-m", variants=(VariantChange(sku="tee-m", gtin="4006381333931"),)).errors
    assert refused.message == "simple-m is in the trash. tee-m is a variant of tee now: send it as such."
    [refused] = world.change("simple-m", values={"brand": "Acme"}).errors
    assert refused.message == "simple-m is in the trash. Its SKU tee-m is a variant of tee now: send it as such."
    undone(world, last_act())
    assert {code: visible(world.flat(code)) for code in before} == before
    assert Variant.objects.get(sku="tee-m").product.code == "simple-m"


def test_what_was_edited_after_simples_were_attached_stays_with_them(world: World) -> None:
    world.product("tee", sizes=("s",))
    own = VariantChange(sku="tee-m", stock={"main": 3}, values={"tax_code": "A"})
    world.change("simple-m", family="default", values={"size": "m", "mpn": "P-m"}, variants=(own,))
    plan(world, "attach", parent="tee", codes=["simple-m"])
    act = last_act()
    later = VariantChange("tee-m", values={"mpn": "P-2", "hs_code": "610910"}, reset=("tax_code",), stock={"main": 9})
    assert world.change("tee", variants=(later,)).status == "updated"
    done = undone(world, act)
    back = world.flat("simple-m")["tee-m"]
    assert (back["mpn"], back["hs_code"], back["stock.main.available"]) == ("P-2", "610910", 9)
    assert "tax_code" not in back
    assert "size" not in back  # the product of its own says it, as before
    assert {e["key"] for line in done.lines.all() for e in line.errors} == {"mpn", "hs_code", "tax_code"}


def test_packs_keep_the_variants_they_hold_when_these_move(world: World) -> None:
    AssociationType.objects.create(code="pack", quantified=True)
    AssociationType.objects.create(code="related")
    world.product("tee", sizes=("s",))
    world.product("cap", sizes=("s",))
    points = {"related": (AssociationChange(product="cap"),)}
    values, one = {"size": "m"}, VariantChange(sku="tee-m", associations=points)
    world.change("simple-m", family="default", values=values, variants=(one,))
    held = {
        "pack": (AssociationChange(sku="tee-m", quantity=Decimal(2)),),
        "related": (AssociationChange(product="simple-m"),),
    }
    world.change("box", family="default", associations=held, variants=(VariantChange(sku="box"),))

    def shown(code: str) -> Any:
        row = Product.objects.get(code=code)
        (found,) = represent([row], Wanted(frozenset({"variants"}), frozenset({"associations"})))
        return found

    before = shown("box")["associations"]
    assert before == {"pack": [{"sku": "tee-m", "quantity": "2"}], "related": [{"product": "simple-m"}]}
    done = plan(world, "attach", parent="tee", codes=["simple-m"])
    assert shown("box")["associations"] == {"pack": [{"sku": "tee-m", "quantity": "2"}]}
    assert shown("tee")["variants"][-1]["associations"] == {"related": [{"product": "cap"}]}
    told = [e for line in done.lines.all() for e in line.errors if e["code"] == "in_use"]
    assert [e["message"] for e in told] == ["simple-m is associated by: box. Point that to tee or its variants."]
    undone(world, last_act())
    assert shown("box")["associations"] == before
    assert shown("simple-m")["variants"][0]["associations"] == {"related": [{"product": "cap"}]}
    assert Association.objects.count() == 3


def test_simples_that_collide_are_all_left_where_they_are(world: World) -> None:
    world.product("tee", sizes=("s",))
    for code in ("a", "b"):
        world.change(code, family="default", values={"size": "m"}, variants=(VariantChange(sku=code),))
    done = plan(world, "attach", parent="tee", codes=["a", "b"])
    assert done.counts == {"rejected": 3}
    assert Product.objects.count() == 3
    assert world.flat("a")["a"]["gtin"] is None


def test_what_cannot_be_attached_is_said(world: World) -> None:
    world.product("tee", sizes=("s",))
    for what in (
        {"parent": "none", "codes": ["tee"]},
        {"parent": "tee", "codes": ["none"]},
        {"parent": "tee", "codes": ["tee"]},
        {"parent": "tee", "codes": []},
    ):
        with pytest.raises(BadPlan):
            run.start(kind="attach", what=what, user=None)


def _pk(code: str) -> int:
    from catalog.models import Attribute

    return Attribute.objects.get(code=code).pk


def test_a_variant_that_was_added_later_stays_when_the_rest_is_undone(world: World) -> None:
    world.product("tee", sizes=("s",))
    world.change(values={"brand": "Bolt"}, variants=(variant("tee-m", "m"),))
    act = last_act()
    world.change(variants=(variant("tee-l", "l"),))
    undone(world, act)
    assert {sku for sku, row in world.flat().items() if "trashed" not in row} == {"", "tee-s", "tee-l"}
    assert world.flat()[""]["brand"] == "Acme"


def test_codes_that_there_are_not_are_named(world: World) -> None:
    """A plan that quietly does less than was asked looks like one that is done."""
    world.product()
    change = {"values": {"brand": "Bolt"}}
    with pytest.raises(BadPlan, match="no product “toe”.+1 more"):
        run.start(kind="edit", what={"select": {"codes": ["TEE", "toe", "ta"]}, "change": change}, user=None)
    plan(world, "edit", select={"codes": ["TEE"]}, change=change)
    with pytest.raises(BadPlan, match="touched no product “toe”"):
        undone(world, last_act(), codes=["toe"])
    undone(world, last_act(), codes=["TEE"])
    assert world.flat()[""]["brand"] == "Acme"


def test_an_axis_is_named_once(world: World) -> None:
    world.product()
    with pytest.raises(BadPlan, match="twice"):
        run.start(kind="axes", what={"select": TEE, "axes": ["size", "size"]}, user=None)


def test_what_is_in_use_is_told_in_the_preview_and_goes_when_meant(world: World) -> None:
    AssociationType.objects.create(code="goes_with")
    world.product()
    world.product("jug")
    world.product("mug")
    world.change("jug", associations={"goes_with": (AssociationChange(product="tee"),)})
    trash = {"change": {"trashed": True}}
    previewed = plan(world, "edit", select=TEE, **trash)
    told = previewed.lines.get().errors[0]
    assert previewed.title == "Move to the trash"
    assert (told["code"], "associated by: jug" in told["message"]) == ("in_use", True)
    assert Product.objects.filter(code="tee").exists()

    both = {"filter": {"field": "code", "op": "in", "value": ["tee", "jug"]}}
    plan(world, "edit", select=both, **trash)  # what goes along uses nothing any more
    assert list(Product.objects.values_list("code", flat=True)) == ["mug"]
    undone(world, last_act())
    assert Product.objects.filter(code__in=("tee", "jug")).count() == 2

    plan(world, "edit", select=TEE, change={"trashed": True, "force": True})
    assert not Product.objects.filter(code="tee").exists()
