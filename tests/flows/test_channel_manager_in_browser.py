"""A channel manager's day: drift answered, removals confirmed, a bad change put back, every call found."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(500)]


def test_a_channel_is_widened_watched_put_right_and_put_back(product: Product) -> None:
    product.start("--demo")
    said: list[str] = []
    with chromium() as browser:
        ada = sign_in(browser, product.url, "admin", "administrator-demo")
        ada.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        # The shop asks before every removal from now on, and nothing is sent before the rollout.
        ada.goto(f"{product.url}/channels/shopify/settings/")
        look(ada, "90-settings")
        ada.get_by_label("Ask from so many removals a day on").fill("0")
        ada.get_by_role("button", name="Save").click()
        expect(ada.get_by_text("Saved: policy")).to_be_visible()
        assert product.run("submit", "--all", "--as", "merchandiser", "--json").json["submitted"] == 30
        assert product.run("approve", "--all", "--as", "reviewer", "--json").json["approved"] == 30
        assert product.run("publish", "shopify", "--wait", "--json").json["failed"] == 0
        page = sign_in(browser, product.url, "channelmanager", "channelmanager-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{product.url}/channels/shopify/")
        expect(page.get_by_text("The last changes were accepted half within")).to_be_visible()
        look(page, "91-channel")
        moment = page.evaluate("new Date().toISOString().slice(0, 19)")
        time.sleep(1.1)
        _drift(product, page)
        _removal(product, ada, page)
        _put_back(product, page, moment)
        page.get_by_role("link", name="Calls").click()
        page.get_by_label("Find calls").fill("CAP-SM")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("link", name="cap", exact=True).first).to_be_visible()
        look(page, "97-calls")
        page.set_viewport_size({"width": 360, "height": 740})
        for tab in ("", "held/", "drift/", "put-back/", "rollout/", "calls/"):
            page.goto(f"{product.url}/channels/shopify/{tab}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), tab
            menu, heading = page.locator(".sidenav ul").bounding_box(), page.locator("h1").bounding_box()
            assert menu, tab
            assert heading, tab
            assert menu["y"] + menu["height"] <= heading["y"], tab
        look(page, "98-narrow")
        assert [words for words in said if "422" not in words and "409" not in words] == []
    assert product.sandbox("violations") == []


def _drift(product: Product, page: Page) -> None:
    """Somebody renames a product in the shop's own admin; theirs is proposed, and ours is kept."""
    for handle, field, value in (("cap", "vendor", "Caps Ltd"), ("cap", "productType", "Hats")):
        product.sandbox("edit", channel="shopify", product=_remote(page, product, handle), field=field, value=value)
    page.goto(f"{product.url}/channels/shopify/drift/")
    page.get_by_role("button", name="Compare everything now").click()
    reload_until(page, page.get_by_text("content.vendor"))
    look(page, "92-drift")
    page.get_by_label("Choose vendor").check()
    page.keyboard.press("p")
    expect(page.get_by_text("1 values are proposed")).to_be_visible()
    page.get_by_label("Choose productType").check()
    page.get_by_role("button", name="Keep ours").click()
    expect(page.get_by_text("Ours is sent again for 1 products")).to_be_visible()
    expect(page.get_by_text("Nothing drifted")).to_be_visible()


def _remote(page: Page, product: Product, code: str) -> str:
    """The shop's id of a product, as its page here tells."""
    page.goto(f"{product.url}/channels/shopify/?q={code}")
    page.locator("table a").first.click()
    found = page.locator("dd.code", has_text="gid://shopify/Product/").first.inner_text()
    return str(found.strip())


def _removal(product: Product, ada: Page, page: Page) -> None:
    """A product goes to the trash; that it leaves the shop waits for a word."""
    ada.goto(f"{product.url}/products/cap/")
    ada.get_by_role("button", name="To the trash").click()
    ada.get_by_role("button", name="Move it to the trash all the same").click()
    page.goto(f"{product.url}/channels/shopify/held/")
    reload_until(page, page.get_by_text("is in the trash"))
    look(page, "93-held")
    page.get_by_label("Choose cap").check()
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_role("button", name="Send it").click()
    expect(page.get_by_text("1 confirmed")).to_be_visible()
    page.goto(f"{product.url}/channels/shopify/?state=off")
    reload_until(page, page.get_by_text("Black Cap"))
    look(page, "94-off")


def _put_back(product: Product, page: Page, moment: str) -> None:
    """Everything as it was in the morning; the product in the trash is named."""
    page.goto(f"{product.url}/channels/shopify/put-back/")
    page.get_by_label("To what it showed at").fill(moment)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("It is in the trash. Restore it first.")).to_be_visible()
    look(page, "95-put-back")
    page.get_by_label("Why", exact=True).fill("A bad morning")
    page.get_by_label("Hold also what stays").check()
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("dialog").get_by_role("button", name="Put it back").click()
    expect(page.get_by_text("Put back now")).to_be_visible()
    look(page, "96-pins")
    page.get_by_role("button", name="Let go of all").click()
    expect(page.get_by_text("follow their approved revision again")).to_be_visible()
