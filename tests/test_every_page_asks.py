"""Every address is for people who may: nobody gets in without signing in, nobody without a role sees anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from catalog.access import tokens
from catalog.models import User

# Public on purpose: signing in, health, and what channels fetch by an address that cannot be guessed.
PUBLIC = {"login", "logout", "livez", "readyz", "media_file", "media_thumbnail", "feed", "feed_as", "choose_password"}
PUBLIC |= {"metrics"}  # asks for a token of its own, see tests/test_metrics.py
PUBLIC |= {"hook", "hook_with_token"}  # what is sent there is signed
PUBLIC |= {"api_schema", "api_oauth_token", "api_jwks"}
# The steps of signing in.
PUBLIC |= {"account_login", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback"}
PUBLIC |= {"source_hook"}  # by its signature
# Leads everybody on, and tells people without a role that they have none.
OPEN_TO_ALL_WHO_SIGNED_IN = {"home"}
OWN = {
    "token_list",
    "token_change",
    "api_tokens",
    "api_token",
    "api_token_rotate",
    "account",
    "account_change_password",
    "account_factor",
    "account_sessions",
    "account_link",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
}  # a person's own things need no right
FILLED = {
    "extension": "tsv",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "code": "x",
    "pk": "1",
    "product_id": "1",
    "name": "x",
    "token": "x",
    "width": "96",
    "prefix": "x",
    "attribute": "x",
    "entity": "x",
    "id": "1",
    "number": "1",
    "uid": "x",
    "other": "1",
    "provider_id": "x",
    "scope": "default",
    "field": "x",
    "source": "x",
}


def patterns(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Every named address, with {name} (or {uuid}) where something is to be named."""
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLResolver):
            yield from patterns(item, prefix + str(item.pattern))
        elif isinstance(item, URLPattern) and item.name != "api_nowhere":  # whatever else there is not
            path = prefix + str(item.pattern)
            for name, converter in item.pattern.converters.items():
                kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
                shown = "{uuid}" if kind == "uuid" else f"{{{name}}}"
                path = path.replace(f"<{kind}:{name}>", shown).replace(f"<{name}>", shown)
            yield str(item.name), path


def addresses() -> Iterator[tuple[str, str]]:
    for name, path in patterns():
        yield name, path.format(**FILLED)


CASES = [(name, path) for name, path in addresses() if name not in PUBLIC]
PAGES = [(name, path) for name, path in CASES if not name.startswith("api_")]
ENDPOINTS = [(name, path) for name, path in CASES if name.startswith("api_")]
METHODS = ["get", "post", "patch", "put", "delete"]


def test_all_addresses_have_a_name_and_are_filled() -> None:
    assert len(CASES) > 10
    assert not [path for _, path in addresses() if "<" in path]


# One page has two names: ours, and that of the library that signs in.
@pytest.mark.parametrize(("name", "path"), [each for each in addresses() if each[0] != "account_login"])
def test_no_address_swallows_another(name: str, path: str) -> None:
    """A code may hold slashes: what ends like a longer address must come after it."""
    assert resolve(path).url_name == name


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_stranger_is_sent_to_sign_in(name: str, path: str, method: str, client: Client) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code in (302, 405)
    assert answer.status_code == 405 or answer.headers["Location"].startswith("/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_person_without_a_role_gets_403(name: str, path: str, method: str, client: Client) -> None:
    if name in OWN:
        return
    client.force_login(User.objects.create_user("nobody", password="a-long-password"))
    answer = getattr(client, method)(path)
    assert answer.status_code in (403, 405)


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "path"), ENDPOINTS)
def test_the_api_asks_a_stranger_for_a_token(name: str, path: str, method: str, client: Client) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "path"), ENDPOINTS)
def test_the_api_names_the_right_that_is_missing(name: str, path: str, method: str, client: Client) -> None:
    if name in OWN:
        return
    _, text = tokens.create(user=User.objects.create_user("nobody"), name="t", scopes_wanted=["write"])
    answer = getattr(client, method)(path, headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code in (403, 405)
    if answer.status_code == 403:
        assert answer.json()["code"] == "missing_right"
        assert "." in answer.json()["right"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "path"), ENDPOINTS)
def test_the_api_names_the_scope_that_is_missing(name: str, path: str, method: str, client: Client) -> None:
    boss = User.objects.create_superuser("boss")
    scope = "events:read" if name != "api_events" else "stock:read"
    _, text = tokens.create(user=boss, name="t", scopes_wanted=[scope])
    answer = getattr(client, method)(path, headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code in (403, 405)
    if answer.status_code == 403:
        assert answer.json()["code"] == "missing_scope"
