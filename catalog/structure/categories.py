"""Category trees: placed, moved, described, told apart by code over all trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.models import Attribute, Category
from catalog.models.codes import code_key, code_problem
from catalog.structure.problems import cannot
from catalog.structure.records import merge_values
from pimhub.foundation.jsonvalue import JSON


def save_category(
    category: Category,
    *,
    parent: Category | None,
    values: Mapping[str, JSON] | None = None,
    attributes: Sequence[Attribute] | None = None,
) -> Category:
    """Check, save, and place below `parent` (None: a tree of its own). Raises CannotBe.

    Call it inside a transaction and `acting(…)`.
    """
    if problem := code_problem(category.code):
        raise cannot("code", "bad_code", problem)
    category.code_key = code_key(category.code)
    if Category.objects.filter(code_key=category.code_key).exclude(pk=category.pk).exists():
        raise cannot("code", "exists", f"There is a category “{category.code}” already, in this tree or another.")
    if attributes and parent is not None:
        raise cannot("attributes", "not_a_root", "The root of a tree says which attributes its categories have.")
    if parent is not None and parent.trashed_at is not None:
        raise cannot("parent", "in_trash", f"{parent.code} is in the trash. Restore it first.")
    root = Category.objects.get_root(parent) if parent is not None else category
    if values is not None:
        known = list(attributes) if attributes is not None else list(root.attributes.all()) if root.pk else []
        category.values = merge_values(category.values, values, {a.code: a for a in known})
    category.version += 1
    if category.pk is None:
        _add(category, parent)
    else:
        category.save()
        _move(category, parent)
    if attributes is not None:
        category.attributes.set(attributes)
    saved: Category = Category.objects.get(pk=category.pk)
    return saved


def _add(category: Category, parent: Category | None) -> None:
    if parent is None:
        Category.objects.add_root(instance=category)
    else:
        Category.objects.add_child(Category.objects.get(pk=parent.pk), instance=category)


def _move(category: Category, parent: Category | None) -> None:
    now = Category.objects.get(pk=category.pk)
    held = Category.objects.get_parent(now)
    if (held.pk if held else None) == (parent.pk if parent else None):
        return
    if parent is not None and (parent.pk == now.pk or parent.is_descendant_of(now)):
        raise cannot("parent", "below_itself", f"{parent.code} is below {now.code}. A category cannot be below itself.")
    if parent is None:
        Category.objects.move(now, Category.objects.get_last_root_node(), "sorted-sibling")
    else:
        Category.objects.move(now, Category.objects.get(pk=parent.pk), "sorted-child")
