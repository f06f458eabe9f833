"""Where this instance's sandbox listens. It takes a free port at each start and notes it, so addresses are kept
without one: `sandbox:/erp/stock.ndjson`."""

from __future__ import annotations

from pathlib import Path

SCHEME = "sandbox:/"
DISCARD = "9"  # the port of a sandbox that does not run: calls are refused there


def origin(home: Path) -> str:
    """The origin of the sandbox that runs, or ran last."""
    note = home / "sandbox" / "port"
    return f"http://127.0.0.1:{note.read_text().strip() if note.exists() else DISCARD}"


def resolved(address: str, *, home: Path, allowed: list[str]) -> tuple[str, list[str]]:
    """An address as it is called now, and the private origins that may be called with it."""
    if not address.startswith(SCHEME):
        return address, allowed
    here = origin(home)
    return f"{here}/{address.removeprefix(SCHEME)}", [*allowed, here]
