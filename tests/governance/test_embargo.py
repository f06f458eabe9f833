"""Approved now, shown later: everywhere or in one scope, on the clock of some place."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import DomainEvent, Product, Scope
from governance.models import AuditEntry, Embargo, Revision, Standing
from governance.revisions.embargo import in_force
from governance.workflow.base import Refused
from governance.workflow.verbs import release_due
from pimhub.foundation.moments import on_the_clock
from tests.catalog.api.conftest import Api
from tests.world import World

SOON = dt.timedelta(hours=2)


@pytest.fixture
def tee(world: World) -> Product:
    """Live as revision 1, with a change in review."""
    tee = world.product()
    world.approve(tee)
    world.change(values={"brand": "Black Friday"})
    world.verb("submit", tee, "mara")
    return tee


def approve_for(world: World, tee: Product, until: dt.datetime, scope: Scope | None = None) -> Revision:
    content_hash = Standing.objects.get(product=tee).content_hash
    given = {"content_hash": content_hash, "live_at": until, "scope": scope}
    revision: Revision = world.verb("approve", tee, "rafael", **given)
    return revision


def shown(tee: Product, scope: Scope | None = None) -> int | None:
    scope = scope or Scope.objects.get(code="default")
    found = in_force(Standing.objects.select_related("live").get(product=tee), scope)
    return found.number if found else None


def pass_time() -> None:
    Embargo.objects.update(until=timezone.now() - dt.timedelta(seconds=1))


def test_it_goes_live_at_its_time_and_not_before(world: World, tee: Product) -> None:
    approve_for(world, tee, timezone.now() + SOON)
    assert shown(tee) == 1
    assert release_due() == 0
    events = DomainEvent.objects.filter(product_id=tee.pk)
    assert [e.type for e in events.order_by("pk")][-1] == "revision.approved"
    pass_time()
    assert release_due() == 1
    assert shown(tee) == 2
    last = events.latest("pk")
    assert (last.type, last.data["revision"], last.data["scope"]) == ("revision.live", 2, "default")
    assert AuditEntry.objects.filter(kind="review.release", about="product:tee").exists()
    assert release_due() == 0  # once


def test_one_scope_waits_while_the_others_go_ahead(world: World, tee: Product) -> None:
    ads, default = Scope.objects.create(code="ads"), Scope.objects.get(code="default")
    approve_for(world, tee, timezone.now() + SOON, ads)
    assert (shown(tee, ads), shown(tee, default)) == (1, 2)
    pass_time()
    release_due()
    assert shown(tee, ads) == 2


def test_the_longer_embargo_of_a_scope_stays(world: World, tee: Product) -> None:
    ads, now = Scope.objects.create(code="ads"), timezone.now()
    world.verb("hold_back", tee, "rafael", until=now + 5 * SOON, scope=ads)
    approve_for(world, tee, now + SOON)
    assert set(Embargo.objects.values_list("scope__code", "until")) == {
        ("ads", now + 5 * SOON),
        ("default", now + SOON),
    }
    world.verb("hold_back", tee, "rafael", until=now + 2 * SOON, scope=ads)
    assert Embargo.objects.get(scope=ads).until == now + 2 * SOON


def test_what_is_approved_meanwhile_waits_too(world: World, tee: Product) -> None:
    approve_for(world, tee, timezone.now() + SOON)
    world.change(values={"brand": "Mended"})
    world.approve(tee)
    assert shown(tee) == 1
    pass_time()
    release_due()
    assert shown(tee) == 3


def test_a_first_approval_can_wait(world: World) -> None:
    hat = world.product("hat")
    world.verb("submit", hat, "mara")
    approve_for(world, hat, timezone.now() + SOON)
    assert shown(hat) is None
    world.verb("lift", hat, "rafael", comment="The press was faster.")
    assert shown(hat) == 1


def test_an_embargo_is_an_approvers_and_has_its_reasons(world: World, tee: Product) -> None:
    for by, verb, given, code in (
        ("mara", "hold_back", {"until": timezone.now() + SOON}, "forbidden"),
        ("rafael", "hold_back", {"until": timezone.now() - SOON}, "not_in_future"),
        ("rafael", "lift", {"comment": "now"}, "no_embargo"),
        ("rafael", "lift", {"comment": " "}, "comment_missing"),
    ):
        with pytest.raises(Refused) as refused:
            world.verb(verb, tee, by, **given)
        assert refused.value.code == code


def test_archiving_ends_it(world: World, tee: Product) -> None:
    approve_for(world, tee, timezone.now() + SOON)
    world.verb("archive", tee, "ada", comment="Sold out.")
    assert shown(tee) is None
    assert not Embargo.objects.exists()


def test_the_page_takes_a_clock_and_a_place(world: World, tee: Product, client: Client) -> None:
    client.force_login(world.people["rafael"])
    standing = Standing.objects.get(product=tee)
    path = f"/review/{tee.pk}/"
    sent = {"decision": "approve", "content_hash": standing.content_hash, "zone": "Europe/Berlin"}
    year = timezone.now().year + 1
    answer = client.post(path, sent | {"live_at": f"{year}-11-27T06:00", "zone": "Europe/Berlni"})
    assert answer.status_code == 422
    assert "There is no time zone “Europe/Berlni”" in answer.content.decode()
    assert client.post(path, sent | {"live_at": f"{year}-11-27T06:00"}).status_code == 302
    assert Embargo.objects.get().until == dt.datetime(year, 11, 27, 5, tzinfo=dt.UTC)
    page = client.get(f"/review/{tee.pk}/revisions/").content.decode()
    assert "shows revision 1 until" in page
    assert "shows revision 1 until" in client.get("/products/tee/").content.decode()
    lifted = client.post(f"/review/{tee.pk}/revisions/", {"do": "lift", "scope": "", "comment": "Now."})
    assert lifted.status_code == 302
    assert shown(tee) == 2


def test_the_api_says_and_sets_it(world: World, tee: Product) -> None:
    rafael = Api(world).of("rafael")
    until = (timezone.now() + SOON).isoformat()
    told = rafael.post("products/tee/hold-back/", {"until": until, "scope": "default"})
    assert told.status_code == 200, told.content
    (embargo,) = told.json()["embargoes"]
    assert (embargo["scope"], embargo["shown_revision"]) == ("default", 1)
    assert rafael.post("products/tee/hold-back/", {"until": "tomorrow"}).status_code == 422
    assert rafael.post("products/tee/hold-back/", {"until": until, "scope": "x"}).json()["code"] == "unknown_scope"
    assert rafael.post("products/tee/lift/", {"scope": "default", "comment": "now"}).json()["embargoes"] == []


def test_clocks_that_go_forward_skip_an_hour() -> None:
    with pytest.raises(ValueError, match="There is no 02:30 on 2027-03-28 in Europe/Berlin"):
        on_the_clock("2027-03-28T02:30", "Europe/Berlin")
    assert on_the_clock("2026-11-27T06:00", "Europe/Berlin").utcoffset() == dt.timedelta(hours=1)
