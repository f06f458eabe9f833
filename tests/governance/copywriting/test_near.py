"""Claims that two kinds of words make together: an effect and a complaint, a kindness and the planet."""

from __future__ import annotations

import pytest

from governance.copywriting.claims.check import check_text
from governance.copywriting.claims.rules import offences, pack, read_pack
from governance.copywriting.claims.words import cleaned

PACKS = ("eu_green_claims", "health_claims", "superlatives")
RULES = [rule for code in PACKS for rule in pack(code)]


def found(text: str) -> list[str]:
    clean = cleaned(text).text
    return [f"{o.rule.pack}: {clean[o.start : o.end]}" for o in offences(clean, RULES)]


# Written without a look at the words of the packs, and before rules knew what stands near to each other.
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("health_claims", t)
            for t in ("It calms nervous stomachs.", "Boosts testosterone.", "Clears blocked noses.")
        ),
        *(("health_claims", t) for t in ("Regt den Kreislauf an.", "Gegen Kopfschmerzen.", "Lindert Husten.")),
        *(("health_claims", t) for t in ("Contre le mal de tête.", "Calme la toux.", "Calma la tos.", "Macht gesund.")),
        *(("eu_green_claims", t) for t in ("Leaves no trace on the planet.", "Nature-positive.", "Responsibly made.")),
        *(("eu_green_claims", t) for t in ("Offsets its emissions.", "Für eine saubere Umwelt.", "Bas carbone.")),
        *(("eu_green_claims", t) for t in ("Pour un monde plus vert.", "Huella cero.", "Carbon negative.")),
        *(("superlatives", t) for t in ("Tops every test.", "Leads the field.", "Voted product of the year.")),
        *(("superlatives", t) for t in ("Führend in Europa.", "Le plus silencieux de tous.", "El más vendido.")),
    ],
)
def test_claims_in_free_words_are_found_once(kind: str, text: str) -> None:
    [claim] = found(f"It is 20 cm wide. {text}")
    assert claim.startswith(kind)


@pytest.mark.parametrize(
    "text",
    [
        "It reduces nothing. Hangover is the name of the band.",  # two sentences
        "It does not cure headaches.",
        "Works with most popular formats.",
        "Supported: Windows Vista Home Premium.",
        "Double stitching reduces stress on the seams.",
        "The heart-shaped box keeps cookies fresh.",
        "Best before the date on the lid.",
        "Protects the table from cold water.",
        "Der Griff liegt gut in der Hand.",
        "Une housse qui protège la mémoire interne.",
    ],
)
def test_the_same_words_in_ordinary_copy_are_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("health_claims", "Feeling low? Saffron drops send insomnia packing."),
        ("health_claims", "Mit diesen Tropfen gehört Migräne der Vergangenheit an."),
        ("health_claims", "Une tasse le soir et vos insomnies ne seront plus qu'un souvenir."),
        ("health_claims", "Il bracciale magnetico sgonfia le articolazioni colpite dall'artrosi."),
        ("health_claims", "Pierde hasta seis kilos al mes."),
        ("health_claims", "Verdauungsfördernd, und ganz ohne Nebenwirkungen."),
        ("health_claims", "Helps you sleep, with no side effects."),
        ("eu_green_claims", "Plasticvrij verpakt, voor een betere wereld."),
        ("eu_green_claims", "Un detersivo gentile con fiumi e mari."),
        ("eu_green_claims", "Koop een schrift, red een bos."),
        ("eu_green_claims", "Jetez-la au fond du jardin, elle retournera à la terre."),
        ("superlatives", "So, wie es sonst kein Kissen kann: absolut unkaputtbar."),
        ("superlatives", "Totalmente inocuo para los peques."),
        ("superlatives", "Een geluid dat niemand ons nadoet."),
    ],
)
def test_what_is_spoken_of_is_found_whatever_the_verb(kind: str, text: str) -> None:
    assert {each.partition(":")[0] for each in found(text)} == {kind}


def test_what_the_facts_name_may_be_spoken_of() -> None:
    text = "Measures blood pressure on the upper arm. The box is recyclable."
    claims = check_text(text, locale="en_US", facts={"type": "Blood pressure monitor"}, rules=RULES)
    assert [c.text for c in claims if c.flagged] == ["recyclable"]
    claims = check_text(text, locale="en_US", facts={"type": "Monitor", "packaging_recyclable": True}, rules=RULES)
    assert [c.text for c in claims if c.flagged] == ["blood pressure"]
    # Naming an illness is no leave to say that it is cured.
    claims = check_text("Cures eczema.", locale="en_US", facts={"use": "for skin with eczema"}, rules=RULES)
    assert [c.rule.code for c in claims if c.flagged and c.rule] == ["disease", "relief"]


def test_a_pack_says_what_it_lacks() -> None:
    rule = {"code": "r", "severity": "warn", "near": [{"first": {"en": ["cure*"]}}]}
    with pytest.raises(ValueError, match="my: r: what is near needs words “then”"):
        read_pack("my", {"rules": [rule]})
