"""The change feed: nothing is missed, nothing comes twice, and who is too late hears of it."""

from __future__ import annotations

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
    assert api.get("events/?after=x").json()["code"] == "bad_after"


def test_who_is_ahead_of_us_is_told_to_begin_anew(api: Api, world: World) -> None:
    """A number from before a backup was restored would skip all that gets a lower one from now on."""
    world.product("a", sizes=("s",))
    last = api.get("events/?after=0").json()["results"][-1]["number"]
    answer = api.get(f"events/?after={last + 1}")
    assert (answer.status_code, answer.json()["code"], answer.json()["newest"]) == (410, "events_ahead", last)
    DomainEvent.objects.all().delete()
    assert api.get(f"events/?after={last}").json()["results"] == []
    assert api.get(f"events/?after={last - 1}").json()["code"] == "events_gone"
