"""Carry a wanted change out on a product in memory."""

from __future__ import annotations

from catalog.models import JournalEntry, Variant
from catalog.models.codes import code_key, code_problem
from catalog.products import apply_links, apply_variants
from catalog.products.application import Application
from catalog.products.changes import UNSET
from catalog.products.state import flatten

MAX_AXES = 5


def apply_change(app: Application) -> None:
    """1 trash, version, base values · 2 family, axes, categories · 3 product values · 4 variants · 5 axes of all
    · 6 pictures, associations, references."""
    if not _check_presence(app):
        return
    _check_base(app)
    _structure(app)
    change, state = app.change, app.state
    apply_variants.give(app)
    state.values = app.write_values(state.values, change, sku="")
    for variant in change.variants:
        apply_variants.write_variant(app, variant)
    apply_variants.check_axes(app)
    if change.media is not None:
        apply_links.write_media(app, change.media)
    apply_links.write_associations(app, state, change)
    apply_links.write_references(app, state, change.references, kind="product")


def _check_presence(app: Application) -> bool:
    """Whether there is a product to write to: not one in the trash, unless the change brings it back."""
    change, state = app.change, app.state
    if change.version is not None and change.version != state.row.version:
        app.fail(
            "version",
            "version_changed",
            f"{change.code} was changed meanwhile: you saw version {change.version}, now it is version "
            f"{state.row.version}. Read it again and repeat the change.",
            current=state.row.version,
        )
        return False
    if change.trashed and not state.trashed and (where := app.owners.used.get((code_key(change.code), ""))):
        app.fail("trashed", "in_use", where, value="true")
        return False
    if change.trashed is not None:
        state.trashed = change.trashed
    elif state.trashed:
        app.fail("code", "in_trash", f"{change.code} is in the trash. {_instead(app)}", value=change.code)
        return False
    return True


def _instead(app: Application) -> str:
    """Simple products go to the trash when they become variants, and their systems may not know of it."""
    for variant in app.change.variants:
        parent = app.owners.skus.get(code_key(variant.sku))
        if parent is not None and parent != app.state.row.code:
            return f"{variant.sku} is a variant of {parent} now: send it as such."
    had = JournalEntry.objects.filter(product=app.state.row).exclude(sku="").values("sku").distinct()
    moved = Variant.objects.filter(sku__in=had).exclude(product=app.state.row).select_related("product").order_by("pk")
    if gone := moved.first():
        return f"Its SKU {gone.sku} is a variant of {gone.product.code} now: send it as such."
    return "Restore it first, or use another code."


def _check_base(app: Application) -> None:
    if not app.change.base:
        return
    flat = flatten(app.state)
    wanted = {"": app.change.values} | {v.sku: v.values for v in app.change.variants}
    for path, given in app.change.base.items():
        sku, _, key = path.rpartition("/")
        seen = app.canonical(key, given)
        now = flat.get(sku, {}).get(key)
        if now == seen or now == wanted.get(sku, {}).get(key, UNSET):
            continue
        app.fail(
            key,
            "conflict",
            f"Somebody changed this meanwhile: it was {app.words(key, seen)} when you began and is "
            f"{app.words(key, now)} now. Take over the new value, or save again to replace it.",
            sku=sku,
            value=wanted.get(sku, {}).get(key, ""),
            current=now,
        )


def _structure(app: Application) -> None:
    change, state = app.change, app.state
    if change.family and change.family not in app.reference.families:
        known = ", ".join(sorted(app.reference.families)[:5])
        message = f"There is no family “{change.family}”. Known: {known}."
        app.fail("family", "unknown_family", message, value=change.family)
    elif change.family:
        state.family = change.family
    elif not state.family:
        app.fail("family", "family_missing", "A new product needs a family. Name one.")
    if not change.code.strip():
        app.fail("code", "code_missing", "A product needs a code. Give it one.")
    elif not state.exists and (problem := code_problem(change.code)):
        app.fail("code", "bad_code", problem, value=change.code)
    _categories(app)
    if change.axes is not None:
        state.axes = list(change.axes)
    elif not state.exists and state.family in app.reference.families:
        axes = app.reference.families[state.family].row.axes
        state.axes = [a for a in axes if any(a in v.values for v in change.variants)]
    for axis in state.axes:
        spec = app.reference.specs.get(axis)
        if spec is None or spec.localizable or spec.scopable:
            app.fail(
                "axes",
                "bad_axis",
                f"“{axis}” cannot tell variants apart: it must be an attribute without language and scope.",
            )
    if twice := [axis for axis in dict.fromkeys(state.axes) if state.axes.count(axis) > 1]:
        app.fail("axes", "axis_twice", f"“{twice[0]}” is there twice. Name each axis once.")
    if len(state.axes) > MAX_AXES:
        app.fail("axes", "too_many_axes", f"{len(state.axes)} axes; at most {MAX_AXES} are possible.")


def _categories(app: Application) -> None:
    change, state = app.change, app.state
    if change.categories is None and not change.add_categories and not change.remove_categories:
        return
    given = state.categories if change.categories is None else change.categories
    wanted = (set(given) | set(change.add_categories)) - set(change.remove_categories)
    for code in sorted(wanted - app.reference.categories - set(state.categories)):
        app.fail("categories", "unknown_category", f"There is no category “{code}”. Create it first.", value=code)
    state.categories = sorted(wanted)
