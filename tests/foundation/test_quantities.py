"""Units and their conversion."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pimhub.foundation.quantities import (
    UNITS,
    Unit,
    base_amount,
    convert,
    families,
    find_unit,
    split_quantity,
    units_of,
)


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("kg", "kg"),
        ("Kg", "kg"),
        ("KG ", "kg"),
        ("kilogram", "kg"),
        ("lbs", "lb"),
        ("Pounds", "lb"),
        ("inch", "in"),
        ('"', "in"),
        ("”", "in"),
        ("zoll", "in"),
        ("'", "ft"),
        ("m²", "m2"),
        ("sqm", "m2"),
        ("fl oz", "fl_oz"),
        ("fl.  oz.", "fl_oz"),
        ("L", "l"),
        ("°C", "c"),
        ("kWh", "kwh"),
        ("GB", "gb"),
    ],
)
def test_it_knows_what_people_type(spelling: str, code: str) -> None:
    assert find_unit(spelling).code == code


def test_ounces_of_a_volume_are_fluid() -> None:
    assert find_unit("oz").code == "oz"
    assert find_unit("oz", "volume").code == "fl_oz"


@pytest.mark.parametrize("text", ["stone", "", "kg*m", "kg**2", "__import__('os')", "1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a unit"):
        find_unit(text)


def test_a_refusal_names_what_would_do() -> None:
    with pytest.raises(ValueError, match=r"not a unit of length\. Use m, cm, mm, km, in, ft, yd"):
        find_unit("kg", "length")
    with pytest.raises(ValueError, match=r"Use kg\."):
        find_unit("kilogrm")
    with pytest.raises(ValueError, match="Known: mass"):
        units_of("magic")


def test_no_two_units_share_a_spelling() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for unit in UNITS.values():
        for spelling in (unit.code, unit.symbol, *unit.spellings):
            owners[spelling.casefold()].add(unit.code)
    assert {s: codes for s, codes in owners.items() if len(codes) > 1} == {}


@pytest.mark.parametrize(
    ("amount", "unit", "to", "result"),
    [
        ("1.2", "kg", "g", "1200"),
        ("1", "lb", "g", "453.59237"),
        ("1", "lb", "oz", "16"),
        ("1", "in", "mm", "25.4"),
        ("1", "in2", "cm2", "6.4516"),
        ("1", "ft2", "m2", "0.09290304"),
        ("1", "fl_oz", "ml", "29.5735295625"),
        ("1", "gal", "l", "3.785411784"),
        ("98.6", "f", "c", "37"),
        ("0", "c", "k", "273.15"),
        ("1", "kwh", "kj", "3600"),
        ("1", "gib", "b", "1073741824"),
        ("2", "gb", "mb", "2000"),
        ("5000", "mah", "ah", "5"),
        ("1", "ps", "w", "735.49875"),
        ("0.1", "m", "cm", "10"),
        ("1", "h", "min", "60"),
    ],
)
def test_conversion_is_exact(amount: str, unit: str, to: str, result: str) -> None:
    assert str(convert(Decimal(amount), unit, to)) == result


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="measures mass"):
        convert(Decimal(1), "kg", "m")
    with pytest.raises(LookupError, match="stone"):
        convert(Decimal(1), "stone", "kg")


@pytest.mark.parametrize("family", families())
def test_the_first_unit_is_the_base(family: str) -> None:
    first = units_of(family)[0]
    assert base_amount(Decimal("1.5"), first.code) == Decimal("1.5")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(UNITS.values())), st.decimals("0.001", 10**6, places=3))
def test_there_and_back_is_the_same(unit: Unit, amount: Decimal) -> None:
    there = base_amount(amount, unit.code)
    back = convert(there, units_of(unit.family)[0].code, unit.code)
    assert abs(back - amount) <= abs(amount) * Decimal("1e-20")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1,2 kg", ("1,2", "kg")),
        ("1.2kg", ("1.2", "kg")),
        ("1'299.00 g", ("1'299.00", "g")),
        ("1 299,5 mm", ("1 299,5", "mm")),
        ("6'", ("6", "'")),
        ('5 "', ("5", '"')),
        ("-3 °C", ("-3", "°C")),
        ("kg", ("", "kg")),
        ("5", ("5", "")),
        ("", ("", "")),
    ],
)
def test_number_and_unit_come_apart(text: str, parts: tuple[str, str]) -> None:
    assert split_quantity(text) == parts
