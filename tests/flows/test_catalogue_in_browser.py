"""The catalogue as its people use it all day: filtered, changed in bulk with a preview, undone, trashed, described."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]


def test_many_products_are_changed_and_changed_back(product: Product) -> None:
    product.start("--demo")
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "admin", "administrator-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{product.url}/products/")
        expect(page.locator("tbody tr").nth(5)).to_be_visible()

        # A filter, kept as a view.
        page.get_by_role("link", name="Filter and sort").click()
        page.get_by_label("Field").select_option("brand")
        expect(page.get_by_label("Condition").locator("option:not([disabled])")).not_to_have_count(0)
        page.get_by_label("Condition").select_option("not empty")
        look(page, "20-filter")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("list", name="Conditions")).to_contain_text("not empty")
        matching = page.locator("tbody tr").count()
        page.get_by_role("link", name="Filter and sort").click()
        page.get_by_label("Keep this as a view").fill("With a brand")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("heading", name="With a brand")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(matching)

        # Two of them selected, previewed, applied.
        expect(page.get_by_role("button", name="Change the selected…")).to_be_disabled()
        boxes = page.get_by_role("checkbox", name="Select ")
        boxes.nth(1).check()
        boxes.nth(2).check()
        expect(page.get_by_text("2 selected.")).to_be_visible()
        look(page, "21-grid-selected")
        page.get_by_role("button", name="Change the selected…").click()
        expect(page.get_by_role("heading", name="Change 2 products")).to_be_visible()
        expect(page.get_by_label("Category", exact=True)).to_be_hidden()
        page.get_by_label("Value", exact=True).select_option("brand")
        page.get_by_label("New value").fill("Northwind")
        page.get_by_label("Why").fill("rebranding")
        look(page, "22-plan-new")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#plan-state")).to_have_text(
            "This is what would happen. Nothing has been written yet.", timeout=20_000
        )
        expect(page.locator("ins", has_text="Northwind")).to_have_count(2)
        look(page, "23-plan-preview")
        page.get_by_role("button", name="Apply to 2 products").click()
        expect(page.locator("#plan-state")).to_have_text("Applied.", timeout=20_000)

        # And back.
        page.get_by_role("link", name="What was changed, and the way back").click()
        expect(page.get_by_role("heading", name="rebranding")).to_be_visible()
        look(page, "24-change-set")
        page.get_by_role("button", name="Undo all of it…").click()
        expect(page.get_by_role("button", name="Apply to 2 products")).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="Apply to 2 products").click()
        expect(page.locator("#plan-state")).to_have_text("Applied.", timeout=20_000)
        page.goto(f"{product.url}/products/?q=northwind")
        expect(page.get_by_text("Nothing found")).to_be_visible()

        # A product into the trash, and back with all that hung on it.
        page.goto(f"{product.url}/products/kettlebell/")
        look(page, "25-product")
        page.get_by_label("Tags").fill("fitness; st")
        expect(page.locator("datalist[id='options:tags'] option")).not_to_have_count(0)
        page.get_by_label("Tags").fill("fitness; steel")
        page.get_by_role("button", name="To the trash").click()
        if page.get_by_role("button", name="Move it to the trash all the same").count():
            look(page, "26-in-use")
            page.get_by_role("button", name="Move it to the trash all the same").click()
        expect(page.get_by_text("kettlebell is in the trash")).to_be_visible()
        page.goto(f"{product.url}/trash/")
        look(page, "27-trash")
        page.get_by_role("button", name="Bring kettlebell back").click()
        expect(page.get_by_text("kettlebell is back")).to_be_visible()

        # A variant says something itself, and inherits again.
        page.goto(f"{product.url}/products/kettlebell/")
        page.locator("#variants ~ table tbody th a").first.click()
        page.get_by_label("Manufacturer part number").fill("KB-1")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("[id='field-mpn']")).to_contain_text("its own value")
        look(page, "28-variant")
        page.get_by_role("button", name="Reset to inherited").first.click()
        expect(page.locator("[id='field-mpn']")).to_contain_text("inherited")

        # A sale for the weekend, on the clock of the market.
        page.get_by_label("Sale price, Default prices").fill("1.99")
        page.get_by_label("Sale from, Default prices").fill("2026-12-05T00:00")
        page.get_by_role("button", name="Save prices and stock").click()
        expect(page.get_by_label("Sale from, Default prices")).to_have_value("2026-12-05T00:00")
        look(page, "28-prices")

        # A product that begins here: its variants, and one more.
        page.goto(f"{product.url}/products/")
        page.get_by_role("link", name="New product").click()
        page.get_by_label("Name").fill("Wool cap")
        page.get_by_label("Code").fill("wool-cap")
        page.get_by_label("They differ by").first.select_option(label="Size")
        page.get_by_label("Its values").first.fill("S; M; L")
        look(page, "28-new-product")
        page.get_by_role("button", name="Create").click()
        expect(page.get_by_role("heading", name="Wool cap")).to_be_visible()
        expect(page.locator("#variants ~ table tbody tr")).to_have_count(3)
        page.get_by_role("link", name="Add a variant").click()
        page.get_by_label("Size").select_option(label="S")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("There is a variant wool-cap-s already")).to_be_visible()
        look(page, "28-new-variant")

        # A token, and what it opens.
        page.goto(f"{product.url}/tokens/")
        page.get_by_label("Name").fill("my script")
        page.get_by_role("checkbox", name="read everything that you may see").check()
        page.get_by_role("button", name="Make the token").click()
        text = page.locator("#new-token").inner_text()
        look(page, "29-tokens")
        for path, name in (("changes", "30-changes"), ("plans", "31-plans")):
            page.goto(f"{product.url}/{path}/")
            look(page, name)

        # An attribute of one's own, given to a family and required there.
        page.get_by_role("link", name="Structure").click()
        look(page, "33-structure")
        page.get_by_role("link", name="Attributes", exact=True).click()
        page.get_by_role("link", name="New attribute").click()
        page.get_by_label("Code").fill("warranty")
        page.get_by_label("Type").select_option("integer")
        page.get_by_label("Label in English").first.fill("Warranty in years")
        look(page, "34-attribute")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Attribute warranty is saved.")).to_be_visible()
        look(page, "35-attributes")
        page.goto(f"{product.url}/structure/families/edit/?code=default")
        page.get_by_label("Add attributes").fill("warranty")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("link", name="default").click()
        page.get_by_label(re.compile("Warranty in years is required")).first.check()
        look(page, "36-family")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Family default is saved.")).to_be_visible()
        page.goto(f"{product.url}/products/kettlebell/")
        expect(page.get_by_label("Warranty in years")).to_be_visible()

        page.set_viewport_size({"width": 360, "height": 740})
        for path in (
            "structure/",
            "structure/attributes/",
            "structure/families/edit/?code=default",
            "products/?panel=filter",
            "trash/",
            "tokens/",
            "changes/",
            "plans/",
            "products/kettlebell/",
        ):
            page.goto(f"{product.url}/{path}")
            wide = page.evaluate(
                "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
                ".slice(0, 3).map(e => e.outerHTML.slice(0, 120))"
            )
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, wide)
        look(page, "32-product-narrow")
    request = urllib.request.Request(
        f"{product.url}/api/v1/products/?limit=1", headers={"Authorization": f"Bearer {text}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["results"]
    assert [each for each in said if "Failed to load resource" not in each] == []
