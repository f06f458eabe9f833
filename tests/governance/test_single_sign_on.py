"""Single sign-on against a provider on a real socket: who is let in as whom, and which word is not believed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import environ
import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from catalog.models import User
from governance import people
from governance.models import AuditEntry
from pimhub.single_sign_on import providers
from tests.governance.oidc_server import CLIENT, KEY, OTHER, SECRET, Provider, running
from tests.governance.sign_in import grow_old, set_up_app, sign_in
from tests.world import World


@pytest.fixture
def corp(settings: Any, world: World) -> Iterator[Provider]:
    cache.clear()
    with running() as provider:
        configure(settings, provider)
        User.objects.filter(username="mara").update(email="Mara@Example.com")
        provider.claims = {"sub": "m-1", "email": "mara@example.com", "email_verified": True}
        yield provider


def configure(settings: Any, provider: Provider, **more: Any) -> None:
    settings.PIMHUB_ALLOWED_ORIGINS = [provider.url]
    kept = {"server_url": provider.url, "domains": [], "new_roles": []} | more
    app = {"provider_id": "corp", "name": "Corp", "client_id": CLIENT, "secret": SECRET, "settings": kept}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def begin(client: Client, **sent: str) -> str:
    """The address at the provider."""
    answer = client.post("/login/sso/corp/", sent)
    assert answer.status_code == 200, answer
    return unescape(re.findall(r'id="leave" href="([^"]+)"', answer.content.decode())[0])


def enter(provider: Provider, client: Client | None = None, **sent: str) -> tuple[Client, Any]:
    client = client or Client()
    return client, client.get(provider.visit(begin(client, **sent)))


def who(client: Client) -> str:
    answer = client.get("/account/")
    return answer.context["user"].username if answer.status_code == 200 else ""


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))


def test_a_button_leads_there_and_back_as_oneself(corp: Provider, world: World) -> None:
    page = Client().get("/login/").content.decode()
    assert "Go on with Corp" in page
    client, answer = enter(corp, next="/products/?q=tee")
    assert answer.headers["Location"] == "/products/?q=tee"
    assert who(client) == "mara"
    asked = corp.asked[0]
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 20
    link = SocialAccount.objects.get()
    assert (link.provider, link.uid, link.user_id) == ("corp", "m-1", world.people["mara"].pk)
    login = AuditEntry.objects.filter(kind="login").latest("pk")
    assert login.data["how"] == ["sso:corp"]
    assert AuditEntry.objects.get(kind="sso.linked").data["how"] == "email"
    assert not AuditEntry.objects.filter(kind="user.changed").exists()


def test_afterwards_the_subject_counts_and_not_the_address(corp: Provider, world: World) -> None:
    enter(corp)
    corp.claims = {"sub": "m-1", "email": "ada@example.com", "email_verified": True}
    User.objects.filter(username="ada").update(email="ada@example.com")
    client, _ = enter(corp)
    assert who(client) == "mara"
    corp.claims = {"sub": "m-2", "email": "nobody@example.com", "email_verified": True}
    assert who(enter(corp)[0]) == ""
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize("verified", [False, "false", None, "yes", 1, ["true"]])
def test_an_address_that_is_not_verified_leads_nowhere(verified: Any, corp: Provider, world: World) -> None:
    User.objects.filter(username="ada").update(email="ada@example.com", is_superuser=True)
    corp.claims = {"sub": "x", "email": "ada@example.com", "email_verified": verified}
    client, answer = enter(corp)
    assert answer.headers["Location"] == "/login/"
    assert who(client) == ""
    assert not SocialAccount.objects.exists()
    assert kinds()[-1] == "sso.refused"


def test_nor_where_new_people_are_welcome(corp: Provider, settings: Any, world: World) -> None:
    configure(settings, corp, new_roles=["merchandiser"])
    User.objects.filter(username="ada").update(email="ada@example.com")
    corp.claims = {"sub": "x", "email": "ADA@example.com", "email_verified": False}
    client, _ = enter(corp)
    assert who(client) == ""
    assert "has not verified your e-mail address" in client.get("/login/").content.decode()
    assert User.objects.count() == 4


def test_two_accounts_with_one_address_are_nobodys(corp: Provider, world: World) -> None:
    User.objects.filter(username="rafael").update(email="mara@example.com")
    client, _ = enter(corp)
    assert who(client) == ""
    assert "Several accounts" in client.get("/login/").content.decode()


def test_a_closed_account_stays_closed(corp: Provider, world: World) -> None:
    enter(corp)
    User.objects.filter(username="mara").update(is_active=False)
    client, _ = enter(corp)
    assert who(client) == ""
    SocialAccount.objects.all().delete()
    assert who(enter(corp)[0]) == ""
    assert not SocialAccount.objects.exists()


def test_strangers_stay_out_unless_the_operator_wants_them(corp: Provider, settings: Any, world: World) -> None:
    corp.claims = {
        "sub": "n-1",
        "email": "nina@example.com",
        "email_verified": True,
        "preferred_username": "ma ra<b>",
        "given_name": "Nina",
    }
    client, _ = enter(corp)
    assert who(client) == ""
    configure(settings, corp, new_roles=["reviewer", "unheard-of"])
    client, _ = enter(corp)
    assert who(client) == "marab"
    nina = User.objects.get(username="marab")
    assert (nina.first_name, nina.email, nina.has_usable_password()) == ("Nina", "nina@example.com", False)
    assert [g.name for g in nina.groups.all()] == ["reviewer"]
    assert not nina.is_superuser
    corp.claims = {"sub": "n-2", "preferred_username": "mara", "email": "m2@example.com", "email_verified": True}
    client, _ = enter(corp)
    assert who(client) == "mara-2"
    configure(settings, corp, new_roles=["reviewer"], domains=["example.com"])
    corp.claims = {"sub": "n-3", "email": "x@elsewhere.example", "email_verified": True}
    assert who(enter(corp)[0]) == ""


def test_the_second_factor_is_asked_for_here_too(corp: Provider, world: World) -> None:
    client, _ = sign_in("mara")
    set_up_app(client)
    client, answer = enter(corp)
    assert answer.headers["Location"] == "/login/second-factor/"
    assert who(client) == ""


# ---- the provider's word ----------------------------------------------------------------------------------


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", kid: str | None = "one") -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def other(**changes: Any) -> Callable[[dict[str, Any]], str]:
    return lambda claims: signed({k: v for k, v in (claims | changes).items() if v is not None})


PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
FLAWS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "signed by another key": lambda claims: signed(claims, OTHER),
    "an unknown key": lambda claims: signed(claims, kid="two"),
    "not signed": lambda claims: jwt.encode(claims, None, algorithm="none", headers={"kid": "one"}),
    "signed with the client's secret": lambda claims: signed(claims, SECRET.ljust(40, "x"), "HS256"),
    "nonsense": lambda claims: "a.b.c",
    "another issuer": other(iss="https://evil.example"),
    "another audience": other(aud="somebody"),
    "several audiences, for another": other(aud=[CLIENT, "x"], azp="x"),
    "expired": other(exp=int(time.time()) - 3600),
    "without end": other(exp=None),
    "from the future": other(iat=int(time.time()) + 3600),
    "nobody": other(sub=None),
    "an empty subject": other(sub=""),
    "another nonce": other(nonce="other"),
    "no nonce": other(nonce=None),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_token_with_a_flaw_opens_nothing(flaw: str, corp: Provider, world: World) -> None:
    corp.spoil = FLAWS[flaw]
    client, answer = enter(corp)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")
    assert who(client) == ""
    assert not SocialAccount.objects.exists()
    assert kinds()[-1] in ("sso.failed", "sso.refused")
    assert corp.tokens == 1


def test_the_address_may_come_from_userinfo_of_the_same_subject(corp: Provider, world: World) -> None:
    corp.claims = {"sub": "m-1"}
    corp.userinfo = {"sub": "m-2", "email": "mara@example.com", "email_verified": True}
    assert who(enter(corp)[0]) == ""
    corp.userinfo = {"sub": "m-1", "email": "mara@example.com"}
    corp.claims = {"sub": "m-1", "email_verified": True}  # of which address?
    assert who(enter(corp)[0]) == ""
    corp.userinfo["email_verified"] = True
    assert who(enter(corp)[0]) == "mara"


def test_without_an_id_token_nobody_comes_in(corp: Provider, world: World) -> None:
    corp.answer = lambda answer: answer.pop("id_token")
    assert who(enter(corp)[0]) == ""


@pytest.mark.parametrize(
    "config",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_provider_that_points_elsewhere_is_not_followed(config: Any, corp: Provider, world: World) -> None:
    corp.config = config
    client = Client()
    assert client.post("/login/sso/corp/").headers["Location"] == "/login/"
    assert "could not vouch for you" in client.get("/login/").content.decode()
    assert not corp.asked


def test_a_provider_that_fails_half_way_is_told_of(corp: Provider, world: World) -> None:
    def later(change: Callable[[], Any]) -> str:
        client = Client()
        back = corp.visit(begin(client))
        change()
        answer = client.get(back)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")
        return str(AuditEntry.objects.filter(kind="sso.failed").latest("pk").data["reason"])

    assert "another issuer" in later(lambda: corp.config.update(issuer="https://evil.example"))
    corp.config.clear()
    corp.answer = lambda answer: answer.update(expires_in="soon", id_token=answer["id_token"])
    assert later(lambda: None).startswith("ValueError")
    corp.answer = lambda answer: answer.pop("access_token")
    assert "id_token" not in later(lambda: None)
    corp.answer = lambda answer: None
    assert later(lambda: corp.server.shutdown() or corp.server.server_close()).startswith("ConnectionError")  # type: ignore[func-returns-value]


def test_private_addresses_are_called_only_where_they_are_allowed(corp: Provider, settings: Any, world: World) -> None:
    settings.PIMHUB_ALLOWED_ORIGINS = []
    assert Client().post("/login/sso/corp/").status_code == 302
    assert AuditEntry.objects.get(kind="sso.failed").data["reason"].startswith("ConnectionError")
    assert not corp.asked


def test_an_answer_counts_once_and_in_its_own_browser(corp: Provider, world: World) -> None:
    client = Client()
    back = corp.visit(begin(client))
    assert who_after(Client(), back) == ""
    assert who_after(client, back) == "mara"
    client.post("/logout/")
    assert who_after(client, back) == ""


def who_after(client: Client, path: str) -> str:
    client.get(path)
    return who(client)


def test_cancelling_and_strange_addresses(corp: Provider, world: World) -> None:
    client = Client()
    state = re.findall(r"state=([^&]+)", begin(client))[0]
    client.get(f"/login/sso/corp/callback/?error=access_denied&state={state}")
    assert "was cancelled" in client.get("/login/").content.decode()
    assert client.get("/login/sso/corp/callback/").headers["Location"] == "/login/"
    for path in ("/login/sso/other/", "/login/sso/other/callback/", "/login/sso/openid_connect/"):
        method = client.get if "callback" in path else client.post
        assert method(path).status_code == 404 or "openid" in path
    assert client.get("/login/sso/corp/").status_code == 405  # nobody is sent there by a picture on a page


# ---- afterwards -----------------------------------------------------------------------------------------------


def test_who_has_no_password_proves_it_there(corp: Provider, settings: Any, world: World) -> None:
    configure(settings, corp, new_roles=["merchandiser"])
    corp.claims = {"sub": "n-1", "email": "nina@example.com", "email_verified": True}
    client, _ = enter(corp)
    grow_old(client)
    page = client.get("/tokens/").content.decode()
    assert "Sign in again at corp" in page
    assert "again_password" not in page
    _, answer = enter(corp, client, again="1", next="/tokens/")
    assert corp.asked[-1]["prompt"] == "login"
    assert "Is it still you?" in client.get("/tokens/").content.decode()  # it did not say when
    corp.claims |= {"auth_time": int(time.time())}
    _, answer = enter(corp, client, again="1", next="/tokens/")
    assert answer.headers["Location"] == "/tokens/"
    assert "A new token" in client.get("/tokens/").content.decode()
    grow_old(client)
    User.objects.filter(username="rafael").update(email="rafael@example.com")
    corp.claims |= {"sub": "r-1", "email": "rafael@example.com"}
    enter(corp)
    enter(corp, client, again="1", next="/tokens/")  # somebody else's proof
    assert "Is it still you?" in client.get("/tokens/").content.decode()
    assert who(client) == "nina"
    assert kinds().count("reauthentication.failed") == 2


def test_the_only_way_in_is_not_parted_from(corp: Provider, settings: Any, world: World) -> None:
    configure(settings, corp, new_roles=["merchandiser"])
    corp.claims = {"sub": "n-1", "email": "nina@example.com", "email_verified": True}
    client, _ = enter(corp)
    link = SocialAccount.objects.get()
    client.post(f"/account/links/{link.pk}/remove/")
    assert SocialAccount.objects.count() == 1
    mara, _ = sign_in("mara")
    assert mara.post(f"/account/links/{link.pk}/remove/").status_code == 404
    corp.claims = {"sub": "m-1", "email": "mara@example.com", "email_verified": True}
    enter(corp)
    assert mara.post(f"/account/links/{SocialAccount.objects.get(uid='m-1').pk}/remove/").status_code == 302
    assert list(SocialAccount.objects.values_list("uid", flat=True)) == ["n-1"]
    assert "sso.unlinked" in kinds()


def test_links_are_part_of_a_persons_data(corp: Provider, world: World) -> None:
    enter(corp)
    user = world.people["mara"]
    data: Any = people.export_person(user)
    assert [(s["provider"], s["subject"]) for s in data["single_sign_on"]] == [("corp", "m-1")]
    people.forget_person(user)
    assert not SocialAccount.objects.exists()


def test_the_operator_names_providers_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    env = environ.FileAwareEnv()
    assert providers(env) == []
    monkeypatch.setenv("PIMHUB_SSO", "corp")
    with pytest.raises(ImproperlyConfigured, match="set PIMHUB_SSO_CORP_CLIENT_ID"):
        providers(env)
    for name, value in {
        "ISSUER": "https://id.example/",
        "CLIENT_ID": "c",
        "CLIENT_SECRET": "s",
        "NEW_ROLES": "reviewer",
        "DOMAINS": "@Example.com,b.example",
    }.items():
        monkeypatch.setenv(f"PIMHUB_SSO_CORP_{name}", value)
    (found,) = providers(env)
    assert found["settings"] == {
        "server_url": "https://id.example",
        "domains": ["example.com", "b.example"],
        "new_roles": ["reviewer"],
    }
    monkeypatch.setenv("PIMHUB_SSO", "Corp/../x")
    with pytest.raises(ImproperlyConfigured, match="lower-case letters"):
        providers(env)
