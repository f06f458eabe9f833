"""Who may call, with what, from where, how often, and for how long."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from catalog.access import signed, tokens
from catalog.api.base import Leaving
from catalog.api.offers import OfferList
from catalog.models import ApiToken
from tests.catalog.api.conftest import Api
from tests.world import World


def refused(answer: Any) -> str:
    assert answer.status_code == 401, answer.content
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return str(answer.json()["detail"])


def test_a_token_is_shown_once_and_kept_as_a_hash(api: Api) -> None:
    made = api.post("tokens/", {"name": "shop", "scopes": ["products:read"], "rate": 60})
    assert made.status_code == 201
    text = made.json()["token"]
    assert Api(api.world, text).get("products/").status_code == 200
    row = ApiToken.objects.get(name="shop")
    secret = text.split("_", 2)[2]
    assert secret not in str(row.__dict__)
    assert row.secret_hash == tokens.hashed(secret)
    listed = api.get("tokens/").json()["results"][0]
    assert "token" not in listed
    assert (listed["name"], listed["rate"]) == ("shop", 60)
    assert listed["last_used"] is not None


def test_scopes_bound_a_token_and_name_what_is_missing(world: World) -> None:
    reader = Api(world).of("mara", "products:read")
    assert reader.get("products/").status_code == 200
    answer = reader.post("products/", {})
    assert (answer.status_code, answer.json()["code"], answer.json()["scope"]) == (
        403,
        "missing_scope",
        "products:write",
    )
    assert reader.get("events/").json()["scope"] == "events:read"
    assert Api(world).of("mara", "read").get("events/").status_code == 200


def test_a_persons_rights_bound_their_token(world: World) -> None:
    answer = Api(world).of("rafael", "write").post("products/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_right")
    assert answer.json()["right"] == "catalog.add_product"


def test_a_token_makes_no_stronger_one(world: World) -> None:
    weak = Api(world).of("mara", "tokens:write", "products:read")
    assert weak.post("tokens/", {"scopes": ["write"]}).json()["code"] == "bad_scopes"
    assert weak.post("tokens/", {"scopes": ["products:read"]}).status_code == 201


def test_what_a_token_makes_ends_with_it_and_works_where_it_does(world: World) -> None:
    ends = timezone.now() + dt.timedelta(hours=1)
    maker = Api(world).of("mara", "tokens:write", networks=["127.0.0.0/24"], rate=50, expires_at=ends)
    made = maker.post("tokens/", {"scopes": ["tokens:read"]}).json()
    assert (made["networks"], made["rate"], made["expires"]) == (["127.0.0.0/24"], 50, ends.isoformat())
    for more, word in (
        ({"networks": ["0.0.0.0/0"]}, "127.0.0.0/24"),
        ({"networks": ["::/0"]}, "127.0.0.0/24"),
        ({"rate": 51}, "50"),
        ({"expires": (ends + dt.timedelta(minutes=1)).isoformat()}, ends.isoformat()),
    ):
        answer = maker.post("tokens/", {"scopes": ["tokens:read"]} | more)
        assert (answer.status_code, answer.json()["code"]) == (422, "too_strong")
        assert word in answer.json()["detail"]
    assert maker.post("tokens/", {"scopes": ["tokens:read"], "networks": ["127.0.0.1"]}).status_code == 201


def test_a_token_rotates_no_stronger_one(world: World) -> None:
    """Who gets at a small token must not get at the text of a large one of the same person."""
    large = Api(world).of("mara", "write")
    prefix = large.get("tokens/").json()["results"][0]["prefix"]
    small = Api(world).of("mara", "tokens:write")
    answer = small.post(f"tokens/{prefix}/rotate/")
    assert (answer.status_code, answer.json()["code"]) == (403, "too_strong")
    assert "“write”" in answer.json()["detail"]
    signed_small, _ = signed.issue(ApiToken.objects.get(prefix=prefix), scopes=["tokens:write"])
    assert Api(world, signed_small).post(f"tokens/{prefix}/rotate/").status_code == 403
    assert large.post(f"tokens/{prefix}/rotate/").status_code == 200


def test_nobody_sees_the_tokens_of_others(api: Api) -> None:
    own = api.get("tokens/").json()["results"][0]["prefix"]
    other = api.of("ada")
    assert own not in [t["prefix"] for t in other.get("tokens/").json()["results"]]
    assert other.delete(f"tokens/{own}/").status_code == 404


def test_expired_revoked_and_closed_are_told_apart(world: World) -> None:
    late = Api(world).of("mara", expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert "expired" in refused(late.get("products/"))
    api = Api(world).of("mara")
    prefix = api.get("tokens/").json()["results"][0]["prefix"]
    assert api.delete(f"tokens/{prefix}/").status_code == 204
    assert "revoked" in refused(api.get("products/"))
    other = Api(world).of("mara")
    world.people["mara"].is_active = False
    world.people["mara"].save()
    assert "closed" in refused(other.get("products/"))
    assert "unknown" in refused(Api(world, "pim_00000000_x").get("products/"))
    assert "begins with pim_" in refused(Api(world, "pim_").get("products/"))
    assert "not valid" in refused(Api(world, "abc").get("products/"))


def test_a_rotated_token_overlaps_with_its_old_secret(world: World) -> None:
    old = Api(world).of("mara")
    prefix = old.get("tokens/").json()["results"][0]["prefix"]
    new = Api(world, old.post(f"tokens/{prefix}/rotate/", {"overlap": 60}).json()["token"])
    assert old.get("products/").status_code == new.get("products/").status_code == 200
    ApiToken.objects.update(previous_until=timezone.now())
    refused(old.get("products/"))
    assert new.get("products/").status_code == 200


def test_a_token_may_be_bound_to_networks(world: World) -> None:
    inside = Api(world).of("mara", networks=["127.0.0.0/8"])
    assert inside.get("products/").status_code == 200
    outside = Api(world).of("mara", networks=["203.0.113.0/24"])
    assert "not be used from here" in refused(outside.get("products/"))
    # What anybody can write into a header counts only behind a proxy of ours.
    assert outside.get("products/", X_Forwarded_For="203.0.113.7").status_code == 401
    with override_settings(PIMHUB_TRUSTED_PROXIES=["127.0.0.0/8"]):
        assert outside.get("products/", X_Forwarded_For="203.0.113.7").status_code == 200
        assert outside.get("products/", X_Forwarded_For="203.0.113.7, 198.51.100.1").status_code == 401
    assert api_says(inside, {"scopes": ["read"], "networks": ["nonsense"]}) == "bad_network"


def api_says(api: Api, body: dict[str, Any]) -> str:
    return str(api.post("tokens/", body).json()["code"])


def test_what_a_token_cannot_be_is_said(api: Api) -> None:
    assert api_says(api, {"scopes": ["products:raed"]}) == "bad_scopes"
    assert api_says(api, {"scopes": []}) == "bad_scopes"
    assert api_says(api, {"scopes": ["read"], "rate": 0}) == "bad_rate"
    assert api_says(api, {"scopes": ["read"], "expires": "2020-01-01T00:00:00Z"}) == "bad_expires"
    assert api_says(api, {"scopes": ["read"], "expires": "soon"}) == "bad_expires"


def test_calls_are_counted_and_slowed_down(world: World) -> None:
    api = Api(world).of("mara", rate=3)
    answers = [api.get("products/") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"token";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"token";r=2;t=')
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    ApiToken.objects.update(minute=0)  # the next minute
    assert api.get("products/").status_code == 200


def test_closed_doors_count_too(world: World) -> None:
    api = Api(world).of("rafael", rate=2)
    assert [api.post("products/", {}).status_code for _ in range(3)] == [403, 403, 429]


def test_a_browser_needs_proof_that_the_call_is_from_our_pages(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["mara"])
    assert browser.get("/api/v1/products/").status_code == 200
    answer = browser.post("/api/v1/products/", "{}", content_type="application/json")
    assert answer.status_code == 403
    assert "our own pages" in answer.json()["detail"]


# ---- signed tokens ----


def oauth(api: Api, **form: str) -> Any:
    prefix = "_".join(api.token.split("_")[:2])
    given = {"grant_type": "client_credentials", "client_id": prefix, "client_secret": api.token} | form
    kind = "application/x-www-form-urlencoded"
    return api.client.post("/api/v1/oauth/token/", urlencode(given), content_type=kind)


def test_client_credentials_give_a_short_lived_signed_token(world: World) -> None:
    api = Api(world).of("mara", "products:read", "events:read")
    answer = oauth(api, scope="products:read")
    assert answer.status_code == 200
    given = answer.json()
    assert (given["token_type"], given["scope"]) == ("Bearer", "products:read")
    assert given["expires_in"] <= 3600
    assert answer.headers["Cache-Control"] == "no-store"
    signed_api = Api(world, given["access_token"])
    assert signed_api.get("products/").status_code == 200
    assert signed_api.get("events/").json()["scope"] == "events:read"
    keys = api.client.get("/api/v1/oauth/jwks.json").json()["keys"]
    public = jwt.PyJWK(keys[0]).key
    assert jwt.decode(given["access_token"], public, algorithms=["EdDSA"], audience="pimhub-api")["sub"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "pim_00000000"}, 401, "invalid_client"),
        ({"scope": "write"}, 400, "invalid_scope"),
        ({"scope": "nonsense"}, 400, "invalid_scope"),
    ],
)
def test_oauth_refuses_as_the_standard_says(world: World, form: dict[str, str], status: int, error: str) -> None:
    answer = oauth(Api(world).of("mara", "products:read"), **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def forged(world: World, **change: Any) -> str:
    """A signed token like ours but for one thing."""
    token, _ = tokens.create(user=world.people["mara"], name="t", scopes_wanted=["write"])
    text, _ = signed.issue(token, scopes=["write"])
    claims = jwt.decode(text, options={"verify_signature": False})
    headers = {"kid": jwt.get_unverified_header(text)["kid"]} | change.pop("headers", {})
    key = change.pop("key", signed._private(settings.PIMHUB_JWT_KEYS[0]))
    algorithm = change.pop("algorithm", "EdDSA")
    claims = {k: v for k, v in (claims | change).items() if v is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another-api"},
        {"exp": 1_000_000},
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"client_id": None},
        {"client_id": "pim_00000000"},
        {"sub": "999999"},
        {"key": Ed25519PrivateKey.from_private_bytes(b"x" * 32)},
        {"headers": {"kid": "unknown"}},
        {"headers": {"kid": 5}},
        {"algorithm": "none", "key": None},
        {"algorithm": "HS256", "key": "x" * 32},
    ],
    ids=lambda change: "-".join(change),
)
def test_a_signed_token_that_is_wrong_in_anything_opens_nothing(world: World, change: dict[str, Any]) -> None:
    assert Api(world, forged(world)).get("products/").status_code == 200
    try:
        text = forged(world, **dict(change))
    except (TypeError, jwt.InvalidTokenError):  # this key id cannot even be written
        return
    refused(Api(world, text).get("products/"))


def test_a_signed_token_dies_with_the_token_behind_it(world: World) -> None:
    api = Api(world).of("mara")
    text = oauth(api).json()["access_token"]
    tokens.revoke(ApiToken.objects.get())
    assert "revoked" in refused(Api(world, text).get("products/"))


def test_keys_that_sign_are_changed_over(world: World) -> None:
    api = Api(world).of("mara")
    old = oauth(api).json()["access_token"]
    with override_settings(PIMHUB_JWT_KEYS=["a-new-key-of-our-own", *settings.PIMHUB_JWT_KEYS]):
        assert Api(world, old).get("products/").status_code == 200
        new = oauth(api).json()["access_token"]
    with override_settings(PIMHUB_JWT_KEYS=["a-new-key-of-our-own"]):
        refused(Api(world, old).get("products/"))
        assert Api(world, new).get("products/").status_code == 200


def test_what_will_go_says_so_and_then_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    since = timezone.now() - dt.timedelta(days=400)
    going = Leaving(since=since, gone=timezone.now() + dt.timedelta(days=30), successor="/api/v1/stock/")
    api = Api(world).of("mara")
    monkeypatch.setattr(OfferList, "leaving", going)
    answer = api.get("offers/")
    assert answer.status_code == 200
    assert answer.headers["Deprecation"] == f"@{int(since.timestamp())}"
    assert answer.headers["Sunset"].endswith("GMT")
    assert answer.headers["Link"] == '</api/v1/stock/>; rel="successor-version"'
    monkeypatch.setattr(OfferList, "leaving", Leaving(since=since, gone=timezone.now(), successor="/api/v1/stock/"))
    gone = api.get("offers/")
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert "/api/v1/stock/" in gone.json()["detail"]
    assert "Sunset" in gone.headers


def test_only_http_methods_reach_into_an_endpoint(api: Api) -> None:
    """Its own functions have names too, and a client may send any word as the method."""
    for word in ("ROWS", "KEEP", "HANDLER", "DISPATCH"):
        assert api.call(word, "families/").status_code == 405
