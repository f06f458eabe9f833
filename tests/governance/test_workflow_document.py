"""The workflow printed: every move of the table, and no other."""

from __future__ import annotations

import re

from governance.workflow.document import workflow
from governance.workflow.moves import MOVES


def test_the_diagram_shows_every_move() -> None:
    text = workflow()
    arrows = set(re.findall(r"(\w+) --> (\w+): (\w+)$", text, re.M))
    moves = {(source, move.target or source, move.verb) for move in MOVES.values() for source in move.sources}
    assert moves <= arrows
    for move in MOVES.values():
        assert f"| {move.verb} |" in text
        assert f"`{move.permission}`" in text
