"""The audit: everything that counts is in it, and nothing in it can be changed unseen."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from catalog.access import tokens
from catalog.change_sets import acting
from governance.audit.chain import seal_all, verify
from governance.models import AuditEntry, AuditHead, OwnershipRule
from pimhub.foundation import audit
from tests.catalog.api.conftest import Api
from tests.world import World

TURNS = 500


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))


def test_what_counts_is_kept_with_who_did_it(world: World, client: Client) -> None:
    AuditEntry.objects.all()._raw_delete("default")  # of building the shop
    product = world.product()
    world.approve(product)
    ada = world.people["ada"]
    with acting(user=ada, source="page"):
        token, _ = tokens.create(user=ada, name="erp", scopes_wanted=["write"])
        tokens.revoke(token)
        world.people["chiara"].groups.add(Group.objects.get(name="reviewer"))
        OwnershipRule.objects.create(code="brands", part="stock")
    assert client.login(username="mara", password="mara-secret")  # noqa: S106
    assert not client.login(username="mara", password="wrong")  # noqa: S106
    found = [(e.kind, e.about, e.user_id) for e in AuditEntry.objects.order_by("pk")]
    mara, chiara = world.people["mara"].pk, world.people["chiara"].pk
    assert found == [
        ("review.submit", "product:tee", mara),
        ("review.approve", "product:tee", world.people["rafael"].pk),
        ("token.created", f"token:{token.prefix}", ada.pk),
        ("token.revoked", f"token:{token.prefix}", ada.pk),
        ("roles.changed", f"user:{chiara}", ada.pk),
        ("ownership.created", "ownership:brands", ada.pk),
        ("login", f"user:{mara}", mara),
        ("login.failed", f"user:{mara}", None),
    ]
    approved = AuditEntry.objects.get(kind="review.approve")
    assert (approved.data["revision"], approved.data["from"], approved.data["to"]) == (1, "in_review", "approved")
    assert "mara" not in json.dumps([e.data for e in AuditEntry.objects.all()])


def test_what_is_rolled_back_is_not_in_it(world: World) -> None:
    before = len(kinds())
    with transaction.atomic():
        audit.record("test")
        transaction.set_rollback(True)
    assert len(kinds()) == before


def test_entries_are_only_added(world: World) -> None:
    audit.record("test")
    entry = AuditEntry.objects.latest("pk")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def chain_of(count: int) -> None:
    AuditEntry.objects.all()._raw_delete("default")
    AuditHead.objects.all().delete()
    start = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=start + dt.timedelta(seconds=n),
            kind=f"kind.{n % 7}",
            about=f"product:{n}",
            user_id=n % 5 or None,
            source="page",
            data={"n": n, "text": "ü" * (n % 3)},
        )
        for n in range(count)
    )
    seal_all()


def test_sealing_goes_on_where_it_stopped(world: World) -> None:
    chain_of(2500)
    audit.record("later", "product:x")
    assert seal_all() == 1
    proof = verify()
    assert (proof.entries, proof.faults) == (2501, ())
    assert seal_all() == 0


Mutation = Callable[[Random, AuditEntry], dict[str, Any]]
MUTATIONS: dict[str, Mutation] = {
    "time": lambda r, e: {"at": e.at + dt.timedelta(microseconds=r.choice([-1, 1]))},
    "kind": lambda r, e: {"kind": f"{e.kind}x"},
    "about": lambda r, e: {"about": f"product:{r.randrange(1000, 2000)}"},
    "user": lambda r, e: {"user_id": (e.user_id or 0) + 1},
    "nobody": lambda r, e: {"user_id": None if e.user_id else 9},
    "source": lambda r, e: {"source": "api"},
    "data": lambda r, e: {"data": e.data | {"n": r.randrange(10**6, 10**7)}},
    "more data": lambda r, e: {"data": e.data | {"x": None}},
    "less data": lambda r, e: {"data": {"n": e.data["n"]} if e.data["text"] else {"text": ""}},
    "seal": lambda r, e: {"seal": "0" * 64},
}


@pytest.mark.timeout(600)
def test_five_hundred_mutations_are_found_and_named(world: World) -> None:
    chain_of(60)
    kept = list(AuditEntry.objects.order_by("number").values())
    random = Random(7)  # noqa: S311
    for turn in range(TURNS):
        number = random.randrange(1, 61)
        entry = AuditEntry.objects.get(number=number)
        how = random.choice([*MUTATIONS, "delete", "swap", "insert", "renumber"])
        named = {number}
        if how in MUTATIONS:
            AuditEntry.objects.filter(pk=entry.pk).update(**MUTATIONS[how](random, entry))
        elif how == "delete":
            AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default")
        elif how == "swap":
            other = AuditEntry.objects.get(number=number % 60 + 1)
            AuditEntry.objects.filter(pk=entry.pk).update(number=None)
            AuditEntry.objects.filter(pk=other.pk).update(number=number)
            AuditEntry.objects.filter(pk=entry.pk).update(number=other.number)
            named = {number, other.number or 0}
        elif how == "insert":
            made = AuditEntry.objects.create(at=entry.at, kind="forged", number=61, seal="f" * 64)
            named = {made.number or 0}
        else:
            AuditEntry.objects.filter(pk=entry.pk).update(number=number + 100)
            named = {number, number + 100}
        faults = {fault.number for fault in verify().faults}
        assert named & faults, (turn, how, number, faults)
        AuditEntry.objects.all()._raw_delete("default")
        AuditEntry.objects.bulk_create(AuditEntry(**row) for row in kept)
    assert verify().faults == ()


def test_a_chain_cut_short_or_made_anew_is_found(world: World) -> None:
    chain_of(20)
    proof = verify()
    AuditEntry.objects.filter(number=20)._raw_delete("default")
    assert [f.number for f in verify().faults] == [20]
    head = AuditEntry.objects.get(number=19)
    AuditHead.objects.update(number=19, seal=head.seal)  # whoever can write the database can write the head too
    assert verify().faults == ()
    assert [f.number for f in verify(anchor=(20, proof.seal)).faults] == [20]
    AuditEntry.objects.filter(number__gt=5).update(number=None, seal="", kind="forged")
    AuditHead.objects.update(number=5, seal=AuditEntry.objects.get(number=5).seal)
    seal_all()
    assert verify().faults == ()
    noted = head.number or 0, head.seal
    assert [f.number for f in verify(anchor=noted).faults] == [19]


def test_the_proof_as_a_command(world: World) -> None:
    chain_of(30)
    out = io.StringIO()
    call_command("verify_audit", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["entries"], told["faults"]) == (30, [])
    AuditEntry.objects.filter(number=7).update(kind="forged")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_audit", "--json", "--anchor", told["anchor"], stdout=out)
    assert [f["number"] for f in json.loads(out.getvalue())["faults"]] == [7]


def test_the_story_of_a_product_as_one_file(world: World, client: Client) -> None:
    product = world.product()
    world.approve(product)
    world.change(values={"brand": "<b>Bolt</b>"})
    ada = Api(world).of("ada")
    told = ada.get("products/tee/story/").json()
    assert [d["verb"] for d in told["decisions"]] == ["submit", "approve"]
    assert told["changes"][-1]["written"] == [{"key": "brand", "old": "Acme", "new": "<b>Bolt</b>"}]
    assert told["revisions"][0]["content"][""]["brand"] == "Acme"
    sealed = [e for e in told["audit"] if e["kind"].startswith("review.")]
    assert [e["kind"] for e in sealed] == ["review.submit", "review.approve"]
    assert all(len(e["seal"]) == 64 for e in sealed)
    client.force_login(world.people["ada"])
    answer = client.get("/audit/story/tee/")
    page = answer.content.decode()
    assert "attachment" in answer["Content-Disposition"]
    assert "&lt;b&gt;Bolt&lt;/b&gt;" in page
    assert "<b>Bolt" not in page
    for words in ("Revision 1", "Acme", "review.approve", sealed[1]["seal"], "rafael"):
        assert words in page, words
    client.force_login(world.people["rafael"])
    assert client.get("/audit/story/tee/").status_code == 403


def test_the_audit_on_a_page_and_through_the_api(world: World, client: Client) -> None:
    world.approve(world.product())
    seal_all()
    client.force_login(world.people["ada"])
    page = client.get("/audit/?kind=review").content.decode()
    assert "review.submit" in page
    assert "review.approve" in page
    assert "user.created" not in page[page.index("<tbody>") :]
    assert b"Nothing of that" in client.get("/audit/?about=product:none").content
    ada = Api(world).of("ada")
    entries = ada.get("audit/?kind=review.approve&about=product:tee").json()["results"]
    assert [e["data"]["revision"] for e in entries] == [1]
    assert Api(world).of("mara").get("audit/").status_code == 403
