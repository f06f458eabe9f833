"""A client of the API that holds a token of somebody in the small shop."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client

from catalog.access import tokens
from tests.world import World

Answer = Any  # Django's test response


class Api:
    """Speaks JSON with a token, or with none."""

    def __init__(self, world: World, token: str = "") -> None:
        self.world = world
        self.token = token
        self.client = Client()

    def of(self, name: str, *scopes: str, **how: Any) -> Api:
        """The same shop through a new token of that person."""
        _, text = tokens.create(user=self.world.people[name], name="test", scopes_wanted=scopes or ["write"], **how)
        return Api(self.world, text)

    def call(self, method: str, path: str, body: Any = None, *, kind: str = "", **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        data = body if isinstance(body, str | bytes) else b"" if body is None else json.dumps(body)
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.generic(method, address, data, content_type=kind or "application/json", headers=given)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, body if body is not None else {}, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("PATCH", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.call("DELETE", path, **headers)

    def bulk(self, path: str, lines: Iterable[Any], **headers: str) -> list[dict[str, Any]]:
        """Send lines, read a result for each."""
        answer = self.send(path, lines, **headers)
        assert answer.status_code == 200, answer.content
        return [json.loads(line) for line in b"".join(answer).splitlines()]

    def send(self, path: str, lines: Iterable[Any], **headers: str) -> Answer:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return self.call("PATCH", path, text, kind="application/x-ndjson", **headers)


@pytest.fixture
def api(world: World) -> Api:
    """With a token of mara, who may write."""
    return Api(world).of("mara")
