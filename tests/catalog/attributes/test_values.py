"""Value keys and the order of reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.values import Found, ValueKey, check_key, resolve
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.locales import LOCALE_PATTERN
from tests.catalog.attributes.reading_order import CASES, Case


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("color", ValueKey("color")),
        ("name@en_US", ValueKey("name", "en_US")),
        ("name@zh_Hans_CN", ValueKey("name", "zh_Hans_CN")),
        ("description@de_DE#amazon_de", ValueKey("description", "de_DE", "amazon_de")),
        ("price_2#web", ValueKey("price_2", None, "web")),
    ],
)
def test_a_key_is_read_and_written(text: str, key: ValueKey) -> None:
    assert ValueKey.parse(text) == key
    assert str(key) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Color",
        "2color",
        "name@",
        "name@EN",
        "name@en-US",
        "name#",
        "#web",
        "a b",
        "name#web@de",
        "name\n",
    ],
)
def test_anything_else_is_no_key(text: str) -> None:
    with pytest.raises(ValueProblem) as refusal:
        ValueKey.parse(text)
    assert refusal.value.code == "bad_key"


codes = st.from_regex(r"\A[a-z][a-z0-9_]{0,9}\Z")


@given(codes, st.none() | st.from_regex(rf"\A(?:{LOCALE_PATTERN})\Z"), st.none() | codes)
def test_keys_round_trip(attribute: str, locale: str | None, scope: str | None) -> None:
    key = ValueKey(attribute, locale, scope)
    assert ValueKey.parse(str(key)) == key


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.promise)
def test_reading_order(case: Case) -> None:
    found = resolve(case.levels, "name", scopes=case.scopes, locales=case.locales)
    expected = Found(ValueKey.parse(case.key), case.value, case.level) if case.key else None
    assert found == expected


LOCALES, SCOPES = {"en_US", "de_DE"}, {"web", "print"}


@pytest.mark.parametrize(
    ("key", "localizable", "scopable", "code"),
    [
        ("a", False, False, None),
        ("a@en_US", True, False, None),
        ("a@en_US#web", True, True, None),
        ("a@en_US", True, True, None),
        ("a#web", False, True, None),
        ("a@en_US", False, False, "not_localizable"),
        ("a", True, False, "locale_missing"),
        ("a@fr_FR", True, False, "unknown_locale"),
        ("a#web", False, False, "not_scopable"),
        ("a#shop", False, True, "unknown_scope"),
        ("a#web", True, True, "locale_missing"),
    ],
)
def test_a_key_must_suit_its_attribute(key: str, localizable: bool, scopable: bool, code: str | None) -> None:
    spec = AttributeSpec(code="a", type="text", localizable=localizable, scopable=scopable)

    def check() -> None:
        check_key(ValueKey.parse(key), spec, locales=LOCALES, scopes=SCOPES)

    if code is None:
        check()
        return
    with pytest.raises(ValueProblem) as refusal:
        check()
    assert refusal.value.code == code
    assert refusal.value.remedy


def test_an_unknown_locale_names_the_known_ones() -> None:
    spec = AttributeSpec(code="a", type="text", localizable=True)
    with pytest.raises(ValueProblem, match="Known: de_DE, en_US"):
        check_key(ValueKey("a", "fr_FR"), spec, locales=LOCALES, scopes=())


def test_a_value_object_is_found_as_it_is() -> None:
    weight: JSON = {"amount": "1", "unit": "kg"}
    found = resolve([{"weight": weight}], "weight")
    assert found is not None
    assert found.value is weight
