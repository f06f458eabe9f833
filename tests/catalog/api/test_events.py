"""The change feed: nothing is missed, nothing comes twice, and who is too late hears of it."""

from __future__ import annotations

import re

from django.conf import settings

from catalog import events
from catalog.models import DomainEvent
from tests.catalog.api.conftest import Api
from tests.world import World


def test_a_reader_follows_without_gaps(api: Api, world: World) -> None:
    for code in ("a", "b", "c"):
        world.product(code, sizes=("s",))
    world.change("b", values={"brand": "Bolt"})
    first = api.get("events/?after=0&limit=2").json()
    assert first["more"] is True
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    numbers = [e["number"] for e in [*first["results"], *rest["results"]]]
    assert numbers == list(range(1, len(numbers) + 1))
    last = rest["results"][-1]
    while rest["more"]:
        rest = api.get(rest["next"].removeprefix("http://testserver")).json()
        last = rest["results"][-1] if rest["results"] else last
    assert (last["type"], last["product"], last["data"]["keys"]) == ("product.changed", "b", ["brand"])
    nothing = api.get(f"events/?after={last['number']}").json()
    assert (nothing["results"], nothing["last"], nothing["more"]) == ([], last["number"], False)
    assert (
        api.get("events/?after=0").json()["results"][: len(numbers)]
        == [
            *first["results"],
            *api.get(f"events/?after={first['last']}").json()["results"],
        ][: len(numbers)]
    )


def test_who_is_too_late_is_told_to_begin_anew(api: Api, world: World) -> None:
    world.product("a", sizes=("s",))
    world.product("b", sizes=("s",))
    api.get("events/?after=0")
    oldest = DomainEvent.objects.order_by("number")[0]
    oldest.delete()
    answer = api.get("events/?after=0")
    assert (answer.status_code, answer.json()["code"], answer.json()["oldest"]) == (
        410,
        "events_gone",
        oldest.number + 1,
    )
    assert api.get(f"events/?after={oldest.number}").status_code == 200


def test_events_may_be_narrowed(api: Api, world: World) -> None:
    world.product("a", sizes=("s",))
    world.product("b", sizes=("s",))
    assert {e["product"] for e in api.get("events/?after=0&product=b").json()["results"]} == {"b"}
    assert api.get("events/?after=0&type=product.created&product=b").json()["results"][0]["type"] == "product.created"
    assert {e["product"] for e in api.get("events/?after=0&type=product.*,revision.live").json()["results"]} == {
        "a",
        "b",
    }
    assert api.get("events/?after=x").json()["code"] == "bad_after"
    wrong = api.get("events/?after=0&type=product.changes")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_type")
    assert "Did you mean “product.changed”?" in wrong.json()["detail"]


def test_every_type_of_events_that_is_written_is_made_known() -> None:
    """What is written as a literal; most others are made from the moves and states that the list is made from."""
    written = set()
    for top in ("catalog", "governance", "channels"):
        for path in (settings.BASE_DIR / top).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if re.search(r"events\.append(?:_all)?\(", text):
                written |= set(re.findall(r'(?:type=|_announce\(|\[\()"([a-z]+\.[a-z_]+)"', text))
    assert {"listing.state", "alert.raised", "sales.policy_changed", "revision.live"} <= written
    assert written <= set(events.types)


def test_who_is_ahead_of_us_is_told_to_begin_anew(api: Api, world: World) -> None:
    """A number from before a backup was restored would skip all that gets a lower one from now on."""
    world.product("a", sizes=("s",))
    last = api.get("events/?after=0").json()["results"][-1]["number"]
    answer = api.get(f"events/?after={last + 1}")
    assert (answer.status_code, answer.json()["code"], answer.json()["newest"]) == (410, "events_ahead", last)
    DomainEvent.objects.all().delete()
    assert api.get(f"events/?after={last}").json()["results"] == []
    assert api.get(f"events/?after={last - 1}").json()["code"] == "events_gone"
