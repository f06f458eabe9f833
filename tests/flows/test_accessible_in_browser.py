"""Every page that people come to, in light and dark, through axe-core: nothing serious, nothing critical; and no
field too narrow to read what one types."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page, expect

from tests.flows.browser import chromium, sign_in
from tests.flows.product import Product

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(900)]

AXE = (Path(__file__).parents[1] / "data/axe/axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
LEAST = 50  # kinds of pages: with fewer, the walk does not reach what people see
# Not pages: files, what signs out, what is for machines.
NO_PAGES = ("logout", "media", "api", "feeds", "static", "metrics", "schema", "hooks", "livez", "readyz")
_RUN = """async rules => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]})).violations
    .map(v => [v.id, v.impact, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])"""

# What one types into or chooses from, and that shows hardly anything of it.
_SQUEEZED = """[...document.querySelectorAll("main :is(input, select, textarea)")]
    .filter(e => e.offsetParent && !["checkbox", "radio", "file", "color", "range"].includes(e.type))
    .filter(e => e.getBoundingClientRect().width < 40).map(e => `squeezed: ${e.outerHTML.slice(0, 160)}`)"""


def findings(page: Page, rules: list[str]) -> list[str]:
    """The grave violations of the page as it is shown."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate(_RUN, rules)
    return [f"{rule} ({impact}): {nodes}" for rule, impact, nodes in found if impact in GRAVE]


def kind(path: str) -> str:
    """The pattern that serves an address: of each, one page is looked at."""
    try:
        return f"/{resolve(path).route}"
    except Resolver404:
        return ""


def links(page: Page, origin: str) -> list[str]:
    """Where the page leads within the product."""
    hrefs: list[str] = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
    found = [urlsplit(href) for href in hrefs if href.startswith(origin)]
    return [f"{each.path}?{each.query}" if each.query else each.path for each in found]


def test_every_page_passes_axe_in_light_and_dark(product: Product) -> None:
    product.start("--demo")
    bad: dict[str, list[str]] = {}
    seen: set[str] = set()
    with chromium() as browser:
        blank = browser.new_page()
        blank.goto(f"{product.url}/login/")
        bad["/login/"] = findings(blank, RULES)
        page = sign_in(browser, product.url, "admin", "administrator-demo")
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        waiting = deque(["/"])
        while waiting:
            path = waiting.popleft()
            route = kind(urlsplit(path).path)
            if not route or route in seen or path.strip("/").partition("/")[0] in NO_PAGES:
                continue
            seen.add(route)
            answer = page.request.get(f"{product.url}{path}")
            if "text/html" not in answer.headers.get("content-type", "") or "attachment" in str(answer.headers):
                continue
            page.emulate_media(color_scheme="light")
            page.goto(f"{product.url}{path}")
            bad[f"{path} (light)"] = findings(page, RULES) + page.evaluate(_SQUEEZED)
            page.emulate_media(color_scheme="dark")
            bad[f"{path} (dark)"] = findings(page, ["color-contrast"])
            waiting.extend(links(page, product.url))
    assert len(seen) >= LEAST, sorted(seen)
    told = [f"{path}: {each}" for path, those in bad.items() for each in those]
    assert not told, "\n".join(told)
