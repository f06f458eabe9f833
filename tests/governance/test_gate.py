"""Nothing unapproved is ever rendered, whatever people do, in whatever order."""

from __future__ import annotations

from random import Random

import pytest
from django.db import transaction

from catalog.models import Scope
from channels.demo.shop import ensure_channels
from channels.models import Channel
from governance.revisions.read import flat, read
from tests.governance.gate import CODES, Shop
from tests.world import World

STEPS = 35


def play(world: World, seed: int) -> Shop:
    """One sequence of random acts; raises AssertionError with its log."""
    shop = Shop(world, Random(seed))  # noqa: S311
    try:
        for _ in range(STEPS):
            shop.step()
            shop.check()
        for code, book in shop.books.items():
            live = shop.standing(code).live
            assert (flat(read(live)) if live else None) == book.content
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}\n" + "\n".join(shop.log)) from error
    return shop


def rehearse(world: World, seeds: range) -> dict[str, int]:
    ensure_channels()
    Channel.objects.filter(mapping__isnull=True).delete()  # of connectors that are not there
    assert Channel.objects.count() >= 2
    ads = Scope.objects.create(code="ads", label="Advertising")
    ads.locales.set(Scope.objects.get(code="default").locales.all())
    Channel.objects.filter(code="google").update(scope=ads)
    for code in CODES:
        world.product(code)
    told = {"approved": 0, "refused": 0, "trusted": 0, "sales": 0}
    for seed in seeds:
        with transaction.atomic():
            shop = play(world, seed)
            told["approved"] += sum(len(b.archive) for b in shop.books.values())
            told["trusted"] += sum(line.endswith("trusted") for line in shop.log)
            told["sales"] += sum(line.endswith("decided") for line in shop.log)
            told["refused"] += sum(":" in line for line in shop.log)
            transaction.set_rollback(True)
    return told


@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_whatever_people_do_channels_show_what_was_approved(world: World) -> None:
    told = rehearse(world, range(40))
    assert told["approved"] > 50, told  # the sequences do reach what they are about
    assert told["refused"] > 50, told
    assert told["trusted"], told
    assert told["sales"], told


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.django_db
@pytest.mark.parametrize("first", range(1000, 3000, 100))  # in parts, which processes share
def test_whatever_people_do_in_two_thousand_sequences(world: World, first: int) -> None:
    assert rehearse(world, range(first, first + 100))["approved"] > 100
