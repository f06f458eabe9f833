"""A text by AI as people judge it: its claims marked, its facts beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from governance.copywriting.checks import is_flagged
from governance.copywriting.claims.judge import Verdict
from governance.copywriting.provenance import within
from governance.copywriting.resting import bounds, cited_by
from governance.models import Draft
from pimhub.foundation.jsonvalue import JSON


def facts_told(
    draft: Draft, now: Mapping[str, JSON], stale: dict[str, list[Any]], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The facts that were given, those the text rests on first."""
    rows = [
        {
            "code": code,
            "label": names.get(code, code),
            "value": told(value),
            "used": code in draft.used,
            "now": told(now.get(code)) if code in stale else "",
            "stale": code in stale,
        }
        for code, value in within(draft, draft.proposal.product_id, draft.facts).items()
    ]
    return sorted(rows, key=lambda row: (not row["stale"], not row["used"], row["code"]))


def resting(
    text: str, draft: Draft, claims: list[dict[str, JSON]], shown: Collection[str], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Each sentence with the facts it rests on: those its writer cited for it, and those that prove its claims.

    An edited sentence keeps the facts of the one it was made from. Only `shown` facts are named.
    """
    rows = []
    for start, end in bounds(text, draft):
        own = [c for c in claims if start <= int(str(c["start"])) < end]
        cited = [*cited_by(text[start:end], draft), *(str(c["fact"]) for c in own if c["verdict"] == Verdict.SUPPORTED)]
        codes = [code for code in dict.fromkeys(cited) if code in shown]
        facts = [names.get(code, code) for code in codes]
        rows.append({"text": text[start:end].strip(), "facts": facts, "flags": sum(map(is_flagged, own))})
    return rows


def told(value: JSON) -> str:
    if isinstance(value, dict) and "amount" in value:
        return f"{value['amount']} {value.get('unit', '')}".strip()
    if isinstance(value, list):
        return ", ".join(told(each) for each in value)
    return "nothing" if value in (None, "") else str(value)


def marked(text: str, claims: list[dict[str, JSON]], names: Mapping[str, str]) -> SafeString:
    """The text with its claims marked, each with its verdict and fact in words."""
    parts: list[str] = []
    at = 0
    for claim in claims:
        start, end = int(str(claim["start"])), int(str(claim["end"]))
        if start < at:
            continue
        parts.append(format_html("{}", text[at:start]))
        words = f"{str(claim['verdict']).replace('_', ' ')}" + (
            f": {names.get(str(claim['fact']), claim['fact'])}" if claim["fact"] else ""
        )
        words += f". {claim['message']}" if claim.get("message") else ""
        parts.append(
            format_html(
                '<mark class="claim" data-verdict="{}" data-fact="{}" tabindex="-1" title="{}">{}'
                '<span class="visually-hidden"> ({})</span></mark>',
                claim["verdict"],
                claim["fact"],
                words,
                text[start:end],
                words,
            )
        )
        at = end
    parts.append(format_html("{}", text[at:]))
    return mark_safe(format_html_join("", "{}", ((mark_safe(part),) for part in parts)))  # noqa: S308 # escaped above
