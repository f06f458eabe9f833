"""What goes with which maker's things, what is the only one of several, and where exactly a thing comes from."""

from __future__ import annotations

import pytest

from governance.copywriting.claims.check import check_text
from pimhub.foundation.jsonvalue import JSON

YES, NO, NONE = "supported", "contradicted", "unsupported"
APPS: dict[str, JSON] = {"compatible_with": ["iOS", "Android"]}
SIZES: dict[str, JSON] = {"sizes": ["S", "M", "L", "XL"]}
COLOURS: dict[str, JSON] = {"colours": ["red", "blue", "green"]}


def said(locale: str, text: str, facts: dict[str, JSON], kind: str) -> dict[str, str]:
    return {c.text: str(c.verdict) for c in check_text(text, locale=locale, facts=facts) if c.kind == kind}


@pytest.mark.parametrize(
    ("locale", "text", "facts", "expected"),
    [
        ("en_GB", "The app is for iOS only.", APPS, {"iOS only": NO}),
        ("en_GB", "For iOS and Android only.", APPS, {"iOS and Android only": YES}),
        ("nl_NL", "Alleen in maat S tot en met M.", SIZES, {"Alleen in maat S tot en met M": NO}),
        ("nl_NL", "Alleen in maat S tot en met XL.", SIZES, {"Alleen in maat S tot en met XL": YES}),
        ("de_DE", "Nur in Rot und Blau erhältlich.", COLOURS, {"Nur in Rot und Blau": NO}),
        ("fr_FR", "Disponible uniquement en rouge.", COLOURS, {"uniquement en rouge": NO}),
        ("pl_PL", "Tylko w kolorze czerwonym.", COLOURS, {"Tylko w kolorze czerwonym": NO}),
        ("en_GB", "Only the best for your phone: red, blue or green.", COLOURS, {}),
        ("de_DE", "Nicht nur in Rot.", COLOURS, {}),
        ("es_ES", "No solo para iOS.", APPS, {}),
        ("de_DE", "Nur in Rot.", {"colour": "red"}, {}),
    ],
)
def test_one_of_several_is_not_the_only_one(
    locale: str, text: str, facts: dict[str, JSON], expected: dict[str, str]
) -> None:
    assert said(locale, text, facts, "properties") == expected


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en_GB", "Not only for iOS."), ("de_DE", "Nicht nur für iOS."), ("fr_FR", "Pas seulement iOS.")],
)
def test_not_only_this_is_this_as_well(locale: str, text: str) -> None:
    assert said(locale, text, APPS, "technologies") == {"iOS": YES}
    assert said("en_GB", "Not for iOS.", APPS, "technologies") == {"iOS": NO}


@pytest.mark.parametrize(
    ("locale", "text", "facts", "expected"),
    [
        ("en_US", "Snap it onto your Nikon Z camera.", {"lens_mount": "Canon RF"}, {"Nikon": NO}),
        ("en_US", "Snap it onto your Canon RF camera.", {"lens_mount": "Canon RF"}, {"Canon": YES}),
        ("de_DE", "Passt in alle Geräte von Bosch.", {"battery_system": "Makita LXT"}, {"Bosch": NO}),
        ("it_IT", "Compatibile con Nespresso.", {"material": "aluminium"}, {"Nespresso": NONE}),
        ("de_DE", "Bosch baut Werkzeug.", {"brand": "Bosch"}, {}),
        ("sv_SE", "En klassiker från Husqvarna.", {"brand": "Husqvarna"}, {}),
    ],
)
def test_a_maker_is_read_where_something_is_to_go_with_its_things(
    locale: str, text: str, facts: dict[str, JSON], expected: dict[str, str]
) -> None:
    assert said(locale, text, facts, "makers") == expected


@pytest.mark.parametrize(
    ("locale", "text", "facts", "expected"),
    [
        ("en_GB", "Knitted in Yorkshire.", {"wool_origin": "Shetland"}, {"Yorkshire": NO}),
        ("en_GB", "Knitted in Yorkshire.", {"country_of_origin": "GB"}, {"Yorkshire": NONE}),
        ("en_GB", "Made in Britain.", {"region_of_origin": "Scotland"}, {"Britain": YES}),
        ("de_DE", "Geschmiedet in Solingen, hergestellt in Deutschland.", {"origin": "DE"}, {"Deutschland": YES}),
        ("it_IT", "Prodotto in Toscana.", {"origin": "CN"}, {"Toscana": NO}),
        ("de_DE", "In Paris trägt man das.", {"origin": "DE"}, {}),
    ],
)
def test_a_region_is_more_than_its_country(
    locale: str, text: str, facts: dict[str, JSON], expected: dict[str, str]
) -> None:
    found = said(locale, text, facts, "origin")
    assert {name: found.get(name) for name in expected} == expected
    assert expected or not found
