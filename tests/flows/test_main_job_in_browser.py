"""The whole story in a browser: import, edit, submit, approve, live."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import ROOT, Product

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]
FURNITURE = ROOT / "tests/data/shopify/packt_furniture.csv"
PICTURES = os.environ.get("PIMHUB_SCREENSHOTS", "")


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_the_main_job(product: Product) -> None:
    product.run("demo", "--empty")
    product.start()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "cdn.shopify.com" not in str(message.location):
            said.append(message.text)

    with chromium() as browser:
        mara = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        mara.on("console", listen)
        expect(mara.get_by_text("No products yet")).to_be_visible()
        mara.get_by_role("link", name="Import a file").first.click()
        look(mara, "1-import")
        mara.set_input_files("#file", str(FURNITURE))
        mara.get_by_role("button", name="Check the file").click()
        expect(mara.get_by_text("nothing has been written yet")).to_be_visible(timeout=30_000)
        look(mara, "2-dry-run")
        mara.get_by_role("button", name="Apply: 21 new").click()
        expect(mara.locator("#run-state")).to_have_text("Applied.", timeout=30_000)
        mara.get_by_role("link", name="See the products").click()
        expect(mara.locator("tbody tr")).to_have_count(20)
        look(mara, "3-grid")

        mara.get_by_role("link", name="Floor Lamp").click()
        mara.locator("[id='value:name@en_US']").fill("Tall Floor Lamp")
        mara.get_by_role("button", name="Save").click()
        expect(mara.get_by_role("heading", level=1)).to_have_text("Tall Floor Lamp")
        expect(mara.locator(".timeline").get_by_text("Mara Lind").first).to_be_visible()
        look(mara, "4-product")
        mara.get_by_role("button", name="Submit for review").click()
        expect(mara.get_by_role("button", name="Withdraw")).to_be_visible()

        rafael = sign_in(browser, product.url, "reviewer", "reviewer-demo")
        rafael.on("console", listen)
        rafael.get_by_role("link", name="Tall Floor Lamp").click()
        look(rafael, "5-review")
        expect(rafael.get_by_text("this is the first approval")).to_be_visible()
        rafael.get_by_role("button", name="Approve").click()
        expect(rafael.get_by_text("is approved as revision 1")).to_be_visible()

        chiara = sign_in(browser, product.url, "channelmanager", "channelmanager-demo")
        chiara.on("console", listen)
        look(chiara, "6-channels")
        chiara.get_by_role("link", name="Shopify shop").first.click()
        # The seconds in which Rafael may take it back go by first.
        reload_until(chiara, chiara.get_by_role("link", name="Tall Floor Lamp"))
        product.run("publish", "shopify", "--wait")
        chiara.get_by_role("link", name="Tall Floor Lamp").click()
        reload_until(chiara, chiara.get_by_text("Nothing: the channel has accepted all of it."))
        expect(chiara.get_by_role("cell", name="Live", exact=True).first).to_be_visible()
        look(chiara, "7-listing")
        chiara.goto(f"{product.url}/channels/")
        feed = chiara.locator("a", has_text="/feeds/google/")
        reload_until(chiara, feed)
        look(chiara, "8-channels-live")
        assert chiara.request.get(str(feed.get_attribute("href"))).status == 200

        assert mara.request.get(f"{product.url}/review/").status == 403
        assert chiara.request.get(f"{product.url}/imports/").status == 403
    assert said == []
    assert product.sandbox("violations") == []


def test_a_stale_edit_is_a_conflict_at_the_field(product: Product) -> None:
    product.start("--demo")
    with chromium() as browser:
        first = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        second = sign_in(browser, product.url, "admin", "administrator-demo")
        for page in (first, second):
            page.goto(f"{product.url}/products/kettlebell/")
        first.locator("[id='value:brand']").fill("First brand")
        first.get_by_role("button", name="Save").click()
        expect(first.get_by_text("Saved: Brand")).to_be_visible()
        second.locator("[id='value:brand']").fill("Second brand")
        second.get_by_role("button", name="Save").click()
        expect(second.locator("[id='error-brand']")).to_contain_text("First brand")
        look(second, "9-conflict")
        first.reload()
        expect(first.locator("[id='value:brand']")).to_have_value("First brand")
