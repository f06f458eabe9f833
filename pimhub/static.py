"""Static files, gathered for serving only when one of them changed: hashing and packing them takes seconds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django import get_version
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command


def gather() -> bool:
    """Bring STATIC_ROOT up to date; whether there was anything to do."""
    wanted, note = _fingerprint(), Path(settings.STATIC_ROOT) / ".gathered"
    if note.exists() and note.read_text() == wanted:
        return False
    # Anew and whole: an update may bring files that are older than the copies of those they replace.
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    note.write_text(wanted)
    return True


def _fingerprint() -> str:
    """Of the names, sizes and times of all files, and of what packs them."""
    found = hashlib.sha256(f"{get_version()} {settings.STORAGES['staticfiles']}".encode())
    for finder in finders.get_finders():
        for path, storage in sorted(finder.list([]), key=lambda pair: pair[0]):
            known = Path(storage.path(path)).stat()
            found.update(f"{path} {known.st_size} {known.st_mtime_ns}\n".encode())
    return found.hexdigest()
