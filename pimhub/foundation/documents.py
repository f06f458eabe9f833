"""Pages about how this instance is set up, in Markdown: each floor writes its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pimhub.foundation.registry import Registry

# Name of the page → what it says now, as Markdown with a heading.
documents: Registry[Callable[[], str]] = Registry("document")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; what would break a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines) + "\n"


def _cell(value: object) -> str:
    text = "—" if value in (None, "") else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
