"""Things that products have several of, whatever a language calls them: pockets, drawers, seats."""

from __future__ import annotations

from functools import cache

from governance.copywriting.claims.lists import listed


@cache
def _forms() -> tuple[dict[str, frozenset[str]], tuple[tuple[str, str], ...]]:
    """{whole word: things}, and (stem, thing) for those that take any ending."""
    whole: dict[str, frozenset[str]] = {}
    stems = []
    for thing, row in listed("counted").items():
        for word in row.split():
            if word.endswith("*"):
                stems.append((word.rstrip("*"), thing))
            else:
                whole[word] = whole.get(word, frozenset()) | {thing}
    return whole, tuple(stems)


@cache
def things(word: str) -> frozenset[str]:
    """The things that one folded word may name."""
    whole, stems = _forms()
    return whole.get(word, frozenset()) | {thing for stem, thing in stems if word.startswith(stem)}
