"""Every example of docs/api.md, sent in order to an instance with channels and no products, is answered as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from channels.demo.shop import ensure_channels
from tests.catalog.api.conftest import Api
from tests.world import build_world

PAGE = (Path(settings.BASE_DIR) / "docs/api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```http\n(\w+) (\S+)\n?(.*?)```\n```answer\n(\d+) (.*?)```", PAGE, re.DOTALL)


def objects(text: str) -> list[Any]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def holds(found: Any, told: Any) -> bool:
    """Whether everything that is told is so; there may be more."""
    if isinstance(told, dict):
        return isinstance(found, dict) and all(key in found and holds(found[key], told[key]) for key in told)
    if isinstance(told, list):
        return len(found) == len(told) and all(map(holds, found, told))
    return bool(found == told)


@pytest.mark.django_db
def test_every_example_is_answered_as_it_says() -> None:
    assert len(EXAMPLES) == PAGE.count("```http") >= 12
    world = build_world()
    ensure_channels()
    api = Api(world).of("ada")
    for method, path, body, status, told in EXAMPLES:
        bulk = method == "PATCH" and not path.split("?")[0].endswith("/mug/")
        answer = api.call(method, path, body.strip(), kind="application/x-ndjson" if bulk else "application/json")
        content = b"".join(answer).decode() if answer.streaming else answer.content.decode()
        assert answer.status_code == int(status), (path, content)
        assert all(map(holds, objects(content), objects(told))), (path, content)
