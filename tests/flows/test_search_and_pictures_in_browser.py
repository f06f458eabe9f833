"""Finding things while typing, and handling pictures, as a merchandiser does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.catalog.media.pictures import photo, saved
from tests.flows.browser import chromium, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]


def test_search_and_pictures(product: Product, tmp_path: Path) -> None:
    product.start("--demo")
    (tmp_path / "front.jpg").write_bytes(saved(photo(), "JPEG"))
    (tmp_path / "notes.jpg").write_text("just words")
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "merchandiser", "merchandiser-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(f"{product.url}/products/")
        page.keyboard.press("/")
        page.keyboard.type("kettle")
        hit = page.locator("#found").get_by_role("link", name="kettlebell")
        expect(hit).to_be_visible()
        look(page, "10-search")
        page.keyboard.press("Escape")
        expect(hit).to_have_count(0)
        page.locator("#global-search").fill("kettlebel")
        expect(hit).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(hit).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/products/kettlebell/")

        pictures = page.locator("#pictures")
        before = pictures.locator("tbody tr").count()
        page.set_input_files("#files", [str(tmp_path / "front.jpg"), str(tmp_path / "notes.jpg")])
        pictures.get_by_role("button", name="Update pictures").click()
        expect(page.get_by_text("“notes.jpg” was not taken.")).to_be_visible()
        expect(pictures.locator("tbody tr")).to_have_count(before + 1)
        shown = pictures.locator("tbody tr").last.locator("img")
        expect(shown).to_have_js_property("complete", True)
        assert shown.evaluate("image => image.naturalWidth") > 0
        pictures.get_by_label(f"Place of picture {before + 1}").fill("1")
        pictures.get_by_label(f"Description of picture {before + 1}").fill("Seen from the front")
        pictures.get_by_role("button", name="Update pictures").click()
        expect(pictures.get_by_label("Description of picture 1")).to_have_value("Seen from the front")
        look(page, "11-pictures")
        page.set_viewport_size({"width": 360, "height": 740})
        look(page, "12-pictures-narrow")
        page.goto(f"{product.url}/search/?q=shirt")
        look(page, "13-search-narrow")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [text for text in said if "Failed to load resource" not in text] == []
