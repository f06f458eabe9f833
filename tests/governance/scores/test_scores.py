"""The content score: points that say where they come from, current with every write, and something to filter by."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from catalog import events
from catalog.products.changes import MediaChange
from catalog.search.select import select
from governance.models import ContentScore
from governance.scores import measure
from tests.channels.publishing.conftest import shop as shop
from tests.channels.publishing.shop import Shop
from tests.world import World


def score(code: str = "tee", locale: str = "en_US") -> ContentScore:
    events.derive()
    return ContentScore.objects.get(product__code=code, locale=locale)


def part(row: ContentScore, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in row.parts if p["part"] == name)
    return found


LONG = "A soft tee for every day of the year. " * 5


@pytest.mark.django_db
def test_each_part_says_what_is_missing_to_the_full(world: World) -> None:
    world.product()
    row = score()
    assert part(row, "pictures") == {
        "part": "pictures",
        "label": "Pictures",
        "points": 0,
        "of": 15,
        "why": ["no pictures, 3 count in full"],
    }
    assert "Description is not written" in part(row, "texts")["why"]
    assert [p["part"] for p in row.parts] == ["complete", "texts", "pictures"]  # nothing to judge, no part
    german = score(locale="de_DE")
    assert "Name is not written" in part(german, "texts")["why"]
    assert german.score < row.score


@pytest.mark.django_db
def test_it_follows_every_write(world: World) -> None:
    world.product()
    before = score().score
    world.change(values={"description@en_US": f"<p>{LONG}</p>", "seo_title@en_US": LONG[:60]})
    texts = score()
    assert texts.score > before
    media = tuple(MediaChange(url=f"https://img.example/{n}.jpg", alt={"en_US": "A tee"}) for n in range(3))
    world.change(media=media)
    pictured = score()
    assert part(pictured, "pictures")["points"] == 15
    assert part(pictured, "alt")["points"] == 10
    assert part(score(locale="de_DE"), "alt")["why"] == ["3 of 3 pictures have no text in de_DE"]
    world.change(values={"description@en_US": None})
    assert score().score < pictured.score


@pytest.mark.django_db
def test_what_does_not_change_is_not_written(world: World) -> None:
    product = world.product()
    at = score().measured_at
    assert measure.measure([product.pk]) == 0
    assert score().measured_at == at


@pytest.mark.django_db
def test_products_are_found_by_it(world: World) -> None:
    world.product("tee")
    world.product("mug")
    world.change("mug", values={"description@en_US": f"<p>{LONG}</p>"})
    high = score("mug").score

    def found(operator: str, value: int, **given: str) -> list[str]:
        asked = {"field": "content_score", "op": operator, "value": value, **given}
        rows = select([asked])
        return sorted(rows.values_list("code", flat=True))

    assert found(">=", high, locale="en_US") == ["mug"]
    assert found("<", high, locale="en_US") == ["tee"]
    assert found(">=", high, locale="de_DE") == []
    with pytest.raises(ValueError, match="from 0 to 100"):
        found("=", 101)


@pytest.mark.django_db
def test_the_page_and_the_api_tell_it(world: World, client: Client) -> None:
    world.product()
    value = score().score
    client.force_login(world.people["mara"])
    page = client.get("/products/tee/").content.decode()
    assert f"<strong>{value}</strong> of 100" in page
    assert "no pictures, 3 count in full" in page
    held = json.loads(client.get("/api/v1/products/tee/?fields=content_scores").content)
    assert held["content_scores"]["default"]["en_US"] == value


def test_open_problems_of_channels_count(shop: Shop) -> None:
    shop.live()
    shop.settle()
    events.derive()
    row = ContentScore.objects.get(product__code="tee", locale="en_US")
    channels = part(row, "channels")
    assert channels["points"] == 0  # Amazon knows no product type for it
    assert channels["why"][0].startswith("Amazon: The mapping finds no Amazon product type")


def test_a_channel_may_ask_for_a_score(shop: Shop) -> None:
    channel = shop.channel()
    channel.settings |= {"min_score": 60}
    channel.save()
    product = shop.live()
    shop.settle()
    assert set(shop.states().values()) == {"blocked"}
    problem = product.placements.get(channel=channel).problem
    assert "asks for 60" in problem
    assert "Description is not written" in problem
    shop.product(
        **{"description@en_US": f"<p>{LONG}</p>", "seo_title@en_US": LONG[:130], "seo_description@en_US": LONG}
    )
    shop.approve(product)
    shop.settle()
    assert set(shop.states().values()) == {"live"}, ContentScore.objects.values_list("locale", "score", "parts")
