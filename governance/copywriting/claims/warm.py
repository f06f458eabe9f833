"""Reads the word lists and rule packs before anybody waits for them: the first text is as fast as the others."""

from __future__ import annotations

from governance.copywriting.claims.check import check_text
from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.rules import pack, shipped_packs

TEXT = "1,5 kg · 3 cm · 2 x 3 hours · 7 widgets · 12.05.2024 · 3 May 2023 · cotton, red"


def languages() -> list[str]:
    """Those that numbers are known in words of."""
    return list(listed("numbers"))


def warm() -> None:
    """About half a second. Call it before a server forks, so that all its processes have it."""
    rules = [rule for code in shipped_packs() for rule in pack(code)]
    for language in languages():
        check_text(TEXT, locale=language, facts={"weight": {"amount": "1.5", "unit": "kg"}}, rules=rules)
