"""When the configuration last changed, told by the database itself (docs/decisions/0015).

Every statement that changes a watched table puts a new random word into `StructureStamp`. A word never
comes back, so what was read under it may be kept for as long as the database shows it: a rolled-back
change takes its word along, and no bulk update or hand at the console passes the triggers by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, models

from catalog.models import (
    AssociationType,
    Attribute,
    AttributeGroup,
    Currency,
    ExternalSystem,
    Family,
    FamilyAttribute,
    Locale,
    Location,
    PriceList,
    RoleLimit,
    Scope,
    StructureStamp,
)

T = TypeVar("T")

# Other floors add theirs while the apps load.
WATCHED: list[Any] = [
    AssociationType,
    Attribute,
    AttributeGroup,
    Currency,
    ExternalSystem,
    Family,
    FamilyAttribute,
    FamilyAttribute.required_for.through,
    Locale,
    Location,
    PriceList,
    RoleLimit,
    Scope,
    Scope.locales.through,
    Group,
    Group.permissions.through,
    Permission,
    ContentType,
]
# Counters of rows that say nothing of the configuration: they move with every code that is made.
UNWATCHED: dict[Any, set[str]] = {Family: {"last_number"}}


def current() -> str | None:
    """The word as this transaction sees it; None where there is none, and then nothing may be kept."""
    with connection.cursor() as cursor:  # asked several times in a write: the ORM would take longer than the database
        cursor.execute(f"SELECT stamp FROM {StructureStamp._meta.db_table} WHERE id = 1")  # noqa: S608
        row = cursor.fetchone()
    return row[0] if row else None


class Kept(Generic[T]):
    """What `read` reads from watched tables alone, read again only after one of them changed."""

    def __init__(self, read: Callable[[], T]) -> None:
        self.read = read
        self.held: tuple[str, T] | None = None  # with the word under which it was read

    def __call__(self) -> T:
        now, held = current(), self.held
        if held is not None and held[0] == now:
            return held[1]
        found = self.read()
        # A change amid our reading would leave us with half of it.
        if now is not None and current() == now:
            self.held = (now, found)
        return found


def watch(*, using: str, **_: Any) -> None:
    """Put the triggers in place, as they must be now. After every `migrate`: a table that SQLite rebuilds
    has lost its own."""
    wanted = connections[using]
    present = set(wanted.introspection.table_names())
    if not {m._meta.db_table for m in (*WATCHED, StructureStamp)} <= present:
        return  # migrated only half-way, or back
    statements = _on_postgresql() if wanted.vendor == "postgresql" else _on_sqlite()
    with wanted.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    StructureStamp.objects.using(using).get_or_create(pk=1, defaults={"stamp": "first"})


def _columns(model: Any) -> str:
    left_out = UNWATCHED.get(model, set())
    return ", ".join(f'"{f.column}"' for f in model._meta.concrete_fields if f.name not in left_out)


def _on_postgresql() -> list[str]:
    stamp = StructureStamp._meta.db_table
    found = [
        f"""CREATE OR REPLACE FUNCTION pimhub_structure_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE {stamp} SET stamp = gen_random_uuid()::text; RETURN NULL; END $$"""  # noqa: S608
    ]
    for model in WATCHED:
        table = model._meta.db_table
        found.append(
            f"""CREATE OR REPLACE TRIGGER structure_changed
            AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF {_columns(model)} ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION pimhub_structure_changed()"""
        )
    return found


def _on_sqlite() -> list[str]:
    stamp = StructureStamp._meta.db_table
    found = []
    for model in WATCHED:
        table = model._meta.db_table
        for verb in ("INSERT", "DELETE", "UPDATE"):
            name, event = f"{table}_{verb.lower()}_stamps", f"UPDATE OF {_columns(model)}" if verb == "UPDATE" else verb
            found.append(f"DROP TRIGGER IF EXISTS {name}")
            found.append(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN "  # noqa: S608
                f"UPDATE {stamp} SET stamp = lower(hex(randomblob(16))); END"
            )
    return found


def plug_in() -> None:
    models.signals.post_migrate.connect(watch, sender=apps.get_app_config("catalog"), dispatch_uid="structure stamp")
