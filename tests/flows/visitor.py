"""A signed-in person without a browser: forms are posted as a page would post them."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2


class Visitor:
    """One session at a running product; use as a context manager."""

    def __init__(self, url: str, name: str, password: str = "") -> None:
        self.client = httpx2.Client(base_url=url, follow_redirects=True, timeout=60, trust_env=False)
        page = self.client.get("/login/").text
        self.post("/login/", page=page, username=name, password=password or f"{name}-demo")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()

    def get(self, path: str) -> httpx2.Response:
        answer = self.client.get(path)
        answer.raise_for_status()
        return answer

    def post(self, path: str, *, page: str = "", **fields: str) -> httpx2.Response:
        """Post a form; the token is taken from `page`, or from the start page."""
        answer = self.client.post(path, data={"csrfmiddlewaretoken": self._token(page)} | fields)
        answer.raise_for_status()
        return answer

    def upload(self, path: str, field: str, file: Path, **fields: str) -> str:
        """Post a file; the path of the page that one is led to."""
        answer = self.client.post(
            path,
            data={"csrfmiddlewaretoken": self._token("")} | fields,
            files={field: (file.name, file.read_bytes(), "text/csv")},
        )
        answer.raise_for_status()
        return answer.url.path

    def _token(self, page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page or self.client.get("/").text)
        assert found, "the page holds no form"
        return found[1]
