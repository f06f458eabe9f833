"""Sentences that are true, with one thing changed or added: which changes does the checker let pass?

Lines as for `claims`; those that are supported and that the checker finds nothing wrong with are the sentences, the
first 500. Each is changed in nine ways where it can be, and every change that passes is listed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measure import Table
from governance.copywriting.claims.check import Claim, check_text
from governance.copywriting.claims.quantities import Stated, stated
from governance.copywriting.claims.rules import Rule, pack
from governance.copywriting.claims.terms import NEGATIONS
from governance.copywriting.claims.vocabulary import Vocabulary, of_caller, shipped
from governance.copywriting.claims.words import fold, words

MOST = 500
PACKS = ("eu_green_claims", "health_claims", "superlatives")
BRANDS = ("Canon", "Sony", "Philips", "Bosch", "Samsung", "Makita", "Dyson", "Nikon", "Garmin", "Tefal")
# What is put in place of a unit: one of the same kind and far off, or else of another kind.
_UNITS = {"kg": "g", "g": "kg", "lb": "oz", "cm": "mm", "mm": "cm", "m": "cm", "in": "cm", "ft": "in", "l": "ml"}
_UNITS |= {"ml": "l", "w": "kW", "kw": "W", "v": "kV", "gb": "MB", "mb": "GB", "tb": "GB", "h": "min", "min": "h"}
_UNITS |= {"ms": "s", "s": "min", "hz": "kHz", "mah": "Ah", "c": "°F", "month": "years", "year": "months"}
_NOT = {"en": "not", "de": "nicht", "fr": "pas", "es": "no", "it": "non", "nl": "niet", "sv": "inte", "da": "ikke"}
_NOT |= {"pl": "nie", "pt": "não", "cs": "ne", "fi": "ei", "nb": "ikke", "no": "ikke"}
_MATERIALS = {
    "en": ("titanium", "bamboo", "leather", "stainless steel", "cotton", "oak"),
    "de": ("Titan", "Bambus", "Leder", "Edelstahl", "Baumwolle", "Eiche"),
    "fr": ("titane", "bambou", "cuir", "acier inoxydable", "coton", "chêne"),
    "es": ("titanio", "bambú", "cuero", "acero inoxidable", "algodón", "roble"),
    "it": ("titanio", "bambù", "pelle", "acciaio inox", "cotone", "rovere"),
    "nl": ("titanium", "bamboe", "leer", "roestvrij staal", "katoen", "eikenhout"),
}
_MADE_OF = {"en": "Made of", "de": "Aus", "fr": "En", "es": "Hecho de", "it": "Fatto di", "nl": "Gemaakt van"}
# What is added, in turn; other languages are given the English ones, as copy mixes them.
_ADDED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "certificate": {
        "en": ("FSC certified.", "OEKO-TEX Standard 100.", "TÜV tested.", "Energy Star certified.", "GOTS certified.",
               "CE marked.", "UL listed.", "Fairtrade certified.", "With the EU Ecolabel.", "ISO 9001 certified."),
        "de": ("FSC-zertifiziert.", "Nach OEKO-TEX Standard 100.", "TÜV-geprüft.", "Mit dem Blauen Engel.",
               "GS-geprüft.", "CE-zertifiziert.", "Fairtrade-zertifiziert.", "Trägt das EU-Bio-Siegel."),
        "fr": ("Certifié FSC.", "Certifié OEKO-TEX Standard 100.", "Label GOTS.", "Marquage CE.",
               "Certifié Ecocert.", "Norme NF.", "Issu du commerce équitable Fairtrade."),
        "es": ("Con certificado FSC.", "Certificado OEKO-TEX.", "Con marcado CE.", "Certificado GOTS.",
               "Con certificación Fairtrade."),
        "it": ("Certificato FSC.", "Certificato OEKO-TEX.", "Con marchio CE.", "Certificazione GOTS."),
        "nl": ("FSC-gecertificeerd.", "OEKO-TEX-gecertificeerd.", "Met CE-keurmerk.", "TÜV-getest."),
    },
    "superlative": {
        "en": ("The best of its class.", "The lightest in the world.", "Second to none.", "The number one choice.",
               "Unrivalled.", "Nothing beats it.", "The fastest on the market.", "World-class.", "The ultimate choice.",
               "The most powerful ever made."),
        "de": ("Das Beste seiner Klasse.", "Der Leichteste der Welt.", "Unschlagbar.", "Die Nummer 1.",
               "Konkurrenzlos.", "Der schnellste auf dem Markt.", "Unübertroffen.", "Weltweit führend."),
        "fr": ("Le meilleur de sa catégorie.", "Le plus léger au monde.", "Imbattable.", "Numéro 1.",
               "Inégalé.", "Le plus rapide du marché.", "Sans équivalent."),
        "es": ("El mejor de su clase.", "El más ligero del mundo.", "Inigualable.", "El número uno.", "Insuperable.",
               "El más rápido del mercado."),
        "it": ("Il migliore della sua classe.", "Il più leggero al mondo.", "Imbattibile.", "Il numero uno."),
        "nl": ("De beste in zijn klasse.", "De lichtste ter wereld.", "Onovertroffen.", "De nummer 1."),
    },
    "health claim": {
        "en": ("It relieves back pain.", "It lowers blood pressure.", "It strengthens the immune system.",
               "It prevents migraines.", "Helps against acne.", "Heals wounds faster.", "It reduces anxiety.",
               "It protects against colds.", "It detoxifies the body.", "Clinically proven.", "It cures insomnia.",
               "Recommended by doctors."),
        "de": ("Lindert Rückenschmerzen.", "Senkt den Blutdruck.", "Stärkt das Immunsystem.", "Beugt Migräne vor.",
               "Hilft gegen Akne.", "Heilt Wunden schneller.", "Schützt vor Erkältungen.", "Entgiftet den Körper.",
               "Klinisch getestet.", "Von Ärzten empfohlen."),
        "fr": ("Soulage le mal de dos.", "Abaisse la tension artérielle.", "Renforce le système immunitaire.",
               "Prévient la migraine.", "Efficace contre l'acné.", "Détoxifie le corps.", "Cliniquement prouvé.",
               "Recommandé par les médecins."),
        "es": ("Alivia el dolor de espalda.", "Reduce la presión arterial.", "Refuerza el sistema inmunitario.",
               "Previene la migraña.", "Combate el acné.", "Clínicamente probado.", "Recomendado por médicos."),
        "it": ("Allevia il mal di schiena.", "Abbassa la pressione sanguigna.", "Rafforza il sistema immunitario.",
               "Previene l'emicrania.", "Clinicamente testato."),
        "nl": ("Verlicht rugpijn.", "Verlaagt de bloeddruk.", "Versterkt het immuunsysteem.", "Voorkomt migraine.",
               "Klinisch bewezen."),
    },
    "green claim": {
        "en": ("Environmentally friendly.", "Climate neutral.", "Good for the planet.", "Carbon neutral production.",
               "Biodegradable.", "A sustainable choice.", "Kind to nature.", "Zero emissions.", "Eco-conscious.",
               "The green choice.", "Planet-friendly.", "CO2-neutral."),
        "de": ("Umweltfreundlich.", "Klimaneutral.", "Gut für den Planeten.", "CO2-neutral hergestellt.",
               "Biologisch abbaubar.", "Eine nachhaltige Wahl.", "Schont die Umwelt.", "Ökologisch.", "Emissionsfrei."),
        "fr": ("Respectueux de l'environnement.", "Neutre en carbone.", "Bon pour la planète.", "Biodégradable.",
               "Un choix durable.", "Écologique.", "Zéro émission.", "Écoresponsable."),
        "es": ("Respetuoso con el medio ambiente.", "Neutro en carbono.", "Bueno para el planeta.", "Biodegradable.",
               "Una opción sostenible.", "Ecológico.", "Cero emisiones."),
        "it": ("Rispettoso dell'ambiente.", "A impatto zero.", "Biodegradabile.", "Una scelta sostenibile.",
               "Ecologico."),
        "nl": ("Milieuvriendelijk.", "Klimaatneutraal.", "Biologisch afbreekbaar.", "Een duurzame keuze.",
               "Ecologisch."),
    },
}  # fmt: skip
_RIVALS = {
    "en": ("Better than {}.", "Quieter than any {}.", "By {}."),
    "de": ("Besser als {}.", "Leiser als jeder {}.", "Von {}."),
    "fr": ("Mieux que {}.", "Plus silencieux qu'un {}.", "De {}."),
    "es": ("Mejor que {}.", "Más silencioso que un {}.", "De {}."),
    "it": ("Meglio di {}.", "Più silenzioso di un {}.", "Di {}."),
    "nl": ("Beter dan {}.", "Stiller dan een {}.", "Van {}."),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A true text with its facts, and what the checker found in it."""

    number: int
    text: str
    locale: str
    facts: Mapping[str, Any]
    claims: Sequence[Claim]

    @property
    def language(self) -> str:
        return self.locale.replace("-", "_").partition("_")[0].lower()


@dataclass(frozen=True, slots=True)
class Changed:
    """The text with one thing changed, which lies from `start` to `end`."""

    text: str
    start: int
    end: int


def sentences(rows: Sequence[Mapping[str, Any]], judge: Callable[..., list[Claim]]) -> Iterator[Sentence]:
    """The supported ones that nothing is flagged in, each text once."""
    seen: set[str] = set()
    for number, row in enumerate(rows):
        if row["label"] != "supported" or row["text"] in seen or row.get("mutation") == "style":
            continue
        seen.add(row["text"])
        locale = row.get("locale") or row["lang"]
        claims = judge(row["text"], locale, row["facts"])
        if not any(claim.flagged for claim in claims) and any(claim.fact for claim in claims):
            yield Sentence(number, row["text"], locale, row["facts"], claims)


def changes(one: Sentence) -> Iterator[tuple[str, Changed]]:
    """The sentence in each of the nine ways that apply to it."""
    # Amounts that a fact measures: not those in the name of a model.
    lies = {(c.start, c.end) for c in one.claims if c.kind == "number" and c.fact and c.fact != "name"}
    amounts = [s for s in stated(one.text, one.locale.replace("-", "_")) if (s.start, s.end) in lies]
    digits = [s for s in amounts if not s.in_words and one.text[s.start].isdigit()]
    if digits:
        yield "number", _number(one, digits[one.number % len(digits)])
    if measured := [s for s in digits if s.unit is not None and not s.parts and one.text[s.number_end : s.end].strip()]:
        yield "unit", _unit(one, measured[one.number % len(measured)])
    if one.language in _MATERIALS:
        yield "material", _material(one)
    if negated := _negated(one, digits):
        yield "negation", negated
    for kind, phrases in _ADDED.items():
        listed = phrases.get(one.language, phrases["en"])
        yield kind, _with(one, listed[one.number % len(listed)])
    rivals = [brand for brand in BRANDS if fold(brand) not in fold(one.text + str(one.facts))]
    patterns = _RIVALS.get(one.language, _RIVALS["en"])
    rival = rivals[one.number % len(rivals)]
    yield "rival brand", _with(one, patterns[one.number % len(patterns)].format(rival))


def _put(one: Sentence, start: int, end: int, instead: str) -> Changed:
    return Changed(one.text[:start] + instead + one.text[end:], start, start + len(instead))


def _with(one: Sentence, phrase: str) -> Changed:
    body = one.text.rstrip()
    body += "" if body.endswith((".", "!", "?")) else "."
    return Changed(f"{body} {phrase}", len(body) + 1, len(body) + 1 + len(phrase))


def _number(one: Sentence, amount: Stated) -> Changed:
    value = amount.readings[0].value * (2 + one.number % 3) + 1
    shown = format(value.normalize(), "f") if value < Decimal(10**9) else "7"
    if one.language != "en":
        shown = shown.replace(".", ",")
    return _put(one, amount.start, amount.number_end, shown)


def _unit(one: Sentence, amount: Stated) -> Changed:
    assert amount.unit is not None
    other = _UNITS.get(amount.unit.code) or ("GB" if amount.unit.dimension != "data" else "kg")
    return _put(one, amount.number_end, amount.end, f" {other}")


def _material(one: Sentence) -> Changed:
    """Another material than the one it names; where it names none, one that no fact names."""
    listed = _MATERIALS[one.language]
    known = {h.term.concept for h in shipped(one.language).find(words(f"{one.text} {one.facts}"))}
    others = [each for each in listed if known.isdisjoint(h.term.concept for h in shipped("en").find(words(each)))]
    other = others[one.number % len(others)]
    hit = next((h for h in shipped(one.language).find(words(one.text)) if h.term.vocabulary == "materials"), None)
    if hit and any(c.start == hit.start and c.fact for c in one.claims):
        return _put(one, hit.start, hit.end, other)
    return _with(one, f"{_MADE_OF[one.language]} {other}.")


def _negated(one: Sentence, digits: Sequence[Stated]) -> Changed | None:
    """A supported word or number with "not" before it."""
    word = _NOT.get(one.language)
    plain = not any(w.plain in NEGATIONS for w in words(one.text))
    told = [c for c in one.claims if c.fact and c.kind not in ("number", "date", "rule", "brands", "origin")]
    told = [c for c in told if plain and one.facts.get(c.fact) is not False]
    places = [(c.start, c.end) for c in told] or [(s.start, s.end) for s in digits]
    if not word or not places:
        return None
    start, end = places[one.number % len(places)]
    return _put(one, start, end, f"{word} {one.text[start:end]}")


def run(say: Callable[[str], None], *, file: Path) -> Table:
    table = Table("mutations", say)
    rules: list[Rule] = [rule for code in PACKS for rule in pack(code)]
    brands: Vocabulary = of_caller({"brands": BRANDS})

    def judge(text: str, locale: str, facts: Mapping[str, Any]) -> list[Claim]:
        return check_text(text, locale=locale, facts=facts, rules=rules, lists=brands)

    rows = [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]
    tried = list(itertools.islice(sentences(rows, judge), MOST))
    found: dict[str, list[bool]] = {}
    passed = []
    for one in tried:
        for kind, changed in changes(one):
            claims = judge(changed.text, one.locale, one.facts)
            caught = any(c.flagged and c.start < changed.end and c.end > changed.start for c in claims)
            found.setdefault(kind, []).append(caught)
            if not caught:
                around = changed.text[max(0, changed.start - 30) : changed.end + 30]
                passed.append((kind, one.locale, re.sub(r"\s+", " ", around)))
    for kind, outcomes in found.items():
        table.add(kind, tried=len(outcomes), caught=sum(outcomes), passed=outcomes.count(False))
    table.add("all", sentences=len(tried), tried=sum(map(len, found.values())), passed=len(passed))
    for number, (kind, locale, text) in enumerate(passed, 1):
        table.add(f"passed {number}", kind=kind, locale=locale, text=text)
    return table
