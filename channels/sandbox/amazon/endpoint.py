"""The HTTP surface of the seller account: tokens, rates, and routing by Amazon's Swagger documents.

Rates: listingsItems 2021-08-01 and definitionsProductTypes 2020-09-01, "Usage Plan" of each operation.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from channels.connectors.amazon.schema import (
    CATALOG,
    DEFINITIONS,
    FEEDS,
    LISTINGS,
    REPORTS,
    RESTRICTIONS,
    Schema,
    check_body,
    check_query,
    document,
    operation_at,
)
from channels.sandbox.amazon import types
from channels.sandbox.amazon.errors import Failed, bad, error_reply
from channels.sandbox.amazon.feeds import PLACE, Feeds, serve_document
from channels.sandbox.amazon.listings import Listings
from channels.sandbox.amazon.reports import Reports
from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record
from channels.sandbox.settings import settings
from channels.sandbox.store import Store
from channels.sandbox.world import AMAZON_MARKETPLACES, AMAZON_SELLER, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN

# Calls a second, and how many may come at once.
_RATES = {
    "putListingsItem": (5, 10),
    "patchListingsItem": (5, 5),
    "getListingsItem": (5, 10),
    "searchListingsItems": (5, 5),
    "deleteListingsItem": (5, 5),
    "getListingsRestrictions": (5, 10),
    "searchCatalogItems": (2, 2),
    "getDefinitionsProductType": (5, 10),
    "searchDefinitionsProductTypes": (5, 10),
    "createFeedDocument": (0.5, 15),
    "getFeedDocument": (0.0222, 10),
    "createFeed": (5 / 300, 5),  # of JSON_LISTINGS_FEED
    "getFeeds": (0.0222, 10),
    "getFeed": (2, 15),
    "cancelFeed": (2, 15),
    "createReport": (0.0167, 15),
    "getReport": (2, 15),
    "getReportDocument": (0.0167, 15),
}
# Parameters that the sandbox does not answer to.
_UNHELD = frozenset(
    {"packageHierarchySku", "createdAfter", "createdBefore", "lastUpdatedBefore", "withIssueSeverity", "withStatus",
     "withoutStatus", "productTypeVersion", "parentageLevel", "nextToken", "enableContentEncodingUrlHeader"}
)  # fmt: skip
_DENIED = "Access to requested resource is denied."
_SCHEMAS = "/_schemas/"


@dataclass(slots=True)
class Seller:
    """The channel `amazon`. `handle` runs inside the transaction of the call."""

    store: Store
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)  # operation → (tokens, when)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def warm_up(self) -> None:
        document(LISTINGS)
        for name in types.known():
            types.definition(name)

    def handle(self, call: Call, record: Record, *, origin: str) -> Reply:
        if call.path == "/auth/o2/token":
            return self._issue_token(call, record)
        try:
            if call.path.startswith(_SCHEMAS):
                return self._schema(call, record)
            if call.path.startswith(PLACE):
                return serve_document(self.store, call, record)
            reply = json_reply(*self._answer(call, record, origin))
        except Failed as failed:
            if failed.fault:
                record.violate(failed.code, f"{failed.message} {failed.details}".strip())
            return error_reply(failed)
        told = f"{self._rate(record)[0]:.4g}"
        headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-RateLimit-Limit": told}
        return replace(reply, headers=headers)

    def throttled(self) -> Reply:
        return error_reply(Failed(429, "QuotaExceeded", "You exceeded your quota for the requested resource."))

    def unauthorized(self) -> Reply:
        details = "The access token you provided has expired."
        return error_reply(Failed(403, "Unauthorized", _DENIED, details=details))

    def broken(self) -> Reply:
        return error_reply(Failed(500, "InternalFailure", "We encountered an internal error. Please try again."))

    def _answer(self, call: Call, record: Record, origin: str) -> tuple[int, Any]:
        """1. Who asks. 2. Which operation. 3. Its schema. 4. Its rate. 5. The account and the marketplace."""
        if not self._is_allowed(call.headers.get("x-amz-access-token", "")):
            details = "The access token you provided is revoked, malformed or invalid."
            raise Failed(403, "Unauthorized", _DENIED, details=details)
        for name in (LISTINGS, DEFINITIONS, RESTRICTIONS, FEEDS, REPORTS, CATALOG):
            if found := operation_at(name, call.method, call.path):
                break
        else:
            raise Failed(404, "NOT_FOUND", f"{call.method} {call.path} is no operation of this API", fault=True)
        operation, path = found
        record.operation = operation["operationId"]
        body = _checked(call, name, operation)
        self._spend(record)
        query = dict(call.query)
        if name == FEEDS:
            return Feeds(self.store, record, origin).answer(path, query, body)
        Feeds(self.store, record, origin).work_off()
        if name == REPORTS:
            return Reports(self.store, record, origin).answer(path, body)
        marketplace = query["marketplaceIds"]
        if path.get("sellerId", query.get("sellerId", AMAZON_SELLER)) != AMAZON_SELLER:
            raise Failed(403, "Unauthorized", _DENIED, details="The seller is another one.")
        if marketplace not in AMAZON_MARKETPLACES:
            raise bad("Invalid marketplaceIds provided", details=marketplace, fault=False)
        if name == DEFINITIONS:
            return 200, self._definition(path.get("productType"), query, marketplace, origin)
        if name == CATALOG:
            return 200, self._pages(query, marketplace)
        if name == RESTRICTIONS:
            return 200, self._restrictions(query, marketplace)
        return 200, self._listing(record, path, query, body, marketplace)

    def _listing(self, record: Record, path: dict[str, str], query: dict[str, str], body: Any, marketplace: str) -> Any:
        listings = Listings(self.store, record, marketplace)
        sku, preview = path.get("sku", ""), query.get("mode") == "VALIDATION_PREVIEW"
        parts = query.get("includedData", "summaries").split(",")
        if len(sku) > 40:
            raise bad("Invalid input", details="The SKU is longer than 40 characters", fault=False)
        match record.operation:
            case "putListingsItem":
                answer = listings.put(sku, body, preview=preview)
            case "patchListingsItem":
                answer = listings.patch(sku, body, preview=preview)
            case "deleteListingsItem":
                answer = listings.delete(sku)
            case "getListingsItem":
                return listings.get(sku, parts)
            case _:
                return listings.search(query, parts)
        wanted = query.get("includedData", "issues").split(",")
        return {k: v for k, v in answer.items() if k not in ("issues", "identifiers") or k in wanted}

    def _pages(self, query: dict[str, str], marketplace: str) -> Any:
        """The product pages that the sandbox is told of (setting `pages`): [{gtin, asin}]."""
        if "keywords" in query or query.get("identifiersType") not in ("EAN", "GTIN", "UPC"):
            raise bad("Invalid input", details="The sandbox looks pages up by EAN, UPC or GTIN alone", fault=False)
        wanted = query["identifiers"].split(",")
        found = [one["asin"] for one in settings(self.store, "amazon")["pages"] if one["gtin"] in wanted]
        return {"numberOfResults": len(found), "items": [{"asin": asin} for asin in found]}

    def _restrictions(self, query: dict[str, str], marketplace: str) -> Any:
        """What the sandbox is told (setting `restricted`): [{asin, message, reasonCode, link}]."""
        found = []
        for one in settings(self.store, "amazon")["restricted"]:
            if one.get("asin") != query["asin"]:
                continue
            reason: dict[str, Any] = {"message": one.get("message", "You cannot list the product in this condition.")}
            reason["reasonCode"] = one.get("reasonCode", "APPROVAL_REQUIRED")
            if one.get("link"):
                link = {"resource": one["link"], "verb": "GET", "title": "Request Approval", "type": "text/html"}
                reason["links"] = [link]
            found.append({"marketplaceId": marketplace, "reasons": [reason]})
        return {"restrictions": found}

    # ---- product types ---------------------------------------------------------------------------

    def _definition(self, name: str | None, query: dict[str, str], marketplace: str, origin: str) -> Any:
        if name is None:
            words = (query.get("keywords") or query.get("itemName") or "").upper().replace(",", " ").split()
            names = [n for n in types.known() if not words or any(word in n for word in words)]
            return {
                "productTypes": [{"name": n, "displayName": n.title(), "marketplaceIds": [marketplace]} for n in names],
                "productTypeVersion": "sandbox-1",
            }
        if name not in types.known():
            raise Failed(404, "NOT_FOUND", f"Product type {name} was not found in marketplace {marketplace}.")
        data = types.served(name, settings(self.store, "amazon")["also_required"])
        until = int(time.time() + settings(self.store, "amazon")["link_ttl"])
        link = f"{origin}/amazon{_SCHEMAS}{quote(name)}?expires={until}"
        schema = {"link": {"resource": link, "verb": "GET"}, "checksum": types.checksum(data)}
        return {
            "schema": schema,
            "requirements": query.get("requirements", "LISTING"),
            "requirementsEnforced": query.get("requirementsEnforced", "ENFORCED"),
            "propertyGroups": {
                "product_details": {"title": "Product Details", "propertyNames": [*json.loads(data)["properties"]]}
            },
            "locale": query.get("locale", "en_US"),
            "marketplaceIds": [marketplace],
            "productType": name,
            "displayName": name.title(),
            "productTypeVersion": {"version": "sandbox-1", "latest": True, "releaseCandidate": False},
        }

    def _schema(self, call: Call, record: Record) -> Reply:
        """The download: without a token, for as long as the link is good."""
        record.operation = "schema"
        name, until = call.path.removeprefix(_SCHEMAS), dict(call.query).get("expires", "")
        if not until.isdigit() or int(until) < time.time() or name not in types.known():
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        data = types.served(name, settings(self.store, "amazon")["also_required"])
        return Reply(200, data, content_type="application/json")

    # ---- rates and tokens ------------------------------------------------------------------------

    def _rate(self, record: Record) -> tuple[float, float]:
        """Calls a second, and at once."""
        rate, burst = _RATES.get(record.operation, (5, 5))
        return rate * settings(self.store, "amazon")["rate_times"], burst

    def _spend(self, record: Record) -> None:
        if not settings(self.store, "amazon")["bucket"]:
            return
        rate, burst = self._rate(record)
        with self._lock:
            now = time.monotonic()
            tokens, when = self._buckets.get(record.operation, (float(burst), now))
            tokens = min(float(burst), tokens + (now - when) * rate)
            self._buckets[record.operation] = (tokens - 1 if tokens >= 1 else tokens, now)
        if tokens < 1:
            record.chaos = "throttle"
            raise Failed(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")

    def _is_allowed(self, token: str) -> bool:
        if token == TOKEN:
            return True
        held = self.store.get("token", f"amazon/{token}")
        return held is not None and dt.datetime.now(dt.UTC).timestamp() < held["until"]

    def _issue_token(self, call: Call, record: Record) -> Reply:
        record.operation = "token"
        given = call.form()
        if call.method != "POST" or given.get("grant_type") != "refresh_token":
            record.violate("unsupported_grant_type", "a token is asked for with POST and grant_type=refresh_token")
            words = "The authorization grant type is not supported by the authorization server"
            return json_reply(400, {"error": "unsupported_grant_type", "error_description": words})
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return json_reply(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
        if given.get("refresh_token") != REFRESH_TOKEN:
            words = "The request has an invalid grant parameter : refresh_token"
            return json_reply(400, {"error": "invalid_grant", "error_description": words})
        token, lifetime = f"Atza|{secrets.token_urlsafe(24)}", settings(self.store, "amazon")["token_ttl"]
        until = dt.datetime.now(dt.UTC).timestamp() + lifetime
        self.store.put("token", f"amazon/{token}", {"until": until})
        answer = {"access_token": token, "refresh_token": REFRESH_TOKEN, "token_type": "bearer", "expires_in": lifetime}
        return json_reply(200, answer)


def _checked(call: Call, name: str, operation: Schema) -> Any:
    """The decoded body. Raises Failed with everything that Amazon's document refuses."""
    problems = check_query(operation, call.query)
    problems += [(n, "is not held by the sandbox") for n, _ in call.query if n in _UNHELD]
    body: Any = None
    if call.body:
        try:
            body = json.loads(call.body)
        except ValueError as error:
            raise bad("Invalid JSON", details=str(error)) from error
    problems += check_body(name, operation, body)
    if problems:
        raise bad("Invalid input", details="; ".join(f"{where or 'body'} {what}" for where, what in problems))
    return body
