"""Test cases bind a version; the API follows the rules of the page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.access import tokens
from channels.mapping import cases, versions
from channels.models import Channel, MappingVersion
from tests.channels.mapping.test_versions import UPPER, proposed, rules, tried
from tests.channels.publishing.conftest import shop as shop
from tests.channels.publishing.shop import Shop

CASES: list[dict[str, Any]] = [
    {"name": "loud", "field": "title", "values": {"name@en_US": "Tee"}, "expect": "TEE"},
    {"field": "title", "values": {}, "expect": None},
]


def test_a_version_that_fails_its_cases_does_not_come_into_force(shop: Shop) -> None:
    channel = shop.channel()
    version = versions.propose(channel=channel, rules=rules(shop), user=shop.user("channelmanager"), cases=CASES)
    tried(shop, version)
    with pytest.raises(versions.NotNow, match='Test case loud: title is "Tee", expected "TEE"'):
        versions.activate(version=version, user=shop.user("admin"))
    mended = proposed(shop, title=UPPER)
    assert mended.cases == CASES  # they stay with the mapping
    tried(shop, mended)
    versions.activate(version=mended, user=shop.user("admin"))
    assert shop.channel().mapping == mended


def test_cases_read_options_and_variants_as_the_channel_does(shop: Shop) -> None:
    field = {"from": "color", "transforms": ["labels"]}
    given = [
        {"field": "title", "values": {"color": "s"}, "expect": "S"},
        {"field": "title", "values": {"color": "s"}, "variant": {"color": "m"}, "expect": "M"},
    ]
    version = MappingVersion(channel=shop.channel(), rules={"title": field}, cases=given)
    assert cases.failures(version) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "line 1 is no JSON"),
        ('{"field": "title"}', "needs a field and what is expected"),
        ('{"field": "title", "expect": 1, "value": {}}', "knows no “value”"),
        ('{"field": "title", "expect": 1, "values": []}', "an object of value keys"),
    ],
)
def test_a_case_that_cannot_be_read_says_why(text: str, words: str) -> None:
    with pytest.raises(cases.BadCase, match=words):
        cases.read_lines(text)
    assert cases.read_lines(cases.write_lines(CASES)) == CASES


# ---- the page and the API ----------------------------------------------------------------------


def api(shop: Shop, name: str) -> Client:
    _, text = tokens.create(user=shop.user(name), name=name, scopes_wanted=["write"], rate=100_000)
    return Client(headers={"Authorization": f"Bearer {text}"})


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1/channels/shopify/mappings/{path}", body, content_type="application/json")


def test_a_mapping_is_proposed_tried_and_put_in_force_by_call(shop: Shop) -> None:
    shop.live()
    manager, admin = api(shop, "channelmanager"), api(shop, "admin")
    held = manager.get("/api/v1/channels/shopify/mappings/1/").json()
    assert held["in_force"]
    expressions = held["expressions"] | {"title": "name | upper"}
    found = post(manager, "try/", expressions=expressions, product="tee").json()
    assert found["fields"][""]["title"] == "TEE SHIRT"
    made = post(manager, "", expressions=expressions, cases=CASES, note="Louder")
    assert made.status_code == 201, made.content
    assert (made.json()["number"], made.json()["failed"], made.json()["trial"]["state"]) == (2, [], "working")
    early = post(admin, "2/activate/")
    assert (early.status_code, early.json()["code"]) == (409, "not_now")
    tried(shop, MappingVersion.objects.get(channel__code="shopify", number=2))
    assert post(manager, "2/activate/").status_code in (403, 409)  # its author
    assert post(admin, "2/activate/").json()["in_force"]
    rows = manager.get("/api/v1/channels/shopify/mappings/").json()["results"]
    assert [(r["number"], r["in_force"], r["author"]) for r in rows] == [(2, True, "channelmanager"), (1, False, None)]


def test_what_cannot_be_read_is_named(shop: Shop) -> None:
    client = api(shop, "channelmanager")
    bad = post(client, "", expressions={"title": "name | shout", "nothing": "name"})
    assert bad.status_code == 422
    assert {e["key"] for e in bad.json()["errors"]} == {"title", "nothing"}
    assert post(client, "", expressions={}, cases=[{"field": "title"}]).json()["code"] == "bad_case"
    assert post(client, "", rules={}).status_code == 422
    assert post(client, "try/", expressions={}, product="none").status_code == 422
    assert client.get("/api/v1/channels/shopify/mappings/9/").status_code == 404
    assert client.get("/api/v1/channels/none/mappings/").status_code == 404
    assert post(api(shop, "merchandiser"), "", expressions={}).status_code == 403
    assert MappingVersion.objects.filter(channel__code="shopify").count() == 1


def test_cases_are_kept_by_the_page(shop: Shop, client: Client) -> None:
    client.force_login(shop.user("channelmanager"))
    given = {f"field:{k}": v for k, v in versions.written(rules(shop, title=UPPER)).items()}
    text = cases.write_lines(CASES)
    answer = client.post("/channels/shopify/mapping/", given | {"do": "keep", "cases": text})
    assert answer.status_code == 302
    assert Channel.objects.get(code="shopify").mapping_versions.get(number=2).cases == CASES
    assert "loud" in client.get("/channels/shopify/mapping/").content.decode()
    answer = client.post("/channels/shopify/mapping/", given | {"do": "keep", "cases": "x"})
    assert answer.status_code == 422
    assert "no JSON object" in answer.content.decode()
