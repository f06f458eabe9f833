"""The GraphQL documents this connector sends: static texts, checked against the official schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def document(name: str) -> str:
    """The text of one document; its operation has the same name as its file."""
    return (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))
