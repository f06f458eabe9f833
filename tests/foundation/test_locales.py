"""Locale codes and their fallback."""

from __future__ import annotations

import pytest

from pimhub.foundation.locales import fallback_chain, is_locale


@pytest.mark.parametrize(
    ("locale", "chain"),
    [
        ("de_AT", ("de_AT", "de")),
        ("de", ("de",)),
        ("zh_Hans_CN", ("zh_Hans_CN", "zh_Hans", "zh")),
        ("es_419", ("es_419", "es")),
    ],
)
def test_it_falls_back_to_the_bare_language(locale: str, chain: tuple[str, ...]) -> None:
    assert fallback_chain(locale) == chain


@pytest.mark.parametrize("code", ["en", "en_US", "zh_Hans", "zh_Hans_CN", "gsw_CH", "es_419"])
def test_it_knows_a_locale(code: str) -> None:
    assert is_locale(code)


@pytest.mark.parametrize("code", ["", "EN", "en-US", "en_us", "english", "en_US_", "en_US\n"])
def test_it_refuses_other_spellings(code: str) -> None:
    assert not is_locale(code)
