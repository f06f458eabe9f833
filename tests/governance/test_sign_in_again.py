"""Keys, exports and rights: who signed in some while ago proves once more who they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from catalog.models import User
from channels.demo.shop import ensure_channels
from governance.models import AiProvider, AuditEntry
from tests.governance.sign_in import code_of, grow_old, set_up_app, sign_in
from tests.world import World

PAGES = {
    "/tokens/": "mara",
    "/products/export.csv": "mara",
    "/texts/providers/new/": "ada",
    "/people/new/": "ada",
    "/channels/shopify/settings/": "ada",
    "/webhooks/new/": "ada",
    "/people/roles/reviewer/": "ada",
    "/account/app/": "mara",
    "/account/passkeys/new/": "mara",
}


@pytest.fixture(autouse=True)
def no_limits_from_before() -> None:
    cache.clear()


def old(name: str) -> Client:
    client, _ = sign_in(name)
    grow_old(client)
    return client


@pytest.mark.parametrize(("path", "who"), PAGES.items())
def test_it_is_asked_for_and_leads_back(path: str, who: str, world: World) -> None:
    ensure_channels()
    client = old(who)
    asked = client.get(path)
    assert "Is it still you?" in asked.content.decode()
    wrong = client.post(path, {"again_asked": "GET", "again_password": "wrong"})
    assert wrong.status_code == 422
    assert "That password is not right." in wrong.content.decode()
    answer = client.post(path, {"again_asked": "GET", "again_password": f"{who}-secret"})
    assert (answer.status_code, answer.headers["Location"]) == (302, path)
    page = client.get(path)
    assert page.status_code == 200
    assert page.streaming or "Is it still you?" not in page.content.decode()
    failed = AuditEntry.objects.get(kind="reauthentication.failed")
    assert (failed.about, failed.data["how"]) == (f"user:{world.people[who].pk}", "password")


def test_a_fresh_sign_in_is_enough(world: World) -> None:
    client, _ = sign_in("mara")
    assert client.post("/tokens/", {"scope": "read"}).status_code == 200


def test_what_was_typed_goes_on(world: World) -> None:
    client = old("ada")
    typed = {"username": "nina", "first_name": 'Ni"<na>', "roles": ["merchandiser", "reviewer"], "is_active": "on"}
    asked = client.post("/people/new/", typed)
    assert asked.status_code == 200
    assert not User.objects.filter(username="nina").exists()
    assert 'value="Ni&quot;&lt;na&gt;"' in asked.content.decode()
    carried = {name: [v for n, v in asked.context["carried"] if n == name] for name, _ in asked.context["carried"]}
    assert carried == {k: v if isinstance(v, list) else [v] for k, v in typed.items()}
    wrong = client.post("/people/new/", typed | {"again_asked": "POST", "again_password": "no"})
    assert wrong.context["carried"] == asked.context["carried"]
    client.post("/people/new/", typed | {"again_asked": "POST", "again_password": "ada-secret"})
    nina = User.objects.get(username="nina")
    assert sorted(g.name for g in nina.groups.all()) == ["merchandiser", "reviewer"]


def test_a_key_in_flight_is_kept_nowhere(world: World) -> None:
    client = old("ada")
    typed = {"code": "ai", "label": "AI", "base_url": "https://api.example/v1", "api": "chat", "timeout": "60"}
    typed |= {"at_once": "4", "batch_percent": "50"}
    typed |= {"key": "sk-very-secret", "api": AiProvider._meta.get_field("api").choices[0][0]}  # type: ignore[index]
    asked = client.post("/texts/providers/new/", typed)
    assert "no-store" in asked.headers["Cache-Control"]
    assert "sk-very-secret" not in str(dict(client.session.items()))
    assert not AiProvider.objects.exists()
    client.post("/texts/providers/new/", typed | {"again_asked": "POST", "again_password": "ada-secret"})
    assert AiProvider.objects.get().key == "sk-very-secret"


def test_a_code_of_the_app_will_do(world: World) -> None:
    client, _ = sign_in("mara")
    secret, _ = set_up_app(client)
    grow_old(client)
    assert client.post("/tokens/", {"again_asked": "GET", "again_code": "000000"}).status_code == 422
    code = code_of(secret)
    assert client.post("/tokens/", {"again_asked": "GET", "again_code": code}).status_code == 302
    grow_old(client)
    assert client.post("/tokens/", {"again_asked": "GET", "again_code": code}).status_code == 422  # it counts once


def test_guessing_ends(world: World) -> None:
    client = old("mara")
    for _ in range(6):
        client.post("/tokens/", {"again_asked": "GET", "again_password": "wrong"})
    answer = client.post("/tokens/", {"again_asked": "GET", "again_password": "mara-secret"})
    assert answer.status_code == 422
    assert "Too many attempts" in answer.content.decode()


def test_the_api_asks_a_browser_and_not_a_token(world: World) -> None:
    client = old("mara")
    answer = client.post("/api/v1/tokens/", {"scopes": ["read"]}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")
    client.post("/tokens/", {"again_asked": "GET", "again_password": "mara-secret"})
    answer = client.post("/api/v1/tokens/", {"scopes": ["write"]}, content_type="application/json")
    assert answer.status_code == 201
    api = Client(headers={"Authorization": f"Bearer {answer.json()['token']}"})
    prefix = answer.json()["prefix"]
    assert api.post(f"/api/v1/tokens/{prefix}/rotate/", {}, content_type="application/json").status_code == 200
    grow_old(client)
    blocked = client.post(f"/api/v1/tokens/{prefix}/rotate/", {}, content_type="application/json")
    assert blocked.json()["code"] == "sign_in_again"


def test_the_minutes_are_the_operators(world: World, settings: Any) -> None:
    client = old("mara")
    settings.PIMHUB_FRESH_MINUTES = 120
    assert "A new token" in client.get("/tokens/").content.decode()
