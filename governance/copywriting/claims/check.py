"""Checks a text against facts. The door of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.copywriting.claims.contents import contents
from governance.copywriting.claims.dates import dates
from governance.copywriting.claims.facts import read_facts
from governance.copywriting.claims.graded import energy_class
from governance.copywriting.claims.judge import Bench, Verdict
from governance.copywriting.claims.only import only
from governance.copywriting.claims.quantities import stated
from governance.copywriting.claims.rules import Rule, offences
from governance.copywriting.claims.terms import Glossary, yes_or_no
from governance.copywriting.claims.vocabulary import Vocabulary, shipped
from governance.copywriting.claims.warranty import lifelong
from governance.copywriting.claims.words import cleaned, fold
from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class Claim:
    """What a text states from `start` to `end` (characters); `fact` is the key it rests on or contradicts."""

    start: int
    end: int
    verdict: Verdict
    fact: str
    kind: str
    text: str
    rule: Rule | None = None

    @property
    def flagged(self) -> bool:
        return self.verdict in {Verdict.CONTRADICTED, Verdict.UNSUPPORTED}


def check_text(
    text: str,
    *,
    locale: str,
    facts: Mapping[str, JSON],
    labels: Mapping[str, Sequence[str]] | None = None,
    lists: Vocabulary | None = None,
    rules: Sequence[Rule] = (),
    of: str = "",
) -> list[Claim]:
    """Every number, every word of a closed vocabulary and every breach of a rule, each with its verdict, in order.

    `facts` are values by key as `read_facts` takes them; `labels` name the keys in further languages; `lists`
    are closed vocabularies of the caller's own (`vocabulary.of_caller`); `of` is the kind of text (title, bullet).
    """
    clean = cleaned(text)
    read = read_facts(facts, locale=locale, labels=labels)
    language = locale.replace("-", "_").partition("_")[0].lower()
    bench = Bench(clean.text, read, language)
    found = []
    dated = list(dates(clean.text, language))
    for date in dated:
        said = bench.dated(date)
        start, end = clean.span(date.start, date.end)
        found.append(Claim(start, end, said.verdict, said.fact, "date", text[start:end]))
    for each in stated(clean.text, locale.replace("-", "_")):
        if any(date.start <= each.start < date.end for date in dated):
            continue
        if judgement := bench.judge(each):
            start, end = clean.span(each.start, each.end)
            found.append(Claim(start, end, judgement.verdict, judgement.fact, "number", text[start:end]))
    glossary = Glossary(clean.text, read, [shipped(language), *([lists] if lists else [])])
    terms = [
        *contents(clean.text, read),
        *lifelong(clean.text, read),
        *only(clean.text, read, glossary.vocabularies),
        *energy_class(clean.text, read),
        *glossary.judged(),
        *glossary.shares(),
        *yes_or_no(clean.text, read),
    ]
    terms = [term for term in terms if not any(date.start <= term[0] < date.end for date in dated)]  # "března": birch
    numbers = {(claim.start, claim.end) for claim in found}
    taken: dict[str, set[int]] = {}  # by kind: where something of it was found already
    for claim in found:
        taken.setdefault(claim.kind, set()).update(range(claim.start, claim.end))
    for start_, end_, kind, judgement in terms:
        start, end = clean.span(start_, end_)
        if (start, end) not in numbers and start not in taken.setdefault(kind, set()):
            taken[kind].update(range(start, end))
            found.append(Claim(start, end, judgement.verdict, judgement.fact, kind, text[start:end]))
    named = _named(facts) if any(rule.topic for rule in rules) else ""
    for offence in offences(clean.text, rules, kind=of):
        if offence.rule.topic and fold(clean.text[offence.start : offence.end]) in named:
            continue
        if offence.rule.demands:
            start = end = len(text)
        else:
            start, end = clean.span(offence.start, offence.end)
        certified = (f"certificates:{each}" for each in offence.rule.unless)
        proofs = [glossary.told[each].fact for each in certified if each in glossary.told]
        proofs += [code for code in offence.rule.proofs if facts.get(code) not in (None, "", [], False)]
        proof = proofs[0] if proofs else ""
        verdict = Verdict.SUPPORTED if proof else Verdict.UNSUPPORTED
        found.append(Claim(start, end, verdict, proof, "rule", text[start:end], offence.rule))
    return sorted(found, key=lambda claim: (claim.start, claim.end))


def _named(facts: Mapping[str, JSON]) -> str:
    """All that the facts say, keys and values, folded: what they name may be spoken of."""
    return fold(" ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items()))
