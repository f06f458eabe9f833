"""The control plane, the page for people, and a shop that outlives its process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from channels.sandbox.server import RunningSandbox
from tests.channels.sandbox.account import at_once, get, insert, offer
from tests.channels.sandbox.fixtures import Sandbox, start_sandbox
from tests.channels.sandbox.shop import SET, created, read, stock_of, tee, variant

ROOT = Path(__file__).parents[3]


def test_the_state_counts_what_is_held_and_what_was_asked(sandbox: Sandbox) -> None:
    at_once(sandbox)
    created(sandbox, tee(files=[{"originalSource": "https://cdn.example.com/a.jpg"}]))
    insert(sandbox, offer())
    state = sandbox.control("state")
    assert state["shopify"] == {
        "products": 1,
        "variants": 2,
        "media": 1,
        "media_uploads": 1,
        "definitions": 0,
        "calls": {"productSet": 1},
        "violations": 0,
    }
    assert state["google"] == {
        "products": 1,
        "inputs": 1,
        "calls": {"accounts.productInputs.insert": 1},
        "violations": 0,
    }


def test_the_log_tells_operations_ids_and_effects_in_order(sandbox: Sandbox) -> None:
    product = created(sandbox)
    read(sandbox, product["id"])
    first, second = sandbox.control("calls")
    assert (first["operation"], second["operation"]) == ("productSet", "product")
    assert f"product.created {product['id']}" in first["effects"]
    assert sum(effect.startswith("variant.created") for effect in first["effects"]) == 2
    assert (second["effects"], second["number"]) == ([], first["number"] + 1)
    assert sandbox.control(f"calls?since={first['number']}") == [second]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"field": "title", "value": "Mine"}, lambda p: p["title"] == "Mine"),
        ({"field": "status", "value": "ARCHIVED"}, lambda p: p["status"] == "ARCHIVED"),
        (
            {"field": "price", "value": "1", "sku": "TEE-BLA-M"},
            lambda p: [v["price"] for v in p["variants"]["nodes"]] == ["19.90", "1.00"],
        ),
        (
            {"field": "stock", "value": 4, "sku": "TEE-BLA-S", "location": "gid://shopify/Location/2"},
            lambda p: stock_of(p, "TEE-BLA-S") == {"Main": 0, "Second": 4},
        ),
        ({"field": "files", "value": []}, lambda p: p["media"]["nodes"] == []),
    ],
)
def test_a_person_can_edit_the_shop_behind_our_back(sandbox: Sandbox, given: dict, seen: Any) -> None:
    product = created(sandbox, tee(files=[{"originalSource": "https://cdn.example.com/a.jpg"}]))
    sandbox.control("edit", channel="shopify", product=product["id"], **given)
    after = read(sandbox, product["id"])
    assert after is not None
    assert seen(after)


def test_a_person_can_delete_a_product(sandbox: Sandbox) -> None:
    product = created(sandbox)
    sandbox.control("edit", channel="shopify", product=product["id"], field="delete")
    assert read(sandbox, product["id"]) is None


def test_googles_product_can_be_changed_and_lost(sandbox: Sandbox) -> None:
    at_once(sandbox)
    insert(sandbox, offer())
    sandbox.control("edit", channel="google", product="en~US~TEE-S", field="title", value="Theirs")
    assert get(sandbox).json["productAttributes"]["title"] == "Theirs"
    sandbox.control("edit", channel="google", product="en~US~TEE-S", field="delete")
    assert get(sandbox).status == 404


@pytest.mark.parametrize(
    "given",
    [
        {"channel": "shopify", "product": "gid://shopify/Product/9", "field": "title", "value": "x"},
        {"channel": "amazon", "product": "x", "field": "title"},
        {"channel": "google", "product": "en~US~NO", "field": "title"},
        {"channel": "google", "product": "nonsense", "field": "title"},
        {"channel": "shopify", "product": "x"},
    ],
)
def test_a_wrong_edit_is_refused_with_a_reason(sandbox: Sandbox, given: dict) -> None:
    with pytest.raises(AssertionError, match="error"):
        sandbox.control("edit", **given)


def test_wrong_settings_are_refused_with_a_reason(sandbox: Sandbox) -> None:
    for given in (
        {"channel": "x"},
        {"channel": "google", "speed": 1},
        {"channel": "google", "visible_after": "x"},
    ):
        with pytest.raises(AssertionError, match="error"):
            sandbox.control("settings", **given)


def test_reset_empties_everything(strict: Sandbox) -> None:
    created(strict)
    strict.shopify("{ nonsense }")
    strict.control("chaos", channel="google", mode="down")
    strict.control("settings", channel="shopify", media_delay=5)
    strict.control("reset")
    state = strict.control("state")
    assert (state["shopify"]["products"], state["shopify"]["violations"], state["chaos"]) == (0, 0, {})
    assert strict.control("settings")["shopify"]["media_delay"] == 0
    assert created(strict)["handle"] == "acme-tee"


def test_unknown_addresses_are_404(sandbox: Sandbox) -> None:
    for path in ("/_control/nonsense", "/bazaar/x", "/favicon.ico"):
        assert sandbox.call("GET", path).status == 404


def test_other_sites_and_names_are_kept_out(sandbox: Sandbox) -> None:
    for header in ({"Host": "shop.example.com"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert sandbox.call("POST", "/_control/reset", b"{}", header).status == 403


# ---- the page ------------------------------------------------------------------------------------


def test_the_page_shows_what_each_channel_holds(sandbox: Sandbox) -> None:
    at_once(sandbox)
    empty = sandbox.call("GET", "/").body.decode()
    assert "Nothing here yet" in empty
    files = [{"originalSource": "https://cdn.example.com/a.jpg", "alt": "<b>front</b>"}]
    level = {"locationId": "gid://shopify/Location/1", "name": "available", "quantity": 7}
    rows = [variant("S", compareAtPrice="25", inventoryQuantities=[level]), variant("M")]
    created(sandbox, tee(title="<script>Tee</script>", files=files, variants=rows))
    insert(sandbox, offer(gtins=["1"]))
    answer = sandbox.call("GET", "/")
    text = answer.body.decode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for shown in ("&lt;script&gt;Tee", "19.90 EUR", "25.00 EUR", "7 Main", "https://cdn.example.com/a.jpg"):
        assert shown in text
    for shown in ("active", "not published", "Acme Tee, S", "19.99 USD", "in stock", "disapproved"):
        assert shown in text
    assert "<script>" not in text
    assert "<b>front" not in text


def test_many_products_are_paged(sandbox: Sandbox) -> None:
    for number in range(51):
        sandbox.shopify(SET + "fragment all on Product { id }", {"input": {"title": f"P{number}"}})
    assert sandbox.call("GET", "/").body.decode().count("<article") == 50
    assert sandbox.call("GET", "/?page=2").body.decode().count("<article") == 1


# ---- lifetime ------------------------------------------------------------------------------------


def test_a_restart_holds_the_same_shop(tmp_path: Path) -> None:
    first = start_sandbox(tmp_path)
    product = created(first)
    insert(first, offer())
    first.shopify("{ nonsense }")
    first.stop()
    second = start_sandbox(tmp_path)
    try:
        assert read(second, product["id"]) == product
        assert second.state("google")["inputs"] == 1
        assert len(second.violations()) == 1
        assert created(second)["id"] != product["id"]
    finally:
        second.stop()


def test_a_port_in_use_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        RunningSandbox(tmp_path / "other", port=sandbox.running.port)


def test_parallel_writes_are_all_kept(sandbox: Sandbox) -> None:
    created(sandbox)  # builds the schema before the rush
    threads = [
        threading.Thread(target=lambda n=n: created(sandbox, {"title": f"P{n}"}))  # type: ignore[misc]
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.state("shopify")["products"] == 17


def start_process(home: Path, *arguments: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "channels.sandbox", "--home", str(home), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    port = home / "sandbox" / "port"
    assert process.stdout is not None
    assert process.stdout.readline().startswith("sandbox on http://127.0.0.1:")
    return process, int(port.read_text())


def ask(port: int, body: dict[str, Any]) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": "sandbox-token"}
    connection.request("POST", "/shopify/admin/api/2026-10/graphql.json", json.dumps(body), headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_the_process_starts_listens_locally_and_stops_on_sigterm(tmp_path: Path) -> None:
    started = time.monotonic()
    process, port = start_process(tmp_path)
    assert time.monotonic() - started < 30  # a hang, not a speed
    idle = socket.create_connection(("127.0.0.1", port))
    assert ask(port, {"query": "{ shop { name } }"})["data"] == {"shop": {"name": "sandbox"}}
    stopped = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=5)
    assert time.monotonic() - stopped < 5
    assert (process.returncode, errors) == (0, "")
    assert not (tmp_path / "sandbox" / "port").exists()
    idle.close()


def test_kill_nine_keeps_everything_that_was_answered(tmp_path: Path) -> None:
    process, port = start_process(tmp_path)
    query = SET + "fragment all on Product { id }"
    answered: list[str] = []

    def publish() -> None:
        try:
            for number in range(1000):
                variables = {"input": {"title": f"P{number}"}}
                answer = ask(port, {"query": query, "variables": variables})
                answered.append(answer["data"]["productSet"]["product"]["id"])
        except (OSError, http.client.HTTPException, ValueError):
            return

    thread = threading.Thread(target=publish)
    thread.start()
    while len(answered) < 20:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=5)
    thread.join()
    again = start_sandbox(tmp_path)
    try:
        nodes = again.shopify("query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": answered[:250]}).json[
            "data"
        ]["nodes"]
        assert [node and node["id"] for node in nodes] == answered[:250]
        # At most the one call that was under way when it died came on top.
        assert again.state("shopify")["products"] - len(answered) in (0, 1)
    finally:
        again.stop()


def test_a_taken_port_and_a_read_only_home_are_one_clear_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    taken = str(sandbox.running.port)
    for arguments in (["--home", str(tmp_path / "b"), "--port", taken], ["--home", str(file)]):
        done = subprocess.run(
            [sys.executable, "-m", "channels.sandbox", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("the sandbox cannot run")
        assert len(done.stderr.splitlines()) == 1
