"""Many calls in one file: what a connector answers whose channel takes one.

A call of a bulk is planned, recorded and judged as if it went alone; only its way is another. It becomes a line of a
file, the file is uploaded and started, the channel works and is asked, and each line of its answer is read as the
answer to that one call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from channels.connectors.base import Connection, Operation
from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Request, Response


@dataclass(frozen=True, slots=True)
class BulkLimits:
    lines: int  # of one file
    size: int  # of one file, in bytes
    at_once: int  # files the channel works on at the same time
    answer: int  # bytes that the answers of one file may come to


@dataclass(frozen=True, slots=True)
class BulkJob:
    """A file that the channel has. `answers` is where its answers lie, once there are some."""

    id: str
    done: bool = False
    answers: str = ""
    report: str = ""  # or the number by what the channel is asked where they lie (`ReportsBulk`)
    problem: str = ""  # why it ended early


class BulkRefused(Exception):
    """The channel did not take the file, or did not say how it is. `verdict` as for a call."""

    def __init__(self, verdict: Verdict, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.verdict, self.retry_after = verdict, retry_after


class SendsInBulk(Protocol):
    """A connector whose channel takes many calls of one kind in a file."""

    bulk_limits: BulkLimits
    # Calls about different rows of a product do not wait for one another's answers, so they may lie in files together.
    bulk_by_row: bool

    def bulk_from(self, connection: Connection) -> int | None:
        """How many products must wait before they go in a file; None: never."""
        ...

    def bulk_kind(self, operation: Operation) -> str:
        """The kind of file that the call may go in; "" when it goes alone."""
        ...

    def bulk_line(self, kind: str, request: Request, number: int) -> bytes:
        """A call as the line of a file, from 0, without its end."""
        ...

    def bulk_file(self, kind: str, lines: Sequence[bytes], connection: Connection) -> bytes: ...

    def upload_request(self, kind: str, mark: str, size: int, connection: Connection) -> Request:
        """Ask where the file may be put."""
        ...

    def read_upload(self, response: Response, file: bytes) -> tuple[Request, str]:
        """The upload itself, and the name of what is uploaded. Raises BulkRefused."""
        ...

    def start_request(self, kind: str, path: str, mark: str, connection: Connection) -> Request:
        """Have the channel begin. `mark` is by what the file is found again if the answer is lost."""
        ...

    def find_request(self, since: dt.datetime, connection: Connection) -> Request:
        """Ask for the files that the channel has, at least those since a moment of our clock."""
        ...

    def read_found(self, response: Response, mark: str, others: Collection[str]) -> BulkJob | None:
        """The one with the mark; of a channel that keeps no marks, the one that is none of the `others` we know.

        Raises BulkRefused when the channel does not say, with STALE when that cannot be told.
        """
        ...

    def ask_request(self, job: str, connection: Connection) -> Request: ...

    def read_job(self, response: Response) -> BulkJob:
        """What starting or asking was answered with. Raises BulkRefused."""
        ...

    def bulk_answers(self, body: bytes, lines: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """(number of the line, from 0; its answer as of a call). A line that cannot be read is left out."""
        ...


class ReportsBulk(SendsInBulk, Protocol):
    """One whose jobs name a report, and must be asked where its answers lie (`BulkJob.report`)."""

    def report_request(self, job: BulkJob, connection: Connection) -> Request: ...

    def read_report(self, response: Response) -> str:
        """Where the answers lie. Raises BulkRefused."""
        ...
