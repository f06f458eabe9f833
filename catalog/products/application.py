"""A change being carried out on a product in memory: what it works on, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey, check_key
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError, ProductChange, VariantChange
from catalog.products.owners import Owners
from catalog.products.reference import Reference
from catalog.products.state import ProductState, VariantState
from pimhub.foundation.jsonvalue import JSON, digest


class Application:
    """One change on one product. `errors` of the product row refuse it all; a variant's refuse the variant."""

    def __init__(
        self,
        change: ProductChange,
        state: ProductState,
        reference: Reference,
        owners: Owners,
        *,
        keep_axes: bool = False,  # a variant that exists may not become another one
        drop_values: bool = False,  # a bad value is left out, the rest is written
    ) -> None:
        self.change = change
        self.state = state
        self.reference = reference
        self.owners = owners
        self.keep_axes = keep_axes
        self.drop_values = drop_values
        self.errors: list[ChangeError] = []
        self.dropped: list[ChangeError] = []
        self.rejected_skus: set[str] = set()
        self.held: list[tuple[str, str, str]] = []  # (SKU, part, reason)
        self.claims: dict[tuple[str, str], str] = {}  # unique values this product takes when accepted → SKU or ""
        self.known_as: dict[str, str] = {}  # SKU key in the change → SKU of the variant it turned out to be
        self.before: dict[str, VariantState | None] = {}  # changed variants as they were, by SKU key

    @property
    def product_errors(self) -> list[ChangeError]:
        return [e for e in self.errors if not e.sku]

    def fail(self, key: str, code: str, message: str, *, sku: str = "", value: JSON = "", current: JSON = None) -> None:
        self.errors.append(
            ChangeError(key=key, code=code, message=message, sku=sku, value=shown(value), current=current)
        )

    def refuse_value(self, key: str, code: str, message: str, *, sku: str, value: JSON) -> None:
        """A single value cannot be: with `drop_values` it is left out and the rest is written."""
        error = ChangeError(key=key, code=code, message=message, sku=sku, value=shown(value))
        (self.dropped if self.drop_values else self.errors).append(error)

    def write_values(
        self, held: Mapping[str, JSON], change: ProductChange | VariantChange, *, sku: str
    ) -> dict[str, JSON]:
        values = {} if isinstance(change, VariantChange) and change.exact else dict(held)
        for key in change.reset:
            values.pop(key, None)
        for key, raw in self._wanted(values, change):
            try:
                canonical = self._check_value(key, raw, sku=sku, held=held.get(key))
            except ValueProblem as problem:
                self.refuse_value(key, problem.code, str(problem), sku=sku, value=raw)
                continue
            values[key] = canonical
            original = f"{sku}/{key}" if sku else key
            if isinstance(raw, str) and isinstance(canonical, str) and canonical != raw and "<" in raw:
                self.state.originals[original] = raw
            elif values[key] != held.get(key):
                self.state.originals.pop(original, None)
        return values

    def _wanted(self, held: Mapping[str, JSON], change: ProductChange | VariantChange) -> Sequence[tuple[str, JSON]]:
        """What is to be written: given values, and lists with what is added and removed."""
        wanted = dict(change.values)
        for key in [*change.add_values, *change.remove_values]:
            now = wanted.get(key, held.get(key)) or []
            removed = change.remove_values.get(key, ())
            now = [item for item in (now if isinstance(now, list) else [now]) if item not in removed]
            wanted[key] = now + [item for item in change.add_values.get(key, ()) if item not in now]
        return list(wanted.items())

    def _check_value(self, key: str, raw: JSON, *, sku: str, held: JSON) -> JSON:
        parsed = ValueKey.parse(key)
        spec = self.reference.specs.get(parsed.attribute)
        if spec is None:
            raise ValueProblem("unknown_attribute", f"There is no attribute “{parsed.attribute}”.", "Create it first.")
        rules = self.reference.families.get(self.state.family)
        if rules and parsed.attribute not in rules.attributes:
            raise ValueProblem(
                "not_in_family",
                f"The family “{self.state.family}” does not have “{parsed.attribute}”.",
                "Add the attribute to the family, or choose another family.",
            )
        if sku and rules and parsed.attribute not in rules.on_variant and parsed.attribute not in self.state.axes:
            raise ValueProblem(
                "not_on_variant",
                f"“{parsed.attribute}” belongs to the product, not to a variant.",
                "Set it there.",
            )
        check_key(parsed, spec, locales=self.reference.locales, scopes=self.reference.scopes)
        if raw is None:
            return None
        # What is there may stay, also when its option or target has gone to the trash since.
        options = self.reference.options.get(parsed.attribute)
        if options is not None and held:
            options = options.union(held if isinstance(held, list) else [held])
        canonical = type_of(spec.type).validate(raw, spec, options=options)
        if spec.unique and canonical is not None:
            self._claim(key, canonical, sku)
        return canonical

    def canonical(self, key: str, value: JSON) -> JSON:
        """The value as it would be kept, so that "1,50" is no other value than "1.5"; as given if it could not be."""
        try:
            spec = self.reference.specs.get(ValueKey.parse(key).attribute)
            return type_of(spec.type).validate(value, spec) if spec else value
        except ValueProblem:
            return value

    def words(self, key: str, value: JSON) -> str:
        """A value as people write it: "red, blue" for a list."""
        try:
            spec = self.reference.specs.get(ValueKey.parse(key).attribute)
        except ValueProblem:
            spec = None
        return shown(type_of(spec.type).export(value, spec) if spec and value is not None else value) or "empty"

    def _claim(self, key: str, canonical: JSON, sku: str) -> None:
        """A unique value is for one product, or for one variant, alone. Raises ValueProblem."""
        place = key, digest(canonical)
        me = code_key(self.change.code), code_key(sku)
        holder = self.owners.unique.get(place, me)
        beside = self.claims.get(place, me[1])
        same = holder[1] == me[1] if sku else holder == me  # a variant may move from product to product
        if not same or beside != me[1]:
            name = " / ".join(filter(None, (me[0], beside) if same else holder))
            raise ValueProblem("not_unique", f"“{shown(canonical)}” is taken by {name}.", "It must be unique.")
        self.claims[place] = me[1]


def shown(value: JSON) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 200 else text[:197] + "…"
