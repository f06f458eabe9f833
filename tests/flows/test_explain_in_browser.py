"""From "not live" to the cause, to the field that mends it, and to live."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(500)]


def test_what_is_not_live_says_why_and_where_it_is_mended(product: Product) -> None:
    product.start("--demo")
    ((sku,),) = product.rows(
        "SELECT v.sku FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id WHERE p.code = 'carafe'"
    )
    with chromium() as browser:
        mara = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        mara.goto(f"{product.url}/products/carafe/")
        _brand(mara, "Glassworks of the old town " * 4)
        _approve(product, sku)
        chiara = sign_in(browser, product.url, "channelmanager", "channelmanager-demo")
        chiara.goto(f"{product.url}/channels/google/?state=blocked")
        reload_until(chiara, chiara.get_by_role("link", name="Glass Carafe with Cork"))
        chiara.get_by_role("link", name="Glass Carafe with Cork").click()
        expect(chiara.get_by_text("Google takes 70").first).to_be_visible()
        expect(chiara.get_by_text("Next: merchandisers.")).to_be_visible()
        look(chiara, "100-why-not")
        listing = chiara.url
        chiara.get_by_role("link", name="Go to brand").first.click()
        assert chiara.url.endswith("#field-brand")
        mara.goto(chiara.url)
        _brand(mara, "Glassworks")
        _approve(product, sku)
        chiara.goto(listing)
        reload_until(chiara, chiara.get_by_text("Google Merchant shows every field as it should be"))
        expect(chiara.get_by_text("Not passed:")).to_have_count(0)
        look(chiara, "101-live")
    assert product.sandbox("violations") == []


def _brand(page: Page, words: str) -> None:
    page.locator("[id='value:brand']").fill(words.strip())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Brand")).to_be_visible()


def _approve(product: Product, sku: str) -> None:
    for verb, who in (("submit", "merchandiser"), ("approve", "reviewer")):
        done = product.run(verb, "--sku", sku, "--as", who, "--json")
        assert not done.json["refused"], done.out
