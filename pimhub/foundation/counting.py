"""How many rows several queries have, asked in one statement and never counted on and on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def counts(queries: Sequence[QuerySet[Any]], *, most: int) -> list[int]:
    """The number of rows of each query; one that has more than `most` counts as `most + 1`."""
    found, columns, params = [0] * len(queries), list[str](), list[Any]()
    asked = []
    for place, query in enumerate(queries):
        try:
            sql, given = query.order_by().values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:  # known to have none
            continue
        asked.append(place)
        columns.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 # Django's own SQL
        params += given
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)}", params)
            for place, number in zip(asked, cursor.fetchone(), strict=True):
                found[place] = number
    return found
