"""The one door for writes: editor, import, API, undo and demo data all come through here.

Five beats: read (locked) → change in memory and check → ask the guards → save set-based →
journal, event, hooks. One product and 100,000 take the same road, in batches.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from catalog import change_sets, events
from catalog.attributes.types import type_of
from catalog.attributes.types.base import PRODUCTS
from catalog.attributes.values import ValueKey
from catalog.models import Family, JournalEntry, Product
from catalog.models.codes import code_key
from catalog.products import keys
from catalog.products.application import Application
from catalog.products.apply import apply_change
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.foreign import in_our_codes
from catalog.products.guards import Check, Diverted, checks, diversions, listeners, newcomers, strangers
from catalog.products.less import without
from catalog.products.load import load_states
from catalog.products.owners import Owners, all_values, learn
from catalog.products.reference import Reference, load_reference
from catalog.products.save import Touched, save
from catalog.products.state import Flat, ProductState, content_of, difference, flatten
from catalog.products.uses import in_the_way
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.bulk import append
from pimhub.foundation.jsonvalue import JSON, canonical
from pimhub.foundation.rows import fresh

BATCH = 200
_REQUIREMENTS = Compiled(lambda codes: Family.objects.filter(among("code", codes)).values_list("code", "requirements"))
ATTEMPTS = 4


@dataclass(slots=True)
class WriteResult:
    """What became of one change. `changes`: {sku or "": {key: [old, new]}}; nothing was written if rejected."""

    code: str
    status: str  # created, updated, unchanged, rejected
    product_id: int | None = None
    version: int = 0
    errors: list[ChangeError] = field(default_factory=list)
    dropped: list[ChangeError] = field(default_factory=list)  # bad values that were left out
    changes: dict[str, dict[str, list[JSON]]] = field(default_factory=dict)
    rejected_skus: set[str] = field(default_factory=set)  # SKU keys
    new_skus: set[str] = field(default_factory=set)
    held: list[tuple[str, str, str]] = field(default_factory=list)  # (SKU, part, reason)
    aside: dict[str, list[Diverted]] = field(default_factory=dict)  # what somebody else gets, by the refusal's code
    waits: bool = False  # a price of the product is held, from now or from before
    known_as: dict[str, str] = field(default_factory=dict)  # SKU key in the change → SKU of the variant meant


class FamilyChanged(Exception):
    """What was derived, was derived by rules that are no longer."""


@dataclass(slots=True)
class _Work:
    change: ProductChange
    state: ProductState
    before: Flat
    result: WriteResult
    after: Flat = field(default_factory=dict)
    refused: list[ChangeError] = field(default_factory=list)  # by the guards


def write_products(
    changes: Sequence[ProductChange],
    *,
    partial: bool = False,
    drop_values: bool = False,
    dry_run: bool = False,
    reference: Reference | None = None,
) -> list[WriteResult]:
    """Carry out changes, each product all or nothing; one result per change, in order.

    Call it inside `acting(…)`. With `partial` (files), a product keeps its good variants and only
    the bad ones are refused; with `drop_values`, a bad value is left out and told. With `dry_run` nothing is
    written: the results say what would happen.
    Each batch of products is one transaction.
    """
    reference = reference or load_reference()
    results: list[WriteResult] = []
    for start in range(0, len(changes), BATCH):
        batch = changes[start : start + BATCH]
        results += _batch(batch, reference, partial=partial, drop_values=drop_values, dry_run=dry_run)
    return results


def write_product(change: ProductChange) -> WriteResult:
    """One product, strictly: any error refuses it all."""
    return write_products([change])[0]


def _batch(
    changes: Sequence[ProductChange], reference: Reference, *, dry_run: bool, **tolerance: bool
) -> list[WriteResult]:
    """Somebody else may create the same product, SKU or unique value at this very moment: constraints of the
    database end one of the two, which then looks again and finds the other's."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                work = _prepare(changes, reference, lock=not dry_run, **tolerance)
                touched = [w for w in work if w.result.status in ("created", "updated")]
                if touched and not dry_run:
                    _commit(touched, reference)
                if not dry_run:
                    _hand_on(work)
            return [w.result for w in work]
        except FamilyChanged:
            reference.reload()
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise RuntimeError("The families of this batch keep changing. Repeat it in a moment.")


def _hand_on(work: Sequence[_Work]) -> None:
    """What was set aside goes to whom it concerns; and what another system says is heard, also where it is news to
    nobody."""
    for item in work:
        for code, values in item.result.aside.items():
            diversions.get(code)(item.state.row, values)
    if change_sets.current_act().system:
        said = [(w.state.row, w.change) for w in work if w.state.exists and w.result.status != "rejected"]
        for listen in listeners:
            listen(said)


def _prepare(
    changes: Sequence[ProductChange], reference: Reference, *, lock: bool, partial: bool, drop_values: bool
) -> list[_Work]:
    changes = keys.with_codes(in_our_codes(changes, reference), reference, reserve=lock)
    states = load_states(codes=[c.code for c in changes], lock=lock)
    reference.learn_options(_mentioned_options(changes, reference))
    reference.learn_categories({code for c in changes for code in (*(c.categories or ()), *c.add_categories)})
    targets = _mentioned_targets(changes, reference)
    if targets:
        reference.learn_targets(targets, coming={c.code for c in changes})
    if uploads := {m.sha256 for c in changes for m in c.media or () if m.sha256}:
        reference.learn_pictures(uploads)
    owners = learn(changes, reference)
    owners.used = in_the_way(changes, states)
    check = checks(change_sets.current_act(), [s.row.pk for s in states.values()])
    done: dict[int, _Work] = {}
    for number in sorted(range(len(changes)), key=lambda n: not changes[n].gives):  # who gives goes first
        done[number] = _apply(
            changes[number], states, reference, owners, check, partial=partial, drop_values=drop_values
        )
        if done[number].result.status == "rejected":
            for sku in changes[number].gives:
                owners.moving.pop(code_key(sku), None)
    work = [done[number] for number in range(len(changes))]
    _refuse_dangling(work, reference)
    _refuse_untaken(work)
    return work


def _apply(
    change: ProductChange,
    states: dict[str, ProductState],
    reference: Reference,
    owners: Owners,
    check: Check,
    *,
    partial: bool,
    drop_values: bool,
) -> _Work:
    """What becomes of one change. Where bad values may be left out, so may those that a guard refuses."""
    how = {"partial": partial, "drop_values": drop_values}
    work = _attempt(change, states, reference, owners, check, **how)
    hard = [e for e in work.refused if e.code not in diversions]
    if not work.refused or (hard and not (partial or drop_values)):
        return work
    lesser = without(change, [(e.sku, e.key) for e in work.refused])
    if lesser is None:
        return work
    rest = _attempt(lesser, states, reference, owners, check, **how)
    if rest.refused:
        return work
    rest.change, rest.result.aside = change, _aside(work)
    (rest.result.errors if partial else rest.result.dropped).extend(work.refused)
    return rest


def _aside(work: _Work) -> dict[str, list[Diverted]]:
    """What was left out and is somebody else's to look at."""
    found: dict[str, list[Diverted]] = {}
    for error in work.refused:
        pair = work.result.changes.get(error.sku, {}).get(error.key)
        if error.code in diversions and pair is not None:
            found.setdefault(error.code, []).append(Diverted(error.sku, error.key, pair[0], pair[1]))
    return found


def _attempt(
    change: ProductChange,
    states: dict[str, ProductState],
    reference: Reference,
    owners: Owners,
    check: Check,
    *,
    partial: bool,
    drop_values: bool,
) -> _Work:
    key = code_key(change.code)
    held = states.get(key)
    state = _draft(held) if held else _blank(change, reference)
    before = flatten(state) if held else {}
    application = Application(change, state, reference, owners, keep_axes=partial, drop_values=drop_values)
    if not held:
        application.errors += newcomers(change_sets.current_act(), change.code)
    else:
        application.errors += strangers(held.row)
    if not application.errors:
        apply_change(application)
    result = WriteResult(
        code=change.code,
        status="",
        errors=application.errors,
        dropped=application.dropped,
        rejected_skus=application.rejected_skus,
        held=application.held,
        known_as=application.known_as,
    )
    work = _Work(change=change, state=state, before=before, result=result)
    nothing_left = not state.sold or (
        bool(change.variants) and len(application.rejected_skus) == len({code_key(v.sku) for v in change.variants})
    )
    if application.product_errors or (application.errors and (not partial or nothing_left)):
        result.status = "rejected"
        return work
    if not state.sold and not (state.trashed and change.gives):
        result.status = "rejected"
        result.errors.append(
            ChangeError(key="variants", code="no_variant", message="A product needs a variant with a SKU. Add one.")
        )
        return work
    work.after = flatten(state)
    result.changes = difference(before, work.after)
    if change.expected is not None and canonical(result.changes) != canonical(change.expected):
        message = f"{change.code} was edited since the preview. Look at it anew."
        result.errors.append(ChangeError(key="", code="overtaken", message=message))
        result.status = "rejected"
        return work
    result.new_skus = {v.row.sku for v in state.variants.values() if v.row.pk is None}
    asked = _asked(result)
    if refused := check(state.row, asked, result.new_skus) if asked else ():
        work.refused = list(refused)
        result.errors = [*result.errors, *refused]
        result.status = "rejected"
        return work
    holds = any(v.held != v.held_before for v in state.variants.values())
    result.waits = any(v.held for v in state.variants.values())
    if not held:
        result.status = "created"
    else:
        result.status = "updated" if result.changes or holds else "unchanged"
        result.product_id, result.version = state.row.pk, state.row.version
    if result.status != "unchanged":
        states[key] = state  # a later change of the same product in this batch builds on it
        owners.claim(state, application.claims)
    return work


def _asked(result: WriteResult) -> dict[str, dict[str, list[JSON]]]:
    """What guards look at: the changes, and the prices that would wait for a second person."""
    asked = {row: dict(changed) for row, changed in result.changes.items()}
    for sku, key, _ in result.held:
        asked.setdefault(sku, {}).setdefault(key, [None, None])
    return asked


def _blank(change: ProductChange, reference: Reference) -> ProductState:
    return ProductState(
        row=fresh(Product, code=change.code.strip()), family="", values={}, originals={}, axes=[], categories=[]
    )


def _draft(state: ProductState) -> ProductState:
    """A copy to change: a refused change must leave no trace in what the next one sees."""
    return ProductState(
        row=state.row,
        family=state.family,
        values=dict(state.values),
        originals=dict(state.originals),
        axes=list(state.axes),
        categories=list(state.categories),
        variants=dict(state.variants),
        media=copy.copy(state.media),
        associations=dict(state.associations),
        references=dict(state.references),
        trashed=state.trashed,
    )


def _refuse_dangling(work: Sequence[_Work], reference: Reference) -> None:
    """An association may point to what the same batch brings; where that was refused, so is what points to it."""
    refused = {code_key(w.change.code) for w in work if w.result.status == "rejected" and not w.state.exists}
    while refused:
        more = set()
        for item in work:
            lost = [t for t in _pointed_to(item.state, reference) if t in refused]
            if lost and item.result.status != "rejected":
                item.result.status = "rejected"
                item.result.errors.append(
                    ChangeError("associations", "unknown_product", f"The product {lost[0]} it points to was refused.")
                )
                more |= set() if item.state.exists else {code_key(item.change.code)}
        refused = more


def _refuse_untaken(work: Sequence[_Work]) -> None:
    """What is given must be taken: where the taker was refused, so is the giver."""
    live = [w for w in work if w.result.status != "rejected"]
    taken = {code_key(v.sku) for w in live for v in w.change.variants if v.taken}
    for item in live:
        if left := [sku for sku in item.change.gives if code_key(sku) not in taken]:
            item.result.status = "rejected"
            message = f"{left[0]} was not taken over by any product. See there why."
            item.result.errors.append(ChangeError("gives", "not_taken", message, value=left[0]))


def _pointed_to(state: ProductState, reference: Reference) -> Iterator[str]:
    for targets in state.associations.values():
        yield from (code_key(t.product) for t in targets if t.product)
    for values in (state.values, *(v.values for v in state.variants.values())):
        for key, value in values.items():
            spec = reference.specs[ValueKey.parse(key).attribute]
            yield from (code_key(code) for to, code in type_of(spec.type).targets(value, spec) if to == PRODUCTS)


def _mentioned_options(changes: Sequence[ProductChange], reference: Reference) -> dict[str, set[str]]:
    """Option codes that the changes mention, by attribute, so that one query can look them up."""
    mentioned: dict[str, set[str]] = {}
    for key, value in all_values(changes):
        spec = reference.specs.get(key.split("@")[0].split("#")[0])
        if spec is None or not type_of(spec.type).has_options:
            continue
        codes = value if isinstance(value, list) else [value]
        mentioned.setdefault(spec.code, set()).update(str(c) for c in codes if c is not None)
    return mentioned


def _mentioned_targets(changes: Sequence[ProductChange], reference: Reference) -> dict[str, set[tuple[str, str]]]:
    """What values point to, by attribute."""
    mentioned: dict[str, set[tuple[str, str]]] = {}
    for key, value in all_values(changes):
        spec = reference.specs.get(key.split("@")[0].split("#")[0])
        if spec and (targets := set(type_of(spec.type).targets(value, spec))):
            mentioned.setdefault(spec.code, set()).update(targets)
    return mentioned


def _commit(work: Sequence[_Work], reference: Reference) -> None:
    """Save, then journal, event and hooks: all in the transaction of the batch."""
    change_set = change_sets.change_set()
    # A product that the batch mentions twice is saved once, as the last mention left it.
    saved = {code_key(w.change.code): w.state for w in work}
    final = list(saved.values())
    existed = {w.state.row.code_key for w in work if w.state.exists}
    save(final, reference, change_set, _touched(work))
    _check_current(final, reference)
    entries, deltas, log = [], [], []
    for item in work:
        row = item.state.row
        item.result.product_id, item.result.version = row.pk, row.version
        variants = {v.row.sku: v.row for v in saved[row.code_key].variants.values()}
        for sku, changed in item.result.changes.items():
            variant = variants.get(sku)
            entries.append(
                (change_set.pk, row.pk, variant.pk if variant else None, sku, _line(item.change, sku), changed)
            )
        delta = events.ProductDelta(
            product=row,
            created=row.code_key not in existed,
            changes=item.result.changes,
            content=content_of(item.after),
        )
        existed.add(row.code_key)  # a batch may mention it again
        deltas.append(delta)
        keys = sorted({key for changed in item.result.changes.values() for key in changed})
        kind = "product.created" if delta.created else _TRASH.get(_trashed(item), "product.changed")
        delta.told.update(facets=delta.facets, keys=keys)
        log.append((kind, row, delta.told))
    append(JournalEntry, ("change_set_id", "product_id", "variant_id", "sku", "line", "changes"), entries)
    for hook in events.hooks:
        hook(deltas)
    events.append_all(log, change_set_id=change_set.pk)


def _check_current(states: Sequence[ProductState], reference: Reference) -> None:
    """Raises FamilyChanged when the families are not what they were when the batch began.

    After the save, when the rows are locked: from here on whoever derives anew waits for us.
    """
    loaded = {s.family: reference.families[s.family].row.requirements for s in states}
    if dict(_REQUIREMENTS(loaded)) != loaded:
        raise FamilyChanged


_TRASH = {(None, True): "product.trashed", (True, None): "product.restored"}


def _trashed(item: _Work) -> tuple[JSON, JSON]:
    pair = item.result.changes.get("", {}).get("trashed", [None, None])
    return pair[0], pair[1]


def _touched(work: Sequence[_Work]) -> Touched:
    """Which products and variants need which of their side tables written."""
    touched = Touched()
    for item in work:
        code = code_key(item.change.code)
        for sku, row in item.result.changes.items():
            key = code_key(sku)
            touched.note(code, key, row, renamed=bool(sku) and sku not in item.before)
    return touched


def _line(change: ProductChange, sku: str) -> int | None:
    key = code_key(sku)
    return next((v.line for v in change.variants if code_key(v.sku) == key), change.line) if sku else change.line
