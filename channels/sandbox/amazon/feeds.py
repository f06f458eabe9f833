"""Feeds of the account: documents at signed addresses, feeds that are worked on in turn, and their reports.

Source: feeds 2021-06-30 and Amazon's schemas of JSON_LISTINGS_FEED (v2). A feed is worked on as a whole once its time
has come, by the same rules as calls for single items.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.connectors.amazon.schema import FEED_FILE, check_file
from channels.sandbox.amazon.errors import Failed, bad
from channels.sandbox.amazon.listings import Listings
from channels.sandbox.http import Call, Reply
from channels.sandbox.journal import Record
from channels.sandbox.settings import change, settings
from channels.sandbox.store import Document, Store
from channels.sandbox.world import AMAZON_MARKETPLACES, AMAZON_SELLER

TYPE = "JSON_LISTINGS_FEED"
PLACE = "/_documents/"
_LINK_TTL = 300
_SLICE = 3.0  # seconds of work on feeds within one call
_FEED, DOCUMENT = "feed", "document"
_RUNNING = ("IN_QUEUE", "IN_PROGRESS")


@dataclass(slots=True)
class Feeds:
    """One call's view of the account's feeds."""

    store: Store
    record: Record
    origin: str

    def answer(self, path: Mapping[str, str], query: Mapping[str, str], body: Any) -> tuple[int, Any]:
        self.work_off()
        match self.record.operation:
            case "createFeedDocument":
                return 201, self._slot(body)
            case "createFeed":
                return 202, {"feedId": self._create(body)}
            case "getFeeds":
                return 200, self._list(query)
            case "getFeed":
                return 200, _shown(self._feed(path["feedId"]))
            case "cancelFeed":
                self._cancel(path["feedId"])
                return 200, {}
            case _:
                return 200, self._document(path["feedDocumentId"])

    # ---- documents -------------------------------------------------------------------------------

    def _slot(self, body: Document) -> Document:
        id = f"amzn1.tortuga.4.eu.{uuid.uuid4()}"
        self.store.put(DOCUMENT, id, {"id": id, "type": body["contentType"]})
        return {"feedDocumentId": id, "url": signed(self.origin, id)}

    def _document(self, id: str) -> Document:
        held = self.store.get(DOCUMENT, id)
        if held is None or "body" not in held:
            raise Failed(404, "NOT_FOUND", f"The document {id} was not found")
        packed = {"compressionAlgorithm": "GZIP"} if held.get("packed") else {}
        return {"feedDocumentId": id, "url": signed(self.origin, id), **packed}

    # ---- feeds -----------------------------------------------------------------------------------

    def _create(self, body: Document) -> str:
        if body["feedType"] != TYPE:
            raise bad(f"The sandbox takes feeds of the type {TYPE} only", details=body["feedType"])
        if strange := [place for place in body["marketplaceIds"] if place not in AMAZON_MARKETPLACES]:
            raise bad("Invalid marketplaceIds provided", details=strange[0], fault=False)
        held = self.store.get(DOCUMENT, body["inputFeedDocumentId"])
        if held is None or "body" not in held:
            raise bad("Invalid Feed Document Id provided", details=body["inputFeedDocumentId"])
        try:
            json.loads(held["body"])
        except ValueError as error:
            raise bad("Invalid Feed Document provided", details=str(error)) from error
        now, knobs = time.time(), settings(self.store, "amazon")
        ends = list(knobs["feed_ends"])
        id = str(70_000_000_000 + self.store.next("feed"))
        feed = {
            "feedId": id,
            "feedType": TYPE,
            "marketplaceIds": body["marketplaceIds"],
            "createdTime": _moment(now),
            "document": body["inputFeedDocumentId"],
            "due": now + knobs["feed_after"],
            "ends": ends.pop(0) if ends else "DONE",
        }
        if knobs["feed_ends"]:
            change(self.store, "amazon", {"feed_ends": ends})
        self.store.put(_FEED, id, feed)
        self.record.touch(id)
        return id

    def _feed(self, id: str) -> Document:
        feed = self.store.get(_FEED, id)
        if feed is None:
            raise Failed(404, "NOT_FOUND", f"The feed {id} was not found")
        self.record.touch(id)
        return feed

    def _list(self, query: Mapping[str, str]) -> Document:
        wanted = {name: query[name].split(",") for name in ("feedTypes", "processingStatuses") if query.get(name)}
        since, until = _read(query.get("createdSince")), _read(query.get("createdUntil"))
        found = [_shown(feed) for feed in reversed(self.store.all(_FEED))]
        found = [f for f in found if f["feedType"] in wanted.get("feedTypes", [f["feedType"]])]
        found = [f for f in found if f["processingStatus"] in wanted.get("processingStatuses", [f["processingStatus"]])]
        places = set(query["marketplaceIds"].split(",")) if query.get("marketplaceIds") else None
        found = [f for f in found if places is None or places & set(f["marketplaceIds"])]
        found = [f for f in found if (since or "") <= f["createdTime"] <= (until or f["createdTime"])]
        return {"feeds": found[: int(query.get("pageSize", 10))]}

    def _cancel(self, id: str) -> None:
        feed = self._feed(id)
        if _status(feed) != "IN_QUEUE":
            raise bad(f"The feed {id} is not in the queue any more", fault=False)
        self._end(feed, "CANCELLED")

    # ---- work ------------------------------------------------------------------------------------

    def work_off(self) -> None:
        """Work on the feeds whose time has come, in the order in which they came, for a moment at each call."""
        until = time.monotonic() + _SLICE
        for feed in self.store.all(_FEED):
            if _status(feed) in _RUNNING and feed["due"] <= time.time() and not self._work(feed, until):
                return  # the next one waits for it

    def _work(self, feed: Document, until: float) -> bool:
        """Whether it came to its end."""
        if feed["ends"] == "CANCELLED":
            return self._end(feed, "CANCELLED")
        messages, issues = self._messages(feed)
        # One that breaks off has done half of its work.
        last = len(messages) // 2 if feed["ends"] == "FATAL" else len(messages)
        done = feed.get("done", 0)
        while done < last and time.monotonic() < until:
            issues += self._message(messages[done], feed["marketplaceIds"])
            done += 1
        feed |= {"done": done, "issues": issues, "status": "IN_PROGRESS", "started": feed.get("started") or now_text()}
        if done < last:
            self.store.put(_FEED, feed["feedId"], feed)
            return False
        if feed["ends"] == "FATAL":
            return self._end(feed, "FATAL")
        return self._end(feed, "DONE" if messages else "FATAL", self._report(feed))

    def _messages(self, feed: Document) -> tuple[list[Document], list[Document]]:
        """The messages, and the issues so far: at first, what is wrong with the file."""
        held = json.loads((self.store.get(DOCUMENT, feed["document"]) or {})["body"])
        if "issues" in feed:
            return held["messages"], list(feed["issues"])
        problems = list(check_file(FEED_FILE, held))
        if not problems and held["header"]["sellerId"] != AMAZON_SELLER:
            problems = [("header/sellerId", "is another seller")]
        if not problems and len({m["messageId"] for m in held["messages"]}) != len(held["messages"]):
            problems = [("messages", "a messageId is not unique")]
        for where, what in problems[:5]:
            self.record.violate("InvalidFeed", f"{where} {what}"[:500])
        told = [
            {"code": "4000000", "severity": "ERROR", "message": f"{where} {what}"[:500]} for where, what in problems
        ]
        return ([], told) if problems else (held["messages"], [])

    def _report(self, feed: Document) -> str:
        """The number of the document that tells how it went."""
        issues, done = feed["issues"], feed["done"]
        invalid = {issue["messageId"] for issue in issues if issue.get("messageId") and issue["severity"] == "ERROR"}
        report = {
            "header": {"sellerId": AMAZON_SELLER, "version": "2.0", "feedId": feed["feedId"]},
            "issues": issues,
            "summary": {
                "errors": sum(issue["severity"] == "ERROR" for issue in issues),
                "warnings": sum(issue["severity"] == "WARNING" for issue in issues),
                "messagesProcessed": done,
                "messagesAccepted": done - len(invalid),
                "messagesInvalid": len(invalid),
            },
        }
        id = f"amzn1.tortuga.4.eu.{uuid.uuid4()}"
        body = base64.b64encode(gzip.compress(json.dumps(report).encode())).decode()
        self.store.put(DOCUMENT, id, {"id": id, "type": "application/json", "packed": True, "body": body})
        return id

    def _end(self, feed: Document, status: str, report: str = "") -> bool:
        ended = feed | {"status": status, "ended": now_text()} | ({"report": report} if report else {})
        self.store.put(_FEED, feed["feedId"], ended)
        self.record.effect("feed.finished", feed["feedId"])
        return True

    def _message(self, message: Document, places: list[str]) -> list[Document]:
        found: list[Document] = []
        for place in places:
            listings, sku = Listings(self.store, self.record, place), message["sku"]
            try:
                match message["operationType"]:
                    case "DELETE":
                        answer = listings.delete(sku)
                    case "PATCH":
                        answer = listings.patch(sku, message, preview=False)
                    case "PARTIAL_UPDATE":
                        patches = [
                            {"op": "replace", "path": f"/attributes/{name}", "value": value}
                            for name, value in message["attributes"].items()
                        ]
                        answer = listings.patch(sku, message | {"patches": patches}, preview=False)
                    case _:
                        answer = listings.put(sku, message, preview=False)
            except Failed as failed:
                self.record.violate(failed.code, f"message {message['messageId']}: {failed.message} {failed.details}")
                found.append(_issue(message, {"code": failed.code, "message": failed.message, "severity": "ERROR"}))
                continue
            found += [_issue(message, issue) for issue in answer["issues"]]
        return found


def _issue(message: Document, issue: Document) -> Document:
    name = next(iter(issue.get("attributeNames") or ()), "")
    held = {"messageId": message["messageId"], "sku": message["sku"]}
    held |= {part: issue[part] for part in ("code", "severity", "message")}
    return held | ({"attributeName": name} if name else {})


def _status(feed: Document) -> str:
    return str(feed.get("status", "IN_QUEUE"))


def _shown(feed: Document) -> Document:
    shown = {n: feed[n] for n in ("feedId", "feedType", "marketplaceIds", "createdTime")}
    shown["processingStatus"] = _status(feed)
    if "ended" in feed:
        shown |= {"processingStartTime": feed.get("started", feed["ended"]), "processingEndTime": feed["ended"]}
    return shown | ({"resultFeedDocumentId": feed["report"]} if "report" in feed else {})


def signed(origin: str, id: str) -> str:
    """An address that lets whoever knows it read or write the document, for a while."""
    return f"{origin}/amazon{PLACE}{id}?expires={int(time.time() + _LINK_TTL)}"


def serve_document(store: Store, call: Call, record: Record) -> Reply:
    """The signed addresses: no token, for as long as they are good, and the very content type they were made for."""
    id, until = call.path.removeprefix(PLACE), dict(call.query).get("expires", "")
    held = store.get(DOCUMENT, id)
    record.operation = "document"
    if held is None or not until.isdigit() or int(until) < time.time():
        return _denied("AccessDenied")
    if call.method == "GET" and "body" in held:
        data = base64.b64decode(held["body"]) if held.get("packed") else held["body"].encode()
        return Reply(200, data, content_type=held["type"])
    if call.method != "PUT" or held.get("packed"):
        return _denied("MethodNotAllowed")
    if call.headers.get("content-type", "") != held["type"]:
        record.violate("SignatureDoesNotMatch", f"Content-Type must be {held['type']}")
        return _denied("SignatureDoesNotMatch")
    try:
        text = call.body.decode("utf-8")
    except UnicodeDecodeError:
        record.violate("InvalidFeed", "the document is no UTF-8")
        return _denied("InvalidRequest")
    store.put(DOCUMENT, id, held | {"body": text})
    return Reply(200, b"", content_type="application/xml")


def _denied(code: str) -> Reply:
    return Reply(403, f"<Error><Code>{code}</Code></Error>".encode(), content_type="application/xml")


def now_text() -> str:
    return _moment(time.time())


def _moment(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(given: str | None) -> str | None:
    if not given:
        return None
    try:
        return _moment(dt.datetime.fromisoformat(given).timestamp())
    except ValueError as error:
        raise bad("Invalid date-time", details=given) from error
