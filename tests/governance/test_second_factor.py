"""The second factor: set up, asked for, used up, demanded, taken away."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.access import tokens
from catalog.models import User
from catalog.sign_in import second_factor
from governance import people
from governance.models import AuditEntry
from tests.governance.sign_in import code_of, grow_old, set_up_app, sign_in
from tests.world import World


@pytest.fixture(autouse=True)
def no_limits_from_before() -> None:
    cache.clear()


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def mara(world: World, django_capture_on_commit_callbacks: Any) -> tuple[Client, str, list[str]]:
    client, _ = sign_in("mara")
    with django_capture_on_commit_callbacks(execute=True):
        secret, codes = set_up_app(client)
    return client, secret, codes


def second_step(code: str) -> tuple[Client, Any]:
    client, answer = sign_in("mara", next="/account/")
    assert answer.headers["Location"] == "/login/second-factor/"
    assert client.get("/account/").status_code == 302  # not in yet
    return client, client.post("/login/second-factor/", {"code": code})


def test_the_code_of_the_app_is_asked_for_and_counts_once(mara: Any) -> None:
    _, secret, codes = mara
    assert len(codes) == 10
    client, answer = second_step("000000")
    assert answer.status_code == 200
    assert "not right" in answer.content.decode()
    code = code_of(secret)
    client, answer = second_step(code)
    assert answer.headers["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    _, replayed = second_step(code)
    assert replayed.status_code == 200
    _, before_last = second_step(code_of(secret, at=time.time() - 30))  # proved the set-up
    assert before_last.status_code == 200
    login = AuditEntry.objects.filter(kind="login").latest("pk")
    assert login.data["how"] == ["password", "totp"]
    assert {"second_factor.added", "second_factor.failed"} <= set(kinds())


def test_guessing_codes_ends(mara: Any) -> None:
    client, _ = sign_in("mara")
    for _ in range(5):
        client.post("/login/second-factor/", {"code": "000000"})
    answer = client.post("/login/second-factor/", {"code": code_of(mara[1])})
    assert "Too many attempts" in answer.content.decode()


def test_a_recovery_code_opens_once_and_new_ones_end_the_old(mara: Any) -> None:
    first, _, codes = mara
    client, answer = second_step(codes[0])
    assert answer.status_code == 302
    assert second_step(codes[0])[1].status_code == 200
    used = AuditEntry.objects.get(kind="recovery_codes.used")
    assert used.data["left"] == 9
    assert "9 left" in client.get("/account/").content.decode()
    again = client.get("/account/recovery-codes/").content.decode()
    assert codes[1] not in again  # shown once
    answer = client.post("/account/recovery-codes/")
    shown = client.get(answer.headers["Location"]).content.decode()
    assert 'id="recovery-codes"' in shown
    assert second_step(codes[1])[1].status_code == 200


def test_secrets_are_encrypted_at_rest(mara: Any) -> None:
    _, secret, codes = mara
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert codes[0] not in stored
    assert secret not in str(list(AuditEntry.objects.values()))


def test_the_qr_code_is_a_picture_the_policy_allows(world: World) -> None:
    client, _ = sign_in("mara")
    answer = client.get("/account/app/")
    page = answer.content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    assert "data:" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in page
    assert "style=" not in page
    wrong = client.post("/account/app/", {"code": "000000"})
    assert 'src="data:image/svg+xml' in wrong.content.decode()
    assert not Authenticator.objects.exists()


def test_giving_it_up_takes_the_recovery_codes_too(mara: Any) -> None:
    client, _, _ = mara
    factor = Authenticator.objects.get(type="totp")
    other, _ = sign_in("rafael")
    assert other.post(f"/account/factors/{factor.pk}/remove/").status_code == 404
    assert client.post(f"/account/factors/{factor.pk}/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    assert kinds().count("second_factor.removed") == 2
    assert sign_in("mara")[1].headers["Location"] == "/"


# ---- where it must be -------------------------------------------------------------------------------


def demanded(role: str = "merchandiser") -> None:
    second_factor.demand(Group.objects.get(name=role), wanted=True)


def test_who_must_have_one_can_only_set_one_up(world: World, mara: Any) -> None:
    demanded()
    demanded("reviewer")
    client, _ = sign_in("rafael")
    for path in ("/", "/products/", "/review/", "/tokens/", "/account/password/"):
        assert client.get(path).headers["Location"] == "/account/"
    assert client.post("/tokens/", {"scope": "read"}).headers["Location"] == "/account/"
    blocked = client.get("/api/v1/products/")
    assert (blocked.status_code, blocked.json()["code"]) == (403, "second_factor_needed")
    assert client.get("/products/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/"
    assert "Your role needs a second factor" in client.get("/account/").content.decode()
    assert mara[0].get("/products/").status_code == 200  # has one
    set_up_app(client)
    assert client.get("/review/").status_code == 200
    factor = Authenticator.objects.get(type="totp", user__username="rafael")
    client.post(f"/account/factors/{factor.pk}/remove/")
    assert client.get("/review/").headers["Location"] == "/account/"


def test_approvers_can_be_required_to_have_one(world: World, settings: Any) -> None:
    rafael, _ = sign_in("rafael")
    mara, _ = sign_in("mara")
    assert rafael.get("/review/").status_code == 200
    settings.PIMHUB_APPROVERS_NEED_SECOND_FACTOR = True
    assert rafael.get("/review/").headers["Location"] == "/account/"
    assert mara.get("/products/").status_code == 200


def test_tokens_work_on_but_make_no_new_ones(world: World) -> None:
    _, text = tokens.create(user=world.people["mara"], name="t", scopes_wanted=["write"])
    api = Client(headers={"Authorization": f"Bearer {text}"})
    demanded()
    assert api.get("/api/v1/products/").status_code == 200
    answer = api.post("/api/v1/tokens/", {"scopes": ["read"]}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    client, _ = sign_in("mara")
    set_up_app(client)
    assert client.post("/tokens/", {"scope": "read", "name": "n"}).status_code == 200
    assert world.people["mara"].api_tokens.count() == 2
    # A browser's session cannot pass for a token.
    rafael, _ = sign_in("rafael")
    demanded("reviewer")
    wrong = rafael.get("/api/v1/products/", headers={"Authorization": "Bearer pim_x_y"})
    assert wrong.status_code == 401


def test_a_role_demands_it_on_its_page(world: World, client: Client) -> None:
    client.force_login(world.people["ada"])
    assert client.post("/people/roles/reviewer/", {"do": "second_factor", "second_factor": "on"}).status_code == 302
    assert second_factor.must(world.people["rafael"])
    assert "checked> Whoever has this role" in client.get("/people/roles/reviewer/").content.decode()
    client.post("/people/roles/reviewer/", {"do": "second_factor"})
    assert not second_factor.must(world.people["rafael"])
    said = AuditEntry.objects.filter(kind="role.second_factor").order_by("pk")
    assert [(e.about, e.data["needed"]) for e in said] == [("role:reviewer", True), ("role:reviewer", False)]


# ---- people -------------------------------------------------------------------------------------------


def test_an_administrator_takes_it_away_from_who_lost_it(mara: Any, world: World, client: Client) -> None:
    client.force_login(world.people["ada"])
    path = f"/people/{world.people['mara'].pk}/"
    assert "Take the second factor away" in client.get(path).content.decode()
    assert client.post(path, {"do": "forget_factor"}).status_code == 302
    assert not Authenticator.objects.exists()
    assert mara[0].get("/account/").status_code == 302  # signed out
    entry = AuditEntry.objects.get(kind="second_factor.reset")
    assert (entry.user_id, entry.about) == (world.people["ada"].pk, f"user:{world.people['mara'].pk}")


def test_the_operator_lets_the_last_administrator_in_again(world: World) -> None:
    ada, _ = sign_in("ada")
    set_up_app(ada)
    call_command("person", "reset-second-factor", "ada", stdout=io.StringIO())
    assert ada.get("/account/").status_code == 302
    assert sign_in("ada")[1].headers["Location"] == "/"
    assert kinds().count("second_factor.reset") == 1


def test_nobody_takes_it_from_who_may_do_more(world: World, client: Client) -> None:
    ada, _ = sign_in("ada")
    set_up_app(ada)
    keeper = Group.objects.create(name="keeper")
    keeper.permissions.add(Permission.objects.get(codename="manage_people"))
    kim = User.objects.create_user("kim")
    kim.groups.add(keeper)
    client.force_login(kim)
    path = f"/people/{world.people['ada'].pk}/"
    assert client.post(path, {"do": "forget_factor"}).status_code == 302
    assert Authenticator.objects.filter(user=world.people["ada"]).count() == 2
    sent = {"username": "ada", "email": "kim@example.com", "roles": ["admin"], "is_active": "on"}
    answer = client.post(path, sent)  # an address opens the way through single sign-on
    assert answer.status_code == 422
    assert "may do more than you" in answer.content.decode()
    assert User.objects.get(username="ada").email == ""


def test_a_persons_data_holds_it_and_it_goes_with_them(mara: Any, world: World) -> None:
    user = world.people["mara"]
    data = people.export_person(user)
    assert [f["type"] for f in data["second_factors"]] == ["totp", "recovery_codes"]  # type: ignore[union-attr,index]
    assert [s["address"] for s in data["sessions"]] == ["127.0.0.1"]  # type: ignore[union-attr,index]
    assert mara[1] not in json.dumps(data)
    people.forget_person(user)
    assert not Authenticator.objects.exists()
    assert mara[0].get("/account/").status_code == 302
    after = people.export_person(User.objects.get(pk=user.pk))
    assert (after["second_factors"], after["sessions"], after["single_sign_on"]) == ([], [], [])


def test_who_needs_one_costs_no_query_of_its_own(world: World) -> None:
    client, _ = sign_in("mara")
    with CaptureQueriesContext(connection) as found:
        client.get("/products/")
    asked = [q["sql"] for q in found if "rolesignin" in q["sql"] or "mfa_authenticator" in q["sql"]]
    assert len(asked) == 1
    assert "catalog_user" in asked[0]
    assert not [q["sql"] for q in found if "UPDATE" in q["sql"] or "usersession" in q["sql"]]


def test_a_passkey_with_nonsense_is_refused(mara: Any) -> None:
    client, _ = sign_in("mara")
    answer = client.post("/login/second-factor/", {"credential": '{"id": "x"}'})
    assert answer.status_code == 200
    stranger = Client()
    stranger.get("/login/passkey/", headers={"Accept": "application/json"})
    assert stranger.post("/login/passkey/", {"credential": '{"response": {"userHandle": "MQ"}}'}).status_code == 302
    assert stranger.get("/account/").status_code == 302
    assert "login.failed" in kinds()
    grow_old(mara[0])
    wrong = mara[0].post("/tokens/", {"again_asked": "GET", "again_credential": '{"id": "x"}'})
    assert wrong.status_code == 422
