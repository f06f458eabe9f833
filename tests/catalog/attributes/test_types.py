"""What single types promise beyond the contract of all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from catalog.attributes.cells import guard, join_list, split_list, unguard
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import attribute_types, type_of
from pimhub.foundation.jsonvalue import JSON

ROOT = Path(__file__).parents[3]


def spec(type: str, help: str = "", **limits: JSON) -> AttributeSpec:
    return AttributeSpec(code="sample", type=type, limits=limits, help=help)


def test_no_code_outside_the_types_asks_which_type_it_is() -> None:
    """`attribute.type == "…"` elsewhere means that a type leaves a question unanswered."""
    rooms = [ROOT / name for name in ("catalog", "governance", "channels", "pimhub")]
    files = [f for room in rooms for f in room.rglob("*.py") if "attributes/types" not in f.as_posix()]
    assert len(files) > 10
    assert [place for file in files for place in _ladders(file)] == []


def _ladders(file: Path) -> list[str]:
    """Places that compare a `.type` with the name of an attribute type."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Match):
            asked = [node.subject]
        elif isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        else:
            continue
        words = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
        if words & set(attribute_types.names()) and any(map(_is_type, asked)):
            found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    return sorted(found)


def _is_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "type"


def test_the_ladder_finder_finds(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(
        'if row.type in ("text",): pass\nmatch spec.type:\n  case "text": pass\nx = event.type == "revision.live"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.ROOT", tmp_path)
        assert _ladders(file) == ["bad.py:1", "bad.py:2"]


def test_a_pattern_must_match_the_whole_text() -> None:
    country = spec("text", pattern="[A-Z]{2}", help="Two letters, as in ISO 3166: IT, DE.")
    assert type_of("text").validate("DE", country) == "DE"
    with pytest.raises(ValueProblem, match="Two letters") as refusal:
        type_of("text").validate("DEU", country)
    assert refusal.value.code == "pattern"


def test_too_long_a_text_says_by_how_much() -> None:
    with pytest.raises(ValueProblem, match=r"12 characters; at most 10 are possible\. Shorten it by 2\."):
        type_of("text").validate("x" * 12, spec("text", max_length=10))


def test_a_known_separator_is_used() -> None:
    assert type_of("decimal").parse("1.299", spec("decimal"), decimal_separator=".") == "1.299"
    assert type_of("integer").parse("1.299", spec("integer"), decimal_separator=",") == 1299
    weight = spec("measurement", unit_family="mass")
    assert type_of("measurement").parse("1.299 kg", weight, decimal_separator=".")["amount"] == "1.299"
    assert type_of("price").parse("1,299 EUR", spec("price"), decimal_separator=".") == {"EUR": "1299.00"}


def test_a_range_names_its_border() -> None:
    stars = spec("decimal", min="0", max="5")
    with pytest.raises(ValueProblem, match="Give 5 or less"):
        type_of("decimal").validate("5.1", stars)
    with pytest.raises(ValueProblem, match="Give 0 or more"):
        type_of("decimal").validate("-1", stars)


def test_an_exported_number_is_never_ambiguous() -> None:
    assert type_of("decimal").export("1.299", spec("decimal")) == "1.2990"
    assert type_of("decimal").export("12.5", spec("decimal")) == "12.5"


class TestOptions:
    codes = {"red", "reds", "green"}

    def test_a_known_code_passes(self) -> None:
        assert type_of("select").validate("red", spec("select"), options=self.codes) == "red"
        assert type_of("multi_select").validate(["red"], spec("multi_select"), options=self.codes) == ["red"]

    def test_an_unknown_code_is_named_with_those_like_it(self) -> None:
        with pytest.raises(ValueProblem, match="“redd”") as refusal:
            type_of("select").validate("redd", spec("select"), options=self.codes)
        assert refusal.value.code == "unknown_option"
        assert refusal.value.remedy == "Did you mean red, reds?"
        with pytest.raises(ValueProblem, match="“blue”"):
            type_of("multi_select").validate(["red", "blue"], spec("multi_select"), options=self.codes)

    def test_a_container_that_cannot_be_listed_will_do(self) -> None:
        class Even:
            def __contains__(self, code: object) -> bool:
                return len(str(code)) % 2 == 0

        assert type_of("select").validate("ab", spec("select"), options=Even()) == "ab"
        with pytest.raises(ValueProblem) as refusal:
            type_of("select").validate("abc", spec("select"), options=Even())
        assert refusal.value.code == "unknown_option"

    def test_types_without_options_ignore_them(self) -> None:
        assert type_of("text").validate("red", spec("text"), options=set()) == "red"

    def test_labels_are_shown_for_codes(self) -> None:
        labels = {"red": "Rot", "green": "Grün"}
        assert type_of("select").display("red", spec("select"), "de_DE", labels) == "Rot"
        shown = type_of("multi_select").display(["blue", "red"], spec("multi_select"), "de_DE", labels)
        assert shown == "blue, Rot"

    def test_only_the_choices_have_options(self) -> None:
        assert [n for n in ("select", "multi_select", "text", "boolean") if type_of(n).has_options] == [
            "select",
            "multi_select",
        ]


class TestMeasurement:
    def test_the_limits_count_in_the_default_unit(self) -> None:
        parcel = spec("measurement", unit_family="mass", default_unit="kg", max="30")
        assert type_of("measurement").validate({"amount": "30000", "unit": "g"}, parcel)
        with pytest.raises(ValueProblem, match="Give 30 or less"):
            type_of("measurement").validate({"amount": "30001", "unit": "g"}, parcel)

    def test_without_default_the_unit_must_be_said(self) -> None:
        with pytest.raises(ValueProblem, match="The unit is missing") as refusal:
            type_of("measurement").parse("5", spec("measurement", unit_family="mass"))
        assert refusal.value.remedy == "Write it after the number: kg, g, mg, t, lb, oz."

    def test_a_quote_is_an_inch(self) -> None:
        screen = spec("measurement", unit_family="length")
        assert type_of("measurement").parse('27"', screen) == {"amount": "27", "unit": "in"}
        assert type_of("measurement").display({"amount": "27", "unit": "in"}, screen) == "27 in"

    def test_a_default_unit_belongs_to_the_family(self) -> None:
        with pytest.raises(ValueProblem, match="not a unit of mass"):
            type_of("measurement").check_limits({"unit_family": "mass", "default_unit": "m"})


class TestPrice:
    only_euro = spec("price", currencies=["EUR"])

    def test_the_only_currency_need_not_be_typed(self) -> None:
        assert type_of("price").parse("12,9", self.only_euro) == {"EUR": "12.90"}

    def test_another_currency_is_refused(self) -> None:
        with pytest.raises(ValueProblem, match="Use EUR"):
            type_of("price").parse("12.90 USD", self.only_euro)

    def test_a_dollar_sign_means_the_only_currency_if_that_is_in_dollars(self) -> None:
        assert type_of("price").parse("$12", spec("price", currencies=["CAD"])) == {"CAD": "12.00"}
        with pytest.raises(ValueProblem) as refusal:
            type_of("price").parse("$12", self.only_euro)
        assert refusal.value.code == "currency_missing"
        both = spec("price", currencies=["EUR", "USD"])
        assert type_of("price").parse("$12", both) == {"USD": "12.00"}


@pytest.mark.parametrize("text", ["'123", "''1", "'=x", "a", "", "'t", "-5", "'- x"])
def test_a_guarded_cell_reads_back(text: str) -> None:
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("items", [["a"], ["a,b"], ["a;b", "c|d"], ['say "x"', "y"], ["=1"], ['"']])
def test_a_joined_list_splits_again(items: list[str]) -> None:
    assert split_list(join_list(items)) == items
