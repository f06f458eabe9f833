"""A channel manager changes a mapping: tried, previewed on everything, approved by another, live on the channel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]


def test_a_mapping_is_changed_with_its_impact_seen_and_a_rejection_is_led_back(product: Product) -> None:
    product.start("--demo")
    assert product.run("submit", "--all", "--as", "merchandiser", "--json").json["submitted"] == 30
    assert product.run("approve", "--all", "--as", "reviewer", "--json").json["approved"] == 30
    assert product.run("publish", "amazon", "--wait", "--json").json["live"] == 3
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "channelmanager", "channelmanager-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Channels").click()
        page.get_by_role("link", name="Amazon").first.click()
        page.get_by_role("link", name="Mapping").click()
        look(page, "80-mapping")
        title = page.get_by_label("Title")
        title.fill("name | shout")
        page.get_by_label("On product").fill("cap")
        page.get_by_role("button", name="Try").click()
        expect(page.get_by_text("There is no step “shout”")).to_be_visible()
        page.get_by_label("Title").fill("name | upper")
        page.get_by_label("Product type").fill('product_type | match: {"apparel": "SHIRT", "fitness": "SHIRT"}')
        page.get_by_role("button", name="Try").click()
        expect(page.locator("#tried")).to_contain_text("Preflight finds nothing")
        expect(page.locator("#tried")).to_contain_text("CAP")
        look(page, "81-tried")
        page.get_by_label("What is new").fill("Loud titles")
        page.get_by_role("button", name="Keep as a new version").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Mapping 2 of Amazon")
        expect(page.get_by_text("on all 30 products of the channel")).to_be_visible()
        expect(page.get_by_text("somebody else puts it in force")).to_be_visible()
        look(page, "82-impact")
        page.set_viewport_size({"width": 360, "height": 740})
        for path in ("channels/amazon/mapping/", "channels/amazon/mapping/2/"):
            page.goto(f"{product.url}/{path}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        look(page, "83-narrow")
        page.set_viewport_size({"width": 1300, "height": 900})
        ada = sign_in(browser, product.url, "admin", "administrator-demo")
        ada.goto(f"{product.url}/channels/amazon/mapping/2/")
        ada.get_by_role("button", name="Put version 2 in force").click()
        expect(ada.get_by_text("in force", exact=True)).to_be_visible()
        product.run("publish", "amazon", "--wait", "--json")
        page.goto(f"{product.url}/channels/amazon/?q=cap")
        page.get_by_role("link", name="Black Cap").click()
        expect(page.get_by_text("mapping 2").first).to_be_visible()
        expect(page.get_by_text("patchListingsItem").first).to_be_visible()
        # Amazon finds something against an item afterwards: it leads back to the field.
        late = [
            {"sku": "CAP-SM", "code": "90220", "message": "The brand is not approved.", "attributeNames": ["brand"]}
        ]
        assert _settings(product, late_issues=late)
        ada.goto(f"{product.url}/channels/amazon/mapping/1/")
        ada.get_by_role("button", name="Put version 1 in force").click()
        product.run("publish", "amazon", "--wait", "--json")
        reload_until(page, page.get_by_text("The brand is not approved.").first)
        look(page, "84-issue")
        page.get_by_role("link", name="Go to brand").first.click()
        assert "#field-brand" in page.url
    # The browser notes the one answer that says what is wrong with a rule.
    assert [words for words in said if "422" not in words] == []
    assert product.sandbox("violations") == []


def _settings(product: Product, **given: object) -> bool:
    return bool(product.sandbox("settings", channel="amazon", **given))
