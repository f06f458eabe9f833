"""One suite for every attribute type: what holds for one holds for all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import AttributeType, attribute_types, type_choices, type_of
from pimhub.foundation.jsonvalue import JSON, canonical
from tests.catalog.attributes.tables_of_amounts import AMOUNTS
from tests.catalog.attributes.tables_of_words import WORDS

# A new type adds its table to one of these; the whole suite then runs over it.
TABLES = WORDS | AMOUNTS

WIDGETS = {"text", "textarea", "rich_text", "number", "tristate", "date", "select", "multi_select",
           "measurement", "price", "url", "media", "reference", "table"}  # fmt: skip
each_type = pytest.mark.parametrize("name", attribute_types.names())


def rows(column: str) -> pytest.MarkDecorator:
    """One case per line of that column, over all types."""
    cases = []
    for name, table in TABLES.items():
        lines = getattr(table, column)
        cases += [(name, *line) for line in (lines.items() if isinstance(lines, dict) else lines)]
    names = {
        "typed": "text,expected",
        "refused": "text,code",
        "sent": "value,expected",
        "not_sent": "value,code",
        "shown": "value,locale,text",
        "indexed": "value,entries",
    }
    return pytest.mark.parametrize(f"name,{names[column]}", cases)


def test_every_type_has_a_table() -> None:
    assert sorted(TABLES) == attribute_types.names() == sorted(name for name, _ in type_choices())


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(LookupError, match="magic"):
        type_of("magic")


@rows("typed")
def test_it_reads_what_people_type(name: str, text: str, expected: JSON) -> None:
    value = type_of(name).parse(text, TABLES[name].spec)
    assert canonical(value) == canonical(expected)


@rows("refused")
def test_it_refuses_in_words(name: str, text: str, code: str) -> None:
    with pytest.raises(ValueProblem) as refusal:
        type_of(name).parse(text, TABLES[name].spec)
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")
    assert len(str(refusal.value)) < 400


@rows("sent")
def test_it_brings_json_into_its_canonical_form(name: str, value: JSON, expected: JSON) -> None:
    assert canonical(type_of(name).validate(value, TABLES[name].spec)) == canonical(expected)


@rows("not_sent")
def test_it_refuses_json_of_another_kind(name: str, value: JSON, code: str) -> None:
    with pytest.raises(ValueProblem) as refusal:
        type_of(name).validate(value, TABLES[name].spec)
    assert refusal.value.code == code


@rows("shown")
def test_it_tells_its_value_to_people(name: str, value: JSON, locale: str, text: str) -> None:
    assert type_of(name).display(value, TABLES[name].spec, locale) == text


@rows("indexed")
def test_it_says_what_filters_look_for(name: str, value: JSON, entries: list[tuple[str, str]]) -> None:
    found = type_of(name).index_values(value, TABLES[name].spec)
    assert [tuple(str(part) for part in entry) for entry in found] == entries


@each_type
def test_blank_is_deliberately_empty(name: str) -> None:
    kind, spec = type_of(name), TABLES[name].spec
    for blank in ("", "  ", "\u00a0", "\n", "\ufeff"):
        assert kind.parse(blank, spec) is None
    assert kind.validate(None, spec) is None
    assert kind.validate(None, spec, options=set()) is None
    assert kind.export(None, spec) == kind.display(None, spec, "en_US") == ""
    assert list(kind.index_values(None, spec)) == []
    assert list(kind.targets(None, spec)) == []
    assert kind.equal(None, None, spec)


@each_type
def test_it_describes_itself(name: str) -> None:
    kind, spec = type_of(name), TABLES[name].spec
    schema = kind.json_schema(spec)
    assert kind.name == name
    assert kind.label
    assert kind.widget in WIDGETS
    assert schema["title"] == "Sample"
    assert schema["type"][1] == "null"
    assert canonical(schema)  # JSON without floats
    kind.check_limits(spec.limits)


@each_type
def test_limits_are_checked_when_they_are_set(name: str) -> None:
    kind = type_of(name)
    with pytest.raises(ValueProblem, match="no limit “magic”"):
        kind.check_limits({"magic": 1})
    for limit in kind.limits:
        for nonsense in ("(", [], -1.5):
            with pytest.raises(ValueProblem) as refusal:
                kind.check_limits({limit: nonsense})
            assert refusal.value.code == "bad_limit"


SCHEMA_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


@each_type
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_canonical_values_stay_and_come_back(name: str, data: st.DataObject) -> None:
    """Validate is idempotent; a cell that is written can be read; the schema names the right JSON type."""
    kind, spec = type_of(name), TABLES[name].spec
    value = kind.validate(data.draw(TABLES[name].values), spec)
    canonical(value)
    assert kind.equal(kind.validate(value, spec), value, spec)
    cell = kind.export(value, spec)
    for separator in (None, "."):
        assert kind.equal(kind.parse(cell, spec, decimal_separator=separator), value, spec)
    if value is not None:
        assert type(value) is SCHEMA_TYPES[kind.json_schema(spec)["type"][0]]
        assert kind.display(value, spec, "de_DE") or name == "rich_text"


@each_type
@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=30) | st.text(alphabet="0123456789.,-/' kgEUR€;|\"", max_size=15))
def test_any_cell_is_read_or_refused(name: str, text: str) -> None:
    kind, spec = type_of(name), TABLES[name].spec
    try:
        value = kind.parse(text, spec)
    except ValueProblem:
        return
    assert kind.equal(kind.validate(value, spec), value, spec)


@each_type
@settings(max_examples=60, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["amount", "unit", "EUR", "x"]), inner, max_size=3)
        ),
        max_leaves=5,
    )
)
def test_any_json_is_taken_or_refused(name: str, value: JSON) -> None:
    kind, spec = type_of(name), TABLES[name].spec
    try:
        taken = kind.validate(value, spec)
    except ValueProblem:
        return
    canonical(taken)


def test_true_is_not_one() -> None:
    spec = TABLES["boolean"].spec
    kind: AttributeType = type_of("boolean")
    assert not kind.equal(True, 1, spec)
