"""Codes of other systems in the place of ours: "erp:100" is the category, option or location that the ERP calls 100."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from catalog.attributes.types import type_of
from catalog.attributes.values import attribute_of
from catalog.models.codes import code_key
from catalog.products.changes import AssociationChange, ProductChange, VariantChange
from catalog.products.keys import resolve
from catalog.products.reference import Reference
from pimhub.foundation.jsonvalue import JSON

Place = tuple[str, str, str]  # system, kind (an option's: "option/attribute"), code there
Say = Callable[[str, str], str]  # (kind, text) → our code


def in_our_codes(changes: Sequence[ProductChange], reference: Reference) -> list[ProductChange]:
    """The changes with every code that a known system's name stands before put into ours.

    A text that no reference knows stays as it is, and is refused, or not, as any code.
    """
    if not reference.systems:
        return list(changes)
    seen: set[Place] = set()

    def collect(kind: str, text: str) -> str:
        system, _, code = text.partition(":")
        if code and system in reference.systems:
            seen.add((system, kind, code))
        return text

    for change in changes:
        _translated(change, reference, collect)
    if not seen:
        return list(changes)
    known = _known(seen)

    def say(kind: str, text: str) -> str:
        system, _, code = text.partition(":")
        return known.get((system, kind, code_key(code)), text)

    return [_translated(change, reference, say) for change in changes]


def _known(seen: Iterable[Place]) -> dict[Place, str]:
    groups: dict[tuple[str, str], set[str]] = {}
    for system, kind, code in seen:
        groups.setdefault((system, kind), set()).add(code)
    return {
        (system, kind, theirs): ours
        for (system, kind), codes in groups.items()
        for theirs, ours in resolve(system=system, kind=kind, codes=codes).items()
    }


def _translated(change: ProductChange, reference: Reference, say: Say) -> ProductChange:
    def categories(codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(say("category", code) for code in codes)

    return replace(
        change,
        code=say("product", change.code) if change.code else "",
        values=_values(change.values, reference, say),
        add_values=_values(change.add_values, reference, say),
        remove_values=_values(change.remove_values, reference, say),
        categories=None if change.categories is None else categories(change.categories),
        add_categories=categories(change.add_categories),
        remove_categories=categories(change.remove_categories),
        associations=_targets(change.associations, say),
        add_associations=_targets(change.add_associations, say),
        remove_associations=_targets(change.remove_associations, say),
        variants=tuple(_variant(v, reference, say) for v in change.variants),
    )


def _variant(variant: VariantChange, reference: Reference, say: Say) -> VariantChange:
    return replace(
        variant,
        sku=say("variant", variant.sku) if variant.sku else "",
        values=_values(variant.values, reference, say),
        add_values=_values(variant.add_values, reference, say),
        remove_values=_values(variant.remove_values, reference, say),
        associations=_targets(variant.associations, say),
        stock={say("location", place): units for place, units in variant.stock.items()},
    )


def _values(values: Mapping[str, JSON], reference: Reference, say: Say) -> dict[str, JSON]:
    return dict(_each(values, reference, say))


def _each(values: Mapping[str, JSON], reference: Reference, say: Say) -> Iterator[tuple[str, JSON]]:
    for key, value in values.items():
        attribute = attribute_of(key)
        spec = reference.specs.get(attribute)
        kind = f"option/{attribute}"
        if spec is None or not type_of(spec.type).has_options:
            yield key, value
        elif isinstance(value, list):
            yield key, [say(kind, v) if isinstance(v, str) else v for v in value]
        else:
            yield key, say(kind, value) if isinstance(value, str) else value


def _targets(given: Mapping[str, tuple[AssociationChange, ...]], say: Say) -> dict[str, tuple[AssociationChange, ...]]:
    return {
        kind: tuple(
            replace(
                t, product=say("product", t.product) if t.product else "", sku=say("variant", t.sku) if t.sku else ""
            )
            for t in targets
        )
        for kind, targets in given.items()
    }
