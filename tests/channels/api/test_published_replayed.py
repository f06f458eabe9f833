"""A client that follows the change feed through any outage holds exactly what is live, and never saw a draft."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from django.db import transaction

from catalog.models import Scope
from channels.demo.shop import ensure_channels
from channels.models import Channel
from governance.models import Standing
from governance.revisions.embargo import in_force
from governance.revisions.read import read
from tests.catalog.api.conftest import Api
from tests.governance.gate import CODES, Shop
from tests.world import World, build_world

STEPS = 30


class Died(Exception):  # noqa: N818
    """The client's process ended at this line."""


class Client:
    """What a headless shop would do. `saved` and `held` survive its death; everything else is lost."""

    def __init__(self, api: Api, scope: str, random: Random) -> None:
        self.api, self.scope, self.random = api, scope, random
        self.saved: int | None = None
        self.held: dict[str, Any] = {}
        self.reads = 0

    def run(self, *, may_die: bool) -> None:
        self.may_die = may_die
        try:
            if self.saved is None:
                self._begin()
            self._follow()
        except Died:
            pass

    def _begin(self) -> None:
        path: str | None = f"/api/v1/published/{self.scope}/products/?limit=1"
        after, found = None, {}
        while path:
            page = self.api.get(path).json()
            after = page["events"]["after"] if after is None else after
            for product in page["results"]:
                self._check(product["code"], product)
                found[product["code"]] = product
            self._maybe_die()
            path = page["next"] and page["next"].removeprefix("http://testserver")
        self.held, self.saved = found, after

    def _follow(self) -> None:
        more = True
        while more:
            page = self.api.get(f"events/?after={self.saved}&limit=3").json()
            for event in page["results"]:
                self._read(event["product"])
                self._maybe_die()
            self.saved, more = page["last"], page["more"]

    def _read(self, code: str) -> None:
        answer = self.api.get(f"published/{self.scope}/products/{code}/")
        self._check(code, answer.json() if answer.status_code == 200 else None)
        if answer.status_code == 200:
            self.held[code] = answer.json()
        else:
            self.held.pop(code, None)

    def _maybe_die(self) -> None:
        if self.may_die and self.random.random() < 0.2:
            raise Died

    def _check(self, code: str, told: dict[str, Any] | None) -> None:
        """What was read is, to the letter, the revision that is in force at this moment."""
        self.reads += 1
        standing = Standing.objects.select_related("product", "live").get(product__code=code)
        live = in_force(standing, Scope.objects.get(code=self.scope))
        if live is None or standing.product.trashed_at is not None:
            assert told is None, f"{code} is not live"
            return
        assert told is not None, f"{code} is live"
        document = read(live)
        assert (told["revision"], told["content_hash"]) == (live.number, live.content_hash)
        assert told["values"] == document.values
        assert {v["sku"]: v["values"] for v in told["variants"]} == {v.sku: v.values for v in document.variants}
        assert [m["sha256"] for m in told["media"]] == [m["sha256"] for m in document.media]
        assert [c["code"] for c in told["categories"]] == list(document.categories)


def play(world: World, seed: int) -> tuple[int, int]:
    """One sequence; how much the clients read, and how much is live at its end."""
    random = Random(seed)  # noqa: S311
    shop = Shop(world, random)
    clients = [
        Client(Api(world).of("chiara", "published:read", rate=100_000), scope, random) for scope in ("default", "ads")
    ]
    try:
        for _ in range(STEPS):
            shop.step()
            for client in clients:
                if random.random() < 0.3:
                    client.run(may_die=True)
        for client in clients:
            client.run(may_die=False)
            fresh = client.api.get(f"published/{client.scope}/products/").json()["results"]
            assert client.held == {p["code"]: p for p in fresh}
            for code in CODES:
                client._check(code, client.held.get(code))
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}\n" + "\n".join(shop.log)) from error
    return sum(c.reads for c in clients), sum(len(c.held) for c in clients)


def rehearse(seeds: range) -> tuple[int, int]:
    world = build_world()
    ensure_channels()
    ads = Scope.objects.create(code="ads", label="Advertising")
    ads.locales.set(Scope.objects.get(code="default").locales.all())
    Channel.objects.filter(code="google").update(scope=ads)
    for code in CODES:
        world.product(code)
    reads = live = 0
    for seed in seeds:
        with transaction.atomic():
            done = play(world, seed)
            reads, live = reads + done[0], live + done[1]
            transaction.set_rollback(True)
    return reads, live


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_whatever_happens_a_client_holds_what_is_live() -> None:
    reads, live = rehearse(range(25))
    assert reads > 200
    assert live > 20


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.django_db
def test_whatever_happens_in_a_thousand_sequences() -> None:
    assert rehearse(range(1000, 2000))[1] > 500
