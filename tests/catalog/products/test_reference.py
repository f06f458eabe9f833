"""The configuration is kept between calls, and never an old one is taken for the present."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog import stamp
from catalog.models import Attribute, ExternalSystem, Family, Scope, StructureStamp
from catalog.products import reference
from catalog.products.reference import load_reference
from governance.models import OwnershipRule
from governance.ownership import rules as ownership
from governance.ownership.rules import load_rules
from tests.world import World


def test_what_did_not_change_is_not_read_again(world: World) -> None:
    load_reference()
    with CaptureQueriesContext(connection) as queries:
        load_reference()
    assert len(queries) == 1


def test_it_reads_no_table_that_is_not_watched(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        read = reference._read()
    assert read.families
    _only_watched(queries)


def test_nor_do_the_rules_of_ownership(world: World) -> None:
    erp = ExternalSystem.objects.create(code="erp2", label="ERP")
    OwnershipRule.objects.create(code="prices", owner=erp, group=Attribute.objects.exclude(group=None)[0].group)
    with CaptureQueriesContext(connection) as queries:
        assert ownership.read_rules() is not None
    _only_watched(queries)


def test_a_changed_rule_is_obeyed_at_once(world: World) -> None:
    assert load_rules() is None
    rule = OwnershipRule.objects.create(code="weights", attribute=Attribute.objects.all()[0])
    found = load_rules()
    assert found is not None
    with CaptureQueriesContext(connection) as queries:
        assert load_rules() is found
    assert len(queries) == 1
    OwnershipRule.objects.filter(pk=rule.pk).delete()
    assert load_rules() is None


def _only_watched(queries: CaptureQueriesContext) -> None:
    watched = {m._meta.db_table for m in stamp.WATCHED}
    for query in queries.captured_queries:
        mentioned = {t for t in connection.introspection.table_names() if f'"{t}"' in query["sql"]}
        assert mentioned
        assert mentioned <= watched, query["sql"]


@pytest.mark.parametrize("model", stamp.WATCHED, ids=lambda m: m._meta.db_table)
@pytest.mark.parametrize("how", ["insert", "update", "delete"])
def test_every_change_of_a_watched_table_is_seen(world: World, model: Any, how: str) -> None:
    """By hand, past all of Django's signals."""
    before = stamp.current()
    fill(model)
    table, column = model._meta.db_table, model._meta.concrete_fields[-1].column
    statements = {
        "update": f"UPDATE {table} SET {column} = {column}",  # noqa: S608
        "delete": f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})",  # noqa: S608
    }
    if how in statements:
        before = stamp.current()
        with connection.cursor() as cursor:
            cursor.execute(statements[how])
    assert stamp.current() not in (None, before)


def fill(model: Any) -> Any:
    """One more row, with whatever its columns must have."""
    given: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or field.null or field.has_default():
            continue
        if field.is_relation:
            given[field.name] = fill(field.related_model)
        else:
            given[field.name] = "zz" if field.get_internal_type() == "CharField" else 1
    return model._default_manager.bulk_create([model(**given)])[0]


def test_a_rolled_back_change_leaves_nothing_behind(world: World) -> None:
    class Regret(Exception):
        pass

    try:
        with transaction.atomic():
            Attribute.objects.filter(code="brand").update(code="brand_of_regret")
            assert "brand_of_regret" in load_reference().attributes
            raise Regret
    except Regret:
        pass
    assert "brand_of_regret" not in load_reference().attributes
    # As many changes later, the same count of them has happened; the word is another one.
    Attribute.objects.filter(code="brand").update(code="brand_of_others")
    assert "brand_of_others" in load_reference().attributes


def test_what_one_call_adds_the_next_does_not_see(world: World) -> None:
    mine = load_reference()
    mine.specs.pop("brand")
    mine.families["default"].attributes.clear()
    mine.categories.add("none")
    theirs = load_reference()
    assert "brand" in theirs.specs
    assert "brand" in theirs.families["default"].attributes
    assert not theirs.categories


def test_making_a_code_does_not_count_as_a_change(world: World) -> None:
    before = stamp.current()
    Family.objects.filter(code="default").update(last_number=7)
    assert stamp.current() == before
    Family.objects.filter(code="default").update(code_pattern="p-{number}")
    assert stamp.current() != before


def test_without_a_stamp_nothing_is_kept(world: World) -> None:
    load_reference()
    StructureStamp.objects.all().delete()
    Scope.objects.create(code="unseen", label="Unseen")
    assert "unseen" in load_reference().scopes


def test_a_table_rebuilt_on_sqlite_is_watched_again_after_migrating(world: World) -> None:
    with connection.cursor() as cursor:
        dropped = "DROP TRIGGER structure_changed ON catalog_scope"
        cursor.execute(dropped if connection.vendor == "postgresql" else "DROP TRIGGER catalog_scope_update_stamps")
    stamp.watch(using="default")
    before = stamp.current()
    Scope.objects.update(label="Anew")
    assert stamp.current() != before
