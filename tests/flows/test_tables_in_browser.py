"""A merchandiser exports the products they look at, changes the table, and brings it back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]


def test_an_exported_table_is_changed_and_brought_back(product: Product, tmp_path: Path) -> None:
    product.start("--demo")
    path = tmp_path / "products.csv"
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{product.url}/products/?q=kettlebell")
        expect(page.locator("tbody tr")).to_have_count(1)
        with page.expect_download() as saved:
            page.get_by_role("link", name="Export").click()
        saved.value.save_as(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["product"] for row in rows} == {"kettlebell"}
        for row in rows:
            row["brand"] = "Irongate"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=";")  # as a German spreadsheet saves it
            writer.writeheader()
            writer.writerows(rows)

        page.get_by_role("link", name="Import a file").click()
        page.get_by_text("A table with PIMHub’s columns", exact=True).click()
        look(page, "1-import-a-table")
        page.set_input_files("#file", str(path))
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_text("nothing has been written yet")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("Irongate")).to_be_visible()
        look(page, "2-what-would-change")
        page.get_by_role("button", name="Apply: 0 new, 1 changed").click()
        expect(page.locator("#run-state")).to_have_text("Applied.", timeout=30_000)
        page.goto(f"{product.url}/products/kettlebell/")
        expect(page.locator("[id='value:brand']")).to_have_value("Irongate")
    assert said == []
