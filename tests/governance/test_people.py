"""What is kept of a person, and the person made nobody with the audit whole."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.test import Client

from catalog.access import tokens
from catalog.models import ApiToken, ChangeSet, User
from governance.audit.chain import seal_all, verify
from governance.models import AuditEntry, Revision
from tests.catalog.api.conftest import Api
from tests.world import World


def told(*words: str) -> dict[str, object]:
    out = io.StringIO()
    call_command("person", *words, "--json", stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_everything_that_is_kept_of_a_person_is_told(world: World) -> None:
    User.objects.filter(username="mara").update(first_name="Mara", email="mara@shop.example")
    world.approve(world.product())
    tokens.create(user=world.people["mara"], name="script", scopes_wanted=["read"])
    found = told("export", "mara")
    assert found["account"]["email"] == "mara@shop.example"  # type: ignore[index]
    assert [d["verb"] for d in found["decisions"]] == ["submit"]  # type: ignore[attr-defined]
    assert len(found["changes"]) >= 1  # type: ignore[arg-type]
    assert [t["name"] for t in found["tokens"]] == ["script"]  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(kind="export", about=f"user:{world.people['mara'].pk}").exists()


def test_a_person_is_made_nobody_and_the_audit_stays_whole(world: World, client: Client) -> None:
    rafael = world.people["rafael"]
    User.objects.filter(pk=rafael.pk).update(first_name="Rafael", last_name="Ortiz", email="rafael@shop.example")
    world.approve(world.product())
    client.force_login(rafael)
    api = Api(world).of("rafael")
    seal_all()
    before = verify()
    with pytest.raises(SystemExit):
        call_command("person", "forget", "rafael", stderr=io.StringIO())
    name = told("forget", "rafael", "--yes")["forgotten"]
    after = User.objects.get(pk=rafael.pk)
    assert (after.username, after.first_name, after.last_name, after.email, after.is_active) == (
        name,
        "",
        "",
        "",
        False,
    )
    assert not ApiToken.objects.filter(user=rafael).exists()
    assert api.get("products/").status_code == 401
    assert client.get("/review/").status_code == 302  # signed out
    assert Revision.objects.get().approved_by == after  # what was decided stays theirs
    assert not ChangeSet.objects.filter(actor__icontains="rafael").exists()
    seal_all()
    proof = verify(anchor=(before.entries, before.seal))
    assert proof.faults == ()
    kept = json.dumps(list(AuditEntry.objects.values("kind", "about", "data")))
    assert "rafael" not in kept.lower()
    assert "Ortiz" not in kept


def test_the_last_administrator_stays(world: World) -> None:
    User.objects.filter(username="ada").update(is_superuser=True)
    with pytest.raises(SystemExit):
        call_command("person", "forget", "ada", "--yes", stderr=io.StringIO())
    assert User.objects.get(username="ada").is_active
