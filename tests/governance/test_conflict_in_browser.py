"""A value that another system owns, as people meet it: said at the field, proposed, given to somebody, and taken."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.flows.browser import chromium, sign_in
from tests.governance.test_conflicts import brand, rule
from tests.world import World, build_world


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_a_conflict_is_proposed_counted_given_to_somebody_and_decided(
    live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's driver keeps a loop in this thread
    world: World = build_world()
    world.product()
    rule("propose")
    with chromium() as browser:
        mara = sign_in(browser, live_server.url, "mara", "mara-secret")
        mara.goto(f"{live_server.url}/products/tee/")
        mara.locator("[id='value:brand']").fill("Bolt")
        mara.get_by_role("button", name="Save").click()
        expect(mara.get_by_text("proposed").first).to_be_visible()
        assert brand(world) == "Acme"

        ada = sign_in(browser, live_server.url, "ada", "ada-secret")
        ada.goto(f"{live_server.url}/proposals/")
        expect(ada.get_by_text("1 waiting.")).to_be_visible()  # counted
        expect(ada.get_by_role("rowheader", name="tee")).to_be_visible()  # listed
        ada.get_by_label("Who shall decide").select_option(label="ada")
        ada.get_by_role("button", name="Assign").click()
        expect(ada.get_by_role("link", name="Mine (1)")).to_be_visible()
        ada.get_by_role("button", name="Take the proposal").click()
        expect(ada.get_by_text("is written as proposed")).to_be_visible()
    assert brand(world) == "Bolt"
