"""A webhook made, tried, disabled and resumed; a shop's message that finds drift; an alert somebody sees to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.channels.webhooks.receiver import Receiver, fits, listening
from tests.flows.browser import chromium, reload_until, sign_in
from tests.flows.product import Product
from tests.flows.test_main_job_in_browser import look

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(400)]


@dataclass
class Open(Product):
    """An instance that may call one private origin."""

    origin: str = ""

    @property
    def env(self) -> dict[str, str]:
        return super().env | {"PIMHUB_ALLOWED_ORIGINS": self.origin}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


@pytest.fixture
def product(tmp_path: Path, receiver: Receiver) -> Iterator[Product]:
    made = Open(tmp_path / "pimhub home", origin=receiver.url)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def narrow(page: Page, path: str, url: str) -> None:
    """Nothing hangs over at the width of a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(url + path)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.set_viewport_size({"width": 1280, "height": 900})


def test_webhooks_messages_and_alerts(product: Product, receiver: Receiver) -> None:
    product.start("--demo")
    said: list[str] = []
    with chromium() as browser:
        page = sign_in(browser, product.url, "admin", "administrator-demo")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        menu = page.get_by_role("navigation", name="Main")
        menu.get_by_role("link", name="Webhooks").click()
        expect(page.get_by_text("Nobody is told yet")).to_be_visible()
        page.get_by_role("link", name="New webhook").first.click()
        page.get_by_label("Name").fill("Search index")
        page.get_by_label("Address").fill("http://search.example/hooks")
        page.get_by_role("button", name="Make the webhook").click()
        expect(page.get_by_text("Only https keeps what is sent to itself.")).to_be_visible()
        page.get_by_label("Address").fill(f"{receiver.url}/hooks")
        page.get_by_label("Types of events").fill("revision.*, product.*")
        look(page, "90-new-webhook")
        page.get_by_role("button", name="Make the webhook").click()
        secret = page.locator("#new-secret").inner_text()
        look(page, "91-secret-once")
        menu.get_by_role("link", name="Webhooks").click()
        page.get_by_role("link", name="Search index").click()
        expect(page.locator("#new-secret")).to_have_count(0)
        where = page.url.removeprefix(product.url)
        page.get_by_role("button", name="Send a test").click()
        reload_until(page, page.get_by_role("row", name="webhook.test").get_by_text("204"))
        assert product.run("submit", "--all", "--as", "merchandiser", "--json").json["submitted"] == 30
        assert product.run("approve", "--all", "--as", "reviewer", "--json").json["approved"] == 30
        reload_until(page, page.get_by_role("row", name="revision.live").get_by_text("204"))
        for _ in range(60):
            if sum(got.json["type"] == "revision.live" for got in receiver.taken) == 30:
                break
            page.wait_for_timeout(500)
        numbers = [got.number for got in receiver.taken if got.json["type"] != "webhook.test"]
        assert numbers == sorted(set(numbers))
        assert sum(got.json["type"] == "revision.live" for got in receiver.taken) == 30
        assert all(fits(secret, got.headers, got.body) for got in receiver.taken)
        page.goto(product.url + where)
        page.get_by_text("bytes").first.click()
        expect(page.get_by_text("[secret]").first).to_be_visible()
        look(page, "92-log")
        narrow(page, where, product.url)
        narrow(page, "/webhooks/", product.url)

        # The receiver is gone: it is disabled, an alert is raised, somebody sees to it, and it goes on.
        page.goto(f"{product.url}/alerts/rules/webhook_failures/")
        page.get_by_label("Wrong when above").fill("0")
        page.get_by_label("Told after so many minutes").fill("0")
        page.get_by_label("Who is told when nobody answers").select_option(label="channelmanager")
        look(page, "93-rule")
        page.get_by_role("button", name="Save").click()
        look(page, "94-rules")
        narrow(page, "/alerts/rules/", product.url)
        receiver.status = 410
        taken = len(receiver.taken)
        page.goto(f"{product.url}{where}")
        page.get_by_label("Tell again what came after event").fill(str(numbers[0]))
        page.get_by_role("button", name="Replay").click()
        reload_until(page, page.get_by_text("gone for good (410)"))
        look(page, "95-disabled")
        page.goto(f"{product.url}/alerts/")
        reload_until(page, page.get_by_text("Search index is not told any more"), seconds=90)
        look(page, "96-alert")
        page.get_by_role("button", name="I see to it").click()
        expect(page.get_by_text("sees to it since")).to_be_visible()
        narrow(page, "/alerts/", product.url)
        receiver.status = 204
        page.goto(product.url + where)
        page.get_by_role("button", name="Resume").click()
        for _ in range(60):
            if len(receiver.taken) - taken >= len(numbers) - 1:
                break
            page.wait_for_timeout(500)
        assert [got.number for got in receiver.taken[taken:]][: len(numbers) - 1] == numbers[1:]

        # The shop says that something changed there: drift is found without anybody asking.
        place = {"url": f"{product.url}/hooks/shopify/", "secret": "sandbox-secret"}
        mess = {"webhook_copies": 3, "webhook_shuffle": True, "webhook_delay": 0.2, "webhook_forged": 50}
        product.sandbox("settings", channel="shopify", webhooks=[place], **mess)
        assert product.run("publish", "shopify", "--wait", "--json").json["rejected"] == 0
        live = f"{product.url}/channels/shopify/?state=drifted"
        page.goto(live)
        expect(page.get_by_text("Nothing here")).to_be_visible()
        ids = {i for call in product.sandbox("calls") for i in call["ids"] if "/Product/" in i}
        gid = min(ids, key=lambda i: int(i.rsplit("/", 1)[-1]))
        product.sandbox("edit", channel="shopify", product=gid, field="title", value="Edited in the shop")
        reload_until(page, page.locator("tbody").get_by_text("Drifted"))
        look(page, "97-drift")
        page.get_by_role("link", name="Messages").click()
        expect(page.get_by_text("products/update").first).to_be_visible()
        expect(page.get_by_text("the signature does not fit").first).to_be_visible()
        look(page, "98-messages")
        narrow(page, "/channels/shopify/messages/", product.url)
    assert [words for words in said if "422" not in words] == []
