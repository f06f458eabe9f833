"""What every attribute type answers about itself.

A type is one file in this folder with one class under `@attribute_type`. Nothing else lists the
types, and nobody asks which one it is: they ask the type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal, TypeVar

from catalog.attributes.cells import guard, shown, tidy, unguard
from catalog.attributes.spec import AttributeSpec, ValueProblem
from pimhub.foundation.jsonvalue import JSON, canonical
from pimhub.foundation.registry import Registry

PRODUCTS = "products"  # what `targets` calls products; reference entities go by their code

# Column of the side table, and what goes into it.
# A third item is a word that goes with a number, into the column for text: the currency of a price.
Column = Literal["text", "number", "date", "boolean"]
IndexValue = tuple[Column, str | Decimal | date | bool] | tuple[Column, str | Decimal | date | bool, str]
LimitReader = Callable[[JSON], object]  # turns a stored limit into what is compared; raises ValueError


class AttributeType(ABC):
    """One kind of value. Instances have no state.

    A *canonical* value is the only JSON form of its meaning: equal values are equal bytes. None
    means "deliberately empty" for every type, and blanks become None.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    widget: ClassVar[str]
    has_options: ClassVar[bool] = False
    choices: ClassVar[tuple[tuple[str, str], ...]] = ()  # (cell text, label) where every value can be listed
    free_text: ClassVar[bool] = False  # a value may begin with an apostrophe of its own
    is_prose: ClassVar[bool] = False  # sentences are written for it
    holds_lines: ClassVar[bool] = False  # and lists of them
    tells: ClassVar[bool] = True  # a value says something in words
    points: ClassVar[bool] = False  # at products or records, which must know where they are used
    in_tables: ClassVar[bool] = True  # a column of a table may be of this type
    index_column: ClassVar[Column] = "text"  # of the side table, where filters look
    limits: ClassVar[Mapping[str, LimitReader]] = {}

    # ---- reading: callers use these two, types fill in `_parse` and `_validate` ----

    def parse(self, text: str, spec: AttributeSpec, *, decimal_separator: str | None = None) -> JSON:
        """The canonical value that the text of a cell or form field spells; blank is None.

        `decimal_separator` ("." or ",") is for files known to write numbers in one way; without it
        an ambiguous number is refused. Raises ValueProblem.
        """
        cell = unguard(tidy(text)) if self.free_text else tidy(text).removeprefix("'").strip()
        return self.validate(self._parse(cell, spec, decimal_separator), spec) if cell else None

    def validate(self, value: JSON, spec: AttributeSpec, *, options: Container[str] | None = None) -> JSON:
        """The canonical form of a value that is JSON already, within the limits of the attribute.

        `options` are the codes that a choice may have; None leaves that unchecked. Raises ValueProblem.
        """
        return None if value is None else self._validate(value, spec, options)

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        """JSON for `_validate`, from tidy text that is not empty."""
        return text

    @abstractmethod
    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON: ...

    # ---- telling: of canonical values ----

    def prose(self, value: JSON) -> JSON:
        """The value without markup."""
        return value

    def of_prose(self, text: str) -> JSON:
        """The value that plain sentences make, a paragraph a line."""
        return text

    def of_points(self, points: Sequence[str]) -> JSON:
        """The value that bullet points make, where the type holds several lines."""
        return "\n".join(points)

    def equal(self, a: JSON, b: JSON, spec: AttributeSpec) -> bool:
        """Whether two canonical values are the same (True is not 1)."""
        return canonical(a) == canonical(b)

    def display(
        self, value: JSON, spec: AttributeSpec, locale: str = "en", labels: Mapping[str, str] | None = None
    ) -> str:
        """The value as people read it, in their language. `labels`: option code → label, for choices."""
        return "" if value is None else self._display(value, spec, locale, labels or {})

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return self._export(value, spec)

    def export(self, value: JSON, spec: AttributeSpec) -> str:
        """The value as the text of a cell. `parse` reads it back, with "." as separator or with none."""
        return "" if value is None else guard(self._export(value, spec))

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return str(value)

    def index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        """What the typed side table holds, so that filters find the value; nothing for None."""
        if value is not None:
            yield from self._index_values(value, spec)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        yield "text", str(value)

    def sought(self, raw: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        """What the side table holds of the value that a filter asks for, in text as people type it or in JSON."""
        found = self.parse(raw, spec) if isinstance(raw, str) else self.validate(raw, self.unlimited(spec))
        yield from self.index_values(found, spec)

    def targets(self, value: JSON, spec: AttributeSpec) -> Iterator[tuple[str, str]]:
        """(where, code) of all that a value points to, so that the caller can check that it is there: PRODUCTS or
        the code of a reference entity. Nothing for a value of another form."""
        return iter(())

    # ---- describing ----

    @abstractmethod
    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        """JSON Schema of the canonical values, None included."""

    def described(self, spec: AttributeSpec, kind: str, **rules: JSON) -> dict[str, JSON]:
        """A schema of `kind` or null, titled as the attribute is; rules that are None fall away."""
        words = {"title": spec.label, "description": spec.help}
        given = {name: rule for name, rule in rules.items() if rule is not None}
        return {"type": [kind, "null"], **{k: v for k, v in words.items() if v}, **given}

    # ---- limits ----

    def unlimited(self, spec: AttributeSpec) -> AttributeSpec:
        """The attribute without bounds on its amounts: a filter may ask for more than a value can be."""
        return replace(spec, limits={k: v for k, v in spec.limits.items() if k not in ("min", "max", "pattern")})

    def check_limits(self, limits: Mapping[str, JSON]) -> None:
        """Refuse limits that this type does not have or cannot read. Raises ValueProblem."""
        for name, limit in limits.items():
            if name not in self.limits:
                known = ", ".join(self.limits) or "none"
                raise ValueProblem(
                    "unknown_limit", f"{self.label} has no limit “{name}”.", f"Possible limits: {known}."
                )
            try:
                self.limits[name](limit)
            except (ValueError, TypeError, ArithmeticError) as error:
                raise ValueProblem("bad_limit", f"The limit {name} cannot be {shown(limit)}.", str(error)) from error


T = TypeVar("T", bound=AttributeType)
attribute_types: Registry[AttributeType] = Registry("attribute type")


def attribute_type(cls: type[T]) -> type[T]:
    """Make a type known by its name."""
    attribute_types.add(cls.name, cls())
    return cls


def count_limit(limit: JSON) -> int:
    """A limit that counts something: a whole number above zero."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ValueError("Give a whole number above zero.")
    return limit
