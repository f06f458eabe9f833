"""Append many rows at once: COPY on PostgreSQL, one prepared statement elsewhere.

For rows whose keys nobody needs back. Django's own bulk insert builds an object, a parameter and an
escaped array element for every cell, which was most of the time that an import took.
"""

from __future__ import annotations

import datetime as dt
import operator
import uuid
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection, models

Cell = Callable[[Any], Any]


def append_objects(objects: Sequence[models.Model]) -> None:
    """`append` for unsaved objects of one model, with every field but the key, which they do not get."""
    if objects:
        names = [f.attname for f in objects[0]._meta.concrete_fields if not f.primary_key]
        append(type(objects[0]), names, map(operator.attrgetter(*names), objects))


def append(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` (tuples in the order of `names`, attribute names such as "product_id").

    Every column without a default of the database must be named. Constraints hold as for any insert:
    raises IntegrityError, and then nothing of the rows is there (call it inside a transaction).
    """
    fields = [_field(model, name) for name in names]
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), ", ".join(quote(f.column or "") for f in fields)
    cells = [_cell(f) for f in fields]
    ready = (tuple(c(v) if c else v for c, v in zip(cells, row, strict=True)) for row in rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in ready:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(ready))  # noqa: S608


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return next(f for f in model._meta.concrete_fields if f.attname == name)


def _cell(field: models.Field[Any, Any]) -> Cell | None:
    """How a value of the field goes to the database; None: as it is."""
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if isinstance(target, models.JSONField):
        return _json
    if connection.vendor == "postgresql":
        return None
    if isinstance(target, models.UUIDField):
        return _hex
    if isinstance(target, models.DateTimeField):
        return _moment
    if isinstance(target, models.DecimalField):
        return _decimal(target)
    return None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _hex(value: uuid.UUID | None) -> str | None:
    return value.hex if value else None


def _moment(value: dt.datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _decimal(field: models.DecimalField[Any, Any]) -> Cell:
    def cell(value: Decimal | None) -> Any:
        return connection.ops.adapt_decimalfield_value(value, field.max_digits, field.decimal_places)

    return cell
