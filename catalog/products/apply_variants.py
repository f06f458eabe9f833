"""The variants of a change: found or made, filled, priced, stocked, and told apart."""

from __future__ import annotations

from decimal import Decimal

from catalog.models import HeldPrice, Offer, StockLevel, Variant
from catalog.models.codes import code_key, code_problem
from catalog.products import apply_links, pricing
from catalog.products.application import Application, shown
from catalog.products.changes import UNSET, OfferChange, VariantChange
from catalog.products.gtin import check_gtin
from catalog.products.state import OFFER_FIELDS, VariantState
from pimhub.foundation.rows import copied, fresh


def give(app: Application) -> None:
    """Lay down the variants that another product takes over; their pictures stay, as the product's."""
    for sku in app.change.gives:
        variant = app.state.variants.pop(code_key(sku), None)
        if variant is None:
            app.fail("gives", "unknown_sku", f"{app.change.code} has no variant {sku} to give.", value=sku)
            continue
        app.owners.moving[variant.row.sku_key] = variant
        for picture in app.state.media:
            picture.sku = "" if code_key(picture.sku) == variant.row.sku_key else picture.sku


def write_variant(app: Application, change: VariantChange) -> None:
    key = code_key(change.sku)
    count = len(app.errors)
    existing = app.state.variants.get(key)
    if existing is None and change.taken and key in app.owners.moving:
        existing = _copy(app.owners.moving[key])
        existing.row.position = len(app.state.variants)
    replaced = ""  # the key of a SKU that we made up, and that gets a real one now
    if existing is None and key and (twin := _twin(app, change)) is not None:
        if change.sku_generated:
            existing, key = twin, twin.row.sku_key
            app.known_as[code_key(change.sku)] = twin.row.sku
        elif key not in app.owners.skus:
            existing, replaced = twin, twin.row.sku_key
    if not key:
        app.fail("sku", "sku_missing", "A variant needs a SKU. Give it one.", sku=change.sku or "?")
    elif existing is None and (problem := code_problem(change.sku)):
        app.fail("sku", "bad_sku", problem, sku=change.sku, value=change.sku)
    elif existing is None and key in app.owners.skus:
        where = "in the trash, " if key in app.owners.trashed_skus else ""
        app.fail(
            "sku",
            "sku_taken",
            f"The SKU {change.sku} belongs to product {app.owners.skus[key]} ({where}not this one). "
            "Use another SKU, or change it there.",
            sku=change.sku,
            value=change.sku,
        )
    elif existing is not None and existing.trashed and change.trashed is None:
        app.fail("sku", "in_trash", f"{change.sku} is in the trash. Restore it first.", sku=change.sku)
    draft = (
        _copy(existing)
        if existing
        else VariantState(
            row=fresh(
                Variant,
                sku=change.sku,
                sku_key=key,
                sku_generated=change.sku_generated,
                position=len(app.state.variants),
            ),
            values={},
        )
    )
    if replaced:
        draft.row.sku, draft.row.sku_key, draft.row.sku_generated = change.sku, key, False
    sku = draft.row.sku or change.sku
    used = app.owners.used.get((code_key(app.change.code), key)) if change.trashed and not draft.trashed else None
    if used:
        app.fail("trashed", "in_use", used, sku=sku, value="true")
    if change.trashed is not None:
        draft.trashed = change.trashed
    draft.values = app.write_values(draft.values, change, sku=sku)
    if existing and app.keep_axes:
        _same_axes(app, existing, draft)
    _gtin(app, draft, change)
    for code, offer in change.offers.items():
        _offer(app, draft, code, offer)
    for code, available in change.stock.items():
        if code not in app.reference.locations:
            app.fail(
                f"stock.{code}.available",
                "unknown_location",
                f"There is no location “{code}”. Create it first.",
                sku=sku,
            )
        else:
            level = draft.stock.get(code)
            if level is None:
                level = draft.stock[code] = fresh(StockLevel)
            level.available = available
    apply_links.write_associations(app, draft, change)
    apply_links.write_references(app, draft, change.references, kind="variant")
    if len(app.errors) > count:
        app.rejected_skus.add(key)
        return
    app.before.setdefault(key, existing)
    if replaced:
        app.state.variants = {key if k == replaced else k: v for k, v in app.state.variants.items()}
    app.state.variants[key] = draft


def _twin(app: Application, change: VariantChange) -> VariantState | None:
    """The variant that this one is, under another SKU: one of the two was only made up by us.

    Shops list variants without SKU, and give them one later; a file may also come without the column.
    """
    if not app.state.exists:
        return None
    wanted = [change.values.get(axis) for axis in app.state.axes]
    named = {code_key(v.sku) for v in app.change.variants}
    for variant in app.state.sold:
        same = [variant.values.get(axis) for axis in app.state.axes] == wanted
        if same and variant.row.sku_key not in named and (variant.row.sku_generated or change.sku_generated):
            return variant
    return None


def _same_axes(app: Application, existing: VariantState, draft: VariantState) -> None:
    """A file that says an existing SKU is another size repeats a SKU by mistake, and would overwrite a variant."""
    for axis in app.state.axes:
        old, new = existing.values.get(axis), draft.values.get(axis)
        if old is None or old == new:
            continue
        app.fail(
            axis,
            "sku_axes_differ",
            f"The SKU {existing.row.sku} is the variant with {axis} “{shown(old)}”, but here it has "
            f"“{shown(new)}”. Give this variant a SKU of its own, or change {axis} in the editor.",
            sku=existing.row.sku,
            value=new,
            current=old,
        )
        return


def _gtin(app: Application, draft: VariantState, change: VariantChange) -> None:
    if change.gtin is UNSET:
        return
    gtin = str(change.gtin or "")
    if problem := check_gtin(gtin) if gtin else "":
        app.refuse_value("gtin", "gtin_check_digit", problem, sku=draft.row.sku, value=gtin)
        return
    ours = (v.row.sku for v in app.state.variants.values() if gtin and v.row.gtin == gtin)
    holder = app.owners.gtins.get(gtin) or next(ours, "")
    if holder and code_key(holder) != draft.row.sku_key:
        app.refuse_value(
            "gtin",
            "gtin_taken",
            f"The GTIN {gtin} belongs to {holder} already. "
            "Two variants never share one: correct it, or leave it empty.",
            sku=draft.row.sku,
            value=gtin,
        )
        return
    draft.row.gtin = gtin or None


def _offer(app: Application, draft: VariantState, code: str, change: OfferChange) -> None:
    if code not in app.reference.price_lists:
        app.fail(
            f"offers.{code}",
            "unknown_price_list",
            f"There is no price list “{code}”. Create it first.",
            sku=draft.row.sku,
        )
        return
    for name in ("price", "compare_at", "sale_price", "cost"):
        amount = getattr(change, name)
        if isinstance(amount, Decimal) and (problem := pricing.misfit(amount)):
            app.fail(f"offers.{code}.{name}", "bad_amount", problem, sku=draft.row.sku, value=str(amount))
            return
    offer = draft.offers.get(code)
    if offer is None:
        offer = draft.offers[code] = fresh(Offer)
    given = {name: value for name in OFFER_FIELDS if (value := getattr(change, name)) is not UNSET}
    alarms = pricing.put(
        offer, given, largest_move=app.reference.price_lists[code].largest_move, confirmed=change.confirmed
    )
    for name in pricing.GUARDED:
        if name not in given:
            continue
        waiting = draft.held.get((code, name))
        if name not in alarms:
            draft.held.pop((code, name), None)
        elif waiting is None or waiting.amount != given[name]:
            draft.held[code, name] = HeldPrice(field=name, amount=given[name], reason=alarms[name])
            app.held.append((draft.row.sku, f"offers.{code}.{name}", alarms[name]))


def check_axes(app: Application) -> None:
    """Every variant has a value on every axis, and no two have the same ones."""
    seen: dict[tuple[str, ...], str] = {}
    axes = app.state.axes
    for key, variant in list(app.state.variants.items()):
        sku = variant.row.sku
        if variant.trashed:
            continue
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
        if key not in app.before:  # an untouched variant: the change of the product is at fault
            app.fail(field, code, message)
            continue
        app.fail(field, code, message, sku=sku)
        app.rejected_skus.add(key)
        before = app.before[key]
        if before is None:
            del app.state.variants[key]
        else:
            app.state.variants[key] = before


def _copy(variant: VariantState) -> VariantState:
    """A draft that can be thrown away: the rows are copies with the same primary keys."""
    return VariantState(
        row=copied(variant.row),
        values=dict(variant.values),
        offers={code: copied(offer) for code, offer in variant.offers.items()},
        stock={code: copied(level) for code, level in variant.stock.items()},
        held=dict(variant.held),
        held_before=variant.held_before,
        associations={kind: list(targets) for kind, targets in variant.associations.items()},
        references=dict(variant.references),
        trashed=variant.trashed,
    )
