"""A policy as people write it: "at once", "every 30", "06:00, 18:00", and a line for each freeze."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pimhub.foundation.jsonvalue import JSON

AT_ONCE = "at once"
_EVERY = re.compile(r"every\s+(\d{1,4})(\s*min(utes)?)?", re.IGNORECASE)
_FREEZE = re.compile(r"(?P<start>\S+)\s+(?:to|until|–|-)\s+(?P<end>[^\s:]+(?::\d\d)?)\s*(?::\s*(?P<more>.*))?")


def rhythm(how: Mapping[str, Any] | None) -> str:
    if not how:
        return AT_ONCE
    return f"every {how['every']} minutes" if "every" in how else ", ".join(how["at"])


def read_rhythm(text: str) -> dict[str, JSON] | None:
    """None: at once. What it makes no sense of is left for the policy to refuse."""
    text = text.strip()
    if not text or text.casefold() == AT_ONCE:
        return None
    found = _EVERY.fullmatch(text)
    return {"every": int(found[1])} if found else {"at": [part.strip() for part in text.split(",") if part.strip()]}


def freezes(given: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(map(_freeze, given))


def _freeze(given: Mapping[str, Any]) -> str:
    parts = [str(given.get("reason", ""))]
    if given.get("except_facets"):
        parts.append(f"except {', '.join(given['except_facets'])}")
    if given.get("except_products"):
        parts.append(f"products {', '.join(given['except_products'])}")
    return f"{given['from']} to {given['until']}: {'; '.join(p for p in parts if p)}".removesuffix(": ")


def read_freezes(text: str) -> list[JSON]:
    """A line each: “2026-11-26T18:00 to 2026-11-30T08:00: Black week; except stock, offer; products recall-1”.

    Raises ValueError naming the line.
    """
    found: list[JSON] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _FREEZE.fullmatch(line)
        if match is None:
            raise ValueError(f"“{line}” is no freeze; write it like 2026-11-26T18:00 to 2026-11-30T08:00: the reason.")
        made: dict[str, JSON] = {"from": match["start"], "until": match["end"]}
        for part in filter(None, map(str.strip, (match["more"] or "").split(";"))):
            if part.startswith("except "):
                made["except_facets"] = _names(part.removeprefix("except "))
            elif part.startswith("products "):
                made["except_products"] = _names(part.removeprefix("products "))
            else:
                made["reason"] = part
        found.append(made)
    return found


def _names(text: str) -> list[JSON]:
    return [part.strip() for part in text.split(",") if part.strip()]
