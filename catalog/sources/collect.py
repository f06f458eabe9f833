"""Fetch what a source has: a folder's files, an address, or the body of a call. Its identity is its content."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from catalog import events
from catalog.intake.heard import hear_again
from catalog.intake.messages import PLACE
from catalog.models import Delivery, Source
from catalog.sources import sftp
from pimhub.foundation import sandbox, signatures
from pimhub.foundation.http import Request, send

LARGEST_ANSWER = 4 * 1024**3
ANSWER_SECONDS = 200
LEASE = dt.timedelta(minutes=6)  # a worker that looks for longer than that is dead
REMOTE = (Source.Kind.HTTPS, Source.Kind.SFTP)
SETTLED = 2.0  # seconds that a file must be left alone: who writes it may not have finished
KEPT = {Delivery.State.DONE, Delivery.State.WORKING}


def inbox(source: Source) -> Path:
    """Where files are put for a watched folder."""
    return Path(settings.PIMHUB_HOME) / "sources" / source.code


def stored(delivery: Delivery) -> Path:
    """The bytes of a delivery, until it is done."""
    return inbox(delivery.source) / ".work" / delivery.sha256


def due(*kinds: str) -> list[Source]:
    """Sources of these kinds that are to be looked at now. Calls come by themselves."""
    now = timezone.now()
    rows = Source.objects.filter(Q(next_at=None) | Q(next_at__lte=now), enabled=True, kind__in=kinds)
    return list(rows.select_related("system"))


def collect(source: Source) -> list[Delivery]:
    """Look at a source; what came. May be killed at any line: it is found again."""
    now = timezone.now()
    again = now + dt.timedelta(minutes=source.every_minutes)
    moved = Source.objects.filter(Q(next_at=None) | Q(next_at__lte=now), pk=source.pk)
    if not moved.update(next_at=max(again, now + LEASE)):
        return []  # somebody else looks
    try:
        found = LOOKS[Source.Kind(source.kind)](source)
    except OSError as error:
        _note(source, problem=f"The files cannot be read: {error.strerror or error}")
        found = []
    # Unless somebody asked for another look meanwhile.
    Source.objects.filter(pk=source.pk, next_at__gt=again).update(next_at=again)
    return found


def ask(source: Source) -> None:
    """Have a worker look now."""
    Source.objects.filter(pk=source.pk).update(next_at=timezone.now())
    events.ring("sources")


def _note(source: Source, *, problem: str = "", seen: bool = False, **fields: object) -> None:
    about = {"problem": problem[:500], **fields} | ({"last_seen": timezone.now()} if seen else {})
    Source.objects.filter(pk=source.pk).update(**about)


def _from_folder(source: Source) -> list[Delivery]:
    folder = inbox(source)
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    found = []
    files = [p for p in folder.iterdir() if p.is_file() and not p.is_symlink() and not p.name.startswith(".")]
    for path in sorted(files, key=lambda p: (p.stat().st_mtime, p.name)):
        if time.time() - path.stat().st_mtime < SETTLED:
            continue
        digest, size = _digest(path)
        found.append(_begin(source, path.name, digest, size, path=path))
        path.unlink(missing_ok=True)  # its bytes lie under .work, or were worked through before
    _note(source, seen=bool(found))
    return found


def _from_sftp(source: Source) -> list[Delivery]:
    work = inbox(source) / ".work"
    work.mkdir(parents=True, exist_ok=True, mode=0o750)
    result = sftp.look(source, work=work, begin=lambda path, name: _begin(source, name, *_digest(path), path=path))
    _note(source, problem=result.problem, seen=not result.problem)
    if result.again is not None:
        Source.objects.filter(pk=source.pk).update(next_at=timezone.now() + dt.timedelta(seconds=result.again))
    return result.found


def _from_address(source: Source) -> list[Delivery]:
    headers = {"If-None-Match": source.etag} if source.etag else {}
    if given := source.credentials.get("authorization"):
        headers["Authorization"] = given
    work = inbox(source) / ".work"
    work.mkdir(parents=True, exist_ok=True, mode=0o750)
    with tempfile.NamedTemporaryFile(dir=work, suffix=".answer") as file:
        url, allowed = sandbox.resolved(
            source.address, home=settings.PIMHUB_HOME, allowed=settings.PIMHUB_ALLOWED_ORIGINS
        )
        answer = send(
            Request("GET", url, headers),
            timeout=ANSWER_SECONDS,
            max_bytes=LARGEST_ANSWER,
            allowed_origins=allowed,
            into=file,
        )
        if answer.status == 304:
            _as_before(source)
            _note(source, seen=True)
            return []
        if answer.status != 200:
            _note(source, problem=answer.error or f"The address answered {answer.status}.")
            return []
        file.flush()
        name = urlsplit(source.address).path.rsplit("/", 1)[-1] or source.code
        found = _begin(source, name, *_digest(Path(file.name)), path=Path(file.name))
    _note(source, seen=True, etag=answer.headers.get("etag", "")[:200])
    return [found]


def receive(source: Source, body: bytes, *, name: str, message: str | None = None) -> Delivery:
    """Keep the body of an answer or call; it is worked through by a task."""
    folder = inbox(source) / ".work"
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    digest = hashlib.sha256(body).hexdigest()
    path = folder / f"{digest}.{os.getpid()}.{time.monotonic_ns()}"
    path.write_bytes(body)
    delivery = _begin(source, name, digest, len(body), path=path, message=message)
    path.unlink(missing_ok=True)
    return delivery


def receive_call(source: Source, headers: Mapping[str, str], body: bytes) -> Delivery:
    """A signed call; the same call again is the same delivery. Raises signatures.BadSignature."""
    known = [source.credentials[name] for name in ("secret", "previous") if source.credentials.get(name)]
    keys = [signatures.key_of(secret) for secret in known]
    message = signatures.verify(keys, headers, body, now=timezone.now())[:255]
    before = Delivery.objects.filter(source=source, message=message).first()
    if before is not None:
        return before
    try:
        delivery = receive(source, body, name=f"call {message}"[:255], message=message)
    except IntegrityError:  # the same call came twice at once
        return Delivery.objects.get(source=source, message=message)
    _note(source, seen=True)
    return delivery


def _begin(source: Source, name: str, digest: str, size: int, *, path: Path, message: str | None = None) -> Delivery:
    """The same content as the last time is noted and left alone."""
    last = source.deliveries.filter(state__in=KEPT).order_by("-id").first()
    same = last is not None and last.sha256 == digest
    state = Delivery.State.SAME if same else Delivery.State.WORKING
    if not same:
        target = inbox(source) / ".work" / digest
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        with contextlib.suppress(FileExistsError):
            os.link(path, target)
    finished = timezone.now() if same else None
    if same:
        _as_before(source)
    with transaction.atomic():
        made = Delivery.objects.create(
            source=source, name=name[:255], sha256=digest, size=size, state=state, message=message, finished_at=finished
        )
        events.ring("sources")
    return made


def _as_before(source: Source) -> None:
    """It spoke, although nothing is to be worked on: its figures are as fresh as if it had said them anew."""
    place = str(source.constants.get(PLACE.get(source.delivers, ""), ""))
    hear_again(source.system.code, source.delivers, place=place)


LOOKS = {Source.Kind.FOLDER: _from_folder, Source.Kind.HTTPS: _from_address, Source.Kind.SFTP: _from_sftp}


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size
