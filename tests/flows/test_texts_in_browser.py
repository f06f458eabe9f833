"""Texts from facts: estimated, written, looked at by keyboard, taken; and stale as soon as a fact changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]


def test_texts_are_written_decided_by_keyboard_and_go_stale(product: Product) -> None:
    product.start("--demo")
    listed = product.run(
        "shell",
        "-c",
        "from catalog.models import Product; print(*Product.objects.values_list('code', flat=True)[:3], sep=',')",
    )  # noqa: E501
    codes = listed.out.strip().splitlines()[-1].split(",")
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Texts").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Texts")
        look(page, "70-texts")
        page.get_by_role("link", name="Description for search engines").click()
        page.get_by_label("The whole request for product").fill(codes[0])
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_label("The request as it is sent")).to_contain_text('"facts"')
        look(page, "71-prompt")
        page.get_by_role("link", name="Have texts written").click()
        page.get_by_label("Language").select_option("en_US")
        page.get_by_label("Products").fill("\n".join(codes))
        page.get_by_role("button", name="Estimate").click()
        expect(page.get_by_text("3 products, 3 with all facts that are needed.")).to_be_visible()
        look(page, "72-estimate")
        page.get_by_role("button", name="Start").click()
        reload_until(page, page.get_by_text("Done", exact=True))
        look(page, "73-run")
        page.get_by_role("link", name="Look at the drafts").click()
        expect(page.locator("p.quiet").filter(has_text="3 waiting")).to_be_visible()
        expect(page.locator("mark.claim").first).to_be_visible()
        look(page, "74-draft")
        first = page.get_by_role("link", name="Open the product").get_attribute("href")
        page.wait_for_load_state()
        page.keyboard.press("a")
        expect(page.locator("p.quiet").filter(has_text="2 waiting")).to_be_visible()
        page.wait_for_load_state()
        page.keyboard.press("e")
        page.keyboard.press("End")
        page.keyboard.type(" Weighs 99 kg.")
        length = len(page.get_by_label("Text", exact=True).input_value())
        expect(page.locator("#meters li").first).to_contain_text(f"{length} of 320")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#flags")).to_contain_text("99 kg")
        look(page, "75-flagged")
        page.wait_for_load_state()
        page.keyboard.press("x")
        expect(page.locator("p.quiet").filter(has_text="1 waiting")).to_be_visible()
        page.goto(f"{product.url}{first}")
        expect(page.get_by_role("heading", name="Texts by AI")).to_be_visible()
        look(page, "76-product")
        page.locator("[id^='value:name']").first.fill("A quite different name")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Stale", exact=True)).to_be_visible()
        look(page, "77-stale")
        page.get_by_text("Still right…").click()
        page.get_by_label("Why the text holds with what is new").fill("The name on the box stays.")
        page.get_by_role("button", name="Say so").click()
        expect(page.get_by_text("that it holds: The name on the box stays.")).to_be_visible()
        expect(page.get_by_text("Stale", exact=True)).to_be_hidden()
        page.set_viewport_size({"width": 360, "height": 740})
        for path in ("texts/", "texts/prompts/search_description/", "texts/runs/new/"):
            page.goto(f"{product.url}/{path}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        look(page, "78-narrow")
        ada = sign_in(browser, product.url, "admin", "administrator-demo")
        ada.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        ada.get_by_role("navigation", name="Main").get_by_role("link", name="Texts").click()
        ada.get_by_role("link", name="Providers and budgets").click()
        ada.get_by_role("link", name="New provider").click()
        ada.get_by_label("Code").fill("acme")
        ada.get_by_label("Label").fill("Acme AI")
        ada.get_by_label("Address of the API").fill("https://ai.example/v1")
        ada.locator("#id_key").fill("sk-secret")
        ada.get_by_role("button", name="Save").click()
        expect(ada.get_by_text("A model without a price is not called.")).to_be_visible()
        look(ada, "79-provider")
        ada.goto(f"{product.url}/texts/prompts/search_description/")
        look(ada, "80-write-a-version")
        ada.goto(f"{product.url}/texts/rules/")
        ada.get_by_label("New pack").fill("Our voice")
        ada.get_by_label("Code").fill("our_voice")
        ada.get_by_role("button", name="Make the pack").click()
        ada.get_by_label("Words", exact=True).first.fill("cheap, bargain")
        ada.get_by_label("Why", exact=True).first.fill("We are not cheap.")
        ada.get_by_role("button", name="Write the version").click()
        expect(ada.get_by_role("cell", name="We are not cheap.")).to_be_visible()
        look(ada, "81-rule-pack")
        ada.goto(f"{product.url}/texts/rules/")
        look(ada, "82-rule-packs")
        ada.goto(f"{product.url}/texts/figures/")
        ada.get_by_label("Percent of drafts").fill("20")
        ada.get_by_role("button", name="Set").click()
        assert ada.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        look(ada, "83-figures")
        ada.set_viewport_size({"width": 360, "height": 740})
        for path in ("texts/rules/", "texts/rules/our_voice/", "texts/rules/eu_green_claims/", "texts/figures/"):
            ada.goto(f"{product.url}/{path}")
            assert ada.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{product.url}/products/")
        page.get_by_label("Select this page").check()
        look(page, "84-grid")
        page.get_by_role("button", name="Have texts written…").click()
        expect(page.get_by_text("of the grid are chosen")).to_be_visible()
        look(page, "85-run-from-the-grid")
    assert [text for text in said if "(Unprocessable Entity)" not in text] == []
