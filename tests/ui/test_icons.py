"""Every icon that is named is drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from django.conf import settings

from catalog.templatetags.states import STATES

SPRITE = ElementTree.parse(settings.BASE_DIR / "static/icons.svg").getroot()  # our own file
DRAWN = {symbol.get("id") for symbol in SPRITE.iter("{http://www.w3.org/2000/svg}symbol")}


def used() -> set[str]:
    names = {look.icon for look in STATES.values()}
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = path.read_text()
        names |= set(re.findall(r'{%\s*icon\s+"([\w-]+)"', text))
        names |= set(re.findall(r'icon\|default:"([\w-]+)"', text))
        names |= set(re.findall(r'\bicon="([\w-]+)"', text))
        names |= set(re.findall(r'{%\s*empty_state\s[^%]*"([a-z0-9-]+)"\s*%}', text))
    return names


def test_every_icon_in_use_is_in_the_sprite() -> None:
    assert used() - DRAWN == set()
    assert {"pimhub", "x", "moon", "circle-check"} <= used()  # the search itself finds something


def test_the_sprite_carries_no_script() -> None:
    text = (settings.BASE_DIR / "static/icons.svg").read_text()
    assert not re.search(r"<script|\son\w+=|href=", text)
