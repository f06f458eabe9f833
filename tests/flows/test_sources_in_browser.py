"""The ERP speaks, a source is set up, its figure overridden for a time, a price held, a comparison repaired."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look
from tests.flows.test_webhooks_in_browser import narrow

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]
CODE, SKU = "kettlebell", "KETTLEBELL-8KG"


def call(url: str, body: Any, token: str = "") -> None:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status in (200, 201)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def test_a_source_an_override_a_held_price_and_a_repair(product: Product) -> None:
    product.start("--demo")
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "admin", "administrator-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        told_by_the_erp(page, product)
        set_up(page, product)
        deliver(page, product)
        token = product.run("create_token", "admin", "--scope", "ownership:write", "--json").json["token"]
        rule = {"code": "wms_stock", "owner": "wms", "part": "stock", "otherwise": "override", "override_days": 3}
        call(f"{product.url}/api/v1/ownership/", rule, token)
        mara = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        override(mara, product)
        held_price(mara, page, product)
        compare(page, product)
    # A form that is refused is answered with 422, and the browser notes that.
    assert [text for text in said if "status of 422" not in text] == []


def told_by_the_erp(page: Page, product: Product) -> None:
    """Somebody at the ERP sets price and units: the hub is told by itself."""
    page.goto(f"http://127.0.0.1:{(product.home / 'sandbox/port').read_text().strip()}/erp/")
    row = page.get_by_role("row").filter(has_text=SKU)
    row.get_by_label(f"Units of {SKU}").fill("12")
    row.get_by_label(f"Price of {SKU}").fill("51.00")
    row.get_by_role("button", name="Set").click()
    look(page, "93-erp")
    page.goto(f"{product.url}/products/{CODE}/")
    reload_until(page, page.locator("[aria-label^='Stock of'][value='12']"))
    reload_until(page, page.locator("[aria-label^='Price of'][value='51.00']"))
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sources").click()
    page.get_by_role("link", name="Stock of the ERP").click()
    look(page, "94-source-of-the-demo")
    compared(page, "source:erp_prices")
    expect(page.get_by_text("0 gaps")).to_be_visible()


def set_up(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/structure/systems/")
    page.get_by_role("link", name="New system").click()
    page.get_by_label("Code").fill("wms")
    press(page, "Save")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sources").click()
    page.get_by_role("link", name="New source").click()
    page.get_by_label("Code").fill("wms_stock")
    page.locator("[name=system]").select_option(label="wms")
    page.get_by_label("Delivers").select_option("stock")
    expect(page.get_by_label("Sign in as")).to_be_hidden()
    page.get_by_label("How it comes").select_option("sftp")
    expect(page.get_by_label("Sign in as")).to_be_visible()
    page.get_by_label("How it comes").select_option("folder")
    page.get_by_label("Address of a snapshot").fill("sandbox:/erp/snapshot/stock.ndjson")
    page.get_by_label("What no column says").fill("location main")
    press(page, "Save")
    expect(page.get_by_text("write our field, =, and theirs")).to_be_visible()
    look(page, "95-source")
    page.get_by_label("What no column says").fill("location = main")
    press(page, "Save")
    expect(page.get_by_text("Nothing came yet.")).to_be_visible()


def deliver(page: Page, product: Product) -> None:
    folder = product.home / "sources/wms_stock"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "stock.ndjson"
    path.write_text(json.dumps({"sku": SKU, "available": 7}) + "\n" + json.dumps({"sku": "none", "available": 1}))
    os.utime(path, (time.time() - 60, time.time() - 60))
    press(page, "Look now")
    reload_until(page, page.get_by_role("row", name="stock.ndjson").get_by_text("done"))
    page.get_by_role("link", name="1 line could not be taken").click()
    page.get_by_role("link", name="SKU is not known").click()
    expect(page.get_by_text("There is no SKU “none”.")).to_be_visible()
    look(page, "96-rejects")
    press(page, "Try again")
    expect(page.get_by_text("1 refused again.")).to_be_visible()
    narrow(page, "/sources/rejects/", product.url)
    narrow(page, "/sources/wms_stock/", product.url)


def override(page: Page, product: Product) -> None:
    """A person's figure holds for three days over the ERP's, says so, and is ended."""
    page.goto(f"{product.url}/products/{CODE}/")
    page.get_by_label(f"Stock of {SKU}").fill("3")
    press(page, "Save")
    panel = page.locator("p").filter(has_text="Stock (main) of")
    expect(panel).to_contain_text("until")
    expect(panel).to_contain_text("wms said: 7")
    look(page, "97-override")
    press(page, "End it now")
    expect(page.get_by_label(f"Stock of {SKU}")).to_have_value("7")


def held_price(page: Page, other: Page, product: Product) -> None:
    """A price that fell too far waits for a second person."""
    page.goto(f"{product.url}/products/{CODE}/")
    page.get_by_label(f"Price of {SKU}").fill("4.99")
    press(page, "Save")
    expect(page.get_by_text("A second person must confirm it.").first).to_be_visible()
    expect(page.get_by_role("button", name="Confirm 4.99")).to_have_count(0)
    other.goto(f"{product.url}/products/{CODE}/")
    look(other, "98-held-price")
    press(other, "Confirm 4.99")
    expect(other.get_by_label(f"Price of {SKU}")).to_have_value("4.99")


def compare(page: Page, product: Product) -> None:
    """The snapshot says 12, here are 7: found, named, and put right."""
    compared(page, "source:wms_stock")
    row = page.get_by_role("row").filter(has_text=SKU)
    expect(row).to_contain_text("12")
    look(page, "99-gaps")
    row.get_by_role("checkbox").check()
    press(page, "Take theirs")
    expect(page.get_by_text("1 put right.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=SKU)).to_contain_text("repaired")
    narrow(page, page.url.removeprefix(product.url), product.url)
    page.goto(f"{product.url}/products/{CODE}/")
    expect(page.get_by_label(f"Stock of {SKU}")).to_have_value("12")


def compared(page: Page, subject: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reconciliation").click()
    page.get_by_label("Compare").select_option(subject)
    press(page, "Compare now")
    expect(page.locator("#comparison-state")).to_contain_text("done")
