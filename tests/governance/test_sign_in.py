"""Getting in by password, and where one is signed in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from catalog.models import User
from catalog.sign_in.sessions import in_words
from catalog.tasks import tidy
from governance.models import AuditEntry
from tests.governance.sign_in import sign_in
from tests.world import World

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def no_limits_from_before() -> None:
    cache.clear()


def kinds(about: User | None = None) -> list[str]:
    found = AuditEntry.objects.order_by("pk")
    return list((found.filter(about=f"user:{about.pk}") if about else found).values_list("kind", flat=True))


def test_a_password_opens_and_leads_on(world: World) -> None:
    client, answer = sign_in("mara", next="/products/?q=tee")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/products/?q=tee")
    assert client.get("/products/").status_code == 200
    entry = AuditEntry.objects.get(kind="login")
    assert (entry.about, entry.data["how"]) == (f"user:{world.people['mara'].pk}", ["password"])
    assert client.get("/login/").status_code == 302
    client.post("/logout/")
    assert client.get("/products/").status_code == 302
    assert kinds(world.people["mara"])[-1] == "logout"


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_else(where: str, world: World) -> None:
    _, answer = sign_in("mara", next=where)
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_is_told_and_kept(world: World) -> None:
    client, answer = sign_in("mara", "wrong")
    assert answer.status_code == 200
    known = answer.content.decode()
    assert "Name or password is not right." in known
    _, answer = sign_in("nobody-here", "wrong")
    assert "Name or password is not right." in answer.content.decode()
    failures = AuditEntry.objects.filter(kind="login.failed").order_by("pk")
    assert [f.about for f in failures] == [f"user:{world.people['mara'].pk}", ""]
    assert client.get("/products/").status_code == 302


def test_guessing_ends_after_some_attempts_even_for_the_right_password(world: World) -> None:
    for _ in range(5):
        sign_in("mara", "wrong")
    _, answer = sign_in("mara")
    assert answer.status_code == 200
    assert "Too many attempts" in answer.content.decode()
    _, other = sign_in("rafael")
    assert other.status_code == 302


def test_a_closed_account_does_not_open(world: World) -> None:
    User.objects.filter(username="mara").update(is_active=False)
    client, answer = sign_in("mara")
    assert answer.headers["Location"] == "/login/"
    assert "This account is closed" in client.get("/login/").content.decode()


def test_no_page_of_the_library_is_there(world: World, client: Client) -> None:
    client.force_login(world.people["ada"])
    for name in (
        "account_signup",
        "account_reset_password",
        "account_email",
        "account_logout",
        "account_set_password",
        "mfa_index",
        "mfa_reauthenticate",
        "socialaccount_signup",
        "socialaccount_connections",
        "usersessions_list",
    ):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for path in ("/signup/", "/accounts/login/", "/password/reset/", "/2fa/", "/3rdparty/", "/sessions/"):
        assert client.get(path).status_code == 404


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(world: World) -> None:
    here, _ = sign_in("mara")
    there, _ = sign_in("mara")
    sent = {"old_password": "wrong", "new_password1": PASSWORD, "new_password2": PASSWORD}
    assert here.post("/account/password/", sent).status_code == 422
    weak = sent | {"old_password": "mara-secret", "new_password1": "short", "new_password2": "short"}
    assert here.post("/account/password/", weak).status_code == 422
    assert here.post("/account/password/", sent | {"old_password": "mara-secret"}).status_code == 302
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert {"password.changed", "password.refused"} <= set(kinds(world.people["mara"]))
    assert sign_in("mara", PASSWORD)[1].status_code == 302


def rows(client: Client) -> Any:
    return client.get("/account/").context["sessions"]


def test_sessions_are_listed_and_ended(world: World) -> None:
    here, _ = sign_in("mara")
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1"
    phone, _ = sign_in("mara", client=Client(headers={"User-Agent": agent}, REMOTE_ADDR="203.0.113.9"))
    third, _ = sign_in("mara")
    rafael, _ = sign_in("rafael")
    found = {words: (s, mine) for s, words, mine in rows(here)}
    assert set(found) == {"Firefox on Linux", "Safari on iPhone"}
    assert len(rows(here)) == 3
    session, mine = found["Safari on iPhone"]
    assert (session.ip, mine) == ("203.0.113.9", False)
    rafael.post("/account/sessions/", {"session": str(session.pk)})  # not his
    assert phone.get("/account/").status_code == 200
    here.post("/account/sessions/", {"session": str(session.pk)})
    assert phone.get("/account/").status_code == 302
    here.post("/account/sessions/", {"do": "others"})
    assert third.get("/account/").status_code == 302
    assert rafael.get("/account/").status_code == 200
    assert [mine for _, _, mine in rows(here)] == [True]
    assert kinds(world.people["mara"]).count("sessions.ended") == 2
    assert Session.objects.count() == 2


def test_addresses_are_seen_through_trusted_proxies_only(world: World, settings: Any) -> None:
    def first(**sent: str) -> str:
        client = Client(headers={"X-Forwarded-For": "198.51.100.7"})
        sign_in("mara", client=client)
        return str(next(s.ip for s, _, mine in rows(client) if mine))

    assert first() == "127.0.0.1"
    settings.PIMHUB_TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert first() == "198.51.100.7"


def test_a_session_in_use_is_seen_now_and_then(world: World) -> None:
    client, _ = sign_in("mara")
    before = rows(client)[0][0].last_seen_at
    client.get("/products/")
    assert rows(client)[0][0].last_seen_at == before
    session = client.session
    session["seen_at"] -= 600
    session.save()
    client.get("/products/")
    assert rows(client)[0][0].last_seen_at > before


def test_sessions_that_are_over_are_forgotten(world: World) -> None:
    client, _ = sign_in("mara")
    sign_in("rafael")
    long_ago = timezone.now() - dt.timedelta(days=8)
    Session.objects.filter(session_key=client.session.session_key).update(expire_date=long_ago)
    UserSession.objects.filter(user=world.people["mara"]).update(last_seen_at=long_ago)
    tidy()
    assert list(UserSession.objects.values_list("user__username", flat=True)) == ["rafael"]
    assert Session.objects.count() == 1


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0": (
        "Edge on Windows"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 (KHTML, like Gecko) Version/18 Safari/605": (
        "Safari on macOS"
    ),
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36": (
        "Chrome on Android"
    ),
    "curl/8.5": "curl/8.5",
    "": "An unnamed program",
}


@pytest.mark.parametrize(("agent", "words"), AGENTS.items())
def test_browsers_are_told_in_words(agent: str, words: str) -> None:
    assert in_words(agent) == words
