"""Shopify's product taxonomy as a category tree, attributes and options, with the mapping to Google's categories.

Reads the release folder of github.com/Shopify/product-taxonomy (MIT): `<language>/categories.txt`,
`en/attributes.json`, `integrations/google/<version>/mappings/from_shopify.yml`. Running it again brings a newer
release in: what is there gets its new words, what is new is added, nothing is taken away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from simple_history.utils import bulk_create_with_history

from catalog import change_sets
from catalog.models import Attribute, AttributeGroup, AttributeOption, Category
from catalog.models.codes import code_key

ROOT, PREFIX, GOOGLE = "shopify", "shopify_", "google_product_category"
LANGUAGES = {"en": "en_US", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "nl": "nl_NL"}
BATCH = 2000
_LINE = re.compile(r"gid://shopify/TaxonomyCategory/(\S+)\s*: (.+)")


class BadFolder(ValueError):
    """The folder holds no release of the taxonomy; the text says what is missing."""


@dataclass(slots=True)
class Node:
    labels: dict[str, str] = field(default_factory=dict)
    google: str = ""


def load(folder: Path) -> dict[str, int]:
    """Everything in one transaction; how many were made. Raises BadFolder. Call it inside `acting(…)`."""
    nodes = _categories(folder)
    with transaction.atomic():
        change_sets.change_set()
        attributes = _attributes(folder)
        categories = _write_tree(nodes)
    mapped = sum(bool(node.google) for node in nodes.values())
    return {"categories": categories, **attributes, "mapped_to_google": mapped}


def _categories(folder: Path) -> dict[str, Node]:
    """Nodes by short id ("ap-2-1"), parents before children."""
    nodes: dict[str, Node] = {}
    for place in sorted(folder.glob("*/categories.txt")):
        locale = LANGUAGES.get(place.parent.name, place.parent.name.replace("-", "_"))
        for line in place.read_text(encoding="utf-8").splitlines():
            if match := _LINE.fullmatch(line.strip()):
                node = nodes.setdefault(match[1], Node())
                node.labels[locale] = match[2].rsplit(" > ", 1)[-1].strip()
    if not nodes:
        raise BadFolder(f"{folder} holds no categories.txt. Name the dist folder of Shopify's product taxonomy.")
    for place in sorted(folder.glob("integrations/google/*/mappings/from_shopify.yml")):
        for rule in yaml.safe_load(place.read_text(encoding="utf-8"))["rules"]:
            mapped = nodes.get(str(rule["input"]["product_category_id"]))
            if mapped is not None and rule["output"].get("product_category_id"):
                mapped.google = str(rule["output"]["product_category_id"][0])
    return dict(sorted(nodes.items(), key=lambda item: (item[0].count("-"), item[0])))


def _write_tree(nodes: dict[str, Node]) -> int:
    root = Category.objects.filter(code_key=ROOT).first() or Category.objects.add_root(
        {"code": ROOT, "code_key": ROOT, "labels": {"en_US": "Shopify product taxonomy"}}
    )
    google = Attribute.objects.filter(code=GOOGLE)
    root.attributes.add(*google)
    held = {c.code: c for c in Category.objects.filter(path__startswith=root.path)}
    mapped = bool(google)
    changed = []
    for code, node in nodes.items():
        category = held.get(f"{ROOT}_{code}")
        if category is None:
            continue
        values = {**category.values, **({GOOGLE: node.google} if mapped and node.google else {})}
        if (category.labels, category.values) != ({**category.labels, **node.labels}, values):
            category.labels, category.values = {**category.labels, **node.labels}, values
            changed.append(category)
    Category.objects.bulk_update(changed, ["labels", "values"], batch_size=BATCH)
    fresh = {code: node for code, node in nodes.items() if f"{ROOT}_{code}" not in held}
    if len(held) > 1:  # a newer release: a few, each placed among what is there
        for code, node in fresh.items():
            parent = Category.objects.get(code_key=_parent_key(code))
            Category.objects.add_child(parent, _row(code, node, mapped))
    else:
        bulk_create_with_history(list(_placed(fresh, root, mapped)), Category, batch_size=BATCH)
        _count_children(root)
    return len(fresh)


def _parent_key(code: str) -> str:
    above = code.rpartition("-")[0]
    return f"{ROOT}_{above}" if above else ROOT


def _row(code: str, node: Node, mapped: bool) -> dict[str, Any]:
    name = f"{ROOT}_{code}"
    values = {GOOGLE: node.google} if mapped and node.google else {}
    return {"code": name, "code_key": code_key(name), "labels": node.labels, "values": values}


def _placed(nodes: dict[str, Node], root: Category, mapped: bool) -> Iterator[Category]:
    """New rows with their paths, as treebeard would give them one by one: children in order of their codes."""
    paths = {ROOT: (root.path, root.depth)}
    counts: dict[str, int] = {}
    children: dict[str, int] = {}
    for code in nodes:
        children[_parent_key(code)] = children.get(_parent_key(code), 0) + 1
    for code, node in nodes.items():  # sorted by depth, then by code
        parent = _parent_key(code)
        counts[parent] = counts.get(parent, 0) + 1
        path, depth = paths[parent]
        own = f"{ROOT}_{code}"
        paths[own] = Category._get_path(path, depth + 1, counts[parent]), depth + 1
        yield Category(path=paths[own][0], depth=depth + 1, numchild=children.get(own, 0), **_row(code, node, mapped))


def _count_children(root: Category) -> None:
    children = Category.objects.filter(path__startswith=root.path, depth=root.depth + 1).count()
    Category.objects.filter(pk=root.pk).update(numchild=children)


def _attributes(folder: Path) -> dict[str, int]:
    place = folder / "en/attributes.json"
    if not place.exists():
        raise BadFolder(f"{place} is missing. Name the dist folder of Shopify's product taxonomy.")
    given = json.loads(place.read_text(encoding="utf-8"))["attributes"]
    group, _ = AttributeGroup.objects.get_or_create(
        code="shopify_taxonomy", defaults={"label": "Shopify taxonomy", "position": 900}
    )
    codes = {each["handle"]: PREFIX + re.sub(r"[^a-z0-9]+", "_", each["handle"].lower()) for each in given}
    held = {a.code: a for a in Attribute.objects.filter(code__startswith=PREFIX)}
    fresh = [
        Attribute(
            code=codes[each["handle"]],
            type="multi_select",
            group=group,
            labels={"en_US": each["name"]},
            help=(each.get("description") or "")[:500],
            position=number,
            open_options=False,
        )
        for number, each in enumerate(given)
        if codes[each["handle"]] not in held
    ]
    bulk_create_with_history(fresh, Attribute, batch_size=BATCH)
    by_code = {a.code: a for a in Attribute.objects.filter(code__startswith=PREFIX)}
    known = set(
        AttributeOption.everything.filter(attribute__in=by_code.values()).values_list("attribute__code", "code")
    )
    options: list[AttributeOption] = []
    labels: set[tuple[str, str]] = set()
    for each in given:
        attribute = by_code[codes[each["handle"]]]
        for position, value in enumerate(each["values"]):
            code = value["handle"].rpartition("__")[2] or value["handle"]
            if (attribute.code, code) in known:
                continue
            key = code_key(value["name"])
            # Two values of one name: the second is found by its code.
            key = key if (attribute.code, key) not in labels else f"{key} ({code})"
            labels.add((attribute.code, key))
            options.append(
                AttributeOption(
                    attribute=attribute, code=code, label_key=key, labels={"en_US": value["name"]}, position=position
                )
            )
    AttributeOption.objects.bulk_create(options, batch_size=BATCH)
    return {"attributes": len(fresh), "options": len(options)}
