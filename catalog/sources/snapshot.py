"""All figures of a source, as it hands them out to be compared with ours."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from catalog.models import Source
from catalog.sources.rows import BadFile
from pimhub.foundation import sandbox, sftp
from pimhub.foundation.http import Request, send

LARGEST = 4 * 1024**3
SECONDS = 200


def fetch(source: Source, target: Path) -> None:
    """Put the snapshot at `target`: whole, or not at all. Raises BadFile."""
    if not source.snapshot:
        raise BadFile("The source names no address of a snapshot. Add it on the page of the source.")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        if source.snapshot.startswith("sftp://"):
            _by_sftp(source, part)
        else:
            _by_http(source, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _by_http(source: Source, part: Path) -> None:
    given = source.credentials.get("authorization")
    url, allowed = sandbox.resolved(source.snapshot, home=settings.PIMHUB_HOME, allowed=settings.PIMHUB_ALLOWED_ORIGINS)
    with part.open("wb") as file:
        answer = send(
            Request("GET", url, {"Authorization": given} if given else {}),
            timeout=SECONDS,
            max_bytes=LARGEST,
            allowed_origins=allowed,
            into=file,
        )
    if answer.status != 200:
        raise BadFile(answer.error or f"The snapshot's address answered {answer.status}.")


def _by_sftp(source: Source, part: Path) -> None:
    address, _, name = source.snapshot.rpartition("/")
    try:
        with sftp.folder(
            address,
            username=source.username,
            credentials=source.credentials,
            host_key=source.host_key,
            seconds=SECONDS,
            allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS,
        ) as folder:
            remote = folder.look(name)
            if remote.size > LARGEST:
                raise BadFile(f"The snapshot is larger than {LARGEST >> 30} GB.")
            folder.get(remote, part)
    except sftp.Trouble as error:
        raise BadFile(f"The snapshot cannot be fetched. {error}") from error
    except sftp.OutOfTime:
        raise BadFile(f"The snapshot could not be fetched within {SECONDS} seconds.") from None
