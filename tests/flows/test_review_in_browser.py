"""Review as reviewers do it: by keyboard, in parts, with names, and back to an older revision."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser]


def test_a_product_is_approved_in_parts_and_taken_back(product: Product) -> None:
    product.start("--demo")
    said: list[str] = []
    with chromium() as browser:
        mara = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        rafael = sign_in(browser, product.url, "reviewer", "reviewer-demo")
        for page in (mara, rafael):
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        mara.goto(f"{product.url}/products/kettlebell/")
        mara.get_by_role("button", name="Submit for review").click()
        rafael.goto(f"{product.url}/review/")
        rafael.get_by_role("link", name="kettlebell").click()
        rafael.keyboard.press("a")  # by keyboard alone
        expect(rafael.get_by_text("is approved as revision 1")).to_be_visible()

        mara.goto(f"{product.url}/products/kettlebell/")
        mara.locator("[id='value:brand']").fill("Northwind")
        mara.get_by_label("Manufacturer part number").fill("NW-1")
        mara.get_by_role("button", name="Save").click()
        expect(mara.get_by_text("Saved:")).to_be_visible()
        mara.get_by_role("button", name="Submit for review").click()
        rafael.goto(f"{product.url}/review/")
        rafael.get_by_role("link", name="kettlebell").click()
        rafael.get_by_role("checkbox", name="Choose Brand").check()
        look(rafael, "40-review-in-parts")
        rafael.get_by_role("button", name="Approve the ticked ones").click()
        expect(rafael.get_by_text("Revision 2 is live. What you did not tick is still in review.")).to_be_visible()
        expect(rafael.get_by_role("rowheader", name="Manufacturer part number")).to_be_visible()
        expect(rafael.get_by_role("rowheader", name="Brand")).to_have_count(0)
        rafael.get_by_role("button", name="Request changes").click()  # without saying what
        expect(rafael.get_by_text("Say what must change")).to_be_visible()
        rafael.keyboard.press("r")
        rafael.keyboard.type("There is no such part.")
        rafael.get_by_role("button", name="Request changes").click()
        expect(rafael.get_by_text("went back with your comment")).to_be_visible()

        mara.goto(f"{product.url}/products/kettlebell/")
        mara.get_by_role("link", name="Revisions and what was decided").click()
        expect(mara.get_by_text("There is no such part.")).to_be_visible()
        expect(mara.get_by_role("button", name="Make 1 live")).to_have_count(0)
        url = mara.url
        rafael.goto(url)
        expect(rafael.get_by_role("heading", name="From revision 1 to 2")).to_be_visible()
        expect(rafael.locator("ins", has_text="Northwind")).to_have_count(1)
        look(rafael, "41-revisions")
        rafael.get_by_label("Why revision 1 goes live again").fill("The brand is not ours yet.")
        rafael.get_by_role("button", name="Make 1 live").click()
        expect(rafael.get_by_text("Revision 1 of kettlebell is live again.")).to_be_visible()
        rafael.get_by_label("Why it goes out of use").fill("Sold out for good.")
        rafael.get_by_role("button", name="Archive").click()
        expect(rafael.get_by_text("Nothing of it is live any more.")).to_be_visible()
        look(rafael, "42-archived")
        mara.goto(f"{product.url}/products/kettlebell/")
        mara.locator("[id='value:brand']").fill("Anything")
        mara.get_by_role("button", name="Save").click()
        expect(mara.get_by_text("kettlebell is archived. Reopen it first, then edit it.")).to_be_visible()
        rafael.set_viewport_size({"width": 360, "height": 740})
        rafael.goto(url)
        assert rafael.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [text for text in said if "(Bad Request)" not in text and "(Unprocessable Entity)" not in text] == []
