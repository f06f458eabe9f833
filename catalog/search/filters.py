"""The filter language, as JSON.

    {"all": [F, …]} · {"any": [F, …]} · {"not": F} · a list, which means all
    {"field": "name@de_DE", "op": "contains", "value": "Schuh"}

A field is a value key (`color`, `name@de_DE`, `description@de_DE#amazon_de`) or a part: code, sku, gtin, family,
category, created, updated, completeness, missing, override, changed_by, trashed …, and what higher floors add.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, Q, QuerySet

from catalog.access.reach import sight
from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.models import Attribute
from catalog.products.reference import attribute_of
from catalog.search import operators as op
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

MAX_CONDITIONS = 100
MAX_DEPTH = 10
MAX_ITEMS = 1000  # of one "in"


class BadFilter(ValueError):
    """The filter cannot be read; `path` says where, the text what would do."""

    def __init__(self, path: str, message: str, code: str = "bad_filter") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class Condition:
    """One leaf: what is asked of which field. `given` holds what else the leaf says (scope, locale, since …)."""

    field: str
    op: str
    value: JSON
    given: Mapping[str, JSON]
    path: str

    def fail(self, message: str, code: str = "bad_filter") -> BadFilter:
        return BadFilter(self.path, message, code)

    def text(self, name: str, default: str = "") -> str:
        value = self.given.get(name, default)
        if not isinstance(value, str) or "\x00" in value:
            raise self.fail(f"“{name}” is text.")
        return value

    def texts(self) -> list[str]:
        """The value as texts: one, or a list of them."""
        items = self.value if isinstance(self.value, list) else [self.value]
        if len(items) > MAX_ITEMS:
            raise self.fail(f"{len(items)} values; at most {MAX_ITEMS} are possible.")
        if not items or not all(isinstance(i, str) and "\x00" not in i for i in items):
            raise self.fail("Give a text, or a list of texts.", "bad_value")
        return items

    def known(self, rows: Manager[Any] | QuerySet[Any], code: str, what: str, *besides: str) -> str:
        """The code, if one of the rows has it, or it is one of the words `besides`: a misspelt one finds nothing, or
        with “not” everything."""
        if code and code not in besides and not rows.filter(code=code).exists():
            codes = list(rows.order_by("code").values_list("code", flat=True)[:500])
            near = difflib.get_close_matches(code, codes, n=3) or codes[:10]
            raise self.fail(f"There is no {what} “{code}”. Possible: {', '.join([*besides, *near])}.", "bad_value")
        return code

    def key(self, code: str) -> str:
        """A value key of an attribute that there is, and that the person asking sees."""
        try:
            attribute = attribute_of(ValueKey.parse(code).attribute)
        except ValueProblem as problem:
            raise self.fail(str(problem), "bad_value") from problem
        if attribute is None:
            raise self.fail(f"There is no attribute of the value key “{code}”.", "bad_value")
        return self.shown(code)

    def shown(self, code: str) -> str:
        """Nobody learns by asking what their roles do not show."""
        if not sight().anywhere(code):
            raise self.fail(f"Your roles do not show “{code}”.", "forbidden")
        return code

    def word(self) -> str:
        (found,) = self.texts() if not isinstance(self.value, list) else [""]
        if not found:
            raise self.fail("Give a text.", "bad_value")
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """A field that is no value: its label, its operators, other words a leaf may hold, and its condition."""

    name: str
    label: str
    ops: tuple[str, ...]
    build: Callable[[Condition], Q]
    words: tuple[str, ...] = ()
    kind: str = "text"  # how a page asks for it: text, number, date, flag, choice


parts: Registry[Part] = Registry("filter field")


def part(
    name: str, label: str, *ops: str, words: tuple[str, ...] = (), kind: str = "text"
) -> Callable[[Callable[[Condition], Q]], Callable[[Condition], Q]]:
    """Make a part of products known to the language. Higher floors use it too."""

    def decorate(build: Callable[[Condition], Q]) -> Callable[[Condition], Q]:
        parts.add(name, Part(name, label, ops, build, words, kind))
        return build

    return decorate


def build(given: JSON) -> Q:
    """The filter as a condition on products; an empty one lets everything pass. Raises BadFilter."""
    reader = _Reader()
    return reader.read(given, "", 0) if given not in (None, {}, []) else Q()


def mentions(given: JSON, field: str) -> bool:
    """Whether any leaf asks for the field."""
    if isinstance(given, list):
        return any(mentions(each, field) for each in given)
    if isinstance(given, dict):
        return given.get("field") == field or any(mentions(given.get(k), field) for k in ("all", "any", "not"))
    return False


class _Reader:
    def __init__(self) -> None:
        self.count = 0

    def read(self, given: JSON, path: str, depth: int) -> Q:
        if depth > MAX_DEPTH:
            raise BadFilter(path, f"This is nested more than {MAX_DEPTH} deep.")
        if isinstance(given, list):
            if not given and depth:
                raise BadFilter(path, "Here is no filter. Add one, or leave this out.")
            return self._join(given, path, depth, Q.AND)
        if not isinstance(given, dict):
            raise BadFilter(path, 'A filter is an object such as {"field": "brand", "op": "=", "value": "Acme"}.')
        if len(given) == 1 and (kind := next(iter(given))) in ("all", "any", "not"):
            inner = f"{path}.{kind}".lstrip(".")
            if kind == "not":
                return ~self.read(given[kind], inner, depth + 1)
            if not isinstance(given[kind], list):
                raise BadFilter(inner, f"“{kind}” holds a list of filters.")
            if not given[kind]:
                raise BadFilter(inner, f"“{kind}” holds no filter. Add one, or leave it out.")
            return self._join(given[kind], inner, depth, Q.AND if kind == "all" else Q.OR)
        if given.keys() & {"all", "any", "not"}:
            raise BadFilter(path, "“all”, “any” and “not” stand alone, each in an object of its own.")
        return self._leaf(given, path)

    def _join(self, given: list[JSON], path: str, depth: int, how: str) -> Q:
        found = Q()
        for i, each in enumerate(given):
            found = found._combine(self.read(each, f"{path}[{i}]", depth + 1), how)  # type: ignore[attr-defined]
        return found

    def _leaf(self, given: Mapping[str, JSON], path: str) -> Q:
        self.count += 1
        if self.count > MAX_CONDITIONS:
            raise BadFilter(path, f"More than {MAX_CONDITIONS} conditions.")
        field, wanted = given.get("field"), given.get("op", op.EQUAL)
        if not isinstance(field, str) or not isinstance(wanted, str):
            raise BadFilter(path, 'A condition needs "field" and "op", both text.')
        found = op.normal(wanted)
        rest = {k: v for k, v in given.items() if k not in ("field", "op", "value")}
        condition = Condition(field, found, given.get("value"), rest, path)
        if "value" not in given and found not in op.NEEDS_NO_VALUE and field not in parts:
            raise condition.fail("A value is missing.")
        if field in parts:
            return self._part(parts.get(field), condition)
        return self._value(condition)

    def _part(self, found: Part, condition: Condition) -> Q:
        if condition.op not in found.ops:
            raise condition.fail(
                f"“{found.name}” is asked with {', '.join(found.ops)}, not “{condition.op}”.", "bad_operator"
            )
        if strange := set(condition.given) - set(found.words):
            raise condition.fail(f"“{found.name}” does not know “{sorted(strange)[0]}”.")
        return found.build(condition)

    def _value(self, condition: Condition) -> Q:
        from catalog.search import values  # the language knows its fields; they do not know it

        if condition.given:
            strange = sorted(condition.given)[0]
            if strange in ("locale", "scope"):
                raise condition.fail("A value is named by its key alone, such as name@en_US or name@en_US#print.")
            raise condition.fail(f"“{strange}” is not known here. A condition has “field”, “op” and “value”.")
        try:
            key = ValueKey.parse(condition.field)
        except ValueProblem as problem:
            raise condition.fail(f"{problem.message} {self._near(condition.field)}", "unknown_field") from problem
        attribute = attribute_of(key.attribute)
        if attribute is None:
            raise condition.fail(
                f"There is no field “{condition.field}”. {self._near(condition.field)}", "unknown_field"
            )
        if not sight().anywhere(condition.field):
            raise condition.fail(f"Your roles do not show “{condition.field}”.", "forbidden")
        return values.condition(condition, key, attribute)

    def _near(self, field: str) -> str:
        known = [*parts.names(), *Attribute.objects.values_list("code", flat=True)]
        near = difflib.get_close_matches(field.split("@")[0].split("#")[0], known, n=3)
        return f"Did you mean {', '.join(near)}?" if near else f"Parts: {', '.join(parts.names())}; or a value key."
