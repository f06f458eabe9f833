"""The mappings in force, for people."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from channels.mapping import numbers
from channels.models import Channel
from pimhub.foundation.documents import documents, table
from pimhub.foundation.jsonvalue import JSON


def mappings() -> str:
    """Markdown: for each channel, what fills each of its fields."""
    parts = ["# Mappings\n"]
    for channel in Channel.objects.select_related("mapping", "scope", "market__price_list"):
        parts.append(f"## {channel.label} ({channel.code})\n")
        market = channel.market
        about = f"Scope {channel.scope.code}, languages {', '.join(market.locales)}, prices of {market.price_list.code}"
        rounding = channel.settings.get("price_rounding")
        if rounding:
            wrong = numbers.problem(rounding) if isinstance(rounding, dict) else "Its price_rounding is no rule"
            about += f". {wrong or f'Prices are rounded {numbers.told(rounding)}'}".removesuffix(".")
        if channel.mapping is None:
            parts.append(f"{about}. It has no mapping yet.\n")
            continue
        parts.append(f"{about}. Mapping {channel.mapping.number}.\n")
        rows = [(field, *_told(rule)) for field, rule in channel.mapping.rules.items()]
        parts.append(table(("Field of the channel", "Filled with", "Then", "When there is nothing"), rows))
    return "\n".join(parts)


def _told(rule: Mapping[str, JSON]) -> tuple[str, str, str]:
    if "const" in rule:
        return f"always {_text(rule['const'])}", "", ""
    sources = rule["from"] if isinstance(rule["from"], list) else [rule["from"]]
    steps = ", then ".join(step if isinstance(step, str) else _text(step) for step in rule.get("transforms", []))
    return ", else ".join(f"`{s}`" for s in sources), steps, _text(rule["default"]) if "default" in rule else ""


def _text(value: JSON) -> str:
    return orjson.dumps(value).decode()


def plug_in() -> None:
    documents.add("mappings", mappings)
