"""Rows by many keys at once: one parameter however many keys there are, so that the SQL is always the same."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import F, Lookup, QuerySet


@dataclass(frozen=True)
class _Slot:
    """Stands in a query for keys that are not known yet."""

    number: int


class _AnyOf(Lookup):
    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor != "postgresql":
            return f"{column} IN (SELECT value FROM json_each(%s))", [*params, _bound(self.rhs)]  # noqa: S608
        # Small numbers would be bound as a smaller type, and an array of another type than the column is not hashed.
        field = self.lhs.output_field
        kind = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)  # no serial
        cast = f"::{kind}[]" if kind in ("bigint", "integer") else ""
        return f"{column} = ANY(%s{cast})", [*params, _bound(self.rhs)]


def _bound(keys: Any) -> Any:
    if isinstance(keys, _Slot):
        return keys
    return list(keys) if connection.vendor == "postgresql" else orjson.dumps(list(keys)).decode()


def among(name: str, keys: Collection[Any]) -> Lookup[Any]:
    """What `name__in=keys` means, for keys that are text or numbers as the database holds them.

    A thousand parameters are written, split and bound one by one, which took a quarter of the time of a batch.
    """
    return _AnyOf(F(name), keys)


class Compiled:
    """A query by keys that every write asks: put into SQL once, and asked with other keys ever after.

    To build a query and put it into SQL takes Django longer than the database takes to answer it. `build` gets a
    stand-in for each collection of keys, for `among`, and returns a `values_list`.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        self.made: dict[str, tuple[str, tuple[Any, ...], Callable[[Any], Any]]] = {}  # by vendor

    def __call__(self, *keys: Collection[Any]) -> list[Any]:
        """The rows for these keys."""
        sql, params, ready = self.made.get(connection.vendor) or self._make(len(keys))
        with connection.cursor() as cursor:
            cursor.execute(sql, [_bound(keys[p.number]) if isinstance(p, _Slot) else p for p in params])
            return list(ready(cursor.fetchall()))

    def _make(self, slots: int) -> tuple[str, tuple[Any, ...], Callable[[Any], Any]]:
        compiler = self.build(*map(_Slot, range(slots))).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if compiler.has_extra_select:
            raise TypeError("Order by what is selected: the rows would have more cells than were asked for.")
        columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)

        def ready(rows: Any) -> Any:
            return compiler.apply_converters(rows, converters) if converters else rows

        made = self.made[connection.vendor] = (sql, tuple(params), ready)
        return made
