"""Every check of a written text before anybody sees it: form, claims, rules, what a supplier slipped in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from governance.copywriting.claims.check import Claim, check_text
from governance.copywriting.claims.judge import Verdict
from governance.copywriting.claims.rules import Rule, offences, pack
from governance.copywriting.claims.vocabulary import Vocabulary
from governance.copywriting.claims.words import cleaned
from governance.copywriting.facts import Facts
from governance.copywriting.providers.base import Sentence
from pimhub.foundation.jsonvalue import JSON

# What no copy may hold, whoever wrote it: links, addresses, numbers to call, markup. All is bounded: no text, however
# long and odd, takes more than its length.
_FOREIGN = {
    "link": re.compile(
        r"(?i)(?:https?://|www\.)\S+|(?<![a-z0-9-])[a-z0-9-]{2,63}\.(?:com|net|org|info|biz|shop|de|eu|co|io)\b(?:/\S*)?"
    ),
    "mail": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}\b"),
    "phone": re.compile(r"(?<![\w.])\+\d{1,3}[\s()/-]{0,5}\d[\d\s()/-]{6,20}\d"),
    "markup": re.compile(r"<\s{0,9}/?\s{0,9}[a-zA-Z!][^>]*>?|&(?:lt|#\w+);|javascript:", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `claims` as they are kept with the draft; `used`: the facts the text rests on."""

    claims: list[dict[str, JSON]]
    used: list[str]
    problems: list[str] = field(default_factory=list)

    @property
    def flags(self) -> int:
        return sum(is_flagged(claim) for claim in self.claims) + len(self.problems)


def is_flagged(claim: Mapping[str, JSON]) -> bool:
    return claim["verdict"] in (Verdict.CONTRADICTED, Verdict.UNSUPPORTED)


def is_blocking(claim: Mapping[str, JSON]) -> bool:
    """Whether nobody may let it through as it is: a rule says so."""
    return is_flagged(claim) and claim.get("severity") == "block"


def checked(
    text: str,
    *,
    locale: str,
    facts: Facts,
    sentences: Sequence[Sentence] = (),
    rules: Sequence[Rule] = (),
    lists: Vocabulary | None = None,
    points: int = 0,
) -> Checked:
    """Check a text against facts. With `sentences`, what they cite counts, too; `points`: lines at most, of bullets."""
    kind = "bullet" if points else ""
    found = check_text(text, locale=locale, facts=facts.values, labels=facts.names, lists=lists, rules=rules, of=kind)
    claims = [_kept(claim) for claim in found]
    claims += [_foreign(code, match) for code, pattern in _FOREIGN.items() for match in pattern.finditer(text)]
    claims.sort(key=lambda claim: (claim["start"], claim["end"]))
    cited = [code for sentence in sentences for code in sentence.facts]
    problems = [
        f"It cites “{code[:60]}”, which it was not given." for code in dict.fromkeys(cited) if code not in facts.values
    ]
    if points and (lines := len(text.splitlines())) > points:
        problems.append(f"It has {lines} points; {points} are possible.")
    problems += suspicions(facts)
    rests = [c.fact for c in found if c.fact and c.verdict == Verdict.SUPPORTED]
    used = sorted({code for code in [*cited, *rests] if code in facts.values})
    return Checked(claims, used, problems)


def instruction_in(text: str) -> str:
    """What is told of a value that looks like an instruction to a machine, where it comes in; "" for others."""
    rules = [replace(rule, raw=None) for rule in pack("injection")]  # its words; markup alone is common in files
    if next(offences(cleaned(text).text, rules), None) is None:
        return ""
    return "It looks like an instruction to a machine. Look at it: texts that are written from it will be flagged."


def suspicions(facts: Facts) -> list[str]:
    """Facts that look like instructions to a machine."""
    rules = pack("injection")
    return [
        f"The fact “{code}” looks like an instruction to a machine."
        for code, value in facts.values.items()
        for text in _texts(value)
        if next(offences(cleaned(text).text, rules), None)
    ]


def _texts(value: JSON) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _kept(claim: Claim) -> dict[str, JSON]:
    found: dict[str, JSON] = {k: v for k, v in asdict(claim).items() if k != "rule"}
    found["verdict"] = str(claim.verdict)
    if claim.rule:
        found |= {"rule": f"{claim.rule.pack}.{claim.rule.code}", "severity": claim.rule.severity}
        found["message"] = claim.rule.message
    return found


def _foreign(code: str, match: re.Match[str]) -> dict[str, JSON]:
    return {
        "start": match.start(),
        "end": match.end(),
        "verdict": str(Verdict.UNSUPPORTED),
        "fact": "",
        "kind": "foreign",
        "text": match[0],
        "rule": f"foreign.{code}",
        "severity": "block",
        "message": "No links, addresses, telephone numbers or markup in a product text.",
    }
