"""Headless Chromium as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

expect.set_options(timeout=20_000)  # a busy machine is slow, and that is no fault
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in(browser: Browser, url: str, name: str, password: str) -> Page:
    """A signed-in person in a context of their own; script errors and CSP violations are collected on the page."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{url}/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.get_by_role("button", name="Sign in").click()
    return page


def on(page: Page, name: str) -> None:
    """Wait until the page with this heading is there, ready for keys."""
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.wait_for_load_state()


def reload_until(page: Page, wanted: Locator, *, seconds: int = 60) -> None:
    """Look again until what is wanted is there, as people do who wait for something."""
    for _ in range(seconds):
        if wanted.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(wanted.first).to_be_visible()
