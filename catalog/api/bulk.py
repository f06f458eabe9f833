"""Many at once: NDJSON in, a result a line out, in order. Memory does not grow with the number of lines."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Generic, TypeVar

import orjson
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from catalog.api import idempotency
from catalog.api.formats import NDJSON, SPOOL, lines, spooled
from catalog.api.problems import Problem, status_of, status_of_form, told
from catalog.change_sets import acting, current_act
from catalog.models import IdempotentCall
from catalog.products.changes import ChangeError
from catalog.products.wire import MAX_LINE, BadForm, load_json

logger = logging.getLogger("pimhub.api")
MAX_LINES = 10_000
BATCH = 200
Line = tuple[int, bytes | None]  # None: too long
Item = TypeVar("Item")


class Work(Generic[Item]):
    """What is done with the lines of a call. Its heirs say what a line means (`read`) and carry it out (`write`)."""

    named_by = "code"  # the member of a line that its result names it by
    all_or_nothing = False
    batch = BATCH  # lines written at once

    def read(self, given: Any) -> Item:
        """What a line says. Raises BadForm."""
        raise NotImplementedError

    def write(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        """Carry them out; a result for each, in order. Whatever it raises must have left nothing behind."""
        raise NotImplementedError

    def unreadable(self, lines: Sequence[tuple[bytes | None, BadForm]]) -> None:
        """What else becomes of lines that could not be read: nothing, unless an heir says so."""

    def run(self, batch: Sequence[Line]) -> list[dict[str, Any]]:
        """A result for each line, in order."""
        results: dict[int, dict[str, Any]] = {}
        unread: list[tuple[bytes | None, BadForm]] = []
        good: list[tuple[int, str, Item]] = []
        for number, line in batch:
            name = ""
            try:
                given = _loaded(line)
                name = self._name(given)
                good.append((number, name, self.read(given)))
            except BadForm as error:
                results[number] = failed(name, error.errors, status=status_of_form(error))
                unread.append((line, error))
        if unread:
            self.unreadable(unread)
        for (number, _, _), result in zip(good, self._written(good), strict=True):
            results[number] = result
        return [{"line": number, **results[number]} for number, _ in batch]

    def _name(self, given: Any) -> str:
        name = given.get(self.named_by, "") if isinstance(given, dict) else ""
        return name if isinstance(name, str) else ""

    def _written(self, good: Sequence[tuple[int, str, Item]]) -> list[dict[str, Any]]:
        try:
            return self.write([item for _, _, item in good]) if good else []
        except Exception:  # one line may be at fault: find it, and let the others through
            if self.all_or_nothing:
                raise
            return [self._alone(name, item) for _, name, item in good]

    def _alone(self, name: str, item: Item) -> dict[str, Any]:
        try:
            return self.write([item])[0]
        except Exception:
            logger.exception("a line of a bulk call could not be written")
            message = "Our mistake: this line could not be written. It is in the log; the others went on."
            return failed(name, [ChangeError("", "internal_error", message)], status=500)


def _loaded(line: bytes | None) -> Any:
    if line is None:
        text = f"This line has more than {MAX_LINE} bytes. Send less of it at once."
        raise BadForm([ChangeError("", "too_large", text)])
    return load_json(line)


def failed(code: str, errors: Sequence[ChangeError], *, status: int = 0) -> dict[str, Any]:
    """The result of a line that was refused."""
    found: dict[str, Any] = {"code": code, "status": status or status_of(errors), "result": "rejected"}
    return found | {"errors": [told(e) for e in errors]}


def require_lines(request: Request) -> None:
    """Raises Problem (415) for a body that is not NDJSON."""
    if (request.content_type or "").split(";")[0].strip() != NDJSON:
        raise Problem(415, "not_ndjson", f"Send {NDJSON}: one object a line.")


def answer(request: Request, work: Work[Any]) -> HttpResponseBase:
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
        with acting(user=act.user, source=act.source, reason=act.reason, actor_name=act.actor, system=act.system):
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


def _results(body: IO[bytes], work: Work[Any]) -> Iterator[list[dict[str, Any]]]:
    with body:
        batch: list[Line] = []
        for item in lines(body, longest=MAX_LINE):
            batch.append(item)
            if len(batch) == work.batch:
                yield work.run(batch)
                batch = []
        if batch:
            yield work.run(batch)


def _encoded(results: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(result, default=str) + b"\n" for result in results)


def _whole(body: IO[bytes], work: Work[Any], kept: IdempotentCall | None) -> Iterator[bytes]:
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
