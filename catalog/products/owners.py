"""Who holds what must be unique, as of the batch under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import ExternalReference, Product, UniqueValue, Variant
from catalog.models.codes import code_key
from catalog.products.changes import UNSET, AssociationChange, ProductChange
from catalog.products.reference import Reference
from catalog.products.state import ProductState, VariantState
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.jsonvalue import JSON, digest

_SKUS = Compiled(
    lambda keys: Variant.everything.filter(among("sku_key", keys)).values_list("sku_key", "product__code", "trashed_at")
)
_GTINS = Compiled(lambda gtins: Variant.everything.filter(among("gtin", gtins)).values_list("gtin", "sku"))


@dataclass(slots=True)
class Owners:
    """SKU key → product code, GTIN → SKU, and so on. Grows as products of the batch are accepted."""

    skus: dict[str, str] = field(default_factory=dict)
    trashed_skus: set[str] = field(default_factory=set)
    gtins: dict[str, str] = field(default_factory=dict)
    unique: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # (key, digest) → (code key, SKU key)
    references: dict[tuple[str, str, str], str] = field(default_factory=dict)  # (system, kind, code key) → our key
    # What associations may point to: products in the catalogue, and what this batch brings.
    products: set[str] = field(default_factory=set)
    coming: set[str] = field(default_factory=set)  # SKU keys
    used: dict[tuple[str, str], str] = field(default_factory=dict)  # (code key, SKU key or "") → where, in words
    moving: dict[str, VariantState] = field(default_factory=dict)  # by SKU key: given, not taken yet

    def claim(self, state: ProductState, values: Mapping[tuple[str, str], str]) -> None:
        """An accepted product takes its SKUs, GTINs, unique values and references, for the rest of the batch."""
        code = code_key(state.row.code)
        self.unique |= {place: (code, sku) for place, sku in values.items()}
        self.products.add(code)
        self.references |= {(s, "product", code_key(c)): code for s, c in state.references.items()}
        for key, variant in state.variants.items():
            self.skus[key] = state.row.code
            self.references |= {(s, "variant", code_key(c)): key for s, c in variant.references.items()}
            if variant.row.gtin:
                self.gtins[variant.row.gtin] = variant.row.sku


def learn(changes: Sequence[ProductChange], reference: Reference) -> Owners:
    """Look up all that the changes could collide with or point to, in a fixed number of queries."""
    owners = Owners()
    targets = [t for c in changes for t in _targets(c)]
    skus = {code_key(v.sku) for c in changes for v in c.variants} | {code_key(t.sku) for t in targets if t.sku}
    for sku_key, code, trashed in _SKUS(skus) if skus else ():
        owners.skus[sku_key] = code
        if trashed:
            owners.trashed_skus.add(sku_key)
    gtins = {str(v.gtin) for c in changes for v in c.variants if v.gtin is not UNSET and v.gtin}
    owners.gtins = dict(_GTINS(gtins)) if gtins else {}
    codes = {code_key(t.product) for t in targets if t.product}
    if codes:
        owners.products = set(Product.objects.filter(code_key__in=codes).values_list("code_key", flat=True))
        owners.products |= {code_key(c.code) for c in changes}
    owners.coming = {code_key(v.sku) for c in changes for v in c.variants}
    _learn_unique(owners, changes, reference)
    _learn_references(owners, changes)
    return owners


def all_values(changes: Iterable[ProductChange]) -> Iterator[tuple[str, JSON]]:
    """Every value that the changes give, product's and variants'."""
    for change in changes:
        yield from change.values.items()
        yield from change.add_values.items()
        for variant in change.variants:
            yield from variant.values.items()
            yield from variant.add_values.items()


def _targets(change: ProductChange) -> Iterator[AssociationChange]:
    for given in (change.associations, change.add_associations, *(v.associations for v in change.variants)):
        for targets in given.values():
            yield from targets


def _learn_unique(owners: Owners, changes: Sequence[ProductChange], reference: Reference) -> None:
    unique = {code: spec for code, spec in reference.specs.items() if spec.unique}
    if not unique:
        return
    wanted = {place for key, raw in all_values(changes) if (place := _place(key, raw, unique))}
    rows = UniqueValue.objects.filter(
        digest__in={found for _, found in wanted}, key__in={key for key, _ in wanted}
    ).values_list("key", "digest", "product__code_key", "variant__sku_key")
    for key, found, code, sku in rows:
        owners.unique[key, found] = code, sku or ""


def _place(key: str, raw: JSON, unique: Mapping[str, AttributeSpec]) -> tuple[str, str] | None:
    try:
        spec = unique.get(ValueKey.parse(key).attribute)
        canonical = type_of(spec.type).validate(raw, spec) if spec else None
    except ValueProblem:
        return None  # refused later, with its reason
    return None if canonical is None else (key, digest(canonical))


def _learn_references(owners: Owners, changes: Sequence[ProductChange]) -> None:
    wanted = {("product", code_key(c)) for change in changes for c in change.references.values() if c}
    wanted |= {
        ("variant", code_key(c)) for change in changes for v in change.variants for c in v.references.values() if c
    }
    if not wanted:
        return
    held = ExternalReference.objects.filter(
        valid_to__isnull=True, kind__in=("product", "variant"), code_key__in={code for _, code in wanted}
    ).values_list("system__code", "kind", "code_key", "product__code_key", "variant__sku_key")
    for system, kind, code, product, variant in held:
        owners.references[system, kind, code] = product if kind == "product" else variant
