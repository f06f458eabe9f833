"""Reports of the account: asked for, worked on for a while, and then a table at a signed address.

Source: reports 2021-06-30, and the columns of GET_MERCHANT_LISTINGS_ALL_DATA as sellers get them.
"""

from __future__ import annotations

import base64
import gzip
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.sandbox.amazon.errors import Failed, bad
from channels.sandbox.amazon.feeds import DOCUMENT, now_text, signed
from channels.sandbox.amazon.listings import Listings
from channels.sandbox.journal import Record
from channels.sandbox.settings import change, settings
from channels.sandbox.store import Document, Store
from channels.sandbox.world import AMAZON_MARKETPLACES

TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
_REPORT = "report"
_COLUMNS = """
    item-name item-description listing-id seller-sku price quantity open-date image-url item-is-marketplace
    product-id-type zshop-shipping-fee item-note item-condition zshop-category1 zshop-browse-path
    zshop-storefront-feature asin1 asin2 asin3 will-ship-internationally expedited-shipping zshop-boldface
    product-id bid-for-featured-placement add-delete pending-quantity fulfillment-channel merchant-shipping-group
    status
""".split()  # noqa: SIM905


@dataclass(slots=True)
class Reports:
    """One call's view of the account's reports."""

    store: Store
    record: Record
    origin: str

    def answer(self, path: Mapping[str, str], body: Any) -> tuple[int, Any]:
        match self.record.operation:
            case "createReport":
                return 202, {"reportId": self._create(body)}
            case "getReport":
                return 200, self._shown(path["reportId"])
            case "getReportDocument":
                return 200, self._document(path["reportDocumentId"])
            case other:
                raise Failed(404, "NOT_FOUND", f"The sandbox does not hold {other}", fault=True)

    def _create(self, body: Document) -> str:
        if body["reportType"] != TYPE:
            raise bad(f"The sandbox makes reports of the type {TYPE} only", details=body["reportType"])
        if strange := [place for place in body["marketplaceIds"] if place not in AMAZON_MARKETPLACES]:
            raise bad("Invalid marketplaceIds provided", details=strange[0], fault=False)
        knobs = settings(self.store, "amazon")
        ends = list(knobs["report_ends"])
        id = str(80_000_000_000 + self.store.next(_REPORT))
        report = {
            "reportId": id,
            "reportType": TYPE,
            "marketplaceIds": body["marketplaceIds"],
            "createdTime": now_text(),
            "due": time.time() + knobs["report_after"],
            "ends": ends.pop(0) if ends else "DONE",
        }
        if knobs["report_ends"]:
            change(self.store, "amazon", {"report_ends": ends})
        self.store.put(_REPORT, id, report)
        self.record.touch(id)
        return id

    def _shown(self, id: str) -> Document:
        report = self.store.get(_REPORT, id)
        if report is None:
            raise Failed(404, "NOT_FOUND", f"The report {id} was not found")
        self.record.touch(id)
        if "ended" not in report and report["due"] <= time.time():
            report |= {"ended": now_text()}
            if report["ends"] == "DONE":
                report |= {"document": self._written(report["marketplaceIds"])}
            self.store.put(_REPORT, id, report)
        shown = {name: report[name] for name in ("reportId", "reportType", "marketplaceIds", "createdTime")}
        shown["processingStatus"] = report["ends"] if "ended" in report else "IN_PROGRESS"
        if "ended" in report:
            shown |= {"processingStartTime": report["createdTime"], "processingEndTime": report["ended"]}
        return shown | ({"reportDocumentId": report["document"]} if "document" in report else {})

    def _document(self, id: str) -> Document:
        if self.store.get(DOCUMENT, id) is None:
            raise Failed(404, "NOT_FOUND", f"The document {id} was not found")
        return {"reportDocumentId": id, "url": signed(self.origin, id), "compressionAlgorithm": "GZIP"}

    def _written(self, places: list[str]) -> str:
        """The number of the document with the table, in the encoding that European reports have."""
        lines = ["\t".join(_COLUMNS)]
        for place in places:
            listings = Listings(self.store, self.record, place)
            for item in listings.everything():
                summary = listings.summary(item)
                cells = {
                    "item-name": str(summary.get("itemName") or ""),
                    "seller-sku": str(item["sku"]),
                    "asin1": str(item["asin"]),
                    "open-date": str(item["created"]),
                    "status": "Active" if "BUYABLE" in summary["status"] else "Inactive",
                }
                lines.append("\t".join(" ".join(cells.get(name, "").split()) for name in _COLUMNS))
        id = f"amzn1.spdoc.1.4.eu.{uuid.uuid4()}"
        body = base64.b64encode(gzip.compress("\n".join(lines).encode("cp1252", "replace"))).decode()
        held = {"id": id, "type": "text/plain;charset=Cp1252", "packed": True, "body": body}
        self.store.put(DOCUMENT, id, held)
        return id
