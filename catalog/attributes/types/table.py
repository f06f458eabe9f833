"""Rows with typed columns: nutrition facts, size charts, certificates."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation

from catalog.attributes.cells import shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type, attribute_types, count_limit
from catalog.attributes.values import CODE_PATTERN
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

MAX_COLUMNS, MAX_ROWS = 20, 200
PARTS = frozenset({"code", "type", "labels", "required", "limits", "options"})
REMEDY = "Write a line with the names of the columns, then a line for each row, cells separated by “;”."


@dataclass(frozen=True, slots=True)
class Column:
    """One column; what its cells are is up to the type."""

    code: str
    kind: AttributeType
    spec: AttributeSpec
    labels: Mapping[str, str]
    required: bool
    options: frozenset[str] | None  # None = any

    def checked(self, cell: JSON) -> JSON:
        return self.kind.validate(cell, self.spec, options=self.options)

    def schema(self) -> dict[str, JSON]:
        found = {k: v for k, v in self.kind.json_schema(self.spec).items() if k != "type"}
        kind = self.kind.json_schema(self.spec)["type"][0]  # an empty cell is absent, never null
        return {"type": kind, **found, **({"enum": sorted(self.options)} if self.options else {})}


def columns_of(spec: AttributeSpec) -> list[Column]:
    """The columns that the limits describe; the first one names the rows, so it is never empty."""
    return [_column(given, first=number == 0) for number, given in enumerate(spec.limits.get("columns", []))]


def columns_limit(limit: JSON) -> object:
    """Raises ValueError or ValueProblem for columns that cannot be."""
    if not isinstance(limit, list) or not 1 <= len(limit) <= MAX_COLUMNS:
        raise ValueError(f'Give a list of 1 to {MAX_COLUMNS} columns, such as [{{"code": "salt", "type": "text"}}].')
    seen: set[str] = set()
    for given in limit:
        code = given.get("code") if isinstance(given, dict) else None
        if not isinstance(code, str) or not re.fullmatch(CODE_PATTERN, code) or code in seen:
            raise ValueError("Each column needs a code of its own: lower-case letters, digits, underscores.")
        seen.add(code)
        if strange := set(given) - PARTS:
            raise ValueError(f"Column {code} has “{sorted(strange)[0]}”; possible are {', '.join(sorted(PARTS))}.")
        kinds = {kind.name: kind for kind in attribute_types if kind.in_tables}
        if given.get("type") not in list(kinds):
            raise ValueError(f"The type of column {code} is one of {', '.join(kinds)}.")
        _check_parts(code, given, kinds[given["type"]])
    return limit


def _check_parts(code: str, given: Mapping[str, JSON], kind: AttributeType) -> None:
    labels, options, limits = given.get("labels", {}), given.get("options", []), given.get("limits", {})
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
        raise ValueError(f'The labels of column {code} are texts by language: {{"en_US": "Salt"}}.')
    if not isinstance(options, list) or not all(isinstance(o, str) and o.strip() == o and o for o in options):
        raise ValueError(f"The options of column {code} are a list of codes.")
    if options and not kind.has_options:
        raise ValueError(f"Column {code} has options, but its type is {kind.name}. Leave them out.")
    if not isinstance(given.get("required", False), bool) or not isinstance(limits, dict):
        raise ValueError(f"In column {code}, required is true or false, and limits are an object.")
    try:
        kind.check_limits(limits)
    except ValueProblem as problem:
        raise ValueError(f"Column {code}: {problem}") from problem


def rows_limit(limit: JSON) -> int:
    if count_limit(limit) > MAX_ROWS:
        raise ValueError(f"Give {MAX_ROWS} or less.")
    return count_limit(limit)


@attribute_type
class Table(AttributeType):
    """Canonical: a list of rows, each an object {column code: canonical value of the column's type}.

    Cells that are empty are left out. In a spreadsheet cell it is a line of column names and a line for each row.
    """

    name = "table"
    label = "Table"
    widget = "table"
    free_text = True
    in_tables = False
    limits = {"columns": columns_limit, "max_rows": rows_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        if text.startswith("["):
            try:
                return json.loads(text, parse_float=written_out)
            except (ValueError, InvalidOperation, RecursionError) as error:
                raise ValueProblem("not_a_table", f"{shown(text)} is not JSON: {error}.", REMEDY) from error
        separator = "\t" if "\t" in text.split("\n")[0] else ";"
        lines = list(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True))
        columns = _named(lines[0], columns_of(spec)) if lines else []
        return [
            _parsed(cells, columns, decimal_separator) for cells in lines[1:] if any(cell.strip() for cell in cells)
        ]

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, list | tuple):
            raise ValueProblem("not_a_table", f"{shown(value)} is not a list.", 'Send rows: [{"column": …}].')
        possible = spec.limits.get("max_rows", MAX_ROWS)
        if len(value) > possible:
            raise ValueProblem("too_many_rows", f"There are {len(value)} rows.", f"At most {possible} can be here.")
        columns = columns_of(spec)
        rows = [_row(number, row, columns) for number, row in enumerate(value, 1)]
        return [row for row in rows if row] or None

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        """A line for each row; columns that the attribute has lost since are told by their code."""
        columns = {c.code: c for c in columns_of(spec)}
        lines = []
        for row in value:
            codes = [*(c for c in columns if c in row), *(c for c in row if c not in columns)]
            lines.append(" · ".join(_told(columns.get(code), row[code], locale) for code in codes))
        return "\n".join(lines)

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        columns = columns_of(spec)
        known = {c.code for c in columns}
        if any(code not in known for row in value for code in row):  # from before the columns were what they are
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\n")
        writer.writerow([c.code for c in columns])
        for row in value:
            writer.writerow([c.kind.export(row.get(c.code), c.spec) for c in columns])
        return out.getvalue().rstrip("\n")

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        """The names of the rows."""
        columns = columns_of(spec)
        names = (row.get(columns[0].code) for row in value) if columns else ()
        yield from dict.fromkeys(
            ("text", columns[0].kind.export(name, columns[0].spec)[:255]) for name in names if name is not None
        )

    def sought(self, raw: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        """A table is asked for by the name of one of its rows."""
        columns = columns_of(spec)
        if columns and not isinstance(raw, list | tuple | dict) and raw is not None:
            first = columns[0]
            found = first.kind.parse(raw, first.spec) if isinstance(raw, str) else first.checked(raw)
            yield from self.index_values([{first.code: found}], spec) if found is not None else ()
        else:
            yield from super().sought(raw, spec)

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        columns = columns_of(spec)
        row = {
            "type": "object",
            "properties": {c.code: c.schema() for c in columns},
            "required": [c.code for c in columns if c.required],
            "additionalProperties": False,
        }
        return self.described(spec, "array", items=row, minItems=1, maxItems=spec.limits.get("max_rows", MAX_ROWS))


def _column(given: Mapping[str, JSON], *, first: bool) -> Column:
    code, labels = given["code"], given.get("labels", {})
    options = given.get("options")
    return Column(
        code=code,
        kind=attribute_types.get(given["type"]),
        spec=AttributeSpec(
            code=code, type=given["type"], label=labels.get("en_US", code), limits=given.get("limits", {})
        ),
        labels=labels,
        required=first or given.get("required", False),
        options=frozenset(options) if options else None,
    )


def _named(names: list[str], columns: list[Column]) -> list[Column]:
    """The columns that a head line names, by code or label in any language. Raises ValueProblem."""
    by_name = {label.casefold(): c for c in columns for label in c.labels.values()} | {c.code: c for c in columns}
    found = []
    for name in names:
        column = by_name.get(name.strip().casefold())
        if column is None or column in found:
            known = ", ".join(c.code for c in columns)
            wrong = "is there twice" if column else "is no column"
            raise ValueProblem("unknown_column", f"{shown(name)} {wrong}. The columns are {known}.", REMEDY)
        found.append(column)
    return found


def _parsed(cells: list[str], columns: list[Column], decimal_separator: str | None) -> dict[str, JSON]:
    if len(cells) > len(columns):
        text = ";".join(cells)
        raise ValueProblem(
            "too_many_cells", f"{shown(text)} has {len(cells)} cells for {len(columns)} columns.", REMEDY
        )
    return {
        column.code: _told_where(column, column.kind.parse, cell, column.spec, decimal_separator=decimal_separator)
        for column, cell in zip(columns, cells, strict=False)
    }


def _row(number: int, row: JSON, columns: list[Column]) -> dict[str, JSON]:
    if not isinstance(row, Mapping):
        raise ValueProblem("not_a_row", f"Row {number} is {shown(row)}.", 'Send an object: {"column": …}.')
    if strange := [code for code in row if code not in {c.code for c in columns}]:
        known = ", ".join(c.code for c in columns)
        raise ValueProblem("unknown_column", f"Row {number} has {shown(strange[0])}.", f"The columns are {known}.")
    cells = {c.code: _told_where(c, c.checked, row.get(c.code), row=number) for c in columns}
    filled = {code: cell for code, cell in cells.items() if cell is not None}
    lacking = [c.code for c in columns if c.required and c.code not in filled] if filled else []
    if lacking:
        raise ValueProblem("cell_missing", f"Row {number} has no {lacking[0]}.", "Fill it in, or remove the row.")
    return filled


def _told_where(column: Column, read: object, *args: object, row: int = 0, **named: object) -> JSON:
    """A cell, its refusal naming row and column."""
    try:
        return read(*args, **named)  # type: ignore[operator]
    except ValueProblem as problem:
        where = f"Row {row}, {column.code}" if row else column.code
        raise ValueProblem(problem.code, f"{where}: {problem.message}", problem.remedy) from problem


def _told(column: Column | None, cell: JSON, locale: str) -> str:
    if column is None:
        return str(cell)
    label = column.labels.get(locale, column.spec.label)
    text = column.kind.display(cell, column.spec, locale)
    return text if column.required and column.options is None and column.kind.free_text else f"{label} {text}"
