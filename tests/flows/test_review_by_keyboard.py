"""Fifty reviews without a mouse: approve, send back, skip, take back; and one that goes live on the minute."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, on, sign_in
from tests.flows.lamps import make_lamps
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(600)]
ITEMS = 50
SUBMIT = """
from governance.workflow import verbs
with acting(user=mara, source="command"):
    for product in lamps:
        verbs.submit(product=product, user=mara)
"""


def test_fifty_reviews_by_keyboard(product: Product) -> None:
    product.start("--demo")
    make_lamps(product, ITEMS, then=SUBMIT)
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "reviewer", "reviewer-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{product.url}/review/?sort=code")
        expect(page.get_by_text("50 waiting", exact=True)).to_be_visible()
        look(page, "60-review-queue")
        page.get_by_role("link", name="Lamp 00").focus()
        page.keyboard.press("Enter")
        on(page, "Lamp 00")
        page.keyboard.press("j")
        on(page, "Lamp 01")
        page.keyboard.press("k")
        on(page, "Lamp 00")
        page.keyboard.press("s")  # later
        on(page, "Lamp 01")
        page.keyboard.press("r")
        page.keyboard.type("Which lamp is this?")
        page.keyboard.press("Control+Enter")  # send it back
        on(page, "Lamp 02")
        look(page, "61-take-back")
        page.keyboard.press("z")  # no: it was good
        on(page, "Lamp 01")
        expect(page.get_by_text("Your decision on lamp-01 is taken back.")).to_be_visible()
        for number in range(1, ITEMS):
            on(page, f"Lamp {number:02}")
            page.keyboard.press("a")
        expect(page.get_by_text("1 waiting", exact=True)).to_be_visible()  # the one that was skipped
        page.get_by_role("link", name="Lamp 00").focus()
        page.keyboard.press("Enter")
        on(page, "Lamp 00")
        page.keyboard.press("a")
        expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert said == []


def test_an_approval_goes_live_on_the_minute(product: Product) -> None:
    product.start("--demo")
    with chromium() as browser:
        mara = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        mara.goto(f"{product.url}/products/kettlebell/")
        mara.get_by_role("button", name="Submit for review").click()
        rafael = sign_in(browser, product.url, "reviewer", "reviewer-demo")
        rafael.goto(f"{product.url}/review/")
        rafael.get_by_role("link", name="kettlebell").click()
        rafael.get_by_text("Go live later").click()
        at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
        rafael.get_by_label("Not before").fill(at.strftime("%Y-%m-%dT%H:%M"))
        rafael.get_by_label("on the clock of").fill("Etc/UTC")
        look(rafael, "62-go-live-later")
        rafael.get_by_role("button", name="Approve", exact=True).click()
        expect(rafael.get_by_text("kettlebell is approved as revision 1.")).to_be_visible()
        mara.goto(f"{product.url}/products/kettlebell/")
        expect(mara.get_by_text("shows nothing until")).to_be_visible()
        look(mara, "63-held-back")
        chiara = sign_in(browser, product.url, "channelmanager", "channelmanager-demo")
        chiara.goto(f"{product.url}/channels/shopify/")
        expect(chiara.get_by_role("link", name="kettlebell")).to_have_count(0)
        deadline = at + dt.timedelta(seconds=120)
        while dt.datetime.now(dt.UTC) < deadline:
            mara.goto(f"{product.url}/products/kettlebell/")
            if not mara.get_by_text("shows nothing until").count():
                break
            mara.wait_for_timeout(3000)
        assert dt.datetime.now(dt.UTC) >= at.replace(second=0, microsecond=0)
        expect(mara.get_by_text("Revision 1 is live")).to_be_visible()
