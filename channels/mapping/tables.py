"""The step “map” in a rule: a table for each source of ours, to the channel's words."""

from __future__ import annotations

from collections.abc import Mapping

from pimhub.foundation.jsonvalue import JSON

STEP = "map"
Rule = Mapping[str, JSON]


def table_of(rule: Rule | None, source: str) -> dict[str, str]:
    for step in (rule or {}).get("transforms", []):
        if _is_map(step):
            return dict(step["tables"].get(source, {}))
    return {}


def with_table(rule: Rule | None, source: str, table: Mapping[str, str]) -> dict[str, JSON]:
    """The rule with another table for one of its sources. What the product says itself goes before its category."""
    given = dict(rule or {})
    if "const" in given:
        given = {"default": given["const"]}
    sources = given.get("from", [])
    sources = [sources] if isinstance(sources, str) else list(sources)
    if source not in sources:
        sources.append(source)
    steps = given.get("transforms", [])
    held: dict[str, dict[str, str]] = next((step["tables"] for step in steps if _is_map(step)), {})
    tables = {name: rows for name, rows in {**held, source: dict(sorted(table.items()))}.items() if rows}
    steps = [step for step in steps if not _is_map(step)]
    made = {**given, "from": sources[0] if len(sources) == 1 else sources}
    made["transforms"] = [{"name": STEP, "tables": tables}, *steps] if tables else steps
    return {name: value for name, value in made.items() if name != "transforms" or value}


def _is_map(step: JSON) -> bool:
    return isinstance(step, dict) and step["name"] == STEP
