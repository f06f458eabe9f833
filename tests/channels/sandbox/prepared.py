"""What a recording's shop had before its first call, made in the sandbox by what the recording tells of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from channels.sandbox.world import LOCATIONS
from tests.channels.sandbox.fixtures import Sandbox

_GID = re.compile(r"gid://shopify/(?:Product|ProductVariant|InventoryItem|Location)/\d+")
_MAKE = """mutation($input: ProductSetInput!) {
  productSet(input: $input, synchronous: true) {
    product { id options { id } variants(first: 250) { nodes { id inventoryItem { id } } } }
    userErrors { field message code }
  }
}"""
_PLAIN = ("handle", "status", "vendor", "productType", "tags", "descriptionHtml")
_TEXTS = {"body_html": "descriptionHtml", "product_type": "productType"}
# Asked for although nobody ever had it: the answer says so.
_NOBODY = re.compile(r"(not|n't) (exist|found)|could not be found|INVALID_VARIABLE", re.IGNORECASE)

Thing = dict[str, Any]


def things(path: Path) -> dict[str, Thing]:
    """{id: all that the recording says of it, where it speaks of it first}"""
    found: dict[str, Thing] = {}
    for row in _rows(json.loads(path.read_text())):
        if isinstance(row.get("id"), str) and _GID.fullmatch(row["id"]):
            held = found.setdefault(row["id"], {})
            for name, value in row.items():
                if value is not None:
                    held.setdefault(name, value)
        if isinstance(row.get("translatableContent"), list) and "/Product/" in str(row.get("resourceId")):
            texts = found.setdefault(row["resourceId"], {})
            for each in row["translatableContent"]:
                texts.setdefault(_TEXTS.get(each["key"], each["key"]), each["value"])
    return found


def _rows(value: Any) -> Iterator[Thing]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _rows(each)
    elif isinstance(value, list):
        for each in value:
            yield from _rows(each)


def prepare(sandbox: Sandbox, ids: dict[str, str], held: Mapping[str, Thing], asked: Any, answer: Any) -> None:
    """Make the products that a call names and no call before it made; `ids` learns where they are."""
    if _NOBODY.search(json.dumps(answer)):
        return
    for gid in dict.fromkeys(_GID.findall(json.dumps(asked))):
        if "/Location/" in gid:
            _place(ids, gid)
        elif gid not in ids and (product := _owner(gid, held)):
            _make(sandbox, ids, held, product)


def _place(ids: dict[str, str], gid: str) -> None:
    """One of the shop's places; the recorded ones in their order."""
    if gid not in ids and (free := [each for each in LOCATIONS if each not in ids.values()]):
        ids[gid] = free[0]


def _owner(gid: str, held: Mapping[str, Thing]) -> str:
    if "/Product/" in gid:
        return gid
    for product, said in held.items():
        if "/Product/" in product and any(gid in (v["id"], _item(v).get("id")) for v in _variants(said, held)):
            return product
    return ""


def _variants(product: Thing, held: Mapping[str, Thing]) -> list[Thing]:
    shown = product.get("variants")
    nodes = shown.get("nodes", [edge["node"] for edge in shown.get("edges", [])]) if isinstance(shown, dict) else []
    return [held.get(node["id"], node) for node in nodes if "id" in node]


def _item(variant: Thing) -> Thing:
    item = variant.get("inventoryItem")
    return item if isinstance(item, dict) else {}


def _make(sandbox: Sandbox, ids: dict[str, str], held: Mapping[str, Thing], gid: str) -> None:
    said = held.get(gid, {})
    variants = _variants(said, held)
    titles = [str(v.get("title", "Default Title")).split(" / ") for v in variants] or [["Default Title"]]
    options = [o["name"] for o in said.get("options", []) if isinstance(o, dict) and "name" in o]
    names = options if len(options) == len(titles[0]) else [f"Option {n}" for n, _ in enumerate(titles[0], 1)]
    names = ["Title"] if titles == [["Default Title"]] else names
    given: Thing = {"title": said.get("title") or "As recorded"}
    given |= {name: said[name] for name in _PLAIN if said.get(name)}
    given["productOptions"] = [
        {"name": name, "values": [{"name": value} for value in dict.fromkeys(title[place] for title in titles)]}
        for place, name in enumerate(names)
    ]
    given["variants"] = [
        _variant(ids, variant, names, title) for variant, title in zip(variants or [{}], titles, strict=True)
    ]
    fields = said.get("metafields")
    rows = fields.get("nodes", []) if isinstance(fields, dict) else []
    if rows:
        wanted = ("namespace", "key", "type", "value")
        shared = [row for row in rows if not row["namespace"].startswith("app-")]
        given["metafields"] = [{name: row[name] for name in wanted} for row in shared]
    answer = sandbox.shopify(_MAKE, {"input": given}).json
    payload = answer["data"]["productSet"]
    assert not payload["userErrors"], (given, payload["userErrors"])
    made = payload["product"]
    ids[gid] = made["id"]
    for variant, node in zip(variants, made["variants"]["nodes"], strict=False):  # none is told of: one by itself
        ids[variant["id"]] = node["id"]
        if item := _item(variant).get("id"):
            ids[item] = node["inventoryItem"]["id"]


def _variant(ids: dict[str, str], said: Thing, names: list[str], title: list[str]) -> Thing:
    given: Thing = {"optionValues": [{"optionName": n, "name": v} for n, v in zip(names, title, strict=True)]}
    given |= {name: said[name] for name in ("sku", "barcode", "price", "compareAtPrice", "taxable") if said.get(name)}
    item = _item(said)
    if "tracked" in item:
        given["inventoryItem"] = {name: item[name] for name in ("tracked", "requiresShipping") if name in item}
    levels = item.get("inventoryLevels")
    for level in levels.get("nodes", []) if isinstance(levels, dict) else []:
        _place(ids, level["location"]["id"])
        units = next((q["quantity"] for q in level["quantities"] if q["name"] == "available"), None)
        if units is not None and level["location"]["id"] in ids:
            row = {"locationId": ids[level["location"]["id"]], "name": "available", "quantity": units}
            given.setdefault("inventoryQuantities", []).append(row)
    return given
