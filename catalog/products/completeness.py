"""How much of what the family requires is there, per scope and locale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.attributes.values import resolve
from catalog.products.reference import Reference
from catalog.products.state import ProductState
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.locales import fallback_chain


@dataclass(frozen=True, slots=True)
class Filled:
    scope: str
    locale: str
    required: int
    filled: int
    missing: tuple[str, ...]  # value keys to fill in
    variants: int = 0
    variants_complete: int = 0


def measure(state: ProductState, reference: Reference) -> Iterator[Filled]:
    """One figure per scope and locale. A value that each variant holds itself counts as filled."""
    rules = reference.families[state.family]
    for scope, locales in reference.scopes.items():
        wanted = sorted(rules.required.get(scope, ()))
        for locale in locales:
            lacking = [
                {code for code in wanted if not _is_filled((v.values, state.values), code, scope, locale)}
                for v in state.sold
            ]
            missing = sorted(set().union(*lacking))
            keys = tuple(f"{code}@{locale}" if reference.specs[code].localizable else code for code in missing)
            complete = sum(not codes for codes in lacking)
            yield Filled(scope, locale, len(wanted), len(wanted) - len(missing), keys, len(lacking), complete)


def _is_filled(levels: Sequence[Mapping[str, JSON]], code: str, scope: str, locale: str) -> bool:
    """Zero and "no" are answers; null, an empty text and an empty list are not."""
    hit = resolve(levels, code, scopes=(scope, None), locales=(*fallback_chain(locale), None))
    return hit is not None and hit.value not in (None, "", [])
