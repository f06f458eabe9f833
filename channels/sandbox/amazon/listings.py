"""The items of the account: put, patched, deleted, and shown a moment later as Amazon shows them.

Source: listingsItems 2021-08-01, and the behaviour of it that sellers report: an item is taken at once and worked on
afterwards; a variant that comes before its parent is listed alone; a patch of an unknown SKU is taken without effect.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from channels.sandbox.amazon import types
from channels.sandbox.amazon.errors import Failed, bad
from channels.sandbox.journal import Record
from channels.sandbox.settings import settings
from channels.sandbox.store import Document, Store

KIND = "listing"
_PATH = re.compile(r"/attributes/([a-z0-9_]+)")
_PAGE, _LARGEST_PAGE = 10, 20


@dataclass(slots=True)
class Listings:
    """One call's view of the account."""

    store: Store
    record: Record
    marketplace: str

    # ---- writing ---------------------------------------------------------------------------------

    def put(self, sku: str, body: Document, *, preview: bool) -> Document:
        """The whole item anew; what it holds for other marketplaces stays."""
        old = self._latest(sku)
        kept = {n: [e for e in v if not self._is_here(e)] for n, v in (old or {}).get("attributes", {}).items()}
        attributes = {n: v for n, v in kept.items() if v}
        for name, entries in body["attributes"].items():
            attributes[name] = [*attributes.get(name, []), *entries] if isinstance(entries, list) else entries
        requirements = body.get("requirements", "LISTING")
        return self._submit(sku, body["productType"], requirements, attributes, set(body["attributes"]), old, preview)

    def patch(self, sku: str, body: Document, *, preview: bool) -> Document:
        old = self._latest(sku)
        attributes = json.loads(json.dumps((old or {}).get("attributes", {})))
        touched = set()
        for patch in body["patches"]:
            found = _PATH.fullmatch(patch["path"])
            if found is None:
                raise bad("Invalid path provided in patch", details=patch["path"])
            if patch["op"] != "delete" and not patch.get("value"):
                raise bad(f"Patch operation {patch['op']} needs a value", details=patch["path"])
            _apply(attributes, found[1], patch)
            touched.add(found[1])
        kind = body["productType"] if body["productType"] != types.ANY else (old or {}).get("productType", types.ANY)
        if old is None or not self._is_listed(old):
            self.record.touch(sku)
            return self._answer(sku, "VALID" if preview else "ACCEPTED", [], None)
        return self._submit(sku, kind, old["requirements"], attributes, touched, old, preview)

    def delete(self, sku: str) -> Document:
        old = self._latest(sku)
        if old is not None and self._is_listed(old):
            # What it is elsewhere stays.
            places = [place for place in self._places(old) if place != self.marketplace]
            kept = {n: [e for e in v if not self._is_only_here(e)] for n, v in old["attributes"].items()}
            left = old | {"places": places, "attributes": {n: v for n, v in kept.items() if v}} if places else None
            self._show_later(sku, left)
            self.record.effect("item.deleted", sku)
        return self._answer(sku, "ACCEPTED", [], None)

    def _submit(
        self,
        sku: str,
        kind: str,
        requirements: str,
        attributes: Document,
        touched: set[str],
        old: Document | None,
        preview: bool,
    ) -> Document:
        self.record.touch(sku)
        here = {n: [e for e in v if self._is_here(e)] if isinstance(v, list) else v for n, v in attributes.items()}
        found = types.issues(kind, {n: v for n, v in here.items() if v}, requirements)
        found += [types.unsupplied(n) for n in settings(self.store, "amazon")["wanted"] if not here.get(n)]
        if found:
            return self._answer(sku, "INVALID", found, old)
        if preview:
            return self._answer(sku, "VALID", [], old)
        now = _moment(self.now())
        item: Document = {
            "sku": sku,
            "productType": kind,
            "requirements": requirements,
            "attributes": attributes,
            "asin": (old or {}).get("asin") or _asin(sku),
            "created": (old or {}).get("created") or now,
            "updated": now,
            "orphan": (old or {}).get("orphan", False),
            "places": sorted({*self._places(old), self.marketplace}),
        }
        if "child_parent_sku_relationship" in touched:
            item["orphan"] = self._is_orphan(here)
        self._show_later(sku, item)
        self.record.effect("item.created" if old is None else "item.updated", sku)
        return self._answer(sku, "ACCEPTED", [], item)

    def _is_orphan(self, attributes: Document) -> bool:
        parents = [e.get("parent_sku") for e in attributes.get("child_parent_sku_relationship", [])]
        return any(parent and self.shown(parent) is None for parent in parents)

    def _answer(self, sku: str, status: str, issues: list[Document], item: Document | None) -> Document:
        identifiers = [{"marketplaceId": self.marketplace, "asin": item["asin"]}] if item else []
        return {
            "sku": sku,
            "status": status,
            "submissionId": str(uuid.uuid4()),
            "issues": issues,
            "identifiers": identifiers,
        }

    # ---- reading ---------------------------------------------------------------------------------

    def get(self, sku: str, parts: list[str]) -> Document:
        self.record.touch(sku)
        item = self.shown(sku)
        if item is None:
            message = f"SKU '{sku}' not found in marketplace {self.marketplace}"
            raise Failed(404, "NOT_FOUND", message)
        return self._as_item(item, parts)

    def search(self, query: dict[str, str], parts: list[str]) -> Document:
        skus = query["identifiers"].split(",") if query.get("identifiers") else None
        if skus is not None and query.get("identifiersType") != "SKU":
            raise bad("The sandbox finds items by SKU only", details="identifiersType")
        found = [
            item
            for item in self.everything(skus)
            if query.get("lastUpdatedAfter", "") <= item["updated"]
            and query.get("variationParentSku") in (None, self.parent_of(item))
        ]
        if query.get("sortBy") == "lastUpdatedDate":
            found.sort(key=lambda item: str(item["updated"]), reverse=query.get("sortOrder") == "DESC")
        elif query.get("sortBy") or query.get("sortOrder"):
            raise bad("The sandbox sorts by lastUpdatedDate only", details="sortBy")
        size = min(int(query.get("pageSize", _PAGE)), _LARGEST_PAGE)
        start = _page_start(query.get("pageToken"))
        answer: Document = {
            "numberOfResults": len(found),
            "items": [self._as_item(item, parts) for item in found[start : start + size]],
        }
        if start + size < len(found):
            answer["pagination"] = {"nextToken": base64.urlsafe_b64encode(str(start + size).encode()).decode()}
        return answer

    def everything(self, skus: Collection[str] | None = None) -> list[Document]:
        """Every item (of these SKUs) that is visible now, in the order of SKUs."""
        entries = self.store.all(KIND) if skus is None else [self.store.get(KIND, sku) for sku in set(skus)]
        found = [self._visible(entry) for entry in entries]
        return sorted((item for item in found if item is not None), key=lambda item: str(item["sku"]))

    def shown(self, sku: str) -> Document | None:
        return self._visible(self.store.get(KIND, sku))

    def _as_item(self, item: Document, parts: list[str]) -> Document:
        whole: Document = {
            "summaries": [self.summary(item)],
            "attributes": item["attributes"],
            "issues": self.issues(item),
            "offers": self.offers(item),
            "fulfillmentAvailability": [
                {"fulfillmentChannelCode": e["fulfillment_channel_code"], "quantity": e.get("quantity", 0)}
                for e in item["attributes"].get("fulfillment_availability", [])
            ],
            "relationships": self._relationships(item) if "relationships" in parts else [],
            "productTypes": [{"marketplaceId": self.marketplace, "productType": item["productType"]}],
        }
        return {"sku": item["sku"]} | {part: whole[part] for part in parts if part in whole}

    def summary(self, item: Document) -> Document:
        held = item["attributes"]
        broken = any(issue["severity"] == "ERROR" for issue in self.issues(item))
        units = sum(e.get("quantity", 0) for e in held.get("fulfillment_availability", []))
        stocked = units > 0 or any(e.get("is_inventory_available") for e in held.get("fulfillment_availability", []))
        status = [] if broken else ["DISCOVERABLE"]
        if not broken and stocked and held.get("purchasable_offer"):
            status = ["BUYABLE", "DISCOVERABLE"]
        found: Document = {
            "marketplaceId": self.marketplace,
            "asin": item["asin"],
            "productType": item["productType"],
            "status": status,
            "itemName": _first(held, "item_name"),
            "createdDate": item["created"],
            "lastUpdatedDate": item["updated"],
        }
        if held.get("condition_type"):
            found["conditionType"] = _first(held, "condition_type")
        if image := _first(held, "main_product_image_locator", "media_location"):
            found["mainImage"] = {"link": image, "height": 500, "width": 500}
        return found

    def issues(self, item: Document) -> list[Document]:
        """What Amazon finds only when it works on the item: the sandbox is told (setting `late_issues`)."""
        told = settings(self.store, "amazon")["late_issues"]
        return [
            {
                "code": str(issue.get("code", "18027")),
                "message": str(issue.get("message", "")),
                "severity": issue.get("severity", "ERROR"),
                "attributeNames": issue.get("attributeNames", []),
                "categories": issue.get("categories", []),
                "marketplaceIds": [self.marketplace],
            }
            for issue in told
            if issue.get("sku", "") in ("", item["sku"])
        ]

    def offers(self, item: Document) -> list[Document]:
        return [
            {
                "marketplaceId": self.marketplace,
                "offerType": "B2C",
                "price": {
                    "currencyCode": e.get("currency", ""),
                    "amount": str(e["our_price"][0]["schedule"][0]["value_with_tax"]),
                },
            }
            for e in item["attributes"].get("purchasable_offer", [])
            if self._is_here(e) and e.get("our_price")
        ]

    def parent_of(self, item: Document) -> str | None:
        held = item["attributes"].get("child_parent_sku_relationship", [])
        parent = next((e.get("parent_sku") for e in held if self._is_here(e)), None)
        return None if item["orphan"] or not parent or self.shown(parent) is None else str(parent)

    def _relationships(self, item: Document) -> list[Document]:
        parent = self.parent_of(item)
        naming = (self._visible(entry) for entry in self.store.naming(KIND, item["sku"]))
        children = [each["sku"] for each in naming if each is not None and self.parent_of(each) == item["sku"]]
        found: list[Document] = []
        if parent:
            found.append({"type": "VARIATION", "parentSkus": [parent]})
        if children:
            found.append({"type": "VARIATION", "childSkus": children})
        return [{"marketplaceId": self.marketplace, "relationships": found}]

    # ---- time ------------------------------------------------------------------------------------

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def _show_later(self, sku: str, item: Document | None) -> None:
        """Until `at`, reads still see what was there before."""
        at = self.now().timestamp() + settings(self.store, "amazon")["visible_after"]
        entry = self.store.get(KIND, sku)
        before = None if entry is None else entry["after" if self.now().timestamp() >= entry["at"] else "before"]
        self.store.put(KIND, sku, {"before": before, "after": item, "at": at})

    def _visible(self, entry: Document | None) -> Document | None:
        if entry is None:
            return None
        held: Document | None = entry["after"] if self.now().timestamp() >= entry["at"] else entry["before"]
        return held if held is not None and self._is_listed(held) else None

    def _places(self, item: Document | None) -> list[str]:
        """The marketplaces that the item is listed in."""
        return list(item.get("places", [self.marketplace])) if item else []

    def _is_listed(self, item: Document) -> bool:
        return self.marketplace in self._places(item)

    def _latest(self, sku: str) -> Document | None:
        entry = self.store.get(KIND, sku)
        held: Document | None = entry["after"] if entry else None
        return held

    def _is_only_here(self, entry: Any) -> bool:
        return isinstance(entry, dict) and entry.get("marketplace_id") == self.marketplace

    def _is_here(self, entry: Any) -> bool:
        return not isinstance(entry, dict) or entry.get("marketplace_id", self.marketplace) == self.marketplace


def _apply(attributes: Document, name: str, patch: Document) -> None:
    """Entries are matched by their selectors: others at the same attribute are left alone."""
    held = attributes.get(name, [])
    given = patch.get("value") or []
    if patch["op"] == "delete":
        # By the exact selector values; without any, the attribute goes as a whole.
        kept = [e for e in held if not any(_matches(e, v) for v in given)] if given else []
    elif patch["op"] == "merge":
        kept = [next((e | v for v in given if _key(v) == _key(e)), e) for e in held]
        kept += [v for v in given if _key(v) not in [_key(e) for e in held]]
    else:
        kept = [e for e in held if _key(e) not in [_key(v) for v in given]] + list(given)
    if kept:
        attributes[name] = kept
    else:
        attributes.pop(name, None)


def _key(entry: Document) -> tuple[Any, ...]:
    selectors = ("marketplace_id", "language_tag", "currency", "audience", "fulfillment_channel_code")
    return tuple(entry.get(name) for name in selectors)


def _matches(entry: Document, given: Document) -> bool:
    return all(entry.get(name) == value for name, value in given.items())


def _first(attributes: Document, name: str, part: str = "value") -> Any:
    return next((e.get(part) for e in attributes.get(name, []) if isinstance(e, dict)), "")


def _asin(sku: str) -> str:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    number = int.from_bytes(hashlib.sha256(sku.encode()).digest()[:8])
    return "B0" + "".join(letters[number // 36**n % 36] for n in range(8))


def _page_start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise bad("pageToken is not from a previous page") from error


def _moment(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
