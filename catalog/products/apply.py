"""Carry a wanted change out on a product in memory, and say what is wrong with it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey, check_key
from catalog.models import HeldPrice, Offer, StockLevel, Variant
from catalog.models.codes import code_key
from catalog.products import pricing
from catalog.products.changes import (
    UNSET,
    ChangeError,
    MediaChange,
    OfferChange,
    ProductChange,
    VariantChange,
)
from catalog.products.gtin import check_gtin
from catalog.products.reference import Reference
from catalog.products.state import MediaState, ProductState, VariantState, flatten
from pimhub.foundation.jsonvalue import JSON

MAX_AXES = 5


@dataclass(slots=True)
class Owners:
    """Who holds what must be unique, as of this batch: SKU key → product code, GTIN → SKU."""

    skus: dict[str, str] = field(default_factory=dict)
    gtins: dict[str, str] = field(default_factory=dict)
    unique: dict[tuple[str, str], str] = field(default_factory=dict)  # (value key, text) → product code

    def claim(self, state: ProductState, values: set[tuple[str, str]]) -> None:
        """An accepted product takes its SKUs, GTINs and unique values, for the rest of the batch."""
        self.unique |= dict.fromkeys(values, code_key(state.row.code))
        for key, variant in state.variants.items():
            self.skus[key] = state.row.code
            if variant.row.gtin:
                self.gtins[variant.row.gtin] = variant.row.sku


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
    ) -> None:
        self.change = change
        self.state = state
        self.reference = reference
        self.owners = owners
        self.keep_axes = keep_axes
        self.errors: list[ChangeError] = []
        self.rejected_skus: set[str] = set()
        self.held: list[tuple[str, str, str]] = []  # (SKU, part, reason)
        self.claims: set[tuple[str, str]] = set()  # unique values this product takes when it is accepted
        self.known_as: dict[str, str] = {}  # SKU key in the change → SKU of the variant it turned out to be
        self._before: dict[str, VariantState | None] = {}  # changed variants as they were, by SKU key

    def run(self) -> None:
        """1 base values · 2 family, axes, categories · 3 product values · 4 variants · 5 axes of all · 6 media."""
        self._check_base()
        self._structure()
        self.state.values = self._write_values(self.state.values, self.change.values, self.change.reset, sku="")
        for variant in self.change.variants:
            self._variant(variant)
        self._check_axes()
        if self.change.media is not None:
            self._media(self.change.media)

    @property
    def product_errors(self) -> list[ChangeError]:
        return [e for e in self.errors if not e.sku]

    def _fail(
        self, key: str, code: str, message: str, *, sku: str = "", value: JSON = "", current: JSON = None
    ) -> None:
        self.errors.append(
            ChangeError(key=key, code=code, message=message, sku=sku, value=_shown(value), current=current)
        )

    # ---- 1 ----

    def _check_base(self) -> None:
        if not self.change.base:
            return
        flat = flatten(self.state)
        wanted = {"": self.change.values} | {v.sku: v.values for v in self.change.variants}
        for path, seen in self.change.base.items():
            sku, _, key = path.rpartition("/")
            now = flat.get(sku, {}).get(key)
            if now == seen or now == wanted.get(sku, {}).get(key, UNSET):
                continue
            self._fail(
                key,
                "conflict",
                f"Somebody changed this meanwhile: it was {_shown(seen) or 'empty'} when you began and is "
                f"{_shown(now) or 'empty'} now. Take over the new value, or save again to replace it.",
                sku=sku,
                value=wanted.get(sku, {}).get(key, ""),
                current=now,
            )

    # ---- 2 ----

    def _structure(self) -> None:
        change, state = self.change, self.state
        if change.family and change.family not in self.reference.families:
            known = ", ".join(sorted(self.reference.families)[:5])
            self._fail("family", "unknown_family", f"There is no family “{change.family}”. Known: {known}.")
        elif change.family:
            state.family = change.family
        elif not state.family:
            self._fail("family", "family_missing", "A new product needs a family. Name one.")
        if not change.code.strip():
            self._fail("code", "code_missing", "A product needs a code. Give it one.")
        if len(change.code) > 255:
            self._fail("code", "code_too_long", "A product code has at most 255 characters. Shorten it.")
        if change.categories is not None:
            state.categories = sorted(set(change.categories))
            for code in state.categories:
                if code not in self.reference.categories:
                    self._fail(
                        "categories", "unknown_category", f"There is no category “{code}”. Create it first.", value=code
                    )
        if change.axes is not None:
            state.axes = list(change.axes)
        elif not state.exists and state.family in self.reference.families:
            axes = self.reference.families[state.family].row.axes
            state.axes = [a for a in axes if any(a in v.values for v in change.variants)]
        for axis in state.axes:
            spec = self.reference.specs.get(axis)
            if spec is None or spec.localizable or spec.scopable:
                self._fail(
                    "axes",
                    "bad_axis",
                    f"“{axis}” cannot tell variants apart: it must be an attribute without language and scope.",
                )
        if len(state.axes) > MAX_AXES:
            self._fail("axes", "too_many_axes", f"{len(state.axes)} axes; at most {MAX_AXES} are possible.")

    # ---- 3 ----

    def _write_values(
        self, held: dict[str, JSON], wanted: Mapping[str, JSON], reset: tuple[str, ...], *, sku: str
    ) -> dict[str, JSON]:
        values = dict(held)
        for key in reset:
            values.pop(key, None)
        for key, raw in wanted.items():
            try:
                canonical = self._check_value(key, raw, sku=sku)
            except ValueProblem as problem:
                self._fail(key, problem.code, str(problem), sku=sku, value=raw)
                continue
            values[key] = canonical
            original = f"{sku}/{key}" if sku else key
            if isinstance(raw, str) and isinstance(canonical, str) and canonical != raw and "<" in raw:
                self.state.originals[original] = raw
            elif values[key] != held.get(key):
                self.state.originals.pop(original, None)
        return values

    def _check_value(self, key: str, raw: JSON, *, sku: str) -> JSON:
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
        canonical = type_of(spec.type).validate(raw, spec, options=self.reference.options.get(parsed.attribute))
        if spec.unique:
            holder = self.owners.unique.get((key, str(canonical)), code_key(self.change.code))
            self.claims.add((key, str(canonical)))
            if holder != code_key(self.change.code):
                raise ValueProblem("not_unique", f"“{canonical}” is taken by product {holder}.", "It must be unique.")
        return canonical

    # ---- 4 ----

    def _variant(self, change: VariantChange) -> None:
        key = code_key(change.sku)
        count = len(self.errors)
        existing = self.state.variants.get(key)
        replaced = ""  # the key of a SKU that we made up, and that gets a real one now
        if existing is None and key and (twin := self._twin(change)) is not None:
            if change.sku_generated:
                existing, key = twin, twin.row.sku_key
                self.known_as[code_key(change.sku)] = twin.row.sku
            elif key not in self.owners.skus:
                existing, replaced = twin, twin.row.sku_key
        if not key:
            self._fail("sku", "sku_missing", "A variant needs a SKU. Give it one.", sku=change.sku or "?")
        elif len(change.sku) > 255:
            self._fail("sku", "sku_too_long", "A SKU has at most 255 characters. Shorten it.", sku=change.sku)
        elif existing is None and key in self.owners.skus:
            self._fail(
                "sku",
                "sku_taken",
                f"The SKU {change.sku} belongs to product {self.owners.skus[key]}. "
                "Use another SKU, or change it there.",
                sku=change.sku,
                value=change.sku,
            )
        draft = (
            _copy(existing)
            if existing
            else VariantState(
                row=Variant(
                    sku=change.sku,
                    sku_key=key,
                    sku_generated=change.sku_generated,
                    position=len(self.state.variants),
                ),
                values={},
            )
        )
        if replaced:
            draft.row.sku, draft.row.sku_key, draft.row.sku_generated = change.sku, key, False
        sku = draft.row.sku or change.sku
        draft.values = self._write_values(draft.values, change.values, change.reset, sku=sku)
        if existing and self.keep_axes:
            self._same_axes(existing, draft)
        self._gtin(draft, change)
        for code, offer in change.offers.items():
            self._offer(draft, code, offer)
        for code, available in change.stock.items():
            if code not in self.reference.locations:
                self._fail(
                    f"stock.{code}.available",
                    "unknown_location",
                    f"There is no location “{code}”. Create it first.",
                    sku=sku,
                )
            else:
                draft.stock.setdefault(code, StockLevel()).available = available
        if len(self.errors) > count:
            self.rejected_skus.add(key)
            return
        self._before.setdefault(key, existing)
        if replaced:
            self.state.variants = {key if k == replaced else k: v for k, v in self.state.variants.items()}
        self.state.variants[key] = draft

    def _twin(self, change: VariantChange) -> VariantState | None:
        """The variant that this one is, under another SKU: one of the two was only made up by us.

        Shops list variants without SKU, and give them one later; a file may also come without the column.
        """
        if not self.state.exists:
            return None
        wanted = [change.values.get(axis) for axis in self.state.axes]
        named = {code_key(v.sku) for v in self.change.variants}
        for variant in self.state.variants.values():
            same = [variant.values.get(axis) for axis in self.state.axes] == wanted
            if same and variant.row.sku_key not in named and (variant.row.sku_generated or change.sku_generated):
                return variant
        return None

    def _same_axes(self, existing: VariantState, draft: VariantState) -> None:
        """A file that says an existing SKU is another size repeats a SKU by mistake, and would overwrite a variant."""
        for axis in self.state.axes:
            old, new = existing.values.get(axis), draft.values.get(axis)
            if old is None or old == new:
                continue
            self._fail(
                axis,
                "sku_axes_differ",
                f"The SKU {existing.row.sku} is the variant with {axis} “{_shown(old)}”, but here it has "
                f"“{_shown(new)}”. Give this variant a SKU of its own, or change {axis} in the editor.",
                sku=existing.row.sku,
                value=new,
                current=old,
            )
            return

    def _gtin(self, draft: VariantState, change: VariantChange) -> None:
        if change.gtin is UNSET:
            return
        gtin = str(change.gtin or "")
        if problem := check_gtin(gtin) if gtin else "":
            self._fail("gtin", "gtin_check_digit", problem, sku=draft.row.sku, value=gtin)
            return
        ours = (v.row.sku for v in self.state.variants.values() if gtin and v.row.gtin == gtin)
        holder = self.owners.gtins.get(gtin) or next(ours, "")
        if holder and code_key(holder) != draft.row.sku_key:
            self._fail(
                "gtin",
                "gtin_taken",
                f"The GTIN {gtin} belongs to {holder} already. "
                "Two variants never share one: correct it, or leave it empty.",
                sku=draft.row.sku,
                value=gtin,
            )
            return
        draft.row.gtin = gtin or None

    def _offer(self, draft: VariantState, code: str, change: OfferChange) -> None:
        if code not in self.reference.price_lists:
            self._fail(
                f"offers.{code}",
                "unknown_price_list",
                f"There is no price list “{code}”. Create it first.",
                sku=draft.row.sku,
            )
            return
        for name in ("price", "compare_at", "sale_price", "cost"):
            amount = getattr(change, name)
            if isinstance(amount, Decimal) and (problem := pricing.misfit(amount)):
                self._fail(f"offers.{code}.{name}", "bad_amount", problem, sku=draft.row.sku, value=str(amount))
                return
        offer = draft.offers.setdefault(code, Offer())
        for name in ("compare_at", "sale_from", "sale_to", "cost", "tax_class"):
            value = getattr(change, name)
            if value is not UNSET:
                setattr(offer, name, value)
        for name in ("price", "sale_price"):
            value = getattr(change, name)
            if value is UNSET:
                continue
            old: Decimal | None = getattr(offer, name)
            if value == old:
                draft.held.pop((code, name), None)
                continue
            reason = "" if change.confirmed else pricing.alarm(new=value, old=old, cost=offer.cost)
            waiting = draft.held.get((code, name))
            if not reason:
                setattr(offer, name, value)
                draft.held.pop((code, name), None)
            elif waiting is None or waiting.amount != value:
                draft.held[code, name] = HeldPrice(field=name, amount=value, reason=reason)
                self.held.append((draft.row.sku, f"offers.{code}.{name}", reason))

    # ---- 5 ----

    def _check_axes(self) -> None:
        """Every variant has a value on every axis, and no two have the same ones."""
        seen: dict[tuple[str, ...], str] = {}
        axes = self.state.axes
        for key, variant in list(self.state.variants.items()):
            sku = variant.row.sku
            missing = [a for a in axes if variant.values.get(a) in (None, "")]
            combination = tuple(str(variant.values.get(a)) for a in axes)
            twin = sku if missing else seen.setdefault(combination, sku)
            if missing:
                message = f"{sku} has no {missing[0]}, which tells the variants apart. Fill it."
                field, code = missing[0], "axis_missing"
            elif twin != sku and axes:
                message = f"{sku} has the same {', '.join(axes)} as {twin}. Change one of them."
                field, code = axes[0], "axis_duplicate"
            elif twin != sku:
                message = (
                    f"{sku} cannot stand beside {twin}: nothing tells the variants of this product apart. "
                    "Give the product an axis, such as size."
                )
                field, code = "axes", "axis_duplicate"
            else:
                continue
            if key not in self._before:  # an untouched variant: the change of the product is at fault
                self._fail(field, code, message)
                continue
            self._fail(field, code, message, sku=sku)
            self.rejected_skus.add(key)
            before = self._before[key]
            if before is None:
                del self.state.variants[key]
            else:
                self.state.variants[key] = before

    # ---- 6 ----

    def _media(self, wanted: tuple[MediaChange, ...]) -> None:
        skus = {v.row.sku_key: v.row.sku for v in self.state.variants.values()}
        media = []
        for item in wanted:
            if item.sku and code_key(item.sku) not in skus:
                continue  # its variant was refused; the picture would hang in the air
            identity = f"url:{sha256(item.url.encode()).hexdigest()}" if item.url else f"sha256:{item.sha256}"
            if not item.url and item.sha256 not in self.reference.pictures:
                self._fail("media", "unknown_picture", "A picture is not held here (any more). Upload it again.")
                continue
            alt = {k: v for k, v in item.alt.items() if v}
            media.append(
                MediaState(
                    identity=identity,
                    url=item.url,
                    sha256=item.sha256,
                    alt=alt,
                    sku=skus.get(code_key(item.sku), "") if item.sku else "",
                )
            )
        self.state.media = media


def _copy(variant: VariantState) -> VariantState:
    """A draft that can be thrown away: the rows are copies with the same primary keys."""
    return VariantState(
        row=copy.copy(variant.row),
        values=dict(variant.values),
        offers={code: copy.copy(offer) for code, offer in variant.offers.items()},
        stock={code: copy.copy(level) for code, level in variant.stock.items()},
        held=dict(variant.held),
        held_before=variant.held_before,
    )


def _shown(value: JSON) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 200 else text[:197] + "…"
