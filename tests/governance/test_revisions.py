"""Revisions: approved in parts, compared, put live again; and nobody approves what they wrote."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import Attribute, AttributeOption, Category, MediaAsset, Product
from catalog.products.changes import MediaChange, VariantChange
from channels.demo.shop import ensure_channels
from channels.models import Channel
from channels.publishing.desire import Desired, desire
from governance.models import ReviewStep, Revision, Standing
from governance.revisions.pending import pending
from governance.revisions.read import flat, read
from governance.workflow import verbs
from governance.workflow.base import Refused
from tests.world import World, variant


def standing_of(product: Product) -> Standing:
    return Standing.objects.select_related("product", "live").get(product=product)


def approve(world: World, product: Product, by: str = "rafael", **given: Any) -> Revision:
    given.setdefault("content_hash", standing_of(product).content_hash)
    revision: Revision = world.verb("approve", product, by, **given)
    return revision


@pytest.fixture
def edited(world: World) -> Product:
    """Approved once, then edited in two values and in review again."""
    product = world.product()
    world.approve(product)
    world.change(values={"brand": "Bolt", "name@en_US": "Bolt shirt"})
    world.verb("submit", product, "mara")
    return product


def test_one_value_is_approved_and_the_rest_stays_in_review(world: World, edited: Product) -> None:
    revision = approve(world, edited, keys=[("", "brand")])
    document, standing = read(revision), standing_of(edited)
    assert (document.values["brand"], document.values["name@en_US"]) == ("Bolt", "Tee shirt")
    assert (standing.state, standing.live) == ("in_review", revision)
    assert list(pending(standing).changes) == [""]
    assert list(pending(standing).changes[""]) == ["name@en_US"]
    details = ReviewStep.objects.filter(verb="approve").first().details  # type: ignore[union-attr]
    assert details == {"keys": [["", "brand"]], "before": 1}
    rest = approve(world, edited, keys=[("", "name@en_US")])
    assert standing_of(edited).state == "approved"
    assert read(rest).values["name@en_US"] == "Bolt shirt"
    assert rest.content_hash == standing_of(edited).content_hash


def test_each_value_of_a_part_keeps_its_provenance(world: World, edited: Product) -> None:
    before = read(standing_of(edited).live).provenance[""]  # type: ignore[arg-type]
    after = read(approve(world, edited, keys=[("", "brand")])).provenance[""]
    assert after["name@en_US"] == before["name@en_US"]
    assert after["brand"] != before["brand"]


def test_a_new_variant_its_axes_and_family_go_live_together(world: World) -> None:
    product = world.product()
    world.approve(product)
    world.change(values={"brand": "Bolt"}, variants=(variant("tee-l", "l"),))
    world.verb("submit", product, "mara")
    whole = pending(standing_of(product)).whole([("tee-l", "size")])
    assert {row for row, _ in whole} == {"tee-l"}
    revision = approve(world, product, keys=[("tee-l", "size")])
    assert [v.sku for v in read(revision).variants] == ["tee-s", "tee-m", "tee-l"]
    assert read(revision).values["brand"] == "Acme"


def test_what_does_not_differ_or_nothing_cannot_be_approved(world: World, edited: Product) -> None:
    for keys, code in (([], "nothing_chosen"), ([("", "mpn")], "no_such_change"), ([("x", "brand")], "no_such_change")):
        with pytest.raises(Refused) as refused:
            approve(world, edited, keys=keys)
        assert (refused.value.code, refused.value.status) == (code, 422)
    assert standing_of(edited).live.number == 1  # type: ignore[union-attr]


def test_an_author_does_not_approve_though_somebody_else_edited_last(world: World) -> None:
    """The last editor is not the only one whose words go live."""
    product = world.product()
    world.approve(product)
    world.change(by="ada", values={"brand": "Bolt"})
    world.change(by="mara", values={"name@en_US": "Bolt shirt"})
    world.verb("submit", product, "mara")
    with pytest.raises(Refused) as refused:
        approve(world, product, by="ada")
    assert refused.value.code == "two_person"
    assert "brand" in str(refused.value)
    approve(world, product, by="ada", keys=[("", "name@en_US")])  # not hers
    with pytest.raises(Refused):
        approve(world, product, by="ada", keys=[("", "brand")])
    approve(world, product)


def test_who_takes_a_variant_away_does_not_approve_that(world: World) -> None:
    product = world.product()
    world.approve(product)
    world.change(by="ada", variants=(VariantChange("tee-m", trashed=True),))
    world.change(by="mara", values={"brand": "Bolt"})
    world.verb("submit", product, "mara")
    with pytest.raises(Refused, match="You wrote"):
        approve(world, product, by="ada")
    assert [v.sku for v in read(approve(world, product)).variants] == ["tee-s"]


def test_names_that_changed_are_reviewed_like_values(world: World) -> None:
    product = world.product()
    world.change(categories=("products",))
    old = world.approve(product)
    AttributeOption.objects.filter(code="s").update(labels={"en_US": "Tiny"})
    Attribute.objects.filter(code="size").update(labels={"en_US": "Fit"})
    Category.objects.filter(code="products").update(labels={"en_US": "Things"})
    standing = standing_of(product)
    assert set(pending(standing).words) == {"option size s", "axis size", "category products"}
    assert read(old).labels["size"]["s"] == {"en_US": "S"}
    assert read(old).axis_labels["size"]["en_US"] == "Size"
    Standing.objects.update(state="draft")
    world.verb("submit", product, "mara")
    seen = pending(standing_of(product)).review_hash
    AttributeOption.objects.filter(code="s").update(labels={"en_US": "Small"})
    with pytest.raises(Refused) as refused:
        approve(world, product, review_hash=seen)
    assert refused.value.code == "content_changed"
    new = approve(world, product, review_hash=pending(standing_of(product)).review_hash)
    assert read(new).labels["size"]["s"] == {"en_US": "Small"}
    assert read(new).axis_labels["size"]["en_US"] == "Fit"


def test_a_part_brings_no_names_along_that_nobody_chose(world: World, edited: Product) -> None:
    AttributeOption.objects.filter(code="s").update(labels={"en_US": "Tiny"})
    Attribute.objects.filter(code="size").update(labels={"en_US": "Fit"})
    document = read(approve(world, edited, keys=[("", "brand")]))
    assert document.labels["size"]["s"] == {"en_US": "S"}
    assert document.axis_labels["size"]["en_US"] == "Size"


def test_a_picture_that_became_another_one_waits_for_approval(world: World) -> None:
    product = world.product()
    world.change(media=(MediaChange(url="https://img.example/1.jpg"),))
    MediaAsset.objects.update(sha256="a" * 64, state="ready", extension=".jpg")
    old = world.approve(product)
    MediaAsset.objects.update(sha256="b" * 64)
    ((what, (before, after)),) = pending(standing_of(product)).words.items()
    assert (what.split()[0], before, after) == ("picture", "a" * 64, "b" * 64)
    assert read(old).media[0]["sha256"] == "a" * 64
    world.change(values={"brand": "Bolt"})
    world.verb("submit", product, "mara")
    assert read(approve(world, product, keys=[("", "brand")])).media[0]["sha256"] == "a" * 64


def shows(product: Product) -> list[str]:
    ensure_channels()
    found = desire(Channel.objects.get(code="shopify"), Standing.objects.get(product=product))
    assert isinstance(found, Desired)
    return [medium.url.rpartition("/")[2] for medium in found.source.mapped.media]


def test_a_picture_that_comes_after_the_approval_is_shown_once_it_is_approved(world: World, client: Client) -> None:
    product = world.product()
    world.change(media=(MediaChange(url="https://img.example/1.jpg"),))
    world.approve(product)
    assert shows(product) == ["1.jpg"]  # the address was approved
    client.force_login(world.people["mara"])
    assert "read differently" not in client.get("/products/tee/").content.decode()
    MediaAsset.objects.update(sha256="a" * 64, state="ready", extension=".jpg", mime="image/jpeg")
    assert shows(product) == ["1.jpg"]
    assert standing_of(product).state == "approved"
    assert "read differently" in client.get("/products/tee/").content.decode()
    client.post(f"/review/{product.pk}/submit/")
    assert shows(product) == ["1.jpg"]
    assert approve(world, product).number == 2
    assert shows(product) == [f"{'a' * 64}.jpg"]
    MediaAsset.objects.update(sha256="b" * 64)
    assert shows(product) == [f"{'a' * 64}.jpg"]


def test_asking_for_names_alone_and_taking_it_back_leaves_it_approved(world: World) -> None:
    product = world.product()
    world.approve(product)
    with pytest.raises(Refused, match="Nothing has changed"):
        world.verb("submit", product, "mara")
    AttributeOption.objects.filter(code="s").update(labels={"en_US": "Tiny"})
    world.verb("submit", product, "mara")
    world.verb("withdraw", product, "mara")
    assert standing_of(product).state == "approved"
    world.verb("submit", product, "mara")
    assert read(approve(world, product)).labels["size"]["s"] == {"en_US": "Tiny"}


def test_a_channel_may_take_only_pictures_that_are_held(world: World) -> None:
    product = world.product()
    world.change(media=(MediaChange(url="https://img.example/1.jpg"),))
    world.approve(product)
    ensure_channels()
    shopify = Channel.objects.get(code="shopify")

    def codes() -> list[str]:
        found = desire(shopify, standing_of(product))
        assert isinstance(found, Desired)
        return [i.code for i in found.issues if i.severity == "error" and i.field == "media"]

    assert codes() == []
    shopify.settings = {**shopify.settings, "held_pictures_only": True}
    assert codes() == ["media_not_held"]
    MediaAsset.objects.update(sha256="a" * 64, state="ready", extension=".jpg", mime="image/jpeg")
    world.verb("submit", product, "mara")
    approve(world, product)
    assert codes() == []


def test_an_older_revision_goes_live_again(world: World, edited: Product) -> None:
    approve(world, edited)
    with pytest.raises(Refused, match="Say why"):
        world.verb("make_live", edited, "rafael", number=1, comment="")
    revision = world.verb("make_live", edited, "rafael", number=1, comment="The name was wrong.")
    standing = standing_of(edited)
    assert (standing.live, standing.state, revision.number) == (revision, "draft", 1)
    assert read(standing.live).values["brand"] == "Acme"  # type: ignore[arg-type]
    assert world.flat()[""]["brand"] == "Bolt"  # the working copy is as it was
    for number, code in ((1, "live_already"), (7, "no_such_revision")):
        with pytest.raises(Refused) as refused:
            world.verb("make_live", edited, "rafael", number=number, comment="x")
        assert refused.value.code == code
    world.verb("submit", edited, "mara")
    assert approve(world, edited).number == 3


def test_an_archived_product_is_not_live_and_not_edited(world: World) -> None:
    product = world.product()
    world.approve(product)
    world.verb("archive", product, "rafael", comment="out of season")
    assert standing_of(product).live is None
    result = world.change(values={"brand": "Bolt"})
    assert (result.status, result.errors[0].code) == ("rejected", "archived")
    stock = world.change(variants=(variant("tee-s", "s", price="9.90"),))
    assert stock.status == "updated"  # prices and stock pass
    world.verb("reopen", product, "rafael")
    assert world.change(values={"brand": "Bolt"}).status == "updated"
    world.verb("make_live", product, "rafael", number=1, comment="back in season")
    assert standing_of(product).live.number == 1  # type: ignore[union-attr]


def test_reviews_are_assigned_and_talked_about(world: World, edited: Product) -> None:
    people = world.people
    with pytest.raises(Refused) as refused:
        verbs.assign(product=edited, user=people["mara"], to=people["chiara"])
    assert refused.value.code == "cannot_approve"
    world.verb("assign", edited, "mara", to=people["rafael"])
    assert standing_of(edited).assigned_to == people["rafael"]
    world.verb("remark", edited, "chiara", comment="Is the name right?")
    steps = list(ReviewStep.objects.filter(product=edited).values_list("verb", "comment")[:2])
    assert steps == [("comment", "Is the name right?"), ("assign", "")]
    approve(world, edited)
    assert standing_of(edited).assigned_to is None


def test_what_is_frozen_in_parts_reads_back_as_it_was_composed(world: World, edited: Product) -> None:
    now = pending(standing_of(edited))
    content, _ = now.partly([("", "brand")])
    assert flat(read(approve(world, edited, keys=[("", "brand")]))) == content
