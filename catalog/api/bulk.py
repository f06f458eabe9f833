"""Many at once: NDJSON in, a result a line out, in order. Memory does not grow with the number of lines."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Protocol

import orjson
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from catalog.api import idempotency, params
from catalog.api.formats import NDJSON, SPOOL, lines, spooled
from catalog.api.problems import Problem, status_of, told
from catalog.change_sets import acting, current_act
from catalog.models import IdempotentCall, Product
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.reference import load_reference
from catalog.products.wire import MAX_LINE, BadForm, load_json, read_product
from catalog.products.write import WriteResult, write_products

logger = logging.getLogger("pimhub.api")
MAX_LINES = 10_000
BATCH = 200
REJECT_ALL, REJECT_ROWS, REJECT_VALUES = POLICIES = ("reject_all", "reject_rows", "reject_values")


class Work(Protocol):
    """What is done with the lines: `run` gives one result for each, in order."""

    all_or_nothing: bool

    def run(self, batch: Sequence[tuple[int, bytes | None]]) -> list[dict[str, Any]]: ...


def answer(request: Request, work: Work) -> HttpResponseBase:
    """Read all lines, work on them in batches, and stream the results.

    With an `Idempotency-Key` the answer is kept. Raises Problem for more than 10,000 lines.
    """
    body = spooled(request)
    count, digest = _measured(body)
    if count > MAX_LINES:
        body.close()
        text = f"{count} lines; at most {MAX_LINES} are taken at once. Send the rest next."
        raise Problem(413, "too_many_lines", text)
    kept: IdempotentCall | None = None
    if idempotency.key_of(request):
        found = idempotency.begin(request, idempotency.digest_of(request, digest))
        if isinstance(found, HttpResponse):
            body.close()
            return found
        kept = found
    # The call's act ends when the answer begins to flow, so the stream acts by itself, for the same change set.
    act = current_act()

    def flow() -> Iterator[bytes]:
        with acting(user=act.user, source=act.source, reason=act.reason, actor_name=act.actor):
            if kept is None and not work.all_or_nothing:
                yield from map(_encoded, _results(body, work))
            else:
                yield from _whole(body, work, kept)

    return StreamingHttpResponse(flow(), content_type=NDJSON)


def _measured(body: IO[bytes]) -> tuple[int, bytes]:
    count, digest = 0, hashlib.sha256()
    for _, line in lines(body, longest=MAX_LINE):
        count += 1
        digest.update(line or b"")
    body.seek(0)
    return count, digest.digest()


def _results(body: IO[bytes], work: Work) -> Iterator[list[dict[str, Any]]]:
    with body:
        batch: list[tuple[int, bytes | None]] = []
        for item in lines(body, longest=MAX_LINE):
            batch.append(item)
            if len(batch) == BATCH:
                yield work.run(batch)
                batch = []
        if batch:
            yield work.run(batch)


def _encoded(results: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(result, default=str) + b"\n" for result in results)


def _whole(body: IO[bytes], work: Work, kept: IdempotentCall | None) -> Iterator[bytes]:
    """Everything first, then the answer: all lines in one transaction, and the answer kept with them."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as out:
        try:
            with transaction.atomic():
                good = True
                for results in _results(body, work):
                    out.write(_encoded(results))
                    good = good and all(r["status"] < 400 for r in results)
                if work.all_or_nothing and not good:
                    transaction.set_rollback(True)
                    _mark_unwritten(out)
                out.seek(0)
                if kept is not None and (good or not work.all_or_nothing):
                    idempotency.keep(kept, status=200, body=out.read(), headers={"Content-Type": NDJSON})
        except BaseException:
            if kept is not None:
                kept.delete()  # nothing was written: the call may be repeated
            raise
        out.seek(0)
        if kept is not None and work.all_or_nothing and not good:
            idempotency.keep(kept, status=200, body=out.read(), headers={"Content-Type": NDJSON})
            out.seek(0)
        while piece := out.read(64 * 1024):
            yield piece


def _mark_unwritten(out: IO[bytes]) -> None:
    """Good lines of a call that failed as a whole say that they were not written."""
    out.seek(0)
    told_lines = [orjson.loads(line) for line in out]
    out.seek(0)
    out.truncate()
    for result in told_lines:
        if result["status"] < 400:
            message = "Another line was refused, and the call asked for all or nothing."
            errors = [{"key": "", "code": "not_written", "message": message}]
            result = {"line": result["line"], "code": result["code"], "status": 424, "result": "rejected"}
            result["errors"] = errors
        out.write(orjson.dumps(result) + b"\n")


class Products:
    """Lines that are products. `?on_error=reject_all | reject_rows | reject_values`, `?dry_run=true`."""

    def __init__(self, request: Request) -> None:
        self.policy = params.choice(request, "on_error", POLICIES, REJECT_ROWS)
        self.all_or_nothing = self.policy == REJECT_ALL
        self.dry_run = params.flag(request, "dry_run") is True
        self.may_add = request.user.has_perm("catalog.add_product")
        self.reference = load_reference()

    def run(self, batch: Sequence[tuple[int, bytes | None]]) -> list[dict[str, Any]]:
        results: dict[int, dict[str, Any]] = {}
        changes: list[tuple[int, ProductChange]] = []
        for number, line in batch:
            try:
                changes.append((number, _parsed(line)))
            except BadForm as error:
                results[number] = failed(number, _code_of(line), error.errors, status=_form_status(error))
        changes = self._allowed(changes, results)
        done = self._written([change for _, change in changes])
        for (number, _), result in zip(changes, done, strict=True):
            results[number] = line_of(number, result)
        return [results[number] for number, _ in batch]

    def _written(self, changes: Sequence[ProductChange]) -> list[WriteResult]:
        how = {"drop_values": self.policy == REJECT_VALUES, "dry_run": self.dry_run, "reference": self.reference}
        try:
            return write_products(changes, **how)  # type: ignore[arg-type]
        except Exception:  # one product may be at fault: find it, and let the others through
            if self.all_or_nothing:
                raise
            return [_alone(change, lambda c: write_products([c], **how)[0]) for change in changes]  # type: ignore[arg-type]

    def _allowed(
        self, changes: list[tuple[int, ProductChange]], results: dict[int, dict[str, Any]]
    ) -> list[tuple[int, ProductChange]]:
        """Without the right to add products, only those that are there."""
        if self.may_add:
            return changes
        keys = {code_key(c.code) for _, c in changes}
        known = set(Product.everything.filter(code_key__in=keys).values_list("code_key", flat=True))
        kept = []
        for number, change in changes:
            if code_key(change.code) in known:
                kept.append((number, change))
                continue
            message = "There is no such product, and adding one needs the right catalog.add_product."
            results[number] = failed(number, change.code, [ChangeError("code", "forbidden", message)])
        return kept


def _alone(change: ProductChange, write: Callable[[ProductChange], WriteResult]) -> WriteResult:
    try:
        return write(change)
    except Exception:
        logger.exception("a product of a bulk call could not be written")
        message = "Our mistake: this product could not be written. It is in the log; the others went on."
        return WriteResult(code=change.code, status="failed", errors=[ChangeError("", "internal_error", message)])


def _parsed(line: bytes | None) -> ProductChange:
    if line is None:
        text = f"This line has more than {MAX_LINE} bytes. Send less of it at once."
        raise BadForm([ChangeError("", "too_large", text)])
    return read_product(load_json(line))


def _form_status(error: BadForm) -> int:
    code = error.errors[0].code
    return 413 if code == "too_large" else 400 if code in ("not_json", "not_utf8", "too_deep", "key_twice") else 422


def _code_of(line: bytes | None) -> str:
    try:
        given = load_json(line or b"")
    except BadForm:
        return ""
    code = given.get("code", "") if isinstance(given, dict) else ""
    return code if isinstance(code, str) else ""


def failed(number: int, code: str, errors: Sequence[ChangeError], *, status: int = 0) -> dict[str, Any]:
    return {
        "line": number,
        "code": code,
        "status": status or status_of(errors),
        "result": "rejected",
        "errors": [told(e) for e in errors],
    }


def line_of(number: int, result: WriteResult) -> dict[str, Any]:
    if result.status == "failed":
        return failed(number, result.code, result.errors, status=500)
    if result.status == "rejected":
        return failed(number, result.code, result.errors)
    found: dict[str, Any] = {
        "line": number,
        "code": result.code,
        "status": 201 if result.status == "created" else 200,
        "result": result.status,
        "errors": [told(e) for e in result.dropped],
    }
    if result.version:
        found["version"] = result.version
    if result.held:
        found["held"] = [{"sku": s, "key": k, "reason": r} for s, k, r in result.held]
    return found
