"""Write many rows at once: COPY on PostgreSQL, one prepared statement elsewhere.

Django's own bulk calls build an expression, a parameter and an escaped array element for every cell,
which was most of the time that an import took. Models with signals or with files do not belong here.
"""

from __future__ import annotations

import datetime as dt
import itertools
import operator
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection, models

from pimhub.foundation.among import among

Cell = Callable[[Any], Any]


def append_objects(objects: Sequence[models.Model], *, unique: str = "") -> None:
    """`append` for unsaved objects of one model, with every field but the key.

    They learn their keys when `unique` names a field with a unique constraint. Fields that Django fills
    while saving (`auto_now`) must have been set.
    """
    if not objects:
        return
    model = type(objects[0])
    names = [f.attname for f in model._meta.concrete_fields if not f.primary_key]
    append(model, names, map(operator.attrgetter(*names), objects))
    if unique:
        given = operator.attrgetter(unique)
        wanted = among(unique, [given(each) for each in objects])
        keys = dict(model._default_manager.filter(wanted).values_list(unique, "pk"))
        for each in objects:
            each.pk, each._state.adding = keys[given(each)], False


def update_objects(objects: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields (attribute names) of saved objects of one model, each given once."""
    if not objects:
        return
    model, quote = type(objects[0]), connection.ops.quote_name
    fields = [_field(model, name) for name in names]
    table, key = quote(model._meta.db_table), quote(model._meta.pk.column or "")
    rows = _ready(fields, map(operator.attrgetter(*names, "pk"), objects))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(*_update_from_document(fields, model._meta.pk, rows, table=table, key=key))
        else:
            marks = ", ".join(f"{quote(f.column or '')} = %s" for f in fields)
            cursor.executemany(f"UPDATE {table} SET {marks} WHERE {key} = %s", list(rows))  # noqa: S608


def _update_from_document(
    fields: Sequence[models.Field[Any, Any]],
    pk: models.Field[Any, Any],
    rows: Iterable[Sequence[Any]],
    *,
    table: str,
    key: str,
) -> tuple[str, list[str]]:
    """One statement over one JSON document: planned once, and no parameter is bound cell by cell."""
    marks = ", ".join(
        f"{connection.ops.quote_name(f.column or '')} = given.f{n}::{_type(f)}" for n, f in enumerate(fields)
    )
    sql = (
        f"UPDATE {table} SET {marks} FROM {_given([*fields, pk])} "  # noqa: S608
        f"WHERE {table}.{key} = given.f{len(fields)}"
    )
    return sql, [_document(rows)]


def put(model: type[models.Model], key: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` (tuples in the order of `key`, then `names`); where the unique `key` is there, write over it."""
    if not rows:
        return
    fields = [_field(model, name) for name in (*key, *names)]
    quote = connection.ops.quote_name
    columns = [quote(f.column or "") for f in fields]
    table, unique = quote(model._meta.db_table), ", ".join(columns[: len(key)])
    over = ", ".join(f"{c} = excluded.{c}" for c in columns[len(key) :])
    begin = f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608
    end = f"ON CONFLICT ({unique}) DO UPDATE SET {over}"
    ready = _ready(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cells = ", ".join(f"given.f{n}::{_type(f)}" for n, f in enumerate(fields))
            cursor.execute(f"{begin} SELECT {cells} FROM {_given(fields)} {end}", [_document(ready)])  # noqa: S608
        else:
            cursor.executemany(f"{begin} VALUES ({', '.join(['%s'] * len(fields))}) {end}", list(ready))


def _given(fields: Sequence[models.Field[Any, Any]]) -> str:
    """A document of rows as a table, its cells named f0, f1, …"""
    # A JSON value comes as its own text, so that its null is none of SQL's.
    kinds = ["text" if isinstance(f, models.JSONField) else _type(f) for f in fields]
    return f"json_to_recordset(%s::json) AS given({', '.join(f'f{n} {kind}' for n, kind in enumerate(kinds))})"


def _document(rows: Iterable[Sequence[Any]]) -> str:
    return orjson.dumps([{f"f{n}": cell for n, cell in enumerate(row)} for row in rows], default=_exact).decode()


def _exact(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written in bulk")


def _type(field: models.Field[Any, Any]) -> str:
    """The column's type, without a length: what is too long is refused by the column, and not cut on its way."""
    kind = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)  # no serial
    assert kind is not None
    return kind.partition("(")[0]


def append(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` (tuples in the order of `names`, attribute names such as "product_id").

    Every column without a default of the database must be named. Constraints hold as for any insert:
    raises IntegrityError, and then nothing of the rows is there (call it inside a transaction).
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    rows = itertools.chain([first], rows)
    fields = [_field(model, name) for name in names]
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), ", ".join(quote(f.column or "") for f in fields)
    ready = _ready(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The driver's errors become Django's, which COPY by itself does not do.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in ready:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(ready))  # noqa: S608


def _ready(fields: Sequence[models.Field[Any, Any]], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows as the database takes them. Only cells that must change are looked at."""
    cells = [(place, cell) for place, field in enumerate(fields) if (cell := _cell(field))]
    for row in rows:
        ready = list(row)
        for place, cell in cells:
            ready[place] = cell(ready[place])
        yield ready


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return next(f for f in model._meta.concrete_fields if f.attname == name)


def _cell(field: models.Field[Any, Any]) -> Cell | None:
    """How a value of the field goes to the database; None: as it is."""
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if isinstance(target, models.JSONField):
        return _json
    if isinstance(target, models.CharField) and target.choices:
        return _word
    if connection.vendor == "postgresql":
        return None
    if isinstance(target, models.UUIDField):
        return _hex
    if isinstance(target, models.DateTimeField):
        return _moment()
    if isinstance(target, models.DecimalField):
        return _decimal(target)
    return None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _word(value: str | None) -> str | None:
    return None if value is None else str(value)  # a member of TextChoices as its value


def _hex(value: uuid.UUID | None) -> str | None:
    return value.hex if value else None


def _moment() -> Cell:
    adapt = connection.ops.adapt_datetimefield_value
    last: dt.datetime | None = None
    word: Any = None

    def cell(value: dt.datetime | None) -> Any:
        nonlocal last, word
        if value is not last:  # the rows of one write mostly carry one and the same moment
            last, word = value, adapt(value)
        return word

    return cell


def _decimal(field: models.DecimalField[Any, Any]) -> Cell:
    adapt, digits, places = connection.ops.adapt_decimalfield_value, field.max_digits, field.decimal_places

    def cell(value: Decimal | None) -> Any:
        return None if value is None else adapt(value, digits, places)

    return cell
