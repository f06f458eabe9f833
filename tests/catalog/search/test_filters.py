"""One filter language for grid, API, plans and views: every operator, on every kind of field."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import (
    AssociationType,
    Attribute,
    AttributeOption,
    Category,
    ExternalSystem,
    Family,
    FamilyAttribute,
    Product,
)
from catalog.products.changes import AssociationChange, OfferChange, ProductChange, VariantChange
from catalog.search import filters, operators, text
from governance.models import Standing
from pimhub.foundation.jsonvalue import JSON
from tests.world import World, build_world, lasting, variant


@pytest.fixture(scope="module")
def shop(django_db_setup: Any, django_db_blocker: Any) -> Any:
    """Four products that differ in one thing each; built once, taken away at the end."""
    with lasting(django_db_blocker):
        yield _shop()


def _shop() -> World:
    world = build_world()
    family = Family.objects.get(code="default")
    group = Attribute.objects.all()[0].group
    for code, kind, limits in (
        ("heft", "measurement", {"unit_family": "mass", "default_unit": "kg"}),
        ("launched", "date", {}),
        ("eco", "boolean", {}),
        ("pages", "integer", {}),
        ("cost_price", "price", {}),
        ("marks", "multi_select", {}),
        ("facts", "table", {"columns": [{"code": "fact", "type": "text"}, {"code": "grams", "type": "decimal"}]}),
        ("care", "textarea", {}),
        ("goes_with", "reference", {"to": "products"}),
    ):
        attribute = Attribute.objects.create(code=code, type=kind, group=group, filterable=True, limits=limits)
        FamilyAttribute.objects.create(family=family, attribute=attribute)
    Attribute.objects.filter(code="name").update(filterable=True)
    for code in ("new", "sale"):
        attribute = Attribute.objects.get(code="marks")
        AttributeOption.objects.create(attribute=attribute, code=code, labels={"en_US": code.title()})
    tree = Category.objects.get(code="products")
    shirts = Category.objects.add_child(tree, {"code": "shirts", "code_key": "shirts"})
    Category.objects.add_child(Category.objects.get(pk=shirts.pk), {"code": "polos", "code_key": "polos"})
    AssociationType.objects.create(code="related")
    ExternalSystem.objects.create(code="erp")
    world.write(
        ProductChange(
            code="polo",
            family="default",
            axes=("size",),
            categories=("polos",),
            values={
                "name@en_US": "Polo shirt",
                "name@de_DE": "Polohemd",
                "brand": "Acme",
                "heft": {"amount": "0.5", "unit": "kg"},
                "launched": "2026-05-01",
                "eco": True,
                "pages": 5,
                "cost_price": {"EUR": "12.90"},
                "marks": ["new", "sale"],
                "facts": [{"fact": "Salt", "grams": "1"}],
                "care": f"Übergröße. {'Wash it by hand. ' * 40}Never bleach it.",
            },
            references={"erp": "4711"},
            variants=(
                variant("polo-s", "s", gtin="4006381333931"),
                variant("polo-m", "m", price="39", values={"size": "m", "mpn": "M"}),
            ),
        ),
        ProductChange(
            code="tee",
            family="default",
            categories=("shirts",),
            values={
                "name@en_US": "Tee",
                "brand": "Bolt",
                "heft": {"amount": "200", "unit": "g"},
                "launched": "2025-12-24",
                "eco": False,
                "pages": 12,
                "cost_price": {"USD": "12.90"},
                "marks": ["new"],
                "mpn": "T",
            },
            variants=(VariantChange("tee", values={"mpn": "T2"}, offers={"default": OfferChange(price=Decimal("5"))}),),
        ),
        ProductChange(
            code="hat",
            family="default",
            values={"name@en_US": "Straw hat", "brand": "acme & sons"},
            variants=(VariantChange("hat"),),
            associations={"related": (AssociationChange(product="tee"),)},
        ),
        ProductChange(code="gone", family="default", values={"brand": "Acme"}, variants=(VariantChange("gone"),)),
    )
    world.change("gone", trashed=True)
    world.change("tee", values={"goes_with": ["polo"]})
    world.approve(Product.objects.get(code="polo"))
    world.change("tee", values={"custom_label_0": "x"}, by="ada")
    Product.objects.filter(code="hat").update(created_at=timezone.now() - dt.timedelta(days=30))
    return world


def found(given: JSON) -> str:
    manager = Product.everything if filters.mentions(given, "trashed") else Product.objects
    return " ".join(manager.filter(filters.build(given)).order_by("code").values_list("code", flat=True))


def leaf(field: str, op: str, *value: JSON, **more: JSON) -> dict[str, JSON]:
    return {"field": field, "op": op} | ({"value": value[0]} if value else {}) | more


CASES: list[tuple[JSON, str]] = [
    # texts
    (leaf("brand", "=", "Acme"), "polo"),
    (leaf("brand", "!=", "Acme"), "hat tee"),
    (leaf("brand", "in", ["Acme", "Bolt"]), "polo tee"),
    (leaf("brand", "not in", ["Acme", "Bolt"]), "hat"),
    (leaf("brand", "STARTS WITH", "acme"), "hat polo"),
    (leaf("brand", "contains", "SONS"), "hat"),
    (leaf("brand", "does_not_contain", "sons"), "polo tee"),
    (leaf("name@de_DE", "empty"), "hat tee"),
    (leaf("name@de_DE", "not empty"), "polo"),
    (leaf("name@de_DE", "!=", "Tee"), "polo"),
    # numbers, with units and currencies
    (leaf("pages", "=", 5), "polo"),
    (leaf("pages", "<", 12), "polo"),
    (leaf("pages", "<=", 12), "polo tee"),
    (leaf("pages", ">", 5), "tee"),
    (leaf("pages", ">=", 5), "polo tee"),
    (leaf("pages", "between", [1, 5]), "polo"),
    (leaf("pages", "not between", [1, 5]), "hat tee"),
    (leaf("pages", "in", [5, 12]), "polo tee"),
    (leaf("heft", "=", {"amount": "500", "unit": "g"}), "polo"),
    (leaf("heft", "<", {"amount": "0.3", "unit": "kg"}), "tee"),
    (leaf("heft", ">", "300 g"), "polo"),
    (leaf("cost_price", "=", {"EUR": "12.90"}), "polo"),
    (leaf("cost_price", "<=", {"USD": "20"}), "tee"),
    # dates and answers
    (leaf("launched", "<", "2026-01-01"), "tee"),
    (leaf("launched", "between", ["2026-01-01", "2026-12-31"]), "polo"),
    (leaf("launched", "since last n days", 36_000), "polo tee"),
    (leaf("eco", "=", True), "polo"),
    (leaf("eco", "!=", True), "tee"),
    (leaf("eco", "empty"), "hat"),
    # options, by code and by label
    (leaf("marks", "in", ["sale"]), "polo"),
    (leaf("marks", "in", ["New"]), "polo tee"),
    (leaf("marks", "not in", ["sale"]), "hat tee"),
    (leaf("marks", "not empty"), "polo tee"),
    (leaf("size", "in", ["M"]), "polo"),
    # tables by the names of their rows, pointers in any case, long texts to their end
    (leaf("facts", "=", "Salt"), "polo"),
    (leaf("facts", "in", ["Salt", "Fat"]), "polo"),
    (leaf("facts", "!=", "Fat"), "polo"),
    (leaf("facts", "contains", "sal"), "polo"),
    (leaf("goes_with", "=", "POLO"), "tee"),
    (leaf("goes_with", "in", ["Polo", "hat"]), "tee"),
    (leaf("care", "contains", "never BLEACH"), "polo"),
    (leaf("care", "does not contain", "bleach"), "hat tee"),
    (leaf("care", "starts with", "never"), ""),
    (leaf("care", "starts with", "ÜBERGR"), "polo"),
    (leaf("care", "contains", "übergröße. wash"), "polo"),
    # several currencies
    (leaf("cost_price", "in", [{"EUR": "12.90"}, {"USD": "12.90"}]), "polo tee"),
    (leaf("cost_price", "in", ["12.90 EUR", "12.90 SEK"]), "polo"),
    (leaf("cost_price", "between", ["1 EUR", "20 EUR"]), "polo"),
    (leaf("pages", "=", Decimal("5.0")), "polo"),
    # what it is called and where it stands
    (leaf("code", "=", "POLO"), "polo"),
    (leaf("code", "starts with", "t"), "tee"),
    (leaf("sku", "=", "Polo-S"), "polo"),
    (leaf("sku", "not in", ["tee"]), "hat polo"),
    (leaf("gtin", "=", "4006381333931"), "polo"),
    (leaf("gtin", "empty"), "hat polo tee"),
    (leaf("family", "in", ["default"]), "hat polo tee"),
    (leaf("category", "=", "shirts"), "tee"),
    (leaf("category", "in children", ["shirts"]), "polo tee"),
    (leaf("category", "not in children", ["shirts"]), "hat"),
    (leaf("category", "in or unclassified", ["polos"]), "hat polo"),
    (leaf("category", "unclassified"), "hat"),
    (leaf("category", "unclassified", tree="products"), "hat"),
    (leaf("reference", "=", "4711", system="erp"), "polo"),
    (leaf("reference", "empty"), "hat tee"),
    # what it has
    (leaf("price", ">", "20"), "polo"),
    (leaf("price", "=", "5", price_list="default"), "tee"),
    (leaf("price", "empty"), "hat"),
    (leaf("price", "not empty"), "polo tee"),
    (leaf("price", "between", ["4", 6]), "tee"),
    (leaf("price", "not between", ["4", 6]), "polo"),
    (leaf("stock", "between", [1, 9]), "polo"),
    (leaf("completeness", "between", [0, 99], locale="de_DE", scope="default"), "hat tee"),
    (leaf("completeness", "not between", [0, 99], locale="de_DE", scope="default"), "polo"),
    (leaf("version", "between", [2, 3]), "tee"),
    (leaf("family", "=", "DEFAULT"), "hat polo tee"),
    (leaf("stock", ">=", 5, location="main"), "polo"),
    (leaf("association", "not empty"), "hat"),
    (leaf("association", "=", "tee", type="related"), "hat"),
    (leaf("media", "empty"), "hat polo tee"),
    (leaf("override", "not empty"), "tee"),
    (leaf("override", "=", "mpn"), "tee"),
    (leaf("missing", "=", "name@de_DE", locale="de_DE"), "hat tee"),
    (leaf("completeness", "=", 100, locale="en_US", scope="default"), "hat polo tee"),
    (leaf("completeness", "<", 100, locale="de_DE"), "hat tee"),
    (leaf("completeness", "=", 100, locale="all"), "polo"),
    # when and by whom
    (leaf("created", "since last n days", 7), "polo tee"),
    (leaf("created", "<", "2100-01-01"), "hat polo tee"),
    (leaf("created", "=", "2100-01-01"), ""),
    (leaf("created", "!=", "2100-01-01"), "hat polo tee"),
    (leaf("updated", ">", "2020-01-01T00:00:00Z"), "hat polo tee"),
    (leaf("changed_by", "=", "ada"), "tee"),
    (leaf("changed_since", "=", "2020-01-01", key="custom_label_0"), "tee"),
    (leaf("trashed", "=", True), "gone"),
    (leaf("version", ">", 1), "tee"),
    (leaf("state", "=", "approved"), "polo"),
    (leaf("state", "not in", ["approved"]), "hat tee"),
    (leaf("unpublished_changes", "=", True), ""),
    (leaf("stale_copy", "=", True), ""),
    (leaf("listing", "empty"), "hat polo tee"),
    (leaf("issue", "not empty"), ""),
    # groups
    ({"any": [leaf("brand", "=", "Acme"), leaf("pages", "=", 12)]}, "polo tee"),
    ({"all": [leaf("pages", ">", 1), {"not": leaf("eco", "=", True)}]}, "tee"),
    ([leaf("pages", ">", 1), leaf("eco", "=", True)], "polo"),
    ({"not": {"any": [leaf("brand", "=", "Acme"), leaf("brand", "=", "Bolt")]}}, "hat"),
    ({}, "hat polo tee"),
]


@pytest.mark.parametrize(("given", "codes"), CASES, ids=lambda each: str(each)[:70])
def test_it_finds_what_is_asked_for(shop: World, db: None, given: JSON, codes: str) -> None:
    assert found(given) == codes


REFUSED: list[tuple[JSON, str]] = [
    ("brand", "object"),
    ({"field": "brnd", "op": "=", "value": "x"}, "Did you mean brand"),
    ({"field": "brand", "op": "near", "value": "x"}, "brand"),
    ({"field": "brand", "op": "="}, "missing"),
    ({"field": "name", "op": "=", "value": "x"}, "name@en_US"),
    ({"field": "brand@en_US", "op": "=", "value": "x"}, "languages"),
    ({"field": "pages", "op": "=", "value": "many"}, "many"),
    ({"field": "pages", "op": "between", "value": [1]}, "two"),
    ({"field": "pages", "op": "contains", "value": "1"}, "asked with"),
    ({"field": "mpn", "op": "=", "value": {"x": 1}}, "mpn"),
    ({"field": "description@en_US", "op": "contains", "value": "x"}, "filterable"),
    ({"field": "created", "op": ">", "value": "soon"}, "2026-11-27"),
    ({"field": "stock", "op": ">", "value": 1.5}, "whole"),
    ({"field": "price", "op": ">", "value": "cheap"}, "amount"),
    ({"field": "sku", "op": "=", "value": "x", "colour": "y"}, "colour"),
    ({"field": "state", "op": "=", "value": "done"}, "draft"),
    ({"field": "listing", "op": "=", "value": "live", "channel": "moon"}, "moon"),
    ({"field": "brand", "op": "in", "value": ["x"] * 1001}, "1001"),
    ({"any": {"field": "brand"}}, "list"),
    ({"any": []}, "no filter"),
    ({"not": []}, "no filter"),
    ({"all": [{"field": "code", "value": "x"}], "any": []}, "stand alone"),
    ({"field": "pages", "operator": ">", "value": 5}, "operator"),
    ({"field": "name", "op": "=", "value": "x", "locale": "en_US"}, "name@en_US"),
    ({"field": "cost_price", "op": "between", "value": ["1 EUR", "9 USD"]}, "one currency"),
    ({"field": "cost_price", "op": "=", "value": {"EUR": "1", "USD": "2"}}, "one at a time"),
    ({"field": "care", "op": "contains", "value": "x" * 101}, "at most 100"),
    ({"field": "care", "op": "=", "value": "x" * 256}, "beginning"),
    # what there is not: it would find nothing, or with “not” everything
    ({"field": "category", "op": "not in", "value": ["shrits"]}, "shrits"),
    ({"field": "family", "op": "not in", "value": ["defualt"]}, "default"),
    ({"field": "completeness", "op": "<", "value": 100, "scope": "defalt"}, "default"),
    ({"field": "missing", "op": "not empty", "locale": "fr_XX"}, "language"),
    ({"field": "missing", "op": "=", "value": "brnd"}, "brnd"),
    ({"field": "override", "op": "=", "value": "brnd"}, "brnd"),
    ({"field": "content_score", "op": ">", "value": 1, "scope": "x"}, "scope"),
    ({"field": "price", "op": ">", "value": 1, "price_list": "x"}, "default"),
    ({"field": "stock", "op": ">", "value": 1, "location": "x"}, "main"),
    ({"field": "association", "op": "empty", "type": "x"}, "related"),
    ({"field": "reference", "op": "empty", "system": "x"}, "erp"),
    ({"field": "issue", "op": "empty", "severity": "x"}, "error"),
    ({"field": "name@xx_XX", "op": "empty"}, "language"),
    ({"field": "description@en_US#moon", "op": "empty"}, "scope"),
    ([[[[[[[[[[[[{}]]]]]]]]]]]], "deep"),
    ([{"field": "code", "op": "=", "value": "x"}] * 101, "100"),
]


@pytest.mark.parametrize(("given", "word"), REFUSED, ids=lambda each: str(each)[:50])
def test_what_cannot_be_asked_is_said_with_its_place(shop: World, db: None, given: JSON, word: str) -> None:
    with pytest.raises(filters.BadFilter, match=word):
        filters.build(given)


fields = st.sampled_from(
    [*filters.parts.names(), "brand", "pages", "heft", "eco", "launched", "marks", "name@en_US", "x"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(Decimal("1.5")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["amount", "unit", "EUR"]), inner),
    max_leaves=4,
)
leaves = st.builds(leaf, fields, st.sampled_from(sorted(operators.EVERY)), anything)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda kind, several: {kind: several}, st.sampled_from(["all", "any"]), st.lists(inner, max_size=3))
        | inner.map(lambda one: {"not": one})
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees | anything)
def test_any_filter_is_answered_or_refused(shop: World, db: None, tree: JSON) -> None:
    try:
        built = filters.build(tree)
    except filters.BadFilter:
        return
    assert Product.objects.filter(built).count() + Product.objects.exclude(built).count() >= 0


def test_free_text_finds_every_word_and_ranks(shop: World, db: None) -> None:
    def named(words: str) -> list[str]:
        query = text.ranked(text.matching(Product.objects.all(), words), words).order_by("rank", "code")
        return list(query.values_list("code", flat=True))

    assert named("acme polo") == ["polo"]
    assert named("polo-s") == ["polo"]
    assert named("4006381333931") == ["polo"]
    assert named("tee") == ["tee"]
    assert named("polohemd") == ["polo"]
    assert named("nothing") == []
    assert named("acme")[-1:] == ["polo"] or named("acme") == ["hat", "polo"]


def test_a_standing_is_there_for_each(shop: World, db: None) -> None:
    assert Standing.objects.count() == 4
