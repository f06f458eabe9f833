"""Many items in one file: JSON_LISTINGS_FEED by the Feeds API 2021-06-30, and its report, line by line.

Sources: the Swagger document, and Amazon's schemas of the file and of the report (v2). A report names the messages that
have issues; another one is taken if the totals say that every message was read. A feed that broke off says nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from channels.connectors.amazon import errors, settings, wire
from channels.connectors.amazon.plan import PATCH, PUT
from channels.connectors.base import Connection, Operation
from channels.connectors.bulk import BulkJob, BulkLimits, BulkRefused
from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

TYPE = "JSON_LISTINGS_FEED"
CONTENT = "application/json; charset=UTF-8"
REPORT = 64 * 1024 * 1024  # bytes, unpacked
# Amazon takes 25,000 messages. File and report are worked on in memory, and five such files in five minutes are plenty.
LIMITS = BulkLimits(lines=10_000, size=24 * 1024 * 1024, at_once=5, answer=REPORT)

_KINDS = {"PUT": "UPDATE", "PATCH": "PATCH"}
_ENDS = {"CANCELLED": "Amazon cancelled the feed.", "FATAL": "Amazon broke off the feed."}


class Bulk:
    """What `ReportsBulk` asks, for Amazon."""

    bulk_limits = LIMITS
    bulk_by_row = True

    def bulk_from(self, connection: Connection) -> int | None:
        return settings.read(connection).bulk_from or None

    def bulk_kind(self, operation: Operation) -> str:
        """A question before a put goes alone, as a feed does not answer it; so does what takes an item off."""
        return TYPE if operation.name in (PUT, PATCH) else ""

    # ---- the file --------------------------------------------------------------------------------

    def bulk_line(self, kind: str, request: Request, number: int) -> bytes:
        body: Mapping[str, JSON] = json.loads(request.body)
        head = {"messageId": number + 1, "sku": _sku(request), "operationType": _KINDS[request.method]}
        return json.dumps({**head, **body}, separators=(",", ":"), ensure_ascii=False).encode()

    def bulk_file(self, kind: str, lines: Sequence[bytes], connection: Connection) -> bytes:
        header = {"sellerId": settings.read(connection).seller, "version": "2.0", "issueLocale": wire.ISSUES}
        return b'{"header":%s,"messages":[\n%s\n]}' % (json.dumps(header).encode(), b",\n".join(lines))

    # ---- its way ---------------------------------------------------------------------------------

    def upload_request(self, kind: str, mark: str, size: int, connection: Connection) -> Request:
        return wire.feeds("POST", "documents", connection, body={"contentType": CONTENT})

    def read_upload(self, response: Response, file: bytes) -> tuple[Request, str]:
        body = _answer(response, "feedDocumentId", "url")
        # The address is signed for exactly this type.
        return Request("PUT", str(body["url"]), {"Content-Type": CONTENT}, file), str(body["feedDocumentId"])

    def start_request(self, kind: str, path: str, mark: str, connection: Connection) -> Request:
        place = settings.read(connection).marketplace
        body: Mapping[str, JSON] = {"feedType": TYPE, "marketplaceIds": [place], "inputFeedDocumentId": path}
        return wire.feeds("POST", "feeds", connection, body=body)

    def find_request(self, since: dt.datetime, connection: Connection) -> Request:
        moment = since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"feedTypes": TYPE, "marketplaceIds": settings.read(connection).marketplace, "createdSince": moment}
        return wire.feeds("GET", "feeds", connection, query=query | {"pageSize": "100"})

    def read_found(self, response: Response, mark: str, others: Collection[str]) -> BulkJob | None:
        """A feed names neither its file nor a mark: ours is the one that nobody knows of. Its report must name our
        SKUs all the same (`bulk_answers`)."""
        strange = [feed for feed in _answer(response, "feeds")["feeds"] if str(feed["feedId"]) not in others]
        if len(strange) > 1:
            raise BulkRefused(Verdict.STALE, "Amazon has several feeds that may be this one; the products are read.")
        return _job(strange[0]) if strange else None

    def ask_request(self, job: str, connection: Connection) -> Request:
        return wire.feeds("GET", f"feeds/{job}", connection)

    def read_job(self, response: Response) -> BulkJob:
        return _job(_answer(response, "feedId"))

    # ---- its report ------------------------------------------------------------------------------

    def report_request(self, job: BulkJob, connection: Connection) -> Request:
        return wire.feeds("GET", f"documents/{job.report}", connection)

    def read_report(self, response: Response) -> str:
        return str(_answer(response, "url")["url"])

    def bulk_answers(self, body: bytes, lines: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Each message's answer in the form of a call's: {sku, status, submissionId, issues}."""
        report = _report(body)
        if report is None:
            return
        told: dict[int, list[Mapping[str, Any]]] = {}
        for issue in report["issues"]:
            told.setdefault(int(issue.get("messageId") or 0), []).append(issue)
        refused = {number for number, issues in told.items() if number and _has_errors(issues)}
        summary = report["summary"]
        whole = (summary["messagesProcessed"], summary["messagesInvalid"]) == (len(lines), len(refused))
        feed = str(report["header"].get("feedId", ""))
        for number, request in enumerate(lines):
            sku, issues = _sku(request), told.get(number + 1, [])
            ours = all(issue.get("sku", sku) == sku for issue in issues)
            if number + 1 in refused and ours:
                yield number, _as_of_a_call(sku, "INVALID", feed, issues)
            elif whole and ours:
                yield number, _as_of_a_call(sku, "ACCEPTED", feed, issues)


def _job(feed: Mapping[str, Any]) -> BulkJob:
    status = str(feed.get("processingStatus", ""))  # none in the answer to a start
    # A word that is new to us is no end.
    done = status in ("DONE", *_ENDS)
    report = str(feed.get("resultFeedDocumentId") or "") if status == "DONE" else ""
    problem = _ENDS.get(status, "" if report or not done else "Amazon gave no report of the feed.")
    return BulkJob(str(feed["feedId"]), done=done, report=report, problem=problem)


def _sku(request: Request) -> str:
    return unquote(urlsplit(request.url).path.rpartition("/")[2])


def _as_of_a_call(sku: str, status: str, feed: str, issues: Sequence[Mapping[str, Any]]) -> Response:
    shown = [
        {"code": "", **issue, "attributeNames": [str(issue["attributeName"]).partition(".")[0]]}
        if issue.get("attributeName")
        else {"code": "", **issue}
        for issue in issues
    ]
    said = {"sku": sku, "status": status, "submissionId": feed, "issues": shown}
    return Response(200, {"x-amzn-requestid": feed}, json.dumps(said, ensure_ascii=False).encode())


def _has_errors(issues: Sequence[Mapping[str, Any]]) -> bool:
    return any(issue.get("severity") == "ERROR" for issue in issues)


def _report(body: bytes) -> dict[str, Any] | None:
    """The report, which mostly comes packed; None when it is none."""
    try:
        if body[:2] == b"\x1f\x8b":
            gzip = zlib.decompressobj(wbits=31)
            body = gzip.decompress(body, REPORT)
            if not gzip.eof:
                return None  # cut off, or larger than a report can be
        found = json.loads(body)
    except (ValueError, zlib.error):
        return None
    return found if isinstance(found, dict) and {"header", "issues", "summary"} <= found.keys() else None


def _answer(response: Response, *needed: str) -> dict[str, Any]:
    """The object of a good answer. Raises BulkRefused; with UNKNOWN where the call may have had effect all the same."""
    body = wire.decode(response)
    if 200 <= response.status < 300 and body is not None and all(name in body for name in needed):
        return body
    found = errors.refusals(body)
    said = " ".join(refusal.message for refusal in found) or response.error or f"status {response.status}"
    verdict = errors.meaning(response.status, found) if response.status else Verdict.TRANSIENT
    if verdict is Verdict.TRANSIENT and response.sent:
        verdict = Verdict.UNKNOWN
    given = response.headers.get("retry-after", "")
    raise BulkRefused(verdict, f"Amazon: {said}", retry_after=float(given) if given.isdecimal() else None)
