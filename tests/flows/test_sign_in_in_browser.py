"""Signing in as people do it: a password, an app's code, a passkey of the device, and sessions that end."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser import chromium
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look
from tests.governance.sign_in import code_of

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def enter(page: Page, url: str, name: str = "merchandiser") -> None:
    page.goto(f"{url}/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", f"{name}-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page) -> None:
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_second_factor_a_passkey_and_sessions(product: Product) -> None:
    product.start("--demo")
    url = product.url.replace("127.0.0.1", "localhost")  # passkeys belong to names, not to numbers
    said: list[str] = []
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

        page.goto(f"{url}/login/")
        look(page, "60-sign-in")
        enter(page, url)
        page.locator("details.menu summary").click()
        page.get_by_role("link", name="Your account").click()
        expect(page.get_by_role("heading", name="Your account")).to_be_visible()
        page.get_by_role("link", name="Set up").click()
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        assert page.get_by_role("img", name="QR code").evaluate("image => image.naturalWidth > 0")
        look(page, "61-authenticator-app")
        secret = page.locator("#totp-secret").inner_text()
        page.get_by_label("Authenticator code").fill(code_of(secret))
        page.get_by_role("button", name="Switch it on").click()
        codes = page.locator("#recovery-codes").inner_text().split()
        assert len(codes) == 10
        look(page, "62-recovery-codes")
        page.get_by_role("link", name="I have kept them").click()

        leave(page)
        enter(page, url)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        look(page, "63-second-factor")
        page.get_by_label("Code").fill(code_of(secret, at=time.time() + 30))  # the first one was used to set it up
        page.get_by_role("button", name="Go on").click()
        page.goto(f"{url}/account/")
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name").fill("Work laptop")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("rowheader", name="Passkey “Work laptop”")).to_be_visible()

        leave(page)
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(lambda address: "/login/" not in address)
        other = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        enter(other, url)
        other.get_by_label("Code").fill(codes[0])
        other.get_by_role("button", name="Go on", exact=True).click()
        expect(other.get_by_role("heading", name="Products")).to_be_visible()
        page.goto(f"{url}/account/")
        rows = page.locator("#sessions tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.filter(has_text="this one")).to_contain_text("Chrome on Linux")
        look(page, "64-your-account")
        page.get_by_role("button", name="End the session of Chrome on Linux").click()
        expect(page.get_by_text("That session has ended.")).to_be_visible()
        expect(rows).to_have_count(1)
        other.reload()
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

        # The passkey is a second factor too.
        leave(page)
        enter(page, url)
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(lambda address: "/login/" not in address)
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(f"{url}/account/")
        look(page, "65-your-account-on-a-phone")
    assert said == []
