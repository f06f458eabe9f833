"""The folder that holds all data of an instance (`PIMHUB_HOME`), and the keys in it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet


class HomeError(Exception):
    """The home folder cannot be used; the text is for the operator."""


def prepare(home: Path) -> Path:
    """Make the folder and its rooms if they are missing. Raises HomeError when it cannot be written."""
    try:
        for room in ("media", "feeds", "imports", "queue/in", "queue/control", "sandbox"):
            (home / room).mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise HomeError(
            f"The data folder {home} cannot be written to ({error.strerror}). "
            "Choose another one with PIMHUB_HOME=/path/to/folder."
        ) from error
    if not os.access(home, os.W_OK):
        raise HomeError(f"The data folder {home} is read-only. Choose another one with PIMHUB_HOME=/path/to/folder.")
    return home


def key_file(home: Path, name: str) -> str:
    """The secret kept in `home/name`, made on first need with mode 0600.

    Two processes may start at once: the loser of the exclusive create reads the winner's key.
    """
    return _noted(home, name, Fernet.generate_key().decode() if name == "fernet.key" else secrets.token_urlsafe(50))


def name_file(home: Path) -> str:
    """The name of the instance that lives in `home`, made on first need: another home is another instance."""
    return _noted(home, "environment", f"instance-{secrets.token_hex(4)}")


def _noted(home: Path, name: str, made: str) -> str:
    path = home / name
    temporary = home / f".{name}.{os.getpid()}"
    if not path.exists():
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(made)
        try:
            os.link(temporary, path)  # atomic and refuses to replace
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()


DEFAULT_ADDRESS = "http://127.0.0.1:8000"


def note_address(home: Path, address: str) -> None:
    """Remember where the instance runs, for commands that are called beside it."""
    (home / "address").write_text(f"{address}\n")


def noted_address(home: Path) -> str:
    """Where the instance runs, or ran last."""
    note = home / "address"
    return (note.read_text().strip() if note.exists() else "") or DEFAULT_ADDRESS
