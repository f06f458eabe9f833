"""The change that takes a journal entry back, as far as nobody changed the same thing since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from catalog.models import ChangeSet, JournalEntry, MediaAsset, Variant
from catalog.plans.kinds.base import Wanted
from catalog.products.changes import (
    AssociationChange,
    ChangeError,
    MediaChange,
    OfferChange,
    ProductChange,
    VariantChange,
)
from catalog.products.state import PRODUCT_ROW, Flat, ProductState, flatten, is_part
from pimhub.foundation.jsonvalue import JSON

Pairs = Mapping[str, Sequence[JSON]]  # {key: [old, new, which of the two is a deliberate null]}
Moved = tuple[Pairs, Mapping[str, JSON] | None]  # what a variant brought along, and its row now (None: not there)


def of_change_set(change_set: ChangeSet, states: Sequence[ProductState]) -> list[Wanted]:
    """What takes the change set back from each of the products."""
    ids = [s.row.pk for s in states]
    entries = JournalEntry.objects.filter(change_set=change_set, product_id__in=ids).order_by("pk")
    by_product: dict[int, list[tuple[str, Pairs]]] = {}
    for product, sku, changes in entries.values_list("product_id", "sku", "changes"):
        by_product.setdefault(product, []).append((sku, changes))
    made = Variant.history.filter(change_set_id=change_set.pk, history_type="+", product_id__in=ids)
    created = set(made.values_list("product_id", "sku"))
    media = _pictures(pairs for rows in by_product.values() for _, pairs in rows)
    moves = _moves(change_set, ids)
    rows = {state.row.pk: flatten(state) for state in states}

    def gone(start: int) -> dict[str, Moved]:
        """What left a product: as it came to the other one, and as it is there now."""
        return {
            sku: (_merged(by_product.get(to, [])).get(sku, {}), rows.get(to, {}).get(sku))
            for sku, (source, to) in moves.items()
            if source == start
        }

    return [
        _of_product(
            state,
            by_product.get(state.row.pk, []),
            {s for p, s in created if p == state.row.pk},
            media,
            came={sku for sku, (_, to) in moves.items() if to == state.row.pk},
            went=gone(state.row.pk),
        )
        for state in states
    ]


def _moves(change_set: ChangeSet, ids: Sequence[int]) -> dict[str, tuple[int, int]]:
    """SKUs that the change set took from one product to another: {sku: (from, to)}."""
    rows = Variant.history.filter(change_set_id=change_set.pk, history_type="~", product_id__in=ids)
    found = {}
    for row in rows:
        before = row.prev_record
        if before is not None and before.product_id != row.product_id:
            found[row.sku] = (before.product_id, row.product_id)
    return found


def of_value(entry: JournalEntry, key: str, state: ProductState) -> Wanted:
    """What takes one value of one entry back."""
    return of_values([(entry.sku, {key: entry.changes[key]})], state)


def of_values(taken: Sequence[tuple[str, Pairs]], state: ProductState) -> Wanted:
    """What takes values back: (SKU or "", {key: pair}), the earliest first."""
    return _of_product(state, taken, set(), _pictures(pairs for _, pairs in taken))


def _of_product(
    state: ProductState,
    entries: Sequence[tuple[str, Pairs]],
    created: set[str],
    media: Mapping[str, MediaAsset],
    *,
    came: Collection[str] = (),
    went: Mapping[str, Moved] | None = None,
) -> Wanted:
    merged = _merged(entries)
    if merged.get(PRODUCT_ROW, {}).get("family", [""])[0] is None:
        # The product was made by it: what takes that back is the trash.
        change = None if state.trashed else ProductChange(code=state.row.code, trashed=True, force=True)
        return Wanted(change)
    builder = _Builder(flatten(state), media)
    for sku, pairs in merged.items():
        if sku and sku in came:
            if sku in builder.now:
                builder.product.setdefault("gives", []).append(sku)
            continue
        if sku and went and sku in went:
            builder.take_over(sku, pairs, *went[sku])
            continue
        if sku and sku in created:
            if sku in builder.now and "trashed" not in builder.now[sku]:
                builder.variant(sku)["trashed"] = True
            continue
        if sku and sku not in builder.now:
            builder.leave("", sku, f"The variant {sku} is no longer there.")
            continue
        for key, pair in pairs.items():
            builder.take_back(sku, key, pair)
    return Wanted(builder.change(state.row.code), builder.left)


def _merged(entries: Sequence[tuple[str, Pairs]]) -> dict[str, dict[str, list[JSON]]]:
    """One pair a key: what it was before the first entry, what it was after the last."""
    rows: dict[str, dict[str, list[JSON]]] = {}
    for sku, pairs in entries:
        row = rows.setdefault(sku, {})
        for key, pair in pairs.items():
            old, new, nulls = pair[0], pair[1], pair[2] if len(pair) > 2 else 0
            first = row.get(key)
            if first is None:
                row[key] = [old, new, nulls]
            else:
                row[key] = [first[0], new, (first[2] & 1) | (nulls & 2)]
    return rows


def _pictures(all_pairs: Iterable[Pairs]) -> dict[str, MediaAsset]:
    """Pictures that the entries mention, by identity."""
    ids = {m["id"] for pairs in all_pairs for m in (pairs.get("media", [None])[0] or [])}
    urls = {i.removeprefix("url:") for i in ids if i.startswith("url:")}
    hashes = {i.removeprefix("sha256:") for i in ids if i.startswith("sha256:")}
    found = [*MediaAsset.objects.filter(url_digest__in=urls), *MediaAsset.objects.filter(sha256__in=hashes)]
    return {asset.identity: asset for asset in found}


class _Builder:
    """Collects what to put back, and what is left alone because it was changed since."""

    def __init__(self, now: Flat, media: Mapping[str, MediaAsset]) -> None:
        self.now = now
        self.media = media
        self.left: list[ChangeError] = []
        self.product: dict[str, Any] = {}
        self.variants: dict[str, dict[str, Any]] = {}

    def variant(self, sku: str) -> dict[str, Any]:
        return self.variants.setdefault(sku, {})

    def leave(self, key: str, sku: str, message: str, current: JSON = None) -> None:
        self.left.append(ChangeError(key=key, code="changed_since", message=message, sku=sku, current=current))

    def take_back(self, sku: str, key: str, pair: Sequence[JSON]) -> None:
        row = self.now[sku]
        old, new, nulls = pair[0], pair[1], pair[2] if len(pair) > 2 else 0
        if self._is(row, key, old, bool(nulls & 1)):
            return
        if not self._is(row, key, new, bool(nulls & 2)):
            self.leave(key, sku, f"{key} was changed again since. The later value stays.", row.get(key))
            return
        target = self.variant(sku) if sku else self.product
        if is_part(key):
            self._part(target, key, old)
        elif old is None and not nulls & 1:
            target.setdefault("reset", []).append(key)
        else:
            target.setdefault("values", {})[key] = old

    def take_over(self, sku: str, pairs: Pairs, came: Pairs, now: Mapping[str, JSON] | None) -> None:
        """A variant comes back from where it went, with the values it had here, but for those changed there since."""
        values = {}
        for key, pair in pairs.items():
            if not is_part(key) and (pair[0] is not None or (len(pair) > 2 and pair[2] & 1)):
                values[key] = pair[0]
        there = {} if now is None else now
        for key in dict.fromkeys([*came, *there]) if now is not None else ():
            _, new, *nulls = came.get(key, (None, None))
            if is_part(key) or self._is(there, key, new, bool(nulls and nulls[0] & 2)):
                continue
            self.leave(key, sku, f"{key} was changed again since. The later value stays.", there.get(key))
            values.pop(key, None)
            if key in there:
                values[key] = there[key]
        self.variant(sku).update(taken=True, exact=True, values=values)

    def _is(self, row: Mapping[str, JSON], key: str, value: JSON, is_null: bool) -> bool:
        """Whether the row holds the value now; absent and deliberately empty are two things for values."""
        if is_part(key):
            return bool((row.get(key) or None) == (value or None))
        if value is None:
            return (key in row and row[key] is None) if is_null else key not in row
        return bool(row.get(key) == value)

    def _part(self, target: dict[str, Any], key: str, old: JSON) -> None:
        head, _, rest = key.partition(".")
        if head == "offers":
            place, _, name = rest.rpartition(".")
            target.setdefault("offers", {}).setdefault(place, {})[name] = _offer_value(name, old)
        elif head == "stock":
            target.setdefault("stock", {})[rest.partition(".")[0]] = old or 0
        elif head == "associations":
            target.setdefault("associations", {})[rest] = tuple(_target(t) for t in old or ())
        elif head == "references":
            target.setdefault("references", {})[rest] = old
        elif head == "media":
            target["media"] = tuple(_medium(m, self.media[m["id"]]) for m in old or () if m["id"] in self.media)
        elif head == "trashed":
            target["trashed"] = bool(old)
        elif head in ("axes", "categories"):
            target[head] = tuple(old or ())
        else:
            target[head] = old  # gtin, family

    def change(self, code: str) -> ProductChange | None:
        if not self.product and not self.variants:
            return None
        variants = []
        for sku, given in self.variants.items():
            offers = {place: OfferChange(**fields, confirmed=True) for place, fields in given.pop("offers", {}).items()}
            variants.append(VariantChange(sku=sku, offers=offers, **given))
        gives = tuple(self.product.pop("gives", ()))
        return ProductChange(code=code, variants=tuple(variants), gives=gives, force=True, **self.product)


def _offer_value(name: str, old: JSON) -> Any:
    if name == "tax_class":
        return old or ""
    if old is None:
        return None
    return dt.datetime.fromisoformat(old) if name in ("sale_from", "sale_to") else Decimal(old)


def _target(told: Mapping[str, str]) -> AssociationChange:
    quantity = Decimal(told["quantity"]) if told.get("quantity") else None
    return AssociationChange(product=told.get("product", ""), sku=told.get("sku", ""), quantity=quantity)


def _medium(told: Mapping[str, Any], asset: MediaAsset) -> MediaChange:
    uploaded = not asset.source_url
    return MediaChange(
        url="" if uploaded else asset.source_url,
        sha256=asset.sha256 if uploaded else "",
        alt=told.get("alt", {}),
        sku=told.get("sku", ""),
    )
