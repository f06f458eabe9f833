"""A rollout that goes wrong stops by itself, says why, and is taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(500)]


def test_a_rollout_stops_by_itself_when_too_many_go_wrong(product: Product) -> None:
    product.start("--demo")
    product.write("UPDATE channels_channel SET sends = 0 WHERE code = 'amazon'")
    assert product.run("submit", "--all", "--as", "merchandiser", "--json").json["submitted"] == 30
    assert product.run("approve", "--all", "--as", "reviewer", "--json").json["approved"] == 30
    with chromium() as browser:
        page = sign_in(browser, product.url, "channelmanager", "channelmanager-demo")
        page.goto(f"{product.url}/channels/amazon/rollout/")
        expect(page.get_by_text("Amazon only previews")).to_be_visible()
        page.get_by_label("Products that go first").fill("5")
        page.get_by_role("button", name="Show what would change").click()
        expect(page.get_by_role("heading", name="What would change")).to_be_visible()
        look(page, "99-rollout-preview")
        page.get_by_role("button", name="Begin with 5").click()
        # Most of the demo's products are of kinds that Amazon's mapping does not know.
        reload_until(page, page.get_by_text("products went wrong; at most 20 % may"))
        expect(page.get_by_role("columnheader", name="Went wrong")).to_be_visible()
        look(page, "99-rollout-stopped")
        shown = product.rows(
            "SELECT count(*) FROM channels_placement p JOIN channels_channel c ON c.id = p.channel_id "
            "WHERE c.code = 'amazon' AND p.selected"
        )
        assert shown == [(5,)]
        page.goto(f"{product.url}/channels/")
        page.get_by_role("link", name="rollout stopped").click()
        page.get_by_role("button", name="Take it back").click()
        page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
        expect(page.get_by_text("5 products leave the channel again")).to_be_visible()
        look(page, "99-rollout-taken-back")
    assert product.sandbox("violations") == []
