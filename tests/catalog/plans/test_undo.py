"""Change sets are taken back: byte by byte when nobody came after, by three-way merge when somebody did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.change_sets import acting
from catalog.models import AssociationType, ChangePlan, ChangeSet, ExternalSystem, PlanLine, Product
from catalog.plans import run
from catalog.products.changes import AssociationChange, MediaChange, OfferChange, ProductChange, VariantChange
from catalog.products.state import Flat
from catalog.products.write import write_products
from pimhub.foundation.jsonvalue import canonical
from tests.world import World, variant


def undone(world: World, act: ChangeSet, **what: Any) -> ChangePlan:
    plan = run.start(kind="undo", what={"change_set": str(act.pk)} | what, user=world.people["mara"])
    return worked_off(plan, world)


def worked_off(plan: ChangePlan, world: World) -> ChangePlan:
    while run.advance(str(plan.pk)):
        pass
    plan.refresh_from_db()
    assert plan.state == "planned", plan.problem
    run.apply(plan, user=world.people["mara"])
    while run.advance(str(plan.pk)):
        pass
    plan.refresh_from_db()
    assert plan.state == "applied", plan.problem
    return plan


def last_act() -> ChangeSet:
    return ChangeSet.objects.latest("created_at")


PICTURES = [MediaChange(url=f"https://shop.example/{n}.jpg", alt={"en_US": f"Picture {n}"}) for n in range(3)]
words = st.sampled_from(["Acme", "Bolt", "Crest", None])
product_values = st.dictionaries(st.sampled_from(["brand", "name@en_US", "name@de_DE", "tax_code"]), words, max_size=3)
variant_values = st.dictionaries(st.sampled_from(["mpn", "fulfillment_service", "tax_code"]), words, max_size=2)
offers = st.builds(
    lambda price, tax: {"default": OfferChange(price=price, tax_class=tax, confirmed=True)},
    st.sampled_from([None, Decimal("18.50"), Decimal("19.90"), Decimal("20")]),
    st.sampled_from(["", "reduced"]),
)
links = st.sampled_from(
    [(), (AssociationChange(product="hat"),), (AssociationChange(sku="hat-s"), AssociationChange(product="hat"))]
)
variant_changes = st.builds(
    lambda sku, values, given, stock, reset: VariantChange(
        sku=sku, values=values, offers=given, stock={"main": stock}, reset=reset
    ),
    st.sampled_from(["tee-s", "tee-m"]),
    variant_values,
    offers,
    st.integers(0, 9),
    st.sampled_from([(), ("mpn",), ("tax_code",)]),
)
new_variants = st.integers(0, 10**9).map(lambda number: variant(f"tee-{number}", "l"))
changes = st.builds(
    lambda values, reset, categories, media, kinds, references, variants, new, trashed: ProductChange(
        code="tee",
        values=values,
        reset=reset,
        categories=categories,
        media=media,
        associations=kinds,
        references=references,
        variants=(*{v.sku: v for v in variants}.values(), *new),
        trashed=trashed,
    ),
    product_values,
    st.sampled_from([(), ("brand",), ("name@de_DE",)]),
    st.sampled_from([None, (), ("products",)]),
    st.none() | st.lists(st.sampled_from(PICTURES), unique_by=lambda m: m.url).map(tuple),
    st.dictionaries(st.just("related"), links),
    st.dictionaries(st.just("erp"), st.sampled_from(["1", "2", None])),
    st.lists(variant_changes, max_size=2),
    st.lists(new_variants, max_size=1),
    st.sampled_from([None, None, None, False]),
)


def shop(world: World) -> None:
    AssociationType.objects.get_or_create(code="related")
    ExternalSystem.objects.get_or_create(code="erp")
    world.product("hat", sizes=("s",))
    world.product("tee")


def visible(flat: Flat) -> bytes:
    """What a product is: variants in the trash are not there, and what is empty is empty."""
    rows = {
        sku: {k: v for k, v in row.items() if "." not in k or v not in (None, 0)}
        for sku, row in flat.items()
        if "trashed" not in row
    }
    return canonical(rows)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(changes, min_size=1, max_size=5))
def test_undoing_any_sequence_backwards_restores_every_byte(world: World, sequence: list[ProductChange]) -> None:
    if not Product.everything.exists():
        shop(world)
    before = visible(world.flat("tee"))
    acts = []
    for change in sequence:
        with acting(user=world.people["mara"], source="page") as act:
            (result,) = write_products([change])
        if result.status == "updated":
            acts.append(act.change_set)
    for each in reversed(acts):
        assert each
        plan = undone(world, each)
        assert plan.counts in ({"applied": 1}, {"unchanged": 1}), list(PlanLine.objects.filter(plan=plan).values())
    assert visible(world.flat("tee")) == before


def test_what_others_changed_since_stays_and_is_listed(world: World) -> None:
    shop(world)
    world.change("tee", values={"brand": "Bolt", "name@en_US": "Bolt tee", "custom_label_0": "Cotton"})
    act = last_act()
    world.change("tee", values={"brand": "Crest"}, by="ada")
    plan = undone(world, act)
    assert world.flat("tee")[""]["brand"] == "Crest"
    assert world.flat("tee")[""]["name@en_US"] == "Tee shirt"
    assert "custom_label_0" not in world.flat("tee")[""]
    line = plan.lines.get()
    assert [(e["key"], e["code"]) for e in line.errors] == [("brand", "changed_since")]
    assert plan.change_set is not None
    assert plan.change_set.undoes == act


def test_an_undo_is_itself_undone(world: World) -> None:
    shop(world)
    world.change("tee", values={"brand": "Bolt"})
    plan = undone(world, last_act())
    assert world.flat("tee")[""]["brand"] == "Acme"
    assert plan.change_set
    undone(world, plan.change_set)
    assert world.flat("tee")[""]["brand"] == "Bolt"


def test_what_was_made_goes_to_the_trash_and_what_was_trashed_comes_back(world: World) -> None:
    shop(world)
    act = world.change("cap", family="default", values={"brand": "x"}, variants=(variant("cap", "s"),)) and last_act()
    undone(world, act)
    assert Product.everything.get(code="cap").trashed_at is not None
    world.change("tee", trashed=True)
    undone(world, last_act())
    assert Product.objects.filter(code="tee").exists()


def test_many_products_come_back_but_those_left_out(world: World) -> None:
    for number in range(5):
        world.product(f"p{number}", sizes=("s",))
    world.write(*(ProductChange(code=f"p{n}", values={"brand": "Bolt"}) for n in range(5)))
    undone(world, last_act(), codes=["p1", "p3"])
    assert [world.flat(f"p{n}")[""]["brand"] for n in range(5)] == ["Bolt", "Acme", "Bolt", "Acme", "Bolt"]


def test_an_edit_between_preview_and_application_is_left_alone(world: World) -> None:
    for number in range(3):
        world.product(f"p{number}", sizes=("s",))
    plan = run.start(
        kind="edit",
        what={
            "select": {"filter": {"field": "brand", "op": "=", "value": "Acme"}},
            "change": {"values": {"brand": "Bolt"}},
        },
        user=world.people["mara"],
        reason="rebranding",
    )
    while run.advance(str(plan.pk)):
        pass
    world.change("p1", values={"brand": "Crest"})
    world.change("p2", values={"mpn": "7"})  # another value: no reason to stop
    run.apply(plan, user=world.people["mara"])
    while run.advance(str(plan.pk)):
        pass
    plan.refresh_from_db()
    assert plan.counts == {"applied": 2, "overtaken": 1}
    assert [world.flat(f"p{n}")[""]["brand"] for n in range(3)] == ["Bolt", "Crest", "Bolt"]
    assert plan.change_set
    assert plan.change_set.reason == "rebranding"


def test_a_preview_says_what_is_refused_and_changes_nothing(world: World) -> None:
    world.product("p0", sizes=("s",))
    what = {"select": {"text": "shirt"}, "change": {"values": {"colour": "x"}}}
    plan = run.start(kind="edit", what=what, user=world.people["mara"])
    while run.advance(str(plan.pk)):
        pass
    plan.refresh_from_db()
    assert (plan.state, plan.counts) == ("planned", {"rejected": 1})
    assert plan.lines.get().errors[0]["code"] == "unknown_attribute"
    run.cancel(plan)
    with pytest.raises(run.NotNow, match="cancelled"):
        run.apply(plan, user=None)


def test_a_killed_worker_leaves_whole_slices(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        world.product(f"p{number}", sizes=("s",))
    monkeypatch.setattr(run, "BATCH", 2)
    what = {"select": {"text": "shirt"}, "change": {"values": {"brand": "Bolt"}}}
    plan = run.start(kind="edit", what=what, user=world.people["mara"])
    while run.advance(str(plan.pk)):
        pass
    plan.refresh_from_db()
    run.apply(plan, user=world.people["mara"])
    written = run.write_products
    calls = []

    def dies(*args: Any, **how: Any) -> Any:
        calls.append(1)
        result = written(*args, **how)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(run, "write_products", dies)
        with pytest.raises(KeyboardInterrupt):
            run.advance(str(plan.pk))
    assert sum(world.flat(f"p{n}")[""]["brand"] == "Bolt" for n in range(6)) == 2
    while run.advance(str(plan.pk)):
        pass
    plan.refresh_from_db()
    assert (plan.state, plan.counts) == ("applied", {"applied": 6})
    assert ChangeSet.objects.filter(pk=plan.change_set_id).count() == 1
