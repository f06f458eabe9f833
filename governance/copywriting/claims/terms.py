"""Holds words of closed vocabularies against the facts, and what a text says a product is or is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product

from governance.copywriting.claims.facts import Fact
from governance.copywriting.claims.judge import NEAR, Judgement, Verdict
from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.vocabulary import IDIOM, NAMES, Hit, Vocabulary
from governance.copywriting.claims.words import Word, alike, fold, words

_LISTS = listed("terms")
NEGATIONS = frozenset(_LISTS["negations"].split())
_MADE = frozenset(_LISTS["made"].split())
_WHOLLY, _STUFF, _LIGHT, _DARK = (frozenset(_LISTS[name].split()) for name in ("wholly", "stuff", "light", "dark"))
_BEFORE_COLOUR = frozenset(
    ["hell", "licht", "dunkel", "donker", "ljus", "lys", "mork", "jasno", "ciemno", "svetle", "tmave"]
)
_MAKING = tuple(fold(stem) for stem in _LISTS["made_stems"].split())
_IN_COLOUR = frozenset(_LISTS["in_colour"].split())
_OF = frozenset(_LISTS["of"].split())
_MADE_OF = frozenset(["of", "aus", "van", "av", "af"])  # where a fact speaks of materials, these alone do
_GREEN, _GREEN_THINGS = frozenset(["vert", "verte", "verde"]), frozenset(_LISTS["green_things"].split())
_SKIES, _INTO = frozenset(_LISTS["skies"].split()), frozenset(_LISTS["into"].split())
_ATTRIBUTE = _OF | {"usb", "hdmi", "aux", "d", "audio", "lightning"}
_PURE = frozenset(_LISTS["pure"].split())
_CONTAINING = frozenset(_LISTS["containing"].split()) | NEGATIONS
_SERVING = tuple(fold(stem) for stem in _LISTS["serving"].split())
_SOLID, _VENEER = (tuple(fold(stem) for stem in _LISTS[name].split()) for name in ("solid", "veneer"))
_GOES_WITH, _GOING = frozenset(_LISTS["goes_with"].split()), tuple(fold(stem) for stem in _LISTS["going_stems"].split())
_CERTIFIED = "certificates:certified"
_SMALL = frozenset(
    ["is", "has", "with", "mit", "ist", "hat", "con", "avec"]
)  # in the names of facts that say yes or no


@dataclass(frozen=True, slots=True)
class _Told:
    """What the facts say of one concept: by which fact, and whether it is so."""

    fact: str
    so: bool


class Glossary:
    """The concepts of a product's facts, ready to judge the words of one text."""

    def __init__(self, text: str, facts: Sequence[Fact], vocabularies: Sequence[Vocabulary]) -> None:
        self.text, self.facts, self.vocabularies = text, facts, vocabularies
        self.words = words(text)
        self.told: dict[str, _Told] = {}
        self.speaks: dict[str, str] = {}  # vocabulary → the fact whose values are of it
        for fact in facts:
            self._learn(fact)

    def _learn(self, fact: Fact) -> None:
        for kind, names in NAMES.items():
            if names & set(fact.names) and fact.texts:
                self.speaks.setdefault(kind, fact.key)
        named = words(" ".join(fact.names))
        for vocabulary in self.vocabularies:
            for said in fact.texts:
                said_words = words(said.replace("_", " "))
                for hit in vocabulary.find(said_words):
                    so = not _negated(said, said_words, hit.first)
                    self.told.setdefault(hit.term.concept, _Told(fact.key, so))
                    if len(said_words) <= 8 and not hit.term.doubtful:
                        self.speaks.setdefault(hit.term.vocabulary, fact.key)
            for hit in vocabulary.find(named):  # "waterproof: no", "hdmi ports: 3"
                if fact.yes is not None:
                    self.told[hit.term.concept] = _Told(fact.key, fact.yes)
                elif fact.amounts:
                    self.told.setdefault(hit.term.concept, _Told(fact.key, True))
            for concept, opposite in vocabulary.opposites.items():
                if (told := self.told.get(concept)) and opposite not in self.told:
                    self.told[opposite] = _Told(told.fact, not told.so)
        if fact.texts and self._origin_of(fact):
            self.told.setdefault(f"origin:{fact.texts[0].upper()}", _Told(fact.key, True))

    def _origin_of(self, fact: Fact) -> bool:
        return bool(NAMES["origin"] & set(fact.names)) and bool(re.fullmatch("[A-Za-z]{2}", fact.texts[0]))

    def judged(self) -> Iterator[tuple[int, int, str, Judgement]]:
        """Start, end, kind and judgement of each term of the text."""
        for vocabulary in self.vocabularies:
            hits = list(vocabulary.find(self.words))
            named = [h.first for h in hits if h.term.vocabulary == "certificates" and h.term.concept != _CERTIFIED]
            for hit in hits:
                if hit.term.vocabulary == IDIOM:
                    continue
                if hit.term.concept == _CERTIFIED and any(abs(hit.first - at) <= NEAR for at in named):
                    continue  # it is said of the certificate beside it
                if judgement := self._judge(vocabulary, hit):
                    yield hit.start, hit.end, hit.term.vocabulary, judgement

    def shares(self) -> Iterator[tuple[int, int, str, Judgement]]:
        """Shares said in one word with their material: "Wollanteil von 30 %"."""
        for match in _COMPOUND.finditer(self.text):
            for vocabulary, form in product(self.vocabularies, (match[1], f"{match[1]}e")):
                hit = next((h for h in vocabulary.find(words(form)) if h.term.vocabulary == "materials"), None)
                told = hit and next((t for c, t in self.told.items() if vocabulary.covers(c, hit.term.concept)), None)
                known = self._share_told(told.fact, hit.term.concept, vocabulary) if hit and told else None
                if told and known is not None:
                    differ = _differ(Decimal(match[2].replace(",", ".")), known)
                    verdict = Verdict.CONTRADICTED if differ else Verdict.SUPPORTED
                    yield match.start(), match.end(), "materials", Judgement(verdict, told.fact)
                    break

    def _share_told(self, key: str, concept: str, vocabulary: Vocabulary) -> Decimal | None:
        of = next(fact for fact in self.facts if fact.key == key)
        if not of.texts and len(of.amounts) == 1 and of.amounts[0].dimension == "percent":
            return of.amounts[0].value  # organic_cotton_percent: 50
        for said in of.texts:
            said_words = words(said.replace("_", " "))
            for each in vocabulary.find(said_words):
                share = _share(said, said_words, each)
                if share is not None and vocabulary.covers(each.term.concept, concept):
                    return share
        return None

    def _judge(self, vocabulary: Vocabulary, hit: Hit) -> Judgement | None:
        term, so = hit.term, not _negated(self.text, self.words, hit.first)
        if opposite := vocabulary.opposites.get(term.concept):
            known = self.told.get(opposite)
            if known is None or (len(term.words) > 1 and self._goes_on(hit)):
                return None
            return Judgement(Verdict.SUPPORTED if known.so != so else Verdict.CONTRADICTED, known.fact)
        if term.vocabulary in ("makers", "ingredients", "foods") and not self._meant(hit):
            return None  # the maker of the product itself, or a name in passing
        for concept, told in self.told.items():
            if vocabulary.covers(concept, term.concept):
                if term.vocabulary == "properties" and (wrong := self._wrong_part(hit, told.fact)):
                    return wrong
                if term.vocabulary == "colours" and self._is_other_tone(hit, told.fact):
                    return Judgement(Verdict.CONTRADICTED, told.fact)
                if term.vocabulary == "materials" and self._is_veneer(hit, told.fact):
                    return Judgement(Verdict.CONTRADICTED, told.fact)
                if term.vocabulary == "materials" and (wrong := self._wrong_share(hit, told.fact, vocabulary)):
                    return wrong
                return Judgement(Verdict.SUPPORTED if told.so == so else Verdict.CONTRADICTED, told.fact)
        if self._quoted(hit):
            return None
        if term.doubtful and not self._meant(hit):
            return None
        if term.vocabulary == "colours" and self._is_of_the_sky(hit):
            return None
        if not so and term.vocabulary != "properties":
            return None
        if other := self.speaks.get(term.vocabulary):
            if (whole := vocabulary.kinds.get(term.concept)) and whole in self.told and term.vocabulary == "origin":
                return Judgement(Verdict.UNSUPPORTED)  # Yorkshire may be where the British knit this; no fact says so
            return Judgement(Verdict.CONTRADICTED if term.vocabulary != "properties" else Verdict.UNSUPPORTED, other)
        return Judgement(Verdict.UNSUPPORTED)

    def _goes_on(self, hit: Hit) -> bool:
        """Whether "with cable" is only the beginning: "con cable de carga"."""
        after = [w.plain for w in self.words[hit.last : hit.last + 1]]
        return bool(_ATTRIBUTE & set(after))

    def _wrong_part(self, hit: Hit, key: str) -> Judgement | None:
        """A part in words ("three quarters recycled") that is not the fact's percentage."""
        part = _in_words(self.words, hit.first)
        told = [a.value for fact in self.facts if fact.key == key for a in fact.amounts]
        wrong = part is not None and told and all(_differ(part, each) for each in told)
        return Judgement(Verdict.CONTRADICTED, key) if wrong else None

    def _quoted(self, hit: Hit) -> bool:
        """Whether the word belongs to a name that a fact gives as a whole."""
        lower, last = self.text.casefold(), self.words[hit.last - 1].start  # "en toile" of "toile de coton"
        for fact in self.facts:
            for said in fact.texts:
                if len(said) > hit.end - hit.start:
                    at = lower.find(said.casefold())
                    if 0 <= at <= last and hit.end <= at + len(said):
                        return True
        return False

    def _meant(self, hit: Hit) -> bool:
        """Whether a word with everyday meanings is meant as one of its vocabulary."""
        before = [w.plain for w in self.words[max(0, hit.first - 4) : hit.first]]
        if hit.term.vocabulary == "origin":
            after = [w.plain for w in self.words[hit.last : hit.last + 1]]
            return any(_is_making(word) for word in (*before, *after))
        if hit.term.vocabulary == "properties":
            return bool(_INTO & set(before[-2:]))
        if hit.term.vocabulary == "foods":
            return "foods" in self.speaks and not any(word.startswith(_SERVING) for word in before)
        if hit.term.vocabulary == "ingredients":
            return "ingredients" in self.speaks or bool(_CONTAINING & set(before))
        if hit.term.vocabulary == "makers":
            fits = bool(_GOES_WITH & set(before[-2:])) or any(word.startswith(_GOING) for word in before)
            return fits or "makers" in self.speaks
        if hit.term.vocabulary == "materials":
            made_of = any(map(_is_making, before)) and bool(_OF & set(before[-2:]))
            return made_of or ("materials" in self.speaks and bool(_MADE_OF & set(before[-1:])))
        if hit.term.vocabulary == "colours":
            follows = hit.term.words[0] in _GREEN and "colours" in self.speaks and not _GREEN_THINGS & set(before[-1:])
            return follows or bool(_IN_COLOUR & set(before[-2:]))
        return hit.term.vocabulary in self.speaks

    def _is_other_tone(self, hit: Hit, key: str) -> bool:
        """Whether it is light in the text and dark in the fact, or the other way round."""
        beside = self.words[max(0, hit.first - 1) : hit.last + 1]
        told = [word for fact in self.facts if fact.key == key for said in fact.texts for word in words(said)]
        return {_tone(beside), _tone(told)} == {"light", "dark"}

    def _is_veneer(self, hit: Hit, key: str) -> bool:
        """Whether it is solid in the text, and a veneer or an imitation in the fact."""
        beside = self.words[max(0, hit.first - 1) : hit.last + 1]
        told = " ".join(fold(said) for fact in self.facts if fact.key == key for said in fact.texts)
        return any(word.plain.startswith(_SOLID) for word in beside) and any(stem in told for stem in _VENEER)

    def _is_of_the_sky(self, hit: Hit) -> bool:
        beside = self.words[max(0, hit.first - 1) : hit.first] + self.words[hit.last : hit.last + 1]
        return any(word.plain in _SKIES for word in beside)

    def _wrong_share(self, hit: Hit, key: str, vocabulary: Vocabulary) -> Judgement | None:
        """A share of a material ("80 % cotton") that is not the fact's."""
        stated = _share(self.text, self.words, hit)
        before = [word.plain for word in self.words[max(0, hit.first - 4) : hit.first]]
        if stated is None and (_PURE & set(before[-1:]) or (_WHOLLY & set(before) and _OF & set(before))):
            stated = Decimal(100)
        if stated is None:
            return None
        told = self._share_told(key, hit.term.concept, vocabulary)
        return Judgement(Verdict.CONTRADICTED, key) if told is not None and _differ(stated, told) else None


def _is_making(word: str) -> bool:
    return word in _MADE or word.startswith(_MAKING)


def _tone(near: Sequence[Word]) -> str:
    plain = [word.plain for word in near]
    for tone, whole in (("light", _LIGHT), ("dark", _DARK)):
        if whole & set(plain) or any(p.startswith(stem) for p in plain for stem in _BEFORE_COLOUR & whole):
            return tone
    return ""


_COMPOUND = re.compile(
    r"\b([^\W\d_]{3,40}?)(?:s|n|en)?(?:anteil|gehalte?|aandeel|andel|innehåll)\w{0,2}"
    r"\s*(?:von|van|på|av|af|beträgt|bedraagt|:)?\s*(\d+(?:[.,]\d+)?)\s*%",
    re.IGNORECASE,
)
_PERCENT = r"(?:%|percent|per cent|prozent|pour cent|por ciento|por cento|per cento|procent\w*|proc\.)"


def _share(text: str, text_words: Sequence[Word], hit: Hit) -> Decimal | None:
    if said := _in_words(text_words, hit.first):
        return said
    before = text[max(0, hit.start - 22) : hit.start].casefold()
    found = re.search(rf"(\d+(?:[.,]\d+)?)\s*{_PERCENT}[^\d,;.]*$", before)
    if not found:
        after = text[hit.end : hit.end + 22].casefold()
        found = re.match(rf"(?:anteil)?\s*[:(]?\s*(\d+(?:[.,]\d+)?)\s*{_PERCENT}", after)
    return Decimal(found[1].replace(",", ".")) if found else None


_SHARES = {tuple(form.split("_")): Decimal(str(n)) for n, forms in _LISTS["shares"].items() for form in forms.split()}


def _in_words(text_words: Sequence[Word], first: int) -> Decimal | None:
    """A share in words right before a material, with at most "of" between: "two thirds cotton"."""
    before = [w.plain for w in text_words[max(0, first - 5) : first]]
    if len(before) > 1 and before[-1] in _STUFF:
        before.pop()
    if before and before[-1] in _OF:
        before.pop()
    return next((_SHARES[tuple(before[-n:])] for n in (2, 1) if tuple(before[-n:]) in _SHARES), None)


def _differ(one: Decimal, other: Decimal) -> bool:
    """Shares in words are round: two thirds are 67 %."""
    return one != other and (one == one.to_integral_value() or abs(one - other) > 1)


_MODALS = tuple(fold(stem) for stem in _LISTS["modals"].split())
_SENTENCE = re.compile(r"[.;!?\n•|]")
_ONLY = frozenset(_LISTS["only"].split()) | frozenset(_LISTS["merely"].split())


def _negated(text: str, text_words: Sequence[Word], first: int) -> bool:
    """Whether a word close before says no, in the same sentence: "not safe for the dishwasher"."""
    near = text_words[max(0, first - 7) : first + 1]
    pairs = zip(near, near[1:], strict=False)
    before = [w for w, after in pairs if w.plain in NEGATIONS and after.plain not in _ONLY]  # "not only red" is red
    if not before:
        return False
    between = text[before[-1].end : text_words[first].start]
    return not _SENTENCE.search(between) and (before[-1] in text_words[max(0, first - 4) : first] or _may(between))


def _may(between: str) -> bool:
    """Whether a far negation speaks of what can or must not be done: "nie można podgrzewać w kuchence …"."""
    return "," not in between and any(word.plain.startswith(_MODALS) for word in words(between)[:2])


_FITNESS = frozenset(["safe", "compatible", "suitable", "ready", "friendly", "proof", "capable"])


@cache
def _feature(word: str) -> str:
    """What a product is or can be, by a folded word for it in any language; "" for other words."""
    rows = listed("features").items()
    return next((feature for feature, stems in rows if word.startswith(tuple(stems.split()))), "")


def _same(name: str, word: str) -> bool:
    return alike(name, word) or (bool(feature := _feature(name)) and _feature(word) == feature)


def yes_or_no(text: str, facts: Sequence[Fact]) -> Iterator[tuple[int, int, str, Judgement]]:
    """Facts that say yes or no, where the text uses all words of their name."""
    text_words = words(text)
    for fact in facts:
        if fact.yes is None:
            continue
        names = [
            name
            for name in fact.names
            if name not in {"is", "has", "with", "mit", "ist", "hat", "con", "avec", "s", "z"} and len(name) > 2
        ]
        if any(_feature(name) for name in names):  # iron_safe: "si può stirare"
            names = [name for name in names if name not in _FITNESS] or names
        found = [next((w for w in text_words if _same(name, w.plain.rpartition("'")[2])), None) for name in names]
        hits = sorted((w for w in found if w is not None), key=lambda w: w.start)
        if not names or len(hits) < len(names) or hits[-1].end - hits[0].start > 60:
            continue
        first, last = text_words.index(hits[0]), text_words.index(hits[-1])
        so = not _negated(text, text_words, first) and not any(w.plain in NEGATIONS for w in text_words[first:last])
        verdict = Verdict.SUPPORTED if so == fact.yes else Verdict.CONTRADICTED
        yield hits[0].start, hits[-1].end, "properties", Judgement(verdict, fact.key)
