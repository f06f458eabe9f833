"""Claims that two kinds of words make together: an effect and a complaint, a kindness and the planet."""

from __future__ import annotations

import pytest

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
        "It reduces nothing. Migraine is the name of the band.",  # two sentences
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


def test_a_pack_says_what_it_lacks() -> None:
    rule = {"code": "r", "severity": "warn", "near": [{"first": {"en": ["cure*"]}}]}
    with pytest.raises(ValueError, match="my: r: what is near needs words that come “first”, and words “then”"):
        read_pack("my", {"rules": [rule]})
