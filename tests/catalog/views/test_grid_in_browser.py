"""The grid as people see it: more than a page is counted once the page is there, in place of what stood for it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from catalog.views import grid
from tests.flows.browser import chromium, sign_in
from tests.world import World, build_world


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_more_than_a_page_is_counted_in_place(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's driver keeps a loop in this thread
    monkeypatch.setattr(grid, "PAGE", 2)
    world: World = build_world()
    for number in range(3):
        world.product(f"p{number}", sizes=("s",))
    with chromium() as browser:
        mara = sign_in(browser, live_server.url, "mara", "mara-secret")
        mara.goto(f"{live_server.url}/products/?q=p&sort=code")
        expect(mara.get_by_text("3 match, searching for “p”")).to_be_visible()
        expect(mara.get_by_text("more than one page")).to_have_count(0)
        expect(mara.get_by_role("button", name="Change all…")).to_be_visible()
        mara.goto(f"{live_server.url}/products/?q=p1")
        expect(mara.get_by_text("1 match, searching for “p1”")).to_be_visible()
