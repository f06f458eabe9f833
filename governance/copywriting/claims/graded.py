"""Energy classes: "classe energetica A", "Energieeffizienzklasse D"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from governance.copywriting.claims.facts import Fact
from governance.copywriting.claims.judge import Judgement, Verdict

_CLASS = re.compile(
    r"(?i:\b(?:energy (?:efficiency )?(?:class|rating)|energie(?:effizienz)?klasse|energie(?:label|klasse)"
    r"|classe (?:d['’]efficacité )?énergétique|clase (?:de eficiencia )?energética"
    r"|classe (?:di efficienza )?energetica|classe energética"
    r"|klas[aęy] (?:efektywności )?energetyczn\w{1,3}|energiklass\w{0,2}|energieffektivitetsklass\w{0,2}))"
    r"\s{0,2}:?\s{0,2}(?i:von )?([A-G]\+{0,3})(?![\w+])"
)
_GRADE = re.compile(r"[A-G]\+{0,3}")


def energy_class(text: str, facts: Sequence[Fact]) -> Iterator[tuple[int, int, str, Judgement]]:
    """Where a text names the class of a product."""
    told = next((f for f in facts if any(n.startswith("energ") for n in f.names) and _grade(f)), None)
    for match in _CLASS.finditer(text):
        if told is None:
            yield match.start(), match.end(), "properties", Judgement(Verdict.UNSUPPORTED)
        else:
            same = _grade(told) == match[1]
            verdict = Verdict.SUPPORTED if same else Verdict.CONTRADICTED
            yield match.start(), match.end(), "properties", Judgement(verdict, told.key)


def _grade(fact: Fact) -> str:
    return next((said.strip() for said in fact.texts if _GRADE.fullmatch(said.strip())), "")
