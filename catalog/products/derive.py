"""What is derived from a product's values and written beside it: filter index, completeness, search text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import Completeness, UniqueValue, ValueIndex
from catalog.models.codes import code_key
from catalog.products.completeness import measure
from catalog.products.reference import Reference
from catalog.products.state import ProductState
from pimhub.foundation.among import among
from pimhub.foundation.bulk import append, put, update_objects
from pimhub.foundation.jsonvalue import JSON, digest

INDEX_COLUMNS = ("product_id", "variant_id", "attribute_id", "locale", "scope", "text", "number", "date", "boolean")
KINDS = INDEX_COLUMNS[5:]
PIECE, OVERLAP = 255, 100  # characters of a text in one row, and those that the next row has too
FIGURE = ("product_id", "scope_id", "locale")
FIGURES = ("required", "filled", "missing", "variants", "variants_complete", "requirements")


def value_index(states: Sequence[ProductState], reference: Reference, new: set[str]) -> None:
    if not states:
        return
    known = [s.row.pk for s in states if s.row.code_key not in new]
    if known:
        ValueIndex.objects.filter(among("product_id", known)).delete()
        UniqueValue.objects.filter(among("product_id", known)).delete()
    rows: list[tuple[Any, ...]] = []
    unique: list[tuple[Any, ...]] = []
    for state in states:
        for variant, values in ((None, state.values), *((v.row.pk, v.values) for v in state.variants.values())):
            rows += _indexed(state.row.pk, variant, values, reference)
            unique += _unique(state.row.pk, variant, values, reference)
    append(ValueIndex, INDEX_COLUMNS, rows)
    append(UniqueValue, ("attribute_id", "key", "digest", "product_id", "variant_id"), unique)


def _indexed(
    product: int, variant: int | None, values: dict[str, JSON], reference: Reference
) -> Iterator[tuple[Any, ...]]:
    for key, value in values.items():
        parsed = ValueKey.parse(key)
        attribute = reference.indexed.get(parsed.attribute)
        if attribute is None or value is None:
            continue
        spec = reference.specs[parsed.attribute]
        for kind, typed, *word in type_of(spec.type).index_values(value, spec):
            where = (product, variant, attribute, parsed.locale or "", parsed.scope or "")
            if isinstance(typed, str) and len(typed) > PIECE:
                for number, piece in pieces(typed):
                    yield *where, piece, number, None, None
                continue
            cells = {kind: typed, **({"text": word[0]} if word else {})}
            yield *where, *(cells.get(name) for name in KINDS)


def pieces(text: str) -> Iterator[tuple[int | None, str]]:
    """A long text in pieces that overlap, so that whatever is asked for stands whole in one. The first, where a text
    begins, has no number."""
    yield None, text[:PIECE]
    starts = range(PIECE - OVERLAP, len(text) - OVERLAP, PIECE - OVERLAP)
    yield from ((number, text[at : at + PIECE]) for number, at in enumerate(starts, 1))


def _unique(
    product: int, variant: int | None, values: dict[str, JSON], reference: Reference
) -> Iterator[tuple[Any, ...]]:
    for key, value in values.items():
        attribute = ValueKey.parse(key).attribute
        if value is not None and reference.specs[attribute].unique:
            yield reference.attributes[attribute].pk, key, digest(value), product, variant


def completeness(states: Sequence[ProductState], reference: Reference, new: set[str]) -> None:
    fresh: list[tuple[Any, ...]] = []
    held: list[tuple[Any, ...]] = []
    for state in states:
        count = reference.families[state.family].row.requirements
        (fresh if state.row.code_key in new else held).extend(
            (
                state.row.pk,
                reference.scope_ids[f.scope],
                f.locale,
                f.required,
                f.filled,
                list(f.missing),
                f.variants,
                f.variants_complete,
                count,
            )
            for f in measure(state, reference)
        )
    append(Completeness, (*FIGURE, *FIGURES), fresh)
    put(Completeness, FIGURE, FIGURES, held)


def derive_again(states: Sequence[ProductState], reference: Reference) -> None:
    """Write anew what is derived from products as they are: completeness, filter index, search text."""
    Completeness.objects.filter(product_id__in=[s.row.pk for s in states]).delete()
    completeness(states, reference, new={s.row.code_key for s in states})
    value_index(states, reference, new=set())
    for state in states:
        state.row.search_text = search_text(state, reference)
        for variant in state.variants.values():
            variant.row.overrides = overrides(state, variant.values)
    update_objects([s.row for s in states], ["search_text"])
    update_objects([v.row for s in states for v in s.variants.values()], ["overrides"])


def overrides(state: ProductState, values: Mapping[str, JSON]) -> str:
    """Where a variant says something else than its product. Axes tell variants apart; they override nothing."""
    keys = sorted(k for k, v in values.items() if k in state.values and state.values[k] != v and k not in state.axes)
    return f" {' '.join(keys)} " if keys else ""


def search_text(state: ProductState, reference: Reference) -> str:
    """What the search box looks in: code, SKUs, GTINs and searchable values, in one case."""
    chosen = reference.searchable
    words = [state.row.code]
    for values in (state.values, *(v.values for v in state.sold)):
        words += [str(v) for k, v in values.items() if v and k.split("@")[0].split("#")[0] in chosen]
    for variant in state.sold:
        words += [variant.row.sku, variant.row.gtin or ""]
    # One a line, so that a search can tell where a text begins.
    return "\n" + "\n".join(dict.fromkeys(key for w in words if w and (key := code_key(w).replace("\n", " "))))
