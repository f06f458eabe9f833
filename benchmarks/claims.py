"""The claims checker on labelled texts: precision and recall per class and language, and time per text.

Each line is {text, locale or lang, facts, label (supported, contradicted, unsupported), claim, mutation}; `claim`
starts with the number or word that the label speaks of, or `start` and `end` say where it is. A text's other claims
have no label and do not count. `packs` are the rule packs that judge it too.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measure import Table
from governance.copywriting.claims.check import Claim, check_text
from governance.copywriting.claims.rules import pack

CM_PER_INCH = Decimal("2.54")


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled claim: whether it is wrong by its label, and whether the checker flagged it."""

    language: str
    mutation: str
    wrong: bool
    flagged: bool
    milliseconds: float


def score(path: Path) -> Iterator[Scored]:
    for line in path.read_bytes().splitlines():
        row = orjson.loads(line)
        locale = row.get("locale") or row["lang"]
        begun = time.process_time()
        rules = [rule for code in row.get("packs", ()) for rule in pack(code)]
        claims = check_text(row["text"], locale=locale, facts=row["facts"], rules=rules)
        spent = (time.process_time() - begun) * 1000
        flagged = any(claim.flagged for claim in claims if _is_labelled(claim, row))
        yield Scored(locale, row.get("mutation") or "as it was", row["label"] != "supported", flagged, spent)


def _is_labelled(claim: Claim, row: Mapping[str, Any]) -> bool:
    """Whether a found claim is the one that the label speaks of."""
    if "start" in row:
        return bool(claim.start < row["end"] and claim.end > row["start"])
    head = str(row["claim"]).split()[0]
    try:
        wanted = Decimal(head.replace(",", "."))
    except InvalidOperation:
        return head.casefold() in claim.text.casefold()
    found = re.match(r"\d+(?:[.,]\d+)?", claim.text)
    if not found:
        return False
    stated = Decimal(found[0].replace(",", "."))
    if row.get("mutation") == "unit_converted_right":
        return abs(stated - wanted * CM_PER_INCH) < 1
    return stated == wanted


def rates(scored: list[Scored]) -> tuple[float, float]:
    """Precision and recall of the flags."""
    caught = sum(s.wrong and s.flagged for s in scored)
    flagged, wrong = sum(s.flagged for s in scored), sum(s.wrong for s in scored)
    return (caught / flagged if flagged else 1.0), (caught / wrong if wrong else 1.0)


def run(say: Callable[[str], None], *, file: Path) -> Table:
    table = Table("claims", say)
    scored = list(score(file))
    for (language, mutation), count in sorted(Counter((s.language, s.mutation) for s in scored).items()):
        those = [s for s in scored if (s.language, s.mutation) == (language, mutation)]
        table.add(f"{language}, {mutation}", claims=count, flagged=sum(s.flagged for s in those))
    precision, recall = rates(scored)
    table.add("all", precision=round(precision, 4), recall=round(recall, 4))
    spent = sorted(s.milliseconds for s in scored)
    table.add("a text", p50_ms=round(spent[len(spent) // 2], 2), p95_ms=round(spent[int(len(spent) * 0.95)], 2))
    return table
