"""What static/app.js promises, in Chromium, under the strictest content policy we may ever send."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.template import engines

from governance.copywriting.lengths import length
from tests.ui.conftest import Person

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("PIMHUB_CHROMIUM", shutil.which("chromium") or "/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="Chromium is not installed"),
]
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

CONTENT = (Path(__file__).parent / "page.html").read_text()


class Site(ThreadingHTTPServer):
    """A few answers that remember what was asked."""

    daemon_threads = True

    def __init__(self, html: str) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.html = html
        self.asked: list[tuple[str, str, dict[str, list[str]], str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def posts(self, path: str) -> list[dict[str, list[str]]]:
        return [form for method, asked, form, _ in self.asked if method == "POST" and asked == path]


class Answers(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(("GET", path, {}, None))
        file = settings.BASE_DIR / path.lstrip("/")
        if path.startswith("/static/") and file.is_file():
            self.answer(200, file.read_bytes(), kind=TYPES[file.suffix])
        elif path == "/poll":
            count = sum(asked == "/poll" for _, asked, _, _ in self.server.asked)
            polling = 'data-poll="300" hx-get="/poll" hx-trigger="poll" hx-swap="outerHTML"' if count < 8 else ""
            self.answer(200, f'<div id="poll" {polling}>{count}</div>'.encode())
        else:
            self.answer(200, self.server.html.encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        path, form = urlsplit(self.path).path, parse_qs(body)
        self.server.asked.append(("POST", path, form, self.headers.get("X-CSRFToken")))
        if path != "/swap":
            self.answer(303, b"", {"Location": "/"})
            return
        status = form["status"][0]
        if status == "login":
            self.answer(303, b"", {"Location": "/login/"})
        else:
            toast = {"HX-Trigger": json.dumps({"toast": {"text": "Saved <b>.", "level": "success"}})}
            self.answer(int(status), b"<b>after</b>", toast if status == "200" else {})

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, kind: str = "text/html") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the test says what went wrong."""


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def site() -> Iterator[Site]:
    nav = [{"label": "Products", "url": "/", "icon": "package", "active": True, "count": 3}]
    context = {"user": Person(), "nav": nav, "search_url": "/", "csrf_token": "a-token"}
    server = Site(engines["django"].from_string(CONTENT).render(context))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: sync_api.Browser, site: Site) -> Iterator[sync_api.Page]:
    """The demo page; at the end nothing may have broken the policy, thrown, or gone elsewhere."""
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda line: wrong.append(line.text) if "Content Security" in line.text else None,
    )
    page.on("request", lambda request: None if request.url.startswith(site.url) else wrong.append(request.url))
    page.goto(site.url)
    yield page
    context.close()
    assert wrong == []


def until(condition: Callable[[], object], page: sync_api.Page) -> None:
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within 5 s")


def test_the_theme_follows_the_system_until_one_is_chosen(page: sync_api.Page) -> None:
    html = page.locator("html")
    switch = page.get_by_role("button", name="Dark theme")
    sync_api.expect(html).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    sync_api.expect(html).to_have_attribute("data-bs-theme", "dark")
    sync_api.expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    page.reload()
    assert html.get_attribute("data-bs-theme") == "light"


def test_keys_lead_to_search_help_and_the_pages_own_buttons(page: sync_api.Page) -> None:
    # What is found while typing may hold a page with a box of its own here.
    page.keyboard.press("/")
    sync_api.expect(page.get_by_role("searchbox").first).to_be_focused()
    page.keyboard.type("?a")  # typing is typing
    assert page.get_by_role("searchbox").first.input_value() == "?a"
    page.get_by_role("searchbox").first.blur()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    sync_api.expect(dialog).to_contain_text("Approve")
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    sync_api.expect(page.get_by_role("searchbox").first).not_to_be_focused()


@pytest.mark.parametrize("text", ["lamp", "é", "e\u0301", "q\u0308", "😀", "👨‍👩‍👧", " 🇫🇷 ", "größer"])
def test_a_meter_counts_what_the_check_counts(page: sync_api.Page, text: str) -> None:
    page.get_by_role("textbox", name="Text").fill(text)
    for number, in_bytes in enumerate((False, True)):
        meter, wanted = page.locator("#meters li").nth(number), length(text, in_bytes=in_bytes)
        sync_api.expect(meter.locator("[data-length]")).to_have_text(str(wanted))
        sync_api.expect(meter.locator("[data-too-many]")).to_have_text(str(max(0, wanted - 5)))


def test_a_key_walks_through_claims_and_lights_the_fact_of_each(page: sync_api.Page) -> None:
    big, red, row = page.get_by_text("big", exact=True), page.get_by_text("red", exact=True), page.locator("[data-of]")
    for mark, lit in ((big, False), (red, True), (big, False)):
        page.keyboard.press("f")
        sync_api.expect(mark).to_be_focused()
        assert (row.get_attribute("data-lit") is not None) == lit


def test_a_destructive_button_asks_first(page: sync_api.Page, site: Site) -> None:
    page.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog", name="Delete the lamp?")
    dialog.get_by_role("button", name="Cancel").click()
    assert site.posts("/delete") == []
    page.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Delete").click()
    until(lambda: len(site.posts("/delete")) == 1, page)


def test_unsaved_changes_are_guarded_and_ctrl_s_saves_them(page: sync_api.Page, site: Site) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    note = page.get_by_text("Unsaved changes")
    sync_api.expect(note).to_be_hidden()
    page.fill("#name", "Lamp 2")
    sync_api.expect(note).to_be_visible()
    page.evaluate("() => setTimeout(() => location.assign('/elsewhere'))")
    until(lambda: asked == ["beforeunload"], page)
    page.fill("#name", "Lamp")  # as it was: nothing to lose
    sync_api.expect(note).to_be_hidden()
    page.fill("#name", "Lamp 3")
    page.keyboard.press("Control+s")
    until(lambda: site.posts("/save"), page)
    assert site.posts("/save") == [{"name": ["Lamp 3"], "button": ["save"]}]
    assert asked == ["beforeunload"]
    page.wait_for_load_state()  # a page that is closed on its way to the next one may hang


def test_htmx_sends_the_token_swaps_and_announces(page: sync_api.Page, site: Site) -> None:
    page.click("#send")
    sync_api.expect(page.locator("#target")).to_have_text("after")
    assert [token for method, path, _, token in site.asked if path == "/swap"] == ["a-token"]
    sync_api.expect(page.get_by_role("status").first).to_contain_text("Saved <b>.")


@pytest.mark.parametrize("status", [409, 422])
def test_a_form_with_errors_is_swapped_in(page: sync_api.Page, status: int) -> None:
    page.fill("#status", str(status))
    page.click("#send")
    sync_api.expect(page.locator("#target")).to_have_text("after")


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_other_errors_are_said_and_swap_nothing(page: sync_api.Page, status: int) -> None:
    page.fill("#status", str(status))
    page.click("#send")
    sync_api.expect(page.locator(".message[data-level=error]")).to_be_visible()
    assert page.locator("#target").inner_text() == "before"


def test_an_ended_session_reloads_instead_of_swapping_the_login(page: sync_api.Page, site: Site) -> None:
    page.fill("#status", "login")
    with page.expect_navigation():
        page.click("#send")
    assert page.locator("#target").inner_text() == "before"


def test_polling_rests_while_nobody_looks_and_ends_when_told(page: sync_api.Page, site: Site) -> None:
    polls = lambda: sum(path == "/poll" for _, path, _, _ in site.asked)  # noqa: E731
    until(lambda: polls() >= 2, page)
    page.evaluate("() => Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    page.wait_for_timeout(500)
    resting = polls()
    page.wait_for_timeout(900)
    assert polls() == resting
    page.evaluate("() => delete document.hidden")
    until(lambda: polls() == 8, page)
    page.wait_for_timeout(700)
    assert polls() == 8


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_window(page: sync_api.Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_everything(page: sync_api.Page) -> None:
    page.keyboard.press("Tab")
    sync_api.expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    sync_api.expect(page.get_by_role("main")).to_be_focused()
    menu = page.locator("details.menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Escape")
    sync_api.expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    sync_api.expect(menu.locator("summary")).to_be_focused()
