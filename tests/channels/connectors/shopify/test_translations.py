"""Texts in the shop's other languages: registered after what they translate, and again when that changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.connectors.outcome import Verdict
from tests.channels.connectors.shopify.builders import names, rendered, shopify, tee, variables, with_fields
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World

SHOP = replace(CONNECTION, settings={**CONNECTION.settings, "translations": {"de_DE": "de", "fr_FR": "fr"}})
GERMAN = {"title": "Hemd", "description_html": "<p>Weich.</p>", "seo_title": "Ein weiches Hemd"}
FRENCH = {"title": "Chemise", "product_type": "Hauts"}
BOTH = tee(translations={"de_DE": GERMAN, "fr_FR": FRENCH})
ASKED = ["translatableRead", "translationsRegister"]


@pytest.fixture
def world():
    world = World()
    yield world
    assert world.violations == []


def shown(world, locale):
    held = world.shop.store.get("translation", f"{world.known.links['product']}/{locale}") or {}
    return {key: one["value"] for key, one in held.items()}


def test_several_languages_follow_the_product(world):
    assert names(world.publish(BOTH, SHOP))[-2:] == ASKED
    assert shown(world, "de") == {"title": "Hemd", "body_html": "<p>Weich.</p>", "meta_title": "Ein weiches Hemd"}
    # The product has no type of its own that could be translated.
    assert shown(world, "fr") == {"title": "Chemise"}
    assert world.shows(BOTH, SHOP)
    assert world.publish(BOTH, SHOP) == []


def test_a_translation_changes_alone(world):
    world.publish(BOTH, SHOP)
    product = replace(BOTH, translations={**BOTH.translations, "fr_FR": {"title": "Tricot"}})
    calls = world.publish(product, SHOP)
    assert set(names(calls)) <= set(ASKED)
    [row] = variables(calls[-1])["translations"]
    assert (row["locale"], row["key"], row["value"]) == ("fr", "title", "Tricot")
    assert world.shows(product, SHOP)


def test_a_changed_text_is_translated_anew(world):
    world.publish(BOTH, SHOP)
    product = with_fields(BOTH, title="Best tee")
    calls = world.publish(product, SHOP)
    assert names(calls) == ["productSet", *ASKED]
    assert [(r["locale"], r["key"]) for r in variables(calls[-1])["translations"]] == [("de", "title"), ("fr", "title")]
    assert world.shows(product, SHOP)


def test_what_is_no_longer_translated_goes_and_others_translations_stay(world):
    world.publish(BOTH, SHOP)
    store, place = world.shop.store, f"{world.known.links['product']}/de"
    store.put(
        "translation", place, {**store.get("translation", place), "handle": {"value": "x", "digest": "", "at": ""}}
    )
    assert names(world.publish(replace(BOTH, translations={"de_DE": {"title": "Hemd"}}), SHOP)) == [
        "translationsRemove",
        "translationsRemove",
    ]
    assert shown(world, "de") == {"title": "Hemd", "handle": "x"}
    assert shown(world, "fr") == {}
    world.publish(tee(), SHOP)
    assert shown(world, "de") == {"handle": "x"}
    assert world.shows(tee(), SHOP)


def test_a_text_that_changed_in_between_is_read_again(world):
    world.publish(tee(), SHOP)
    [ask] = shopify.plan(rendered(BOTH, SHOP), world.known, SHOP)
    links = {**world.known.links, **shopify.interpret(ask, world.send(ask.request)).links}
    known = replace(world.known, links=links, number=world.known.number + 1)
    [register] = shopify.plan(rendered(BOTH, SHOP), known, SHOP)
    product = world.shop.store.get("product", links["product"])
    world.shop.store.put("product", product["id"], {**product, "title": "Edited in the shop"})
    outcome = shopify.interpret(register, world.send(register.request))
    assert outcome.verdict is Verdict.STALE
    assert "digests" in outcome.dropped_links
    assert not world.shows(BOTH, SHOP)
    world.known = replace(known, links={k: v for k, v in links.items() if k not in outcome.dropped_links})
    assert names(world.publish(BOTH, SHOP)) == ASKED


def test_an_outdated_translation_is_seen_as_such(world):
    world.publish(BOTH, SHOP)
    product = world.shop.store.get("product", world.known.links["product"])
    world.shop.store.put("product", product["id"], {**product, "title": "Edited in the shop"})
    state = world.read(BOTH, SHOP)
    assert state.bodies[""]["translation"]["de"]["title"]["of"] == "outdated"


def test_a_language_that_the_shop_does_not_have_is_named(world):
    there = replace(CONNECTION, settings={**CONNECTION.settings, "translations": {"pl_PL": "pl"}})
    world.publish(tee(), there)
    product = tee(translations={"pl_PL": {"title": "Koszulka"}})
    [ask] = shopify.plan(rendered(product, there), world.known, there)
    links = {**world.known.links, **shopify.interpret(ask, world.send(ask.request)).links}
    known = replace(world.known, links=links, number=world.known.number + 1)
    [register] = shopify.plan(rendered(product, there), known, there)
    outcome = shopify.interpret(register, world.send(register.request))
    assert outcome.verdict is Verdict.REJECTED
    [issue] = outcome.issues
    assert (issue.code, issue.field) == ("invalid_locale_for_shop", "translations")
    assert "“pl”" in issue.message and "Settings, Languages" in issue.message  # noqa: PT018
