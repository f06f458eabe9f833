"""Which product or variant a change means, when it says so by another system's code, or not at all (a new one)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from django.db.models import F

from catalog.models import ExternalReference, Family, Product, Variant
from catalog.models.codes import code_key
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.reference import Reference
from pimhub.foundation.jsonvalue import JSON

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)(?::(\d{1,2}))?\}")


class BadPattern(ValueError):
    """A pattern for codes that cannot work; the text says why, for whoever typed it."""


def resolve(*, system: str, kind: str, codes: Collection[str]) -> dict[str, str]:
    """{code key there: our code or SKU}: the present holder of each code, else the last one that had it.

    Options are asked for by attribute: "option/colour".
    """
    wanted = {code_key(c) for c in codes}
    kind, _, attribute = kind.partition("/")
    column = f"{kind}__sku" if kind == "variant" else f"{kind}__code"
    rows = ExternalReference.objects.filter(system__code=system, kind=kind, code_key__in=wanted)
    if attribute:
        rows = rows.filter(option__attribute__code=attribute)
    found: dict[str, str] = {}
    # Ended ones in the order in which they began, then those that hold: the last word stands.
    for row in rows.order_by(F("valid_to").asc(nulls_last=True), "pk").values_list("code_key", column):
        found[row[0]] = row[1]
    return found


def with_codes(changes: Sequence[ProductChange], reference: Reference, *, reserve: bool) -> list[ProductChange]:
    """The changes with every product code and SKU filled in. With `reserve`, numbers of patterns are used up;
    otherwise they are only looked at. Call it inside the transaction that writes."""
    if not any(not c.code or any(not v.sku for v in c.variants) for c in changes):
        return list(changes)
    found = _known(changes)
    numbers = _Numbers(reserve)
    return [_named(change, reference, found, numbers) for change in changes]


def _known(changes: Sequence[ProductChange]) -> dict[tuple[str, str], dict[str, str]]:
    wanted: dict[tuple[str, str], set[str]] = {}
    for change in changes:
        if not change.code and change.key:
            wanted.setdefault((change.key[0], "product"), set()).add(change.key[1])
        for variant in change.variants:
            for system, code in variant.references.items() if not variant.sku else ():
                wanted.setdefault((system, "variant"), set()).add(code or "")
    return {place: resolve(system=place[0], kind=place[1], codes=codes) for place, codes in wanted.items()}


def _named(
    change: ProductChange,
    reference: Reference,
    found: Mapping[tuple[str, str], Mapping[str, str]],
    numbers: _Numbers,
) -> ProductChange:
    code = change.code
    known = False
    if not code and change.key:
        system, theirs = change.key
        code = found[system, "product"].get(code_key(theirs), "")
        known = bool(code)
    rules = reference.families.get(change.family)
    if not code and rules and rules.row.code_pattern:
        code = numbers.fill(rules.row.code_pattern, rules.row, change.values, taken=_products)
    if not code and change.key:
        code = change.key[1]
    references = change.references
    # A product that is found keeps the code it has there now: the key may be one from before a renumbering.
    if change.key and change.key[0] not in references and not known:
        references = {**references, change.key[0]: change.key[1]}
    variants = tuple(_with_sku(v, code, change, reference, found, numbers) for v in change.variants)
    return replace(change, code=code, references=references, variants=variants)


def _with_sku(
    variant: VariantChange,
    code: str,
    change: ProductChange,
    reference: Reference,
    found: Mapping[tuple[str, str], Mapping[str, str]],
    numbers: _Numbers,
) -> VariantChange:
    if variant.sku:
        return variant
    for system, theirs in variant.references.items():
        known = found[system, "variant"].get(code_key(theirs or ""))
        if known:
            others = {s: c for s, c in variant.references.items() if s != system}
            return replace(variant, sku=known, references=others)
    family = change.family or _family_of(code)
    rules = reference.families.get(family)
    if rules and rules.row.sku_pattern:
        values = {**change.values, **variant.values, "code": code}
        return replace(variant, sku=numbers.fill(rules.row.sku_pattern, rules.row, values, taken=_variants))
    theirs = next((c for c in variant.references.values() if c), "")
    return replace(variant, sku=theirs or "")


def _family_of(code: str) -> str:
    held = Product.objects.filter(code_key=code_key(code)).values_list("family__code", flat=True)
    return held.first() or ""


def _products(code: str) -> bool:
    return Product.everything.filter(code_key=code_key(code)).exists()


def _variants(sku: str) -> bool:
    return Variant.everything.filter(sku_key=code_key(sku)).exists()


class _Numbers:
    """Hands out the numbers of families, one after the other, under a lock of the family's row."""

    def __init__(self, reserve: bool) -> None:
        self.reserve = reserve
        self.last: dict[int, int] = {}

    def fill(self, pattern: str, family: Family, values: Mapping[str, JSON], *, taken: Callable[[str], bool]) -> str:
        """The pattern with its places filled; one with a number is counted on until the code is free."""
        fixed = {"family": family.code, **{k: slugged(v) for k, v in values.items()}}
        counts = "{number" in pattern
        while True:
            number = self._next(family) if counts else 0
            made = _PLACE.sub(partial(_piece, values=fixed, number=number), pattern)
            if not counts or not taken(made):
                return made

    def _next(self, family: Family) -> int:
        if family.pk not in self.last:
            query = Family.objects.select_for_update() if self.reserve else Family.objects
            self.last[family.pk] = query.get(pk=family.pk).last_number
        self.last[family.pk] += 1
        if self.reserve:
            Family.objects.filter(pk=family.pk).update(last_number=self.last[family.pk])
        return self.last[family.pk]


def _piece(place: re.Match[str], values: Mapping[str, str], number: int) -> str:
    name, width = place.group(1), int(place.group(2) or 0)
    return str(number).zfill(width) if name == "number" else values.get(name, "")


def slugged(value: JSON) -> str:
    """A value as part of a code: letters and digits of it, parted by hyphens."""
    return re.sub(r"[^\w.]+", "-", str(value if value is not None else "")).strip("-")


def check_pattern(pattern: str, *, known: Collection[str], counts: bool) -> None:
    """Raises BadPattern for a place that there is not, or (with `counts`) when nothing in it tells codes apart."""
    for name in _places(pattern):
        if name not in {"number", "family", "code", *known}:
            raise BadPattern(f"“{{{name}}}” is no attribute. Use {{number:5}}, {{family}}, {{code}} or an attribute.")
    if pattern and counts and "number" not in _places(pattern):
        raise BadPattern("Put {number} or {number:5} into the pattern, or every product would get the same code.")
    if "{" in _PLACE.sub("", pattern):
        raise BadPattern("A place is written {name} or {number:5}, in lower case.")


def _places(pattern: str) -> list[str]:
    return [m.group(1) for m in _PLACE.finditer(pattern)]
