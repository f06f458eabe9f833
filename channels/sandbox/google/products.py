"""Offers: inputs as they were sent, and the products that Google makes of them a little later.

Rules: discovery document of products/v1 (insert, patch, delete, get, list and `versionNumber`).
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from dataclasses import dataclass

from channels.sandbox.google.discovery import with_enum_names
from channels.sandbox.google.errors import Failed
from channels.sandbox.google.names import Offer, read_offer
from channels.sandbox.google.status import expires, product_status
from channels.sandbox.journal import Record
from channels.sandbox.settings import settings
from channels.sandbox.store import Document, Store
from channels.sandbox.world import DATA_SOURCES, GOOGLE_ACCOUNT, SUPPLEMENTAL

ACCOUNT = f"accounts/{GOOGLE_ACCOUNT}"
_PAGE, _LARGEST_PAGE = 25, 1000
_LONGEST_ID = 50
_MOST_CUSTOM = 2_500


@dataclass(slots=True)
class Offers:
    """The offers of one account at one moment."""

    store: Store
    record: Record

    # ---- writing ---------------------------------------------------------------------------------

    def insert(self, body: Document, source: str) -> Document:
        """Replace the whole input. Raises Failed: ABORTED when a newer version is already there."""
        body = with_enum_names("ProductInput", body)
        offer = _offer_of(body)
        if DATA_SOURCES[source] != (offer.language, offer.label):
            language, label = DATA_SOURCES[source]
            message = f"{source} takes offers of contentLanguage {language} and feedLabel {label}"
            raise Failed("INVALID_ARGUMENT", message, reason="data_source_mismatch")
        if source in SUPPLEMENTAL:
            return self._supplement(offer, body, source)
        old = self.store.get("input", offer.plain)
        version = body.get("versionNumber")
        if old is not None and version is not None and int(version) < int(old.get("versionNumber") or 0):
            message = f"versionNumber {version} is lower than the current {old['versionNumber']}"
            raise Failed("ABORTED", message, reason="version_number_too_low")
        kept: Document = {name: body[name] for name in ("productAttributes", "customAttributes") if name in body}
        if version is not None:
            kept["versionNumber"] = version
        return self._write(offer, kept | {"dataSource": source, "inserted": _moment(self.now())}, old)

    def patch(self, name: str, body: Document, source: str, mask: str | None) -> Document:
        """Change the masked attributes; a masked attribute that the body lacks is deleted."""
        offer = _named(name)
        old = self._input(offer, source)
        body = with_enum_names("ProductInput", body)
        if "versionNumber" in body:
            raise _fault("versionNumber must not be set for updates", "versionNumber")
        given = body.get("productAttributes", {})
        attributes = dict(old.get("productAttributes", {}))
        custom = {item["name"]: item for item in old.get("customAttributes", [])}
        sent = {item["name"]: item for item in body.get("customAttributes", [])}
        for kind, key in _masked(mask, given, sent):
            target, values = (attributes, given) if kind == "productAttributes" else (custom, sent)
            if key in values:
                target[key] = values[key]
            else:
                target.pop(key, None)
        changed = old | {"productAttributes": attributes, "customAttributes": list(custom.values())}
        return self._write(offer, changed, old)

    def _supplement(self, offer: Offer, body: Document, source: str) -> Document:
        """What a supplemental source says of an offer; it is kept until a primary one brings the offer."""
        if "versionNumber" in body:
            raise _fault("versionNumber must not be set for insertions into supplemental data sources", "versionNumber")
        kept = {"productAttributes": body.get("productAttributes", {}), "dataSource": source}
        self.store.put("supplement", offer.plain, kept)
        name = f"{ACCOUNT}/productInputs/{offer.plain}"
        self.record.effect("offer.supplemented", name)
        return {"name": name, "product": f"{ACCOUNT}/products/{offer.plain}"} | _identity(offer) | _visible(kept)

    def _merged(self, offer: Offer, held: Document) -> Document:
        more = (self.store.get("supplement", offer.plain) or {}).get("productAttributes", {})
        return held | {"productAttributes": held.get("productAttributes", {}) | more}

    def delete(self, name: str, source: str) -> Document:
        offer = _named(name)
        if source in SUPPLEMENTAL:
            if self.store.get("supplement", offer.plain) is None:
                raise Failed("NOT_FOUND", f"No product input {offer.plain} in {source}", reason="not_found")
            self.store.delete("supplement", offer.plain)
            return {}
        self._input(offer, source)
        self.store.delete("input", offer.plain)
        self._show_later(offer, None)
        self.record.effect("offer.deleted", f"{ACCOUNT}/productInputs/{offer.plain}")
        return {}

    def _write(self, offer: Offer, kept: Document, old: Document | None) -> Document:
        now = _moment(self.now())
        kept |= {"created": old["created"] if old else now, "updated": now}
        self.store.put("input", offer.plain, kept)
        self._show_later(offer, kept)
        name = f"{ACCOUNT}/productInputs/{offer.plain}"
        verb = "created" if old is None else "moved" if old["dataSource"] != kept["dataSource"] else "updated"
        self.record.effect(f"offer.{verb}", name)
        answer = {"name": name, "product": f"{ACCOUNT}/products/{offer.plain}"}
        answer["base64EncodedName"] = f"{ACCOUNT}/productInputs/{offer.encoded}"
        answer["base64EncodedProduct"] = f"{ACCOUNT}/products/{offer.encoded}"
        return answer | _identity(offer) | _visible(kept)

    def _input(self, offer: Offer, source: str) -> Document:
        found = self.store.get("input", offer.plain)
        if found is None or found["dataSource"] != source:
            raise Failed("NOT_FOUND", f"No product input {offer.plain} in {source}", reason="not_found")
        return found

    # ---- reading ---------------------------------------------------------------------------------

    def get(self, name: str) -> Document:
        offer = _named(name)
        self.record.touch(name)
        held = self._shown(self.store.get("offer", offer.plain))
        if held is None:
            raise Failed("NOT_FOUND", f"Product {offer.plain} was not found", reason="not_found")
        return _product(offer, self._merged(offer, held))

    def list_page(self, size: int | None, token: str | None) -> Document:
        """A page in the order of names; sizes above 1000 mean 1000."""
        if size is not None and size < 0:
            raise _fault("pageSize must not be negative", "pageSize")
        shown = self.everything()
        start = 0
        if token:
            try:
                last = base64.urlsafe_b64decode(token.encode()).decode()
            except ValueError as error:
                raise _fault(f"pageToken {token!r} is not from a previous page", "pageToken") from error
            start = sum(name <= last for name, _ in shown)
        end = start + min(size or _PAGE, _LARGEST_PAGE)
        answer: Document = {"products": [product for _, product in shown[start:end]]}
        if end < len(shown):
            answer["nextPageToken"] = base64.urlsafe_b64encode(shown[end - 1][0].encode()).decode()
        return answer

    def everything(self) -> list[tuple[str, Document]]:
        """Every product that is visible now, by name, in the order of names."""
        found = []
        for entry in self.store.all("offer"):
            held = self._shown(entry)
            if held is not None:
                offer = Offer(*entry["offer"])
                found.append((offer.plain, _product(offer, self._merged(offer, held))))
        return sorted(found, key=lambda pair: pair[0])

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=settings(self.store, "google")["clock_offset"])

    def _show_later(self, offer: Offer, kept: Document | None) -> None:
        """Until `at`, reads still see what was there before."""
        before = self._shown(self.store.get("offer", offer.plain))
        at = self.now().timestamp() + settings(self.store, "google")["visible_after"]
        entry = {"offer": list(offer), "before": before, "after": kept, "at": at}
        self.store.put("offer", offer.plain, entry)

    def _shown(self, entry: Document | None) -> Document | None:
        if entry is None:
            return None
        now = self.now()
        held: Document | None = entry["after"] if now.timestamp() >= entry["at"] else entry["before"]
        if held is None or _moment(now) >= expires(str(held.get("inserted") or held["updated"])):
            return None
        return held


def _offer_of(body: Document) -> Offer:
    """The identity in the body. Raises Failed naming the field that no offer may have so."""
    for name in ("offerId", "contentLanguage", "feedLabel"):
        if not body.get(name):
            raise _fault(f"Required field {name} not provided", name)
    if not re.fullmatch(r"[a-z]{2}", body["contentLanguage"]):
        raise _fault(f"contentLanguage {body['contentLanguage']!r} is no ISO 639-1 code", "contentLanguage")
    if not re.fullmatch(r"[A-Z0-9_-]{1,20}", body["feedLabel"]):
        raise _fault(f"feedLabel {body['feedLabel']!r} must be 1 to 20 of A-Z, 0-9, - and _", "feedLabel")
    if len(body["offerId"]) > _LONGEST_ID:
        raise _fault(f"offerId is longer than {_LONGEST_ID} characters", "offerId")
    if body.get("legacyLocal"):
        raise _fault("The sandbox does not hold legacy local products", "legacyLocal")
    if len(body.get("customAttributes", [])) > _MOST_CUSTOM:
        raise _fault(f"More than {_MOST_CUSTOM} custom attributes", "customAttributes")
    return Offer(body["contentLanguage"], body["feedLabel"], body["offerId"])


def _masked(mask: str | None, given: Document, sent: Document) -> list[tuple[str, str]]:
    """[(kind, attribute)] of an update mask; without one, everything that is populated."""
    if mask is None:
        populated = [("productAttributes", key) for key, value in given.items() if value not in ("", [], {})]
        return populated + [("customAttribute", key) for key in sent]
    found = []
    for path in mask.split(","):
        kind, _, key = path.strip().partition(".")
        kind = "customAttribute" if kind in ("customAttribute", "custom_attribute") else kind
        if kind not in ("productAttributes", "customAttribute") or not key or "." in key:
            raise _fault(f"updateMask {path!r} is not a top-level attribute", "updateMask")
        found.append((kind, key))
    return found


def _product(offer: Offer, held: Document) -> Document:
    status = product_status(
        held.get("productAttributes", {}),
        offer.label,
        created=held["created"],
        updated=held["updated"],
        inserted=str(held.get("inserted") or held["updated"]),
    )
    name = {"name": f"{ACCOUNT}/products/{offer.plain}"}
    name["base64EncodedName"] = f"{ACCOUNT}/products/{offer.encoded}"
    return name | _identity(offer) | {"dataSource": held["dataSource"]} | _visible(held) | {"productStatus": status}


def _identity(offer: Offer) -> Document:
    return {"offerId": offer.id, "contentLanguage": offer.language, "feedLabel": offer.label}


def _visible(held: Document) -> Document:
    return {
        name: held[name]
        for name in ("versionNumber", "productAttributes", "customAttributes")
        if held.get(name) not in (None, [], {})
    }


def _named(name: str) -> Offer:
    return read_offer(name.rpartition("/")[2])


def _moment(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fault(message: str, field: str) -> Failed:
    return Failed("INVALID_ARGUMENT", message, fields=[(field, message)], fault=True)
