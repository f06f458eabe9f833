"""The review queue: by due date, by whom it is for, and on to the next."""

from __future__ import annotations

import re

from django.test import Client

from governance.models import Standing
from tests.world import World


def codes(page: str) -> list[str]:
    return re.findall(r'quiet code">([^<]+)<', page)


def test_what_is_due_comes_first_and_is_narrowed_by_person(world: World, client: Client) -> None:
    products = {code: world.product(code) for code in ("one", "two", "three")}
    for product in products.values():
        world.verb("submit", product, "mara")
    client.force_login(world.people["rafael"])
    assert codes(client.get("/review/").content.decode()) == ["one", "two", "three"]
    rafael, ada, mara = (world.people[name].pk for name in ("rafael", "ada", "mara"))
    assert (
        client.post(f"/review/{products['three'].pk}/assign/", {"to": rafael, "due": "2030-01-02"}).status_code == 302
    )
    assert client.post(f"/review/{products['two'].pk}/assign/", {"to": ada, "due": "2020-01-02"}).status_code == 302
    client.post(f"/review/{products['one'].pk}/assign/", {"to": mara})
    assert Standing.objects.get(product=products["one"]).assigned_to is None  # she may not approve
    page = client.get("/review/").content.decode()
    assert codes(page) == ["two", "three", "one"]
    assert page.count("<strong>overdue</strong>") == 1
    assert codes(client.get("/review/?whose=mine").content.decode()) == ["three"]
    assert codes(client.get("/review/?whose=nobody").content.decode()) == ["one"]
    detail = client.get(f"/review/{products['two'].pk}/").content.decode()
    assert f"/review/{products['three'].pk}/" in detail  # the next one
    seen = Standing.objects.get(product=products["three"]).content_hash
    sent = {"decision": "approve", "content_hash": seen}
    answer = client.post(f"/review/{products['three'].pk}/?whose=mine", sent)
    assert answer.url == "/review/?whose=mine"  # nothing of mine is left
    client.force_login(world.people["mara"])
    assert client.post(f"/review/{products['one'].pk}/assign/", {"to": ada}).status_code == 403
