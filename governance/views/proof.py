"""A text by AI as people judge it: its claims marked, its facts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from governance.copywriting.provenance import within
from governance.models import Draft
from pimhub.foundation.jsonvalue import JSON


def facts_told(draft: Draft, now: Mapping[str, JSON], stale: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The facts that were given, those the text rests on first."""
    rows = [
        {
            "code": code,
            "value": told(value),
            "used": code in draft.used,
            "now": told(now.get(code)) if code in stale else "",
            "stale": code in stale,
        }
        for code, value in within(draft, draft.proposal.product_id, draft.facts).items()
    ]
    return sorted(rows, key=lambda row: (not row["stale"], not row["used"], row["code"]))


def told(value: JSON) -> str:
    if isinstance(value, dict) and "amount" in value:
        return f"{value['amount']} {value.get('unit', '')}".strip()
    if isinstance(value, list):
        return ", ".join(told(each) for each in value)
    return "nothing" if value in (None, "") else str(value)


def marked(text: str, claims: list[dict[str, JSON]]) -> SafeString:
    """The text with its claims marked, each with its verdict and fact in words."""
    parts: list[str] = []
    at = 0
    for claim in claims:
        start, end = int(str(claim["start"])), int(str(claim["end"]))
        if start < at:
            continue
        parts.append(format_html("{}", text[at:start]))
        words = f"{str(claim['verdict']).replace('_', ' ')}" + (f": {claim['fact']}" if claim["fact"] else "")
        words += f". {claim['message']}" if claim.get("message") else ""
        parts.append(
            format_html(
                '<mark class="claim" data-verdict="{}" title="{}">{}<span class="visually-hidden"> ({})</span></mark>',
                claim["verdict"],
                words,
                text[start:end],
                words,
            )
        )
        at = end
    parts.append(format_html("{}", text[at:]))
    return mark_safe(format_html_join("", "{}", ((mark_safe(part),) for part in parts)))  # noqa: S308 # escaped above
