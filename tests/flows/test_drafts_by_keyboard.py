"""Fifty drafts of two models without a mouse: taken, edited, turned down with a reason, left for later."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser import chromium, on, sign_in
from tests.flows.lamps import make_lamps
from tests.flows.product import Product
from tests.flows.test_accessible_in_browser import RULES, findings
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(600)]
ITEMS = 50
VALUES = '"brand": "Alva", "description@en_US": f"Oak lamp, {30 + n} cm high, with a cable of 2 m."'
# Lamps in turn by the honest and by the hallucinating model, each under a template of its own.
WRITE = """
from catalog.models import Attribute
from governance.copywriting import prompts, runs
from governance.models import AiProvider, PromptTemplate, PromptVersion
ada, rafael = (User.objects.get(username=name) for name in ("admin", "reviewer"))
for turn, model in enumerate(("honest", "hallucinating")):
    template = PromptTemplate.objects.create(
        code=model, label=f"By the {model} one", attribute=Attribute.objects.get(code="seo_description"))
    wording = {"instructions": "Name the facts.", "inputs": ["name", "brand", "description"], "max_length": 320,
               "packs": ["eu_green_claims", "health_claims"],
               "provider": AiProvider.objects.get(code="sandbox"), "model": f"sandbox-{model}"}
    version = prompts.write_version(template=template, by=ada, wording=wording)
    PromptVersion.objects.filter(pk=version.pk).update(evaluation={"green": True})
    version = prompts.activate(version=version, by=rafael)
    run = runs.plan(version=version, locale="en_US", ids=[p.pk for p in lamps][turn::2], by=ada, budget_micros=10**9)
    runs.start(run, by=ada)
"""
QUEUE = """
SELECT p.code, d.flags, d.text FROM governance_draft d
JOIN governance_proposal r ON r.id = d.proposal_id JOIN catalog_product p ON p.id = r.product_id
ORDER BY d.flags DESC, d.id
"""
DECIDED = """
SELECT p.code, r.state, r.why, u.username, d.edited_characters > 0, r.comment FROM governance_draft d
JOIN governance_proposal r ON r.id = d.proposal_id JOIN catalog_product p ON p.id = r.product_id
LEFT JOIN catalog_user u ON u.id = r.decided_by_id
"""


@dataclass(frozen=True)
class Decision:
    """What the database is to hold of one draft."""

    state: str
    why: str = ""
    edited: bool = False
    comment: str = ""


def written(product: Product) -> list[tuple[str, int, str]]:
    """The drafts in the order in which they come up."""
    for _ in range(120):
        rows = product.rows(QUEUE)
        if len(rows) == ITEMS:
            return [(str(code), int(flags), str(text)) for code, flags, text in rows]
        time.sleep(1)
    raise AssertionError((rows, product.logs()))


def edit(page: Page, text: str) -> None:
    page.keyboard.press("e")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")


def decide_flagged(page: Page, number: int, name: str) -> Decision:
    """Look at what is flagged, and at the fact beside it; then mend it, prove it, or turn it down."""
    page.keyboard.press("f")
    flag = page.locator("mark.claim:focus")
    expect(flag).to_have_attribute("data-verdict", "contradicted" if flag.get_attribute("data-fact") else "unsupported")
    if fact := flag.get_attribute("data-fact"):
        expect(page.locator(f"tr[data-of='{fact}']")).to_have_attribute("data-lit", "")
    match number % 3:
        case 0:
            edit(page, f"{name} by Alva.")
            return Decision("accepted", edited=True)
        case 1:
            page.keyboard.press("w")
            page.keyboard.type("nothing")
            page.keyboard.press("Control+Enter")
            return Decision("rejected", why="unproven")
    page.keyboard.press("x")
    return Decision("rejected", why="wrong")


def decide_plain(page: Page, number: int, text: str) -> Decision:
    if number % 5 == 0:
        edit(page, f"{text} Nice to have.")
        return Decision("accepted", edited=True)
    if number % 5 == 1:
        page.keyboard.press("c")
        page.keyboard.type("As on its page.")
        page.keyboard.press("Control+Enter")
        return Decision("accepted", comment="As on its page.")
    page.keyboard.press("a")
    return Decision("accepted")


def test_fifty_drafts_by_keyboard(product: Product) -> None:
    product.start("--demo")
    make_lamps(product, ITEMS, values=VALUES, then=WRITE)
    queue = written(product)
    flagged = [code for code, flags, _ in queue if flags]
    assert 20 <= len(flagged) <= 25, queue  # what the honest one wrote is never flagged
    later = {flagged[1], queue[-2][0]}
    wanted: dict[str, Decision] = {}
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{product.url}/texts/")
        page.wait_for_load_state()
        page.keyboard.press("j")
        for number, (code, flags, text) in enumerate([*queue, *(row for row in queue if row[0] in later)]):
            name = code.replace("lamp-", "Lamp ")
            on(page, name)
            expect(page.locator("#resting tbody tr").first).to_contain_text("Brand")
            if number in (0, len(flagged)):
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                    assert findings(page, RULES) == [], scheme
                page.set_viewport_size({"width": 640, "height": 450})  # as at 200 %
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
                page.set_viewport_size({"width": 1280, "height": 900})
            if number < ITEMS and code in later:
                page.keyboard.press("j")
                continue
            wanted[code] = decide_flagged(page, number, name) if flags else decide_plain(page, number, text)
            if number == 0:
                look(page, "86-draft-by-keyboard")
        on(page, "Texts")
    assert said == []
    found = {str(code): row for code, *row in product.rows(DECIDED)}
    assert len(found) == len(wanted) == ITEMS
    for code, decision in wanted.items():
        state, why, who, edited, comment = found[code]
        assert Decision(str(state), str(why), bool(edited), str(comment)) == decision, code
        assert who == "merchandiser"
    assert {d.state for d in wanted.values()} == {"accepted", "rejected"}
    assert len(product.rows("SELECT id FROM governance_auditentry WHERE kind LIKE 'proposal.%'")) == ITEMS
