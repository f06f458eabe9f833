"""Take the files of an SFTP folder: each once, whole, in the order in which they were written.

A file is taken when two looks, some seconds apart, found it the same; who is still writing it is not disturbed. That
it was taken is noted with its delivery in one transaction, so that a worker that dies before the file is moved away
does not take it twice, nor an older one after a newer one.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import fnmatch
import hashlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.models import Delivery, Source
from pimhub.foundation import sftp
from pimhub.foundation.sftp import Folder, OtherKey, OutOfTime, Remote, Trouble

LARGEST_FILE = 4 * 1024**3
SETTLED = 5.0  # seconds between the two looks
SECONDS = 200.0  # of one look; a file that needs longer is gone on with at the next one
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".writing", ".crdownload", "~")
Begin = Callable[[Path, str], Delivery]  # keeps the bytes as a delivery of this name


class Result:
    """What came, what is wrong, and in how many seconds one looks again (None: as the schedule says)."""

    def __init__(self) -> None:
        self.found: list[Delivery] = []
        self.problem = ""
        self.again: float | None = None


def look(source: Source, *, work: Path, begin: Begin) -> Result:
    """Look into the folder and take what is ready. May be killed at any line."""
    result = Result()
    try:
        with sftp.folder(
            source.address,
            username=source.username,
            credentials=source.credentials,
            host_key=source.host_key,
            seconds=SECONDS,
            allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS,
        ) as folder:
            _take(source, folder, work, begin, result)
    except OtherKey as error:
        Source.objects.filter(pk=source.pk).update(shown_key=error.key)
        result.problem = str(error)
    except OutOfTime:
        result.again = 0.0
    except Trouble as error:
        result.problem = str(error)
    return result


def confirm(source: Source, key: str) -> None:
    """A person says that the key, as it was shown, is the server's. Raises ValueError when it shows another by now."""
    if not key or key != source.shown_key:
        raise ValueError("The server showed another key meanwhile. Compare that one.")
    source.host_key, source.shown_key = key, ""
    source.save(update_fields=["host_key", "shown_key"])
    Source.objects.filter(pk=source.pk).update(next_at=timezone.now(), problem="")


def _take(source: Source, folder: Folder, work: Path, begin: Begin, result: Result) -> None:
    files = [f for f in folder.files() if fnmatch.fnmatch(f.name, source.pattern) and not f.name.endswith(UNFINISHED)]
    marks = {f.name: source.marks.get(f.name, {}) for f in files}
    now = timezone.now().timestamp()
    ready = []
    for remote in sorted(files, key=lambda f: (f.changed, f.name)):
        mark, known = [remote.size, remote.changed], marks[remote.name]
        if known.get("taken") == mark:
            _put_away(source, folder, remote)  # the worker that took it came no further
        elif known.get("seen") == mark and now - known["at"] >= SETTLED:
            ready.append(remote)
        elif known.get("seen") != mark:
            marks[remote.name] = {"seen": mark, "at": now}
    if len(ready) < len([m for m in marks.values() if "taken" not in m]):
        result.again = SETTLED + 1
    _remember(source, marks)
    for remote in ready:
        if remote.size > LARGEST_FILE:
            result.problem = f"“{remote.name}” is larger than {LARGEST_FILE >> 30} GB and is left alone. Split it."
            continue
        part = work / f"{_name(remote)}.sftp"
        with part.open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another worker is at it
            folder.get(remote, part)
            if folder.look(remote.name) != remote:  # somebody went on writing
                part.unlink(missing_ok=True)
                continue
            with transaction.atomic():
                result.found.append(begin(part, remote.name))
                marks[remote.name] = {"taken": [remote.size, remote.changed]}
                _remember(source, marks)
            part.unlink(missing_ok=True)
        _put_away(source, folder, remote)


def _remember(source: Source, marks: dict[str, dict[str, object]]) -> None:
    source.marks = marks
    Source.objects.filter(pk=source.pk).update(marks=marks)


def _put_away(source: Source, folder: Folder, remote: Remote) -> None:
    if source.afterwards == Source.Afterwards.DELETE:
        folder.delete(remote.name)
    elif source.afterwards == Source.Afterwards.ARCHIVE:
        folder.archive(remote.name, dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ"))


def _name(remote: Remote) -> str:
    return hashlib.sha256(f"{remote.name}\0{remote.size}\0{remote.changed}".encode()).hexdigest()[:32]
