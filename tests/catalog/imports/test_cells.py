"""Cells become canonical values, or a reason with a remedy."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.imports.formats.cells import READERS, CellProblem, measured
from catalog.imports.text import clean, code_key, guarded, repair_mojibake, slug, without_apostrophe
from catalog.products.gtin import check_digit


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("price", "12.99", Decimal("12.99")),
        ("price", "5", Decimal("5.00")),
        ("price", "12.9900", Decimal("12.99")),
        ("price", "0", Decimal("0.00")),
        ("stock", "12", 12),
        ("stock", "-3", -3),
        ("stock", "4.0", 4),
        ("weight", "34000.0", Decimal("34000")),
        ("weight", "0.0", None),
        ("weight_unit", "LB", "lb"),
        ("weight_unit", "lbs", "lb"),
        ("gtin", "4006381333931", "4006381333931"),
        ("gtin", "'4006381333931", "4006381333931"),
        ("gtin", "4 006381\u00a0333-931", "4006381333931"),
        ("gtin", "96385074", "96385074"),
        ("gtin", "'", None),
        ("boolean", "TRUE", True),
        ("boolean", "false", False),
        ("shop_status", "Active", "active"),
        ("shop_status", "unlisted", "unlisted"),
        ("inventory_policy", "CONTINUE", "continue"),
        ("age_group", "Adult", "adult"),
        ("tracker", "shopify", True),
        ("tags", "Linen, shop,  linen,,", ["Linen", "shop"]),
        ("tags", ", ,", None),
        ("category", "Home>Kitchen > Mugs", "Home > Kitchen > Mugs"),
        ("category", "Uncategorized", None),
        ("country", "Czech Republic", "CZ"),
        ("country", "Deutschland", "DE"),
        ("country", "Schweden", "SE"),
        ("country", "Tyskland", "DE"),
        ("country", "Italie", "IT"),
        ("country", "it", "IT"),
        ("hs_code", "6109.10.00", "61091000"),
        ("hs_code", "611421", "611421"),
        ("url", "https://img.example/a.jpg?v=1", "https://img.example/a.jpg?v=1"),
        ("position", "3", 3),
        ("sku", "'00123", "00123"),
        ("sku", "''x", "'x"),
        ("sku", "=A1", "=A1"),
    ],
)
def test_it_reads(kind: str, text: str, value: Any) -> None:
    read = READERS[kind](text)
    assert (read.value, read.warning) == (value, None)


@pytest.mark.parametrize(
    ("kind", "text", "value", "code"),
    [
        ("price", "12,99 €", Decimal("12.99"), "price_format"),
        ("price", "€ 12.99", Decimal("12.99"), "price_format"),
        ("price", "1.299,00", Decimal("1299.00"), "price_format"),
        ("price", "1,299.00", Decimal("1299.00"), "price_format"),
        ("price", "12,9", Decimal("12.90"), "price_format"),
        ("tracker", "some-app", True, "tracker_not_kept"),
        ("category", "212", None, "category_number"),
        ("country", "Atlantis", None, "country"),
        ("hs_code", "many", None, "hs_code"),
        ("position", "first", None, "position"),
        ("gtin", "4006381333931.0", "4006381333931", "gtin_decimal"),
    ],
)
def test_it_reads_with_a_warning(kind: str, text: str, value: Any, code: str) -> None:
    read = READERS[kind](text)
    assert read.value == value
    assert read.warning is not None
    assert read.warning[0] == code
    assert text in read.warning[1]


@pytest.mark.parametrize(
    ("kind", "text", "code", "words"),
    [
        ("price", "1.299", "price_decimals", "3 decimals"),
        ("price", "0.001", "price_decimals", "3 decimals"),
        ("price", "1,299", "price", "1,299"),
        ("price", "free", "price", "12.99"),
        ("price", "-5", "price", "12.99"),
        ("price", "9" * 200, "price_too_large", "digits"),
        ("stock", "a few", "stock", "whole number"),
        ("stock", "1.5", "stock", "whole number"),
        ("weight", "heavy", "weight", "grams"),
        ("weight", "-1", "weight", "grams"),
        ("weight_unit", "stone", "not_an_option", "kg, g, lb, oz"),
        ("gtin", "4006381333932", "gtin_check_digit", "the last digit is 2, expected is 1"),
        ("gtin", "4.00638E+12", "gtin_rounded", "rounded by a spreadsheet"),
        ("gtin", "8720602863248-01", "gtin_length", "15 digits"),
        ("gtin", "12345678905", "gtin_length", "012345678905 would be right"),
        ("gtin", "n/a", "gtin_characters", "leave the cell empty"),
        ("gtin", "٤٠٠٦٣٨١٣٣٣٩٣١", "gtin_characters", "digits"),
        ("boolean", "maybe", "not_a_boolean", "TRUE nor FALSE"),
        ("shop_status", "on", "not_an_option", "active, draft, archived, unlisted"),
        ("url", "/a.jpg", "url", "https://"),
        ("url", "//img.example/a.jpg", "url", "https://"),
        ("url", "ftp://img.example/a.jpg", "url", "https://"),
        ("url", "javascript:alert(1)", "url", "https://"),
        ("url", "https:///a.jpg", "url", "no server"),
        ("url", "https://[a.jpg", "url", "no valid address"),
        ("url", "https://img.example/a.jpg, https://img.example/b.jpg", "url", "One address per row"),
    ],
)
def test_it_refuses_with_reason_and_remedy(kind: str, text: str, code: str, words: str) -> None:
    with pytest.raises(CellProblem) as problem:
        READERS[kind](text)
    assert problem.value.code == code
    assert words.casefold() in problem.value.message.casefold()


@pytest.mark.parametrize(
    ("grams", "unit", "amount"),
    [
        ("34000.0", "kg", "34"),
        ("226.796185", "lb", "0.5"),
        ("283.4952313", "oz", "10"),
        ("250.0201143", "lb", "0.5512"),
        ("2.8349523125", "oz", "0.1"),
        ("420", "g", "420"),
        ("1", "lb", "0.002205"),
    ],
)
def test_grams_become_the_amount_that_was_entered_in_its_unit(grams: str, unit: str, amount: str) -> None:
    assert measured(Decimal(grams), unit) == {"amount": amount, "unit": unit}


@given(st.text(alphabet="0123456789", min_size=12, max_size=12))
def test_every_right_ean_is_taken_and_every_wrong_digit_named(body: str) -> None:
    right = check_digit(body)
    assert READERS["gtin"](f"{body}{right}").value == f"{body}{right}"
    wrong = (right + 1) % 10
    with pytest.raises(CellProblem, match=f"last digit is {wrong}, expected is {right}"):
        READERS["gtin"](f"{body}{wrong}")


@pytest.mark.parametrize(
    ("given_text", "repaired"),
    [
        ("GrÃ¶ÃŸe", "Größe"),
        ("itâ€™s 50 â‚¬", "it’s 50 €"),
        ("cafÃ© â€“ bar", "café – bar"),
        ("party ðŸŽ‰", "party 🎉"),
        ("Â°C", "°C"),
    ],
)
def test_twice_decoded_letters_are_seen(given_text: str, repaired: str) -> None:
    assert repair_mojibake(given_text) == repaired


@pytest.mark.parametrize(
    "text",
    ["Größe", "NÃO É", "âme", "MAÇÃ", "câmara ânsia", "naïve façade", "« à »", "plain", "🎉", "Ángel Ñandú"],
)
def test_honest_accents_are_left_alone(text: str) -> None:
    assert repair_mojibake(text) == text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  a\u00a0", "a"),
        ("\ufeffa\u200b ", "a"),
        ("'=1+1", "=1+1"),
        ("'@home", "@home"),
        ("'tis", "'tis"),
        ("=1+1", "=1+1"),
        ("\u00a0", ""),
    ],
)
def test_edges_are_cleaned(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(st.text())
def test_a_guarded_cell_is_read_as_it_was(text: str) -> None:
    assert clean(guarded(text)) == clean(text)
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_one_apostrophe_goes_and_no_more() -> None:
    assert [without_apostrophe(text) for text in ("'1", "''1", "1'", "’1")] == ["1", "'1", "1'", "1"]


def test_slugs_are_ascii() -> None:
    cases = {
        "Length - Density": "length_density",
        "Mărime": "marime",
        "Größe": "grosse",
        "颜色": "",
        "Øl": "ol",
    }
    assert {text: slug(text, "_") for text in cases} == cases


def test_codes_compare_as_in_the_models() -> None:
    from catalog.models.codes import code_key as of_models

    for code in (" Ab\u00a0", "ﬁne", "STRASSE", "straße", "ＡＢ"):
        assert code_key(code) == of_models(code)
