"""A sandbox on a free port of this process, for every test that talks to a channel."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from channels.sandbox.server import RunningSandbox
from channels.sandbox.world import AMAZON_SELLER, TOKEN

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Sandbox:
    """A running sandbox. `url` + "/shopify" and `url` + "/google" are the base URLs of the channels."""

    running: RunningSandbox
    home: Path

    @property
    def url(self) -> str:
        return self.running.url

    def violations(self, channel: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("violations")
        return [v for v in found if channel in (None, v["channel"])]

    def control(self, name: str, **given: Any) -> Any:
        """GET `/_control/name` without arguments, else POST them; "reset" is always a POST.

        Raises AssertionError with the reason when the sandbox refuses.
        """
        body = json.dumps(given).encode() if given or name == "reset" else None
        answer = self.call("GET" if body is None else "POST", f"/_control/{name}", body)
        assert answer.status == 200, answer.body.decode()
        return answer.json

    def state(self, channel: str) -> dict[str, Any]:
        found: dict[str, Any] = self.control("state")[channel]
        return found

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 10,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=timeout)
        try:
            connection.request(method, path, body, {"Content-Type": JSON_TYPE} | (headers or {}))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    def shopify(
        self, query: str, variables: dict[str, Any] | None = None, *, token: str = TOKEN, **options: Any
    ) -> Answer:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        headers = {"X-Shopify-Access-Token": token}
        return self.call("POST", "/shopify/admin/api/2026-10/graphql.json", body, headers, **options)

    def amazon(self, method: str, sku: str, body: Any = None, *, token: str = TOKEN, **query: str) -> Answer:
        """One item of the account; `query` beside the marketplace."""
        asked = urlencode({"marketplaceIds": "A1PA6795UKMFR9", **query}, safe=",")
        path = f"/amazon/listings/2021-08-01/items/{AMAZON_SELLER}/{quote(sku, safe='')}?{asked}"
        data = None if body is None else json.dumps(body).encode()
        return self.call(method, path, data, {"x-amz-access-token": token})

    def google(self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **query: str) -> Answer:
        """`path` below `products/v1/accounts/1001/`."""
        address = f"/google/products/v1/accounts/1001/{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        return self.call(method, address, data, {"Authorization": f"Bearer {token}"})

    def stop(self) -> None:
        self.running.stop()


def start_sandbox(home: Path) -> Sandbox:
    """A sandbox that keeps its shop under `home`; start it there again and it is the same shop."""
    return Sandbox(RunningSandbox(home), home)


@contextmanager
def sandbox_without_violations(home: Path) -> Iterator[Sandbox]:
    """A sandbox that fails the test when any request broke a contract, even if nobody noticed."""
    sandbox = start_sandbox(home)
    try:
        yield sandbox
        broken = [f"{v['channel']} {v['operation']}: {v['code']} {v['reason']}" for v in sandbox.violations()]
        assert not broken, "\n".join(broken)
    finally:
        sandbox.stop()


def path_of(url: str) -> str:
    return urlsplit(url).path
