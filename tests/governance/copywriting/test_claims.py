"""What the checker says of texts in many languages. All sentences are our own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.copywriting.claims.check import check_text
from governance.copywriting.claims.rules import pack, shipped_packs
from governance.copywriting.claims.units import KNOWN
from pimhub.foundation.jsonvalue import JSON

RULES = [rule for code in ("eu_green_claims", "health_claims", "superlatives") for rule in pack(code)]
YES, NO, NONE = "supported", "contradicted", "unsupported"
SCREEN: dict[str, JSON] = {"diagonal": {"amount": "19", "unit": "in"}, "response_time": "5 ms", "frame_rate": "60"}
TABLE: dict[str, JSON] = {
    "length_cm": 120,
    "width_cm": "80",
    "height_cm": 74.5,
    "weight": {"amount": "35", "unit": "kg"},
}


def verdicts(locale: str, text: str, facts: Mapping[str, JSON]) -> dict[str, str]:
    return {claim.text: str(claim.verdict) for claim in check_text(text, locale=locale, facts=facts, rules=RULES)}


@pytest.mark.parametrize(
    ("locale", "text", "facts", "expected"),
    [
        # Numbers with units, in many languages, with decimal commas and groups of thousands.
        ("en_US", 'A 19" screen with 5 ms response.', SCREEN, {'19"': YES, "5 ms": YES}),
        ("en_US", "A 23-inch screen with 8ms response.", SCREEN, {"23-inch": NO, "8ms": NO}),
        (
            "de_DE",
            "Der 19-Zoll-Bildschirm zeigt 60 Bilder pro Sekunde.",
            SCREEN,
            {"19-Zoll": YES, "60 Bilder pro Sekunde": YES},
        ),
        (
            "fr_FR",
            "Un écran de 19 pouces, 30 images par seconde.",
            SCREEN,
            {"19 pouces": YES, "30 images par seconde": NO},
        ),
        ("cs_CZ", "19palcový monitor, 30 snímků za sekundu", SCREEN, {"19palcový": YES, "30 snímků za sekundu": NO}),
        ("pl_PL", "Ekran 22 cale, 60 klatek na sekundę", SCREEN, {"22 cale": NO, "60 klatek na sekundę": YES}),
        ("es_ES", "Pesa 1.750 g.", {"weight": "1.75 kg"}, {"1.750 g": YES}),
        (
            "de_DE",
            "Leistung: 1.200 Watt, wiegt 2,5 kg.",
            {"power_w": 1200, "weight": "3.5 kg"},
            {"1.200 Watt": YES, "2,5 kg": NO},
        ),
        ("fr_FR", "Puissance de 1 200 W", {"puissance": "1200 W"}, {"1 200 W": YES}),
        ("sv_SE", "Vikt 35 kilogram, höjd 74,5 centimeter", TABLE, {"35 kilogram": YES, "74,5 centimeter": YES}),
        ("it_IT", "Peso 36 chilogrammi", TABLE, {"36 chilogrammi": NO}),
        ("nl_NL", "Gewicht: 35 kilo", TABLE, {"35 kilo": YES}),
        ("hu_HU", "Porszívó 6 méteres kábellel", {"kabel": "5 m"}, {"6 méteres": NO}),
        ("fi_FI", "Säiliö 2 litraa", {"säiliö": "3 l"}, {"2 litraa": NO}),
        ("ro_RO", "Aspirator de 700 de wați", {"putere": "700 W"}, {"700 de wați": YES}),
        ("ru_RU", "Вес 4,5 кг", {"weight": "5 kg"}, {"4,5 кг": NO}),
        ("el_GR", "Ισχύς 700 βατ", {"power": "700 W"}, {"700 βατ": YES}),
        (
            "ja_JP",
            "重さ4.5kg、容量2.5リットル",
            {"weight": "5 kg", "volume": "2.5 l"},
            {"4.5kg": NO, "2.5リットル": YES},
        ),
        ("en_US", "A 1920x1080 picture", {"resolution": "1920 x 1200"}, {"1920": YES, "1080": NONE}),
        ("en_US", "4 HDMI ports", {"hdmi_ports": 3}, {"4": NO, "HDMI": YES}),
        # Conversions, rightly and wrongly rounded; units that were swapped.
        ("en_US", "A 48.3 cm screen", SCREEN, {"48.3 cm": YES}),
        ("en_US", "A 48 cm screen", SCREEN, {"48 cm": YES}),
        ("en_US", "A 19 cm screen", SCREEN, {"19 cm": NO}),
        ("en_US", "Weighs 77.2 lb, or 35,000 g.", TABLE, {"77.2 lb": YES, "35,000 g": YES}),
        ("en_US", "Weighs 35 lb.", TABLE, {"35 lb": NO}),
        ("en_US", "8 GB of memory", {"memory": "8192 MB"}, {"8 GB": YES}),
        ("en_US", "Up to 95 °F", {"temperature_max": "35 °C"}, {"95 °F": YES}),
        ("en_US", "2 years of warranty", {"warranty": "24 months"}, {"2 years": YES}),
        # The attribute must agree, not only value and unit.
        ("en_US", "The table is 80 cm wide and 120 cm long.", TABLE, {"80 cm": YES, "120 cm": YES}),
        ("en_US", "The table is 120 cm wide and 80 cm long.", TABLE, {"120 cm": NO, "80 cm": NO}),
        ("de_DE", "Der Tisch ist 120 cm breit.", TABLE, {"120 cm": NO}),
        ("fr_FR", "La table mesure 80 cm de haut.", TABLE, {"80 cm": NO}),
        # Ranges, dimensions, fractions.
        ("en_US", "Runs on 100-240 V.", {"power_supply": "AC 100-240 V, 50/60 Hz"}, {"100": YES, "240 V": YES}),
        ("en_US", "Runs on 100 to 250 V.", {"power_supply": "AC 100-240 V, 50/60 Hz"}, {"100": YES, "250 V": NO}),
        ("pl_PL", "Wymiary 120 x 80 x 70 cm", TABLE, {"120": YES, "80": YES, "70 cm": NO}),
        ("en_US", "Holds 1½ l.", {"volume": {"amount": "1.5", "unit": "l"}}, {"1½ l": YES}),
        ("en_US", "Holds 3/4 l.", {"volume": {"amount": "0.5", "unit": "l"}}, {"3/4 l": NO}),
        # Counts, names and codes.
        ("en_US", "Set of 6 pieces", {"pieces": 6}, {"6": YES}),
        ("en_US", "Set of 8 pieces", {"pieces": 6}, {"8": NO}),
        ("en_US", "The Alva 300 comes with 4 ports.", {"name": "Alva 300"}, {"300": YES, "4": NONE}),
        ("en_US", "Sharp 1080p video", {"video": "720p"}, {"1080p": NO}),
        ("en_US", "Sharp 720p video, IP67", {"video": "720p", "protection": "IP67"}, {"720p": YES, "IP67": YES}),
        ("en_US", "There for you 24/7, 2-in-1.", {"name": "Alva"}, {}),
        ("en_US", "Nan formula, 3 kg", {"brand": "Nan", "weight": "Infinity", "size": "1e5"}, {"3 kg": NONE}),
        # Nothing is known: nothing may be said.
        ("en_US", "Weighs 3 kg.", {"name": "Alva"}, {"3 kg": NONE}),
        ("en_US", "A 12x zoom", {"optical_zoom": 10, "megapixels": 12}, {"12x": NO}),
        (
            "de_DE",
            "Mit 10-fachem Zoom und 12 Megapixeln",
            {"optical_zoom": 10, "megapixels": 12},
            {"10-fachem": YES, "12 Megapixeln": YES},
        ),
    ],
)
def test_numbers(locale: str, text: str, facts: dict[str, JSON], expected: dict[str, str]) -> None:
    found = {key: verdict for key, verdict in verdicts(locale, text, facts).items() if verdict != "not_checkable"}
    assert found == expected


CLOTH: dict[str, JSON] = {"material": "80% cotton, 20% polyester", "color": "blue", "waterproof": False, "origin": "PT"}


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("en_US", "A blue shirt of cotton and polyester", {"blue": YES, "cotton": YES, "polyester": YES}),
        ("de_DE", "Ein rotes Hemd aus Baumwollstoff", {"rotes": NO, "Baumwollstoff": YES}),
        ("fr_FR", "Une chemise bleue en laine", {"bleue": YES, "laine": NO}),
        ("es_ES", "Camisa azul de lino y algodón", {"azul": YES, "lino": NO, "algodón": YES}),
        ("cs_CZ", "Modrá bavlněná košile", {"Modrá": YES, "bavlněná": YES}),
        ("pl_PL", "Zielona koszula z bawełny", {"Zielona": NO, "bawełny": YES}),
        ("nl_NL", "Blauw overhemd van katoen", {"Blauw": YES, "katoen": YES}),
        ("it_IT", "Camicia di seta nera", {"seta": NO, "nera": NO}),
        ("en_US", "Made of 20 % cotton and 80 % polyester", {"20 %": YES, "cotton": NO, "80 %": YES, "polyester": NO}),
        ("en_US", "This shirt is waterproof.", {"waterproof": NO}),
        ("de_DE", "Das Hemd ist nicht wasserdicht.", {"wasserdicht": YES}),
        ("en_US", "Made in Portugal", {"Portugal": YES}),
        ("de_DE", "Hergestellt in Italien", {"Italien": NO}),
        ("fr_FR", "Fabriquée au Portugal", {"Portugal": YES}),
        ("en_US", "OEKO-TEX certified and GOTS approved", {"OEKO-TEX": NONE, "GOTS": NONE}),
        ("en_US", "Dishwasher-safe, vegan and wireless", {"Dishwasher-safe": NONE, "vegan": NONE, "wireless": NONE}),
    ],
)
def test_words_of_closed_vocabularies(locale: str, text: str, expected: dict[str, str]) -> None:
    assert verdicts(locale, text, CLOTH) == expected


def test_a_kind_of_wood_is_wood_and_wood_is_not_oak() -> None:
    assert verdicts("en_US", "A wooden table", {"material": "Oak"}) == {"wooden": YES}
    assert verdicts("en_US", "An oak table", {"material": "Wood"}) == {"oak": NO}
    assert verdicts("de_DE", "Tisch aus Eichenholz", {"material": "Oak"}) == {"Eichenholz": YES}


def test_rivals_are_found_by_the_brands_of_the_catalogue() -> None:
    from governance.copywriting.claims.vocabulary import of_caller

    brands = of_caller({"brands": ["Alva", "Nordlicht"]})
    found = check_text("Better than Nordlicht, says Alva.", locale="en", facts={"brand": "Alva"}, lists=brands)
    assert [(c.text, str(c.verdict)) for c in found] == [("Nordlicht", NO), ("Alva", YES)]


STYLE = {
    "en_US": "A timeless companion that turns every morning into a small celebration.|Slip it on and feel at home.|"
    "Thoughtfully designed for people who love the little things.|Simple, quiet and full of character.|"
    "It is the golden rule of good taste: less is more.|A clear choice for anyone who likes order.|"
    "Green light for your next adventure.|The perfect gift for friends and family.|Your kitchen deserves this.",
    "de_DE": "Ein zeitloser Begleiter für jeden Tag.|Einfach anziehen und wohlfühlen.|"
    "Schlicht, leise, voller Charakter.|"
    "Ob im Büro oder unterwegs, er macht immer eine gute Figur.|"
    "Ein Klassiker, der nie aus der Mode kommt.",
    "fr_FR": "Un compagnon intemporel.|Pensé pour celles et ceux qui aiment les belles choses.|"
    "De quoi voir la vie en rose.",
    "es_ES": "El regalo perfecto para amigos y familia.|Pensado para quienes disfrutan.|"
    "Fácil de usar y un placer para la vista.",
    "cs_CZ": "Nadčasový společník.|Ideální dárek pro přátele a rodinu.|Hodí se do každé domácnosti.",
    "it_IT": "Un compagno senza tempo.|Il regalo perfetto tra amici.|Semplice, discreto e pieno di carattere.",
    "nl_NL": "Een tijdloze metgezel.|Eenvoudig, stil en vol karakter.|Het ideale cadeau voor vrienden.",
    "pl_PL": "Ponadczasowy towarzysz.|Idealny prezent dla przyjaciół i rodziny.|Prosty, cichy i pełen charakteru.",
}


@pytest.mark.parametrize(("locale", "text"), [(x, text) for x, texts in STYLE.items() for text in texts.split("|")])
def test_style_states_nothing(locale: str, text: str) -> None:
    assert verdicts(locale, text, {"material": "Oak", "color": "natural", "width": "80 cm"}) == {}


BANNED = [
    "eco-friendly",
    "climate neutral",
    "biodegradable",
    "umweltfreundlich",
    "klimaneutral",
    "nachhaltig",
    "neutre en carbone",
    "respectueux de l'environnement",
    "lowers blood pressure",
    "antibacterial",
    "entzündungshemmend",
    "stärkt das Immunsystem",
    "cliniquement prouvé",
    "quema grasa",
    "šetrný k přírodě",
    "przyjazny dla środowiska",
    "klimaatneutraal",
    "miljövänlig",
]
TRICKS = {
    "as it is": lambda term: term,
    "in capitals": str.upper,
    "without hyphens": lambda term: term.replace("-", " "),
    "in one word": lambda term: term.replace("-", "").replace(" ", ""),
    "with zero width": lambda term: "\u200b".join(term),
    "with soft hyphens": lambda term: term[:3] + "\u00ad" + term[3:],
    "with Cyrillic letters": lambda term: term.translate(str.maketrans("eaopc", "еаорс")),
    "with digits": lambda term: term.translate(str.maketrans("eio", "310")),
    "spaced out": lambda term: " ".join(term.replace("-", "").replace("'", "").replace(" ", "")),
    "with dots": lambda term: ".".join(term.replace("-", "").replace("'", "").replace(" ", "")),
    "with no-break spaces": lambda term: term.replace(" ", "\u00a0"),
    "full width": lambda term: "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in term),
    "accents dropped": lambda term: term.replace("é", "e").replace("ü", "u").replace("ä", "a").replace("ö", "o"),
}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("term", BANNED)
def test_banned_words_are_found_in_any_disguise(term: str, trick: str) -> None:
    text = f"This one is {TRICKS[trick](term)} and very nice to look at every day."
    found = check_text(text, locale="en", facts={}, rules=RULES)
    rules = [claim.rule for claim in found if claim.flagged]
    assert len(rules) == 1, text
    assert rules[0]
    assert rules[0].message


@pytest.mark.parametrize(
    ("locale", "text", "facts", "expected"),
    [
        # What one sentence denies says nothing of the next.
        ("en_US", "It is not waterproof. Made of oak.", {"waterproof": False}, {"waterproof": YES, "oak": NONE}),
        ("de_DE", "Ohne Akku. Aus Leder.", {"weight": "2 kg"}, {"Leder": NONE}),
        ("fr_FR", "Sans piles ! Certifiée GOTS.", {"weight": "2 kg"}, {"GOTS": NONE}),
        ("en_US", "Not made of oak.", {"material": "oak"}, {"oak": NO}),
        # A number that is denied is another one; a list's number is not denied.
        ("en_US", "It weighs not 2 kg.", {"weight": "2 kg"}, {"2 kg": NO}),
        ("de_DE", "Nicht 2 kg schwer.", {"weight": "2 kg"}, {"2 kg": NO}),
        ("es_ES", "Pesa no 2 kg.", {"weight": "2 kg"}, {"2 kg": NO}),
        ("en_US", "Not only 2 kg light.", {"weight": "2 kg"}, {"2 kg": YES}),
        ("en_US", "Order no 2 kg bag.", {"weight": "2 kg"}, {"2 kg": YES}),
        # Noughts behind a mark make thousands, not a decimal.
        ("de_DE", "Mit 1.200 kW.", {"power": {"amount": "1200", "unit": "w"}}, {"1.200 kW": NO}),
        ("de_DE", "Mit 1,2 kW.", {"power": {"amount": "1200", "unit": "w"}}, {"1,2 kW": YES}),
        ("de_DE", "Mit 1.254 kg.", {"weight": {"amount": "1254", "unit": "g"}}, {"1.254 kg": YES}),
        # Who is certified is so by somebody.
        ("en_US", "Certified quality.", {"certificates": "FSC"}, {"Certified": YES}),
        ("de_DE", "Zertifiziert und schön.", {"weight": "2 kg"}, {"Zertifiziert": NONE}),
        ("en_US", "FSC certified.", {"certificates": "FSC"}, {"FSC": YES}),
    ],
)
def test_what_a_change_of_a_true_sentence_says(
    locale: str, text: str, facts: dict[str, JSON], expected: dict[str, str]
) -> None:
    found = verdicts(locale, text, facts)
    assert {said: verdict for said, verdict in found.items() if said in expected} == expected
    assert len(found) == len(expected), found


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("The quietest fan in its class.", "superlative"),
        ("Der sparsamste Kühlschrank auf dem Markt.", "superlative"),
        ("La plus fine de sa catégorie.", "superlative"),
        ("De stilste op de markt.", "superlative"),
        ("Found in the forest, in the world of wood.", ""),
        ("The latest trends in the industry.", ""),
        ("Am besten im Kühlschrank lagern.", ""),
        ("It helps against migraines.", "relief"),
        ("Schützt vor Kälte.", ""),
        ("Protects against scratches.", ""),
        ("Reduces blood sugar.", "disease"),
        ("Reduces noise.", ""),
        ("Empfohlen, und von Zahnärzten geprüft.", "endorsed"),
        ("Recommended by our readers.", ""),
        ("Gentle on the environment.", "generic_environmental"),
        ("Gentle on the skin.", ""),
        ("Gut für unterwegs.", ""),
    ],
)
def test_rules_know_what_is_said_not_only_its_words(text: str, breaks: str) -> None:
    found = {claim.rule.code for claim in check_text(text, locale="en_US", facts={}, rules=RULES) if claim.rule}
    assert found == ({breaks} if breaks else set())


def test_what_a_text_denies_breaks_no_rule_and_a_certificate_proves_it() -> None:
    assert verdicts("en", "It is not biodegradable. A cured ham is no secure cure.", {}) == {}
    proved = check_text("Eco-friendly.", locale="en", facts={"certificate": "EU Ecolabel"}, rules=RULES)
    assert [(str(c.verdict), c.fact) for c in proved] == [(YES, "certificate")]


def test_healing_is_claimed_of_the_product_alone() -> None:
    assert (
        verdicts("en", "A self-healing cutting mat. We hope that they find healing like the women of our team.", {})
        == {}
    )
    for text in (
        "A healing balm.",
        "H.e.a.l.i.n.g power of crystals.",
        "Healing for tired skin.",
        "It speeds healing.",
    ):
        assert list(verdicts("en", text, {}).values()) == [NONE], text


def test_offsets_are_those_of_the_text_as_it_was_given() -> None:
    text = "Zero\u200bwidth\u00ad and 19\u00a0Zoll, ﬂ"
    for claim in check_text(text, locale="de", facts=SCREEN):
        assert text[claim.start : claim.end] == claim.text == "19\u00a0Zoll"


def test_every_pack_says_where_its_rules_come_from() -> None:
    assert {"eu_green_claims", "health_claims", "amazon_text", "google_text", "superlatives"} <= set(shipped_packs())
    assert all(rule.message for code in shipped_packs() for rule in pack(code))


LENGTHS = [unit for unit in KNOWN.values() if unit.code in {"mm", "cm", "m", "in", "ft"}]


@given(
    amount=st.decimals(min_value="0.5", max_value="5000", places=1),
    shown=st.sampled_from(LENGTHS),
    places=st.integers(0, 2),
    off=st.decimals(min_value="1.1", max_value="9", places=1),
)
def test_right_conversions_pass_and_wrong_amounts_do_not(
    amount: Decimal, shown: object, places: int, off: Decimal
) -> None:
    facts: dict[str, JSON] = {"reach": {"amount": str(amount), "unit": "cm"}}
    exact = shown.from_base(KNOWN["cm"].to_base(amount))  # type: ignore[attr-defined]
    right = round(exact, places)
    code = shown.code  # type: ignore[attr-defined]
    if right and abs(right - exact) <= abs(exact) * Decimal("0.02"):
        assert str(check_text(f"It reaches {right} {code}.", locale="en", facts=facts)[0].verdict) == YES
    wrong = round(exact * off, places)
    if wrong and abs(wrong - exact) > abs(exact) * Decimal("0.06"):
        assert str(check_text(f"It reaches {wrong} {code}.", locale="en", facts=facts)[0].verdict) == NO
