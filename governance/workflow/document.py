"""The workflow as a diagram and a table, from the moves themselves."""

from __future__ import annotations

from governance.models import Standing
from governance.workflow.moves import MOVES
from pimhub.foundation.documents import documents, table

HEAD = ("Move", "From", "To", "Right", "Says why")


def workflow() -> str:
    """Markdown with a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    for move in MOVES.values():
        for source in sorted(move.sources):
            lines.append(f"    {source} --> {move.target or source}: {move.verb}")
    lines += ["    approved --> draft: an edit", "    draft --> approved: an edit that restores what is live"]
    rows = [
        (
            move.verb,
            ", ".join(Standing.State(s).label for s in sorted(move.sources)),
            Standing.State(move.target).label if move.target else "the same; approved when nothing differs, else draft",
            f"`{move.permission}`" if move.permission else "none: policies and attributes decide",
            "yes" if move.comment_needed else "",
        )
        for move in MOVES.values()
    ]
    diagram = "\n".join(lines)
    return f"# Workflow\n\n```mermaid\n{diagram}\n```\n\n{table(HEAD, rows)}"


def plug_in() -> None:
    documents.add("workflow", workflow)
