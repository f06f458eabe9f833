"""Measured quantities: an allow-list of units, and exact conversion between them by pint.

Only names from this table ever reach pint. Its expression parser evaluates free text, so what
people type is looked up here instead.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import cache

import pint

from pimhub.foundation.numbers import plain

# Work with more digits than are returned, so that factors such as 25.4² come out exact.
_WORKING = Context(prec=60)
_RETURNED = Context(prec=28)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit people may choose. `symbol` is how it is written beside a number, `pint` its name in pint."""

    code: str
    family: str
    symbol: str
    pint: str
    spellings: tuple[str, ...] = ()


Row = tuple[str, str, str, tuple[str, ...]]


def _unit(code: str, pint_name: str, *spellings: str, symbol: str = "") -> Row:
    return code, symbol or code, pint_name, spellings


# The first unit of a family is its base: amounts are compared in it.
_FAMILIES: dict[str, tuple[Row, ...]] = {
    "mass": (
        _unit("kg", "kilogram", "kilo", "kilos", "kilogram", "kilograms", "kilogramm", "kgs"),
        _unit("g", "gram", "gram", "grams", "gramm", "gr", "grs", "gramme", "grammes"),
        _unit("mg", "milligram", "milligram", "milligrams", "milligramm"),
        _unit("t", "metric_ton", "ton", "tonne", "tonnes"),
        _unit("lb", "pound", "lbs", "pound", "pounds", "lb."),
        _unit("oz", "ounce", "ounce", "ounces", "oz.", "unze", "unzen"),
    ),
    "length": (
        _unit("m", "meter", "meter", "meters", "metre", "metres", "mtr"),
        _unit("cm", "centimeter", "centimeter", "centimeters", "centimetre", "centimetres", "zentimeter"),
        _unit("mm", "millimeter", "millimeter", "millimeters", "millimetre", "millimetres"),
        _unit("km", "kilometer", "kilometer", "kilometers", "kilometre", "kilometres"),
        _unit("in", "inch", "inch", "inches", "zoll", '"', "”", "″", "''", "in."),
        _unit("ft", "foot", "foot", "feet", "'", "’", "′", "ft."),
        _unit("yd", "yard", "yard", "yards"),
    ),
    "area": (
        _unit("m2", "meter**2", "sqm", "qm", "square meter", "square meters", symbol="m²"),
        _unit("cm2", "centimeter**2", "sqcm", "qcm", symbol="cm²"),
        _unit("mm2", "millimeter**2", "sqmm", "qmm", symbol="mm²"),
        _unit("ha", "hectare", "hectare", "hectares", "hektar"),
        _unit("in2", "inch**2", "sq in", "sqin", "square inch", symbol="in²"),
        _unit("ft2", "foot**2", "sq ft", "sqft", "square foot", "square feet", symbol="ft²"),
    ),
    "volume": (
        _unit("l", "liter", "liter", "liters", "litre", "litres", "ltr"),
        _unit("ml", "milliliter", "milliliter", "milliliters", "millilitre", "millilitres"),
        _unit("cl", "centiliter", "centiliter", "centilitre"),
        _unit("dl", "deciliter", "deciliter", "decilitre"),
        _unit("m3", "meter**3", "cbm", "cubic meter", "cubic meters", symbol="m³"),
        _unit("cm3", "centimeter**3", "ccm", "cc", "cubic centimeter", symbol="cm³"),
        _unit("fl_oz", "fluid_ounce", "floz", "fl. oz.", "fl.oz.", "fluid ounce", "fluid ounces", symbol="fl oz"),
        _unit("pt", "pint", "pint", "pints"),
        _unit("gal", "gallon", "gallon", "gallons"),
    ),
    "power": (
        _unit("w", "watt", "watt", "watts", symbol="W"),
        _unit("kw", "kilowatt", "kilowatt", "kilowatts", symbol="kW"),
        _unit("hp", "horsepower", "horsepower"),
        _unit("ps", "metric_horsepower", "pferdestärke", "pferdestärken", symbol="PS"),
    ),
    "energy": (
        _unit("wh", "watt_hour", "watt hour", "watt hours", "wattstunden", symbol="Wh"),
        _unit("kwh", "kilowatt_hour", "kilowatt hour", "kilowatt hours", "kilowattstunden", symbol="kWh"),
        _unit("j", "joule", "joule", "joules", symbol="J"),
        _unit("kj", "kilojoule", "kilojoule", "kilojoules", symbol="kJ"),
        _unit("kcal", "kilocalorie", "kilocalorie", "kilocalories", "kilokalorien"),
    ),
    "voltage": (
        _unit("v", "volt", "volt", "volts", symbol="V"),
        _unit("mv", "millivolt", "millivolt", "millivolts", symbol="mV"),
        _unit("kv", "kilovolt", "kilovolt", "kilovolts", symbol="kV"),
    ),
    "current": (
        _unit("a", "ampere", "amp", "amps", "ampere", "amperes", symbol="A"),
        _unit("ma", "milliampere", "milliampere", "milliamp", "milliamps", symbol="mA"),
    ),
    "charge": (
        _unit("ah", "ampere_hour", "ampere hour", "ampere hours", symbol="Ah"),
        _unit("mah", "milliampere_hour", "milliampere hour", "milliampere hours", symbol="mAh"),
    ),
    "frequency": (
        _unit("hz", "hertz", "hertz", symbol="Hz"),
        _unit("khz", "kilohertz", "kilohertz", symbol="kHz"),
        _unit("mhz", "megahertz", "megahertz", symbol="MHz"),
        _unit("ghz", "gigahertz", "gigahertz", symbol="GHz"),
    ),
    "temperature": (
        _unit("c", "degree_Celsius", "celsius", "degrees celsius", "grad celsius", "grad", "°", symbol="°C"),
        _unit("f", "degree_Fahrenheit", "fahrenheit", "degrees fahrenheit", symbol="°F"),
        _unit("k", "kelvin", "kelvin", symbol="K"),
    ),
    "time": (
        _unit("s", "second", "sec", "secs", "second", "seconds", "sekunde", "sekunden", "sek"),
        _unit("ms", "millisecond", "millisecond", "milliseconds"),
        _unit("min", "minute", "mins", "minute", "minutes", "minuten"),
        _unit("h", "hour", "hr", "hrs", "hour", "hours", "stunde", "stunden", "std"),
        _unit("d", "day", "day", "days", "tag", "tage"),
    ),
    "data": (
        _unit("b", "byte", "byte", "bytes", symbol="B"),
        _unit("kb", "kilobyte", "kilobyte", "kilobytes", symbol="kB"),
        _unit("mb", "megabyte", "megabyte", "megabytes", symbol="MB"),
        _unit("gb", "gigabyte", "gigabyte", "gigabytes", symbol="GB"),
        _unit("tb", "terabyte", "terabyte", "terabytes", symbol="TB"),
        _unit("mib", "mebibyte", "mebibyte", symbol="MiB"),
        _unit("gib", "gibibyte", "gibibyte", symbol="GiB"),
        _unit("tib", "tebibyte", "tebibyte", symbol="TiB"),
    ),
    "pressure": (
        _unit("bar", "bar"),
        _unit("mbar", "millibar", "millibar"),
        _unit("pa", "pascal", "pascal", symbol="Pa"),
        _unit("kpa", "kilopascal", "kilopascal", symbol="kPa"),
        _unit("psi", "psi"),
    ),
    "luminous_flux": (_unit("lm", "lumen", "lumen", "lumens"),),
}

UNITS: dict[str, Unit] = {
    code: Unit(code=code, family=family, symbol=symbol, pint=name, spellings=spellings)
    for family, rows in _FAMILIES.items()
    for code, symbol, name, spellings in rows
}


def families() -> list[str]:
    return list(_FAMILIES)


def units_of(family: str) -> list[Unit]:
    """The units of a family, its base first. Raises ValueError for an unknown family."""
    if family not in _FAMILIES:
        raise ValueError(f"There is no unit family “{family}”. Known: {', '.join(_FAMILIES)}.")
    return [unit for unit in UNITS.values() if unit.family == family]


def find_unit(text: str, family: str = "") -> Unit:
    """The unit that `text` spells: "kg", "Kg", "kilogram", "lbs", '"'. With a family, only one of its units.

    Raises ValueError naming the units that would do.
    """
    candidates = units_of(family) if family else list(UNITS.values())
    word = " ".join(text.split()).casefold()
    by_spelling = _spellings(family)
    if word in by_spelling:
        return by_spelling[word]
    near = difflib.get_close_matches(word[:40], by_spelling, n=3, cutoff=0.7)
    wanted = dict.fromkeys(by_spelling[w].symbol for w in near) or [u.symbol for u in candidates]
    known = ", ".join(wanted) if family or near else f"a unit of {', '.join(_FAMILIES)}"
    of_family = f" of {family.replace('_', ' ')}" if family else ""
    raise ValueError(f"“{text[:40]}” is not a unit{of_family}. Use {known}.")


@cache
def _spellings(family: str) -> dict[str, Unit]:
    """Units by everything people type for them, without case. No two units share a spelling."""
    units = units_of(family) if family else UNITS.values()
    found = {s.casefold(): u for u in units for s in (u.code, u.symbol, *u.spellings)}
    if family == "volume":
        found["oz"] = UNITS["fl_oz"]  # of a volume, ounces are fluid
    return found


def split_quantity(text: str) -> tuple[str, str]:
    """Number and unit as typed: "1,2 kg" → ("1,2", "kg"); either may be "". Raises nothing."""
    # An apostrophe stands between digits or is the sign for feet.
    match = re.match(r"\s*([-+−–]?\s*(?:[0-9.,]|[\s'’](?=[0-9]))*)(.*)", text, re.DOTALL)
    assert match is not None
    return match[1].strip(), match[2].strip()


def convert(amount: Decimal, unit: str, to: str) -> Decimal:
    """The amount in unit `to` (codes of UNITS). Exact, or to 28 digits where the fraction has no end.

    Raises LookupError for a code that is no unit, ValueError for units of different families.
    """
    source, target = _known(unit), _known(to)
    if source.family != target.family:
        raise ValueError(f"{source.symbol} measures {source.family}, {target.symbol} measures {target.family}.")
    if source is target:
        return amount
    with localcontext(_WORKING):
        registry = _registry()
        converted = registry.Quantity(amount, registry.Unit(source.pint)).to(registry.Unit(target.pint))
        exact = Decimal(converted.magnitude)
    return Decimal(plain(_RETURNED.plus(exact)))


def base_amount(amount: Decimal, unit: str) -> Decimal:
    """The amount in the first unit of its family, so that 1 kg and 1000 g can be compared."""
    return convert(amount, unit, _FAMILIES[_known(unit).family][0][0])


def _known(code: str) -> Unit:
    try:
        return UNITS[code]
    except KeyError:
        raise LookupError(f"There is no unit “{code}”.") from None


@cache
def _registry() -> pint.UnitRegistry[Decimal]:
    """One for the whole process: quantities of different registries do not mix."""
    return pint.UnitRegistry(non_int_type=Decimal)
