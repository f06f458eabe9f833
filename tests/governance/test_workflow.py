"""The workflow: who may move what, and what an approval freezes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import AttributeOption, Category, MediaAsset, Product
from catalog.products.changes import MediaChange, OfferChange, VariantChange
from governance.models import ReviewStep, Standing
from governance.revisions.read import read
from governance.workflow import verbs
from governance.workflow.base import Refused
from governance.workflow.moves import MOVES
from tests.world import World


def hash_of(product: Product) -> str:
    return Standing.objects.get(product=product).content_hash


@pytest.mark.parametrize("state", Standing.State.values)
@pytest.mark.parametrize("verb", [verb for verb in MOVES if hasattr(verbs, verb)])
def test_a_verb_works_from_the_states_of_its_move_and_no_other(world: World, state: str, verb: str) -> None:
    product = world.product()
    if verb == "make_live":  # an older one is there
        world.approve(product)
        world.change(values={"brand": "Bolt"})
        world.approve(product)
    tomorrow = timezone.now() + dt.timedelta(days=1)
    if verb == "lift":
        world.verb("hold_back", product, "rafael", until=tomorrow)
    steps = ReviewStep.objects.count()
    Standing.objects.filter(product=product).update(state=state)
    by = "mara" if verb in ("submit", "withdraw") else "rafael"
    given: dict[str, Any] = {"content_hash": hash_of(product)} if verb == "approve" else {}
    given |= {"number": 1} if verb == "make_live" else {"until": tomorrow} if verb == "hold_back" else {}
    if state in MOVES[verb].sources:
        world.verb(verb, product, by, comment="because", **given)
        after = "draft" if (verb, state) == ("make_live", "approved") else state
        assert Standing.objects.get(product=product).state == (MOVES[verb].target or after)
        return
    with pytest.raises(Refused) as refused:
        world.verb(verb, product, by, comment="because", **given)
    assert (refused.value.code, refused.value.status) == ("wrong_state", 409)
    assert ReviewStep.objects.count() == steps


@pytest.mark.parametrize(("verb", "by"), [("submit", "rafael"), ("submit", "chiara"), ("approve", "mara")])
def test_a_verb_needs_its_right(world: World, verb: str, by: str) -> None:
    product = world.product()
    given = {"content_hash": "x"} if verb == "approve" else {}
    with pytest.raises(Refused) as refused:
        world.verb(verb, product, by, **given)
    assert refused.value.status == 403


@pytest.mark.parametrize(("editor", "requester"), [("ada", "mara"), ("mara", "ada")])
def test_who_edited_or_asked_cannot_approve_even_as_administrator(world: World, editor: str, requester: str) -> None:
    product = world.product()
    world.change(by=editor, values={"brand": "Bolt"})
    world.verb("submit", product, requester)
    with pytest.raises(Refused) as refused:
        world.verb("approve", product, "ada", content_hash=hash_of(product))
    assert (refused.value.code, refused.value.status) == ("two_person", 403)
    assert world.verb("approve", product, "rafael", content_hash=hash_of(product)).number == 1


def test_an_edit_between_look_and_click_stops_the_approval(world: World) -> None:
    product = world.product()
    world.verb("submit", product, "mara")
    seen = hash_of(product)
    world.change(values={"brand": "Bolt"})
    with pytest.raises(Refused) as refused:
        world.verb("approve", product, "rafael", content_hash=seen)
    assert (refused.value.code, refused.value.status) == ("content_changed", 409)


def test_editing_after_approval_leaves_what_is_live_and_restoring_it_is_approved_again(world: World) -> None:
    product = world.product()
    revision = world.approve(product)
    world.change(values={"brand": "Bolt"})
    standing = Standing.objects.get(product=product)
    assert (standing.state, standing.live) == ("draft", revision)
    assert read(revision).values["brand"] == "Acme"
    world.change(values={"brand": "Acme"})
    assert Standing.objects.get(product=product).state == "approved"
    Standing.objects.update(state="draft")
    with pytest.raises(Refused, match="Nothing has changed"):
        world.verb("submit", product, "mara")


def test_prices_do_not_disturb_an_approval(world: World) -> None:
    product = world.product()
    world.approve(product)
    world.change(variants=(VariantChange("tee-s", offers={"default": OfferChange(price=None)}, stock={"main": 0}),))
    assert Standing.objects.get(product=product).state == "approved"


def test_a_revision_is_immutable_and_reads_as_it_was_frozen(world: World) -> None:
    product = world.product()
    world.change(media=(MediaChange(url="https://img.example/1.jpg"),), categories=("products",))
    revision = world.approve(product)
    frozen = read(revision)
    AttributeOption.objects.filter(code="s").update(labels={"en_US": "Tiny"})
    Category.objects.filter(code="products").update(labels={"en_US": "Things"})
    before = hash_of(product)
    MediaAsset.objects.update(sha256="a" * 64, state="ready", extension=".jpg")
    world.change(variants=(VariantChange("tee-s", stock={"main": 1}),))
    assert hash_of(product) == before  # fetching a picture is no edit
    world.change(media=())
    assert read(revision) == frozen
    assert frozen.labels["size"]["s"] == {"en_US": "S"}
    with pytest.raises(TypeError, match="immutable"):
        revision.save()
