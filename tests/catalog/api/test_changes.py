"""History, plans and undo through the API."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Product
from catalog.plans import run
from tests.catalog.api.conftest import Api
from tests.world import World


def worked() -> None:
    while waiting := run.waiting():
        for pk in waiting:
            run.advance(pk)


def test_the_history_of_a_value_says_who_when_why_and_from_where(api: Api, world: World) -> None:
    world.product()
    api.patch("products/tee/", {"values": {"brand": "Bolt"}}, X_Change_Reason="rebranded")
    api.patch("products/tee/", {"values": {"mpn": "7"}})
    entries = api.get("products/tee/history/?key=brand").json()["results"]
    assert [e["changes"] for e in entries] == [{"brand": ["Acme", "Bolt"]}, {"brand": [None, "Acme"]}]
    assert (entries[0]["reason"], entries[0]["source"], entries[0]["actor"]) == ("rebranded", "api", "mara (test)")
    assert len(api.get("products/tee/history/?sku=tee-s").json()["results"]) == 1
    acts = api.get("change-sets/?product=tee&source=api").json()["results"]
    assert [a["reason"] for a in acts] == ["", "rebranded"]
    assert api.get(f"change-sets/{acts[1]['id']}/").json()["products"] == 1
    assert api.get(f"change-sets/{acts[1]['id']}/entries/").json()["results"][0]["product"] == "tee"


def test_one_value_is_taken_back_unless_it_was_changed_since(api: Api, world: World) -> None:
    world.product()
    api.patch("products/tee/", {"values": {"brand": "Bolt", "mpn": "7"}})
    entry = api.get("products/tee/history/?key=brand").json()["results"][0]["id"]
    assert api.post("products/tee/undo/", {"entry": entry, "key": "brand"}).json()["values"]["brand"] == "Acme"
    assert api.get("products/tee/").json()["values"]["mpn"] == "7"
    api.patch("products/tee/", {"values": {"mpn": "8"}})
    late = api.post("products/tee/undo/", {"entry": entry, "key": "mpn"})
    assert (late.status_code, late.json()["code"], late.json()["errors"][0]["current"]) == (409, "changed_since", "8")
    assert api.post("products/tee/undo/", {"entry": entry, "key": "size"}).status_code == 404


def test_a_plan_is_previewed_applied_and_undone(api: Api, world: World) -> None:
    for number in range(3):
        world.approve(world.product(f"p{number}", sizes=("s",)))
    what = {
        "select": {"filter": {"field": "brand", "op": "=", "value": "Acme"}},
        "change": {"values": {"brand": "Bolt"}},
    }
    made = api.post("plans/", {"kind": "edit", "what": what, "reason": "rebranding"})
    assert (made.status_code, made.json()["state"]) == (202, "planning")
    path = f"plans/{made.json()['id']}/"
    assert api.post(f"{path}apply/").json()["code"] == "not_now"
    worked()
    seen = api.get(path).json()
    assert (seen["state"], seen["counts"]) == ("planned", {"changes": 3})
    assert {"label": "approved products get changes to review", "count": 3} in seen["impact"]
    line = api.get(f"{path}lines/?outcome=changes").json()["results"][0]
    assert line["changes"] == {"": {"brand": ["Acme", "Bolt"]}}
    assert api.post(f"{path}apply/").status_code == 202
    worked()
    done = api.get(path).json()
    assert (done["state"], done["counts"]) == ("applied", {"applied": 3})
    assert api.delete(path).status_code == 409
    undo = api.post(f"change-sets/{done['change_set']}/undo/", {"reason": "not yet"}).json()
    worked()
    api.post(f"plans/{undo['id']}/apply/")
    worked()
    assert {p.values["brand"] for p in Product.objects.all()} == {"Acme"}
    assert api.get(f"change-sets/{done['change_set']}/").json()["undone"] is True


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"kind": "magic", "what": {}}, "kind"),
        ({"kind": "edit", "what": {}}, "select"),
        ({"kind": "edit", "what": {"select": {"text": "x"}}}, "change"),
        ({"kind": "edit", "what": {"select": {"text": "x"}, "change": {"variants": []}}}, "change"),
        ({"kind": "edit", "what": {"select": {"filter": {"field": "no"}}, "change": {"values": {}}}}, "select.filter"),
        ({"kind": "edit", "what": {"select": {"text": "x"}, "change": {"values": []}}}, "change.values"),
        ({"kind": "undo", "what": {"change_set": "x"}}, "change_set"),
        ({"kind": "levels", "what": {"select": {"text": "x"}, "attribute": "no"}}, "attribute"),
        ({"kind": "axes", "what": {"select": {"text": "x"}, "axes": ["a"] * 6}}, "axes"),
    ],
)
def test_what_no_plan_can_be_is_said(api: Api, body: dict[str, Any], key: str) -> None:
    answer = api.post("plans/", body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["key"] == key


def test_a_view_stands_for_its_conditions_and_only_for_who_may_see_it(api: Api, world: World) -> None:
    world.product("tee", sizes=("s",))
    world.product("hat", sizes=("s",))
    world.change("hat", values={"brand": "Bolt"})
    view = api.post("views/", {"name": "Acme", "filter": {"field": "brand", "op": "=", "value": "Acme"}}).json()["id"]
    body = {"kind": "edit", "what": {"select": {"view": view}, "change": {"values": {"mpn": "7"}}}}
    made = api.post("plans/", body).json()
    assert made["what"]["select"]["filter"] == [{"field": "brand", "op": "=", "value": "Acme"}]
    worked()
    assert api.get(f"plans/{made['id']}/").json()["counts"] == {"changes": 1}
    other = api.of("ada").post("plans/", body)
    assert (other.status_code, other.json()["code"]) == (422, "not_found")
