"""What a product points to: its pictures, other products, and the codes other systems know it by."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from catalog.models.codes import code_key, code_problem
from catalog.products.application import Application
from catalog.products.changes import AssociationChange, MediaChange, ProductChange, VariantChange
from catalog.products.state import MediaState, ProductState, Target, VariantState


def write_media(app: Application, wanted: tuple[MediaChange, ...]) -> None:
    skus = {v.row.sku_key: v.row.sku for v in app.state.variants.values()}
    media = []
    for item in wanted:
        if item.sku and code_key(item.sku) not in skus:
            continue  # its variant was refused; the picture would hang in the air
        identity = f"url:{sha256(item.url.encode()).hexdigest()}" if item.url else f"sha256:{item.sha256}"
        if not item.url and item.sha256 not in app.reference.pictures:
            app.fail("media", "unknown_picture", "A picture is not held here (any more). Upload it again.")
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
    app.state.media = media


def write_associations(
    app: Application, holder: ProductState | VariantState, change: ProductChange | VariantChange
) -> None:
    """Replace, add and remove targets, type by type."""
    sku = holder.row.sku if isinstance(holder, VariantState) else ""
    added = change.add_associations if isinstance(change, ProductChange) else {}
    removed = change.remove_associations if isinstance(change, ProductChange) else {}
    for kind in dict.fromkeys([*change.associations, *added, *removed]):
        key = f"associations.{kind}"
        if kind not in app.reference.association_types:
            known = ", ".join(sorted(app.reference.association_types)) or "none"
            app.fail(key, "unknown_association", f"There is no association type “{kind}”. Known: {known}.", sku=sku)
            continue
        held = {t.key: t for t in holder.associations.get(kind, ())}
        wanted = dict(held) if kind not in change.associations else {}
        for item in (*change.associations.get(kind, ()), *added.get(kind, ())):
            target = _target(app, kind, item, sku=sku)
            if target is not None:
                # The spelling of a target is that of its own record, which is what a reload shows.
                wanted[target.key] = held[target.key] if _same(held.get(target.key), target) else target
        for item in removed.get(kind, ()):
            wanted.pop((code_key(item.product), code_key(item.sku)), None)
        holder.associations = {**holder.associations, kind: list(wanted.values())}


def _same(held: Target | None, target: Target) -> bool:
    return held is not None and held.quantity == target.quantity


def _target(app: Application, kind: str, item: AssociationChange, *, sku: str) -> Target | None:
    """The target as it will be kept; None when it was refused."""
    key, quantified = f"associations.{kind}", app.reference.association_types[kind].quantified
    name = item.sku or item.product
    me = code_key(app.change.code)
    if bool(item.product) == bool(item.sku):
        app.fail(key, "target_missing", "Name either the product or the SKU that is meant.", sku=sku)
    elif item.product and code_key(item.product) not in app.owners.products:
        app.fail(key, "unknown_product", f"There is no product “{name}”. Create it first.", sku=sku, value=name)
    elif item.sku and not _sold(app, code_key(item.sku)):
        app.fail(key, "unknown_sku", f"There is no variant “{name}”. Create it first.", sku=sku, value=name)
    elif code_key(item.product) == me or (item.sku and code_key(item.sku) == code_key(sku)):
        app.fail(key, "points_to_itself", f"“{name}” cannot be associated with itself.", sku=sku, value=name)
    elif quantified and (item.quantity is None or item.quantity <= 0 or item.quantity >= 10**9):
        app.fail(key, "bad_quantity", f"Say how many of “{name}”: a number above zero.", sku=sku, value=name)
    elif quantified and item.quantity != round(item.quantity or 0, 3):
        app.fail(key, "bad_quantity", f"The quantity of “{name}” has more than 3 decimals. Round it.", sku=sku)
    elif item.quantity is not None and not quantified:
        app.fail(key, "no_quantity", f"“{kind}” does not count. Leave the quantity out.", sku=sku, value=name)
    else:
        return Target(product=item.product, sku=item.sku, quantity=item.quantity)
    return None


def _sold(app: Application, key: str) -> bool:
    own = app.state.variants.get(key)
    if own is not None:
        return not own.trashed
    return key in app.owners.coming or (key in app.owners.skus and key not in app.owners.trashed_skus)


def write_references(
    app: Application, holder: ProductState | VariantState, wanted: Mapping[str, str | None], *, kind: str
) -> None:
    """Take over the codes by which other systems know it; a new one renumbers, None ends it."""
    sku = holder.row.sku if isinstance(holder, VariantState) else ""
    me = holder.row.sku_key if isinstance(holder, VariantState) else code_key(app.change.code)
    for system, code in wanted.items():
        key = f"references.{system}"
        if system not in app.reference.systems:
            known = ", ".join(sorted(app.reference.systems)) or "none"
            app.fail(key, "unknown_system", f"There is no system “{system}”. Known: {known}.", sku=sku)
        elif not code:
            holder.references = {s: c for s, c in holder.references.items() if s != system}
        elif problem := code_problem(code):
            app.fail(key, "bad_code", problem, sku=sku, value=code)
        elif (owner := app.owners.references.get((system, kind, code_key(code)), me)) != me:
            app.fail(
                key,
                "reference_taken",
                f"In {system}, “{code}” is {owner}. End it there first, or correct the code.",
                sku=sku,
                value=code,
            )
        else:
            holder.references = {**holder.references, system: code}
