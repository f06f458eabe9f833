"""What other apps and people put on a product stays there, whatever we publish; what we put there comes and goes."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from channels.connectors.base import Known, MappedProduct
from channels.connectors.outcome import Verdict
from channels.sandbox.edit import edit
from pimhub.foundation.http import Response
from tests.channels.connectors.shopify.builders import (
    BACK,
    FRONT,
    SIDE,
    names,
    rendered,
    shopify,
    tee,
    variant,
    with_fields,
    writes,
)
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World

TYPES = {"custom.material": "single_line_text_field", "custom.care": "list.single_line_text_field"}
SHOP = replace(CONNECTION, settings={**CONNECTION.settings, "metafields": TYPES})
TAGS = ["new", "Cotton", "summer", "sale"]
COLLECTIONS = ["new", "summer-sale", "gifts"]
ADD_MEDIA = "mutation($id: ID!, $files: [FileSetInput!]!) { productSet(identifier: {id: $id}, input: {files: $files}) { product { media(first: 250) { nodes { id } } } userErrors { message } } }"  # noqa: E501


@pytest.fixture
def world():
    world = World()
    yield world
    assert world.violations == []


class Others:
    """Other apps and people at work in the shop, and what they put there."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self.tags: set[str] = set()
        self.metafields: dict[str, str] = {}
        self.collections: set[str] = set()
        self.media: list[str] = []
        self.count = 0

    def product(self):
        return self.world.shop.store.get("product", self.world.known.links["product"])

    def write(self, field, value):
        given = {"channel": "shopify", "product": self.product()["id"], "field": field, "value": value}
        edit(self.world.shop.store, given)

    def act(self) -> None:
        self.count += 1
        what = self.chance.choice(["tag", "metafield", "media", "collection"])
        shown = self.product()
        if what == "tag":
            tag = self.chance.choice([f"theirs-{self.count}", *TAGS])
            if tag.casefold() not in {t.casefold() for t in shown["tags"]}:
                self.tags.add(tag)
                self.write("tags", [*shown["tags"], tag])
        elif what == "metafield":
            key = f"key-{self.count}"
            self.metafields[f"reviews.{key}"] = str(self.count)
            row = {"namespace": "reviews", "key": key, "type": "number_integer", "value": str(self.count)}
            self.write("metafields", [row])
        elif what == "media":
            self.add_media(f"https://other.test/{self.count}.jpg", self.chance.choice(["", "Front", "Theirs"]))
        else:
            collection = self.chance.choice(["gid://shopify/Collection/1", "gid://shopify/Collection/3"])
            if collection not in shown["_collections"]:
                self.collections.add(collection)
                self.world.shop.store.put(
                    "product", shown["id"], {**shown, "_collections": [*shown["_collections"], collection]}
                )

    def add_media(self, source: str, alt: str) -> None:
        shown = self.product()["_files"]
        files = [*({"id": gid} for gid in shown), {"originalSource": source, "alt": alt, "contentType": "IMAGE"}]
        self.chance.shuffle(files)
        body = json.dumps({"query": ADD_MEDIA, "variables": {"id": self.product()["id"], "files": files}})
        request = shopify.read(rendered(tee(), SHOP), self.world.known, SHOP)[0]
        answer = json.loads(self.world.send(replace(request, body=body.encode())).body)
        after = [node["id"] for node in answer["data"]["productSet"]["product"]["media"]["nodes"]]
        self.media += [gid for gid in after if gid not in shown]

    def all_there(self) -> bool:
        shown = self.product()
        metafields = {f"{m['namespace']}.{m['key']}": m["value"] for m in shown["_metafields"]}
        return (
            {tag.casefold() for tag in self.tags} <= {tag.casefold() for tag in shown["tags"]}
            and self.metafields.items() <= metafields.items()
            and self.collections <= set(shown["_collections"])
            and set(self.media) <= set(shown["_files"])
        )


def shows_exactly(world: World, others: Others, product: MappedProduct) -> None:
    """Ours as wanted, theirs, and nothing else."""
    shown, wanted = others.product(), rendered(product, SHOP).bodies[""]
    ours = {tag.casefold() for tag in wanted["tags"]["tags"]}
    assert {tag.casefold() for tag in shown["tags"]} == ours | {tag.casefold() for tag in others.tags}
    held = {f"{m['namespace']}.{m['key']}": m["value"] for m in shown["_metafields"]}
    assert held.pop("app--1.pim_id") == "TEE"
    fields = {place: said["value"] for place, said in wanted["metafields"]["product"].items()}
    assert held == fields | others.metafields
    assert len(shown["_files"]) == len(wanted["media"]["files"]) + len(others.media)


def any_product(chance: random.Random) -> MappedProduct:
    pictures = chance.sample([FRONT, SIDE, BACK], chance.randint(0, 3))
    sizes = chance.sample(["S", "M", "L"], chance.randint(1, 3))
    said = {
        "title": f"Tee {chance.randint(1, 3)}",
        "tags": chance.sample(TAGS, chance.randint(0, 4)) or None,
        "collections": chance.sample(COLLECTIONS, chance.randint(0, 3)) or None,
        "metafield:custom.material": chance.choice([None, "Cotton", "Wool"]),
        "metafield:custom.care": chance.choice([None, ["Wash", "Dry"], ["Wash"]]),
    }
    variants = tuple(
        variant(f"TEE-{size}", size, fields={"variant_metafield:custom.material": chance.choice(["A", "B"])})
        for size in sizes
    )
    return with_fields(tee(media=tuple(pictures), variants=variants), **said)


def publish(world: World, product: MappedProduct, chance: random.Random) -> None:
    """As the publisher does; some answers are lost, after which the shop is read before anything else."""
    wanted = rendered(product, SHOP)
    done = []
    for _ in range(80):
        calls = shopify.plan(wanted, world.known, SHOP)
        if not calls:
            return
        call = calls[0]
        links = {**world.known.links, **call.claims}
        answer = world.send(call.request)
        if chance.random() < 0.1:
            answer = Response(0, error="timed out", sent=True)
        outcome = shopify.interpret(call, answer)
        accepted = {row: dict(bodies) for row, bodies in world.known.accepted.items() if row in wanted.bodies}
        links = {k: v for k, v in {**links, **outcome.links}.items() if k not in outcome.dropped_links}
        if outcome.verdict is Verdict.ACCEPTED and not call.partial:
            for row, facet in call.carries:
                accepted.setdefault(row, {})[facet.value] = wanted.bodies[row][facet.value]
        world.known = Known(links=links, accepted=accepted, number=world.known.number + 1)
        assert outcome.verdict in (Verdict.ACCEPTED, Verdict.UNKNOWN, Verdict.TRANSIENT, Verdict.STALE), outcome
        if outcome.verdict in (Verdict.UNKNOWN, Verdict.STALE):
            responses = [world.send(request) for request in shopify.read(wanted, world.known, SHOP)]
            state = shopify.interpret_read(wanted, world.known, responses, SHOP)
            links = {**world.known.links, **state.links}
            links = {k: v for k, v in links.items() if k not in state.dropped_links}
            world.known = replace(world.known, links=links, accepted=state.bodies)
        done.append(f"{call.name} {outcome.verdict}")
    raise AssertionError(f"no end {done[-12:]}")


@pytest.mark.parametrize("seed", range(3))
def test_it_survives_a_hundred_publishes_and_a_rollback(world, seed):
    chance = random.Random(seed)  # noqa: S311
    first = any_product(chance)
    publish(world, first, chance)
    others = Others(world, chance)
    for _ in range(100):
        for _ in range(chance.randint(0, 2)):
            others.act()
        product = any_product(chance)
        publish(world, product, chance)
        assert others.all_there()
    publish(world, first, chance)  # an older revision is put in force again
    assert others.all_there()
    shows_exactly(world, others, first)
    assert world.read(first, SHOP).bodies == rendered(first, SHOP).bodies
    assert len(world.shop.store.all("product")) == 1


def test_a_tag_that_was_there_before_we_wanted_it_is_not_ours_to_take_away(world):
    world.publish(with_fields(tee(), tags=None))
    others = Others(world, random.Random(1))  # noqa: S311
    others.write("tags", ["sale"])
    world.publish(with_fields(tee(), tags=["sale", "new"]))
    assert others.product()["tags"] == ["new", "sale"]
    world.publish(with_fields(tee(), tags=None))
    assert others.product()["tags"] == ["sale"]
    assert world.publish(with_fields(tee(), tags=None)) == []


def test_a_channel_may_own_its_lists_alone_or_leave_them_to_the_shop(world):
    alone = replace(SHOP, settings={**SHOP.settings, "ownership": {"tags": "owned", "media": "owned"}})
    world.publish(tee(), alone)
    others = Others(world, random.Random(1))  # noqa: S311
    others.write("tags", ["Cotton", "new", "theirs"])
    others.add_media("https://other.test/1.jpg", "")
    state = world.read(tee(), alone)
    assert state.bodies != rendered(tee(), alone).bodies
    world.known = replace(world.known, accepted=state.bodies)
    assert names(world.publish(tee(), alone)) == ["productSet", "productUpdate"]
    assert (others.product()["tags"], len(others.product()["_files"])) == (["Cotton", "new"], 2)

    theirs = {"tags": "foreign", "media": "foreign", "vendor": "foreign", "collections": "foreign"}
    left = replace(SHOP, settings={**SHOP.settings, "ownership": theirs})
    others.write("tags", ["x"])
    others.write("vendor", "Shop's own")
    product = with_fields(tee(media=(BACK,)), title="New", vendor="Ours", tags=["y"], collections=["gifts"])
    assert names(world.publish(product, left)) == ["productSet"]
    shown = others.product()
    assert (shown["tags"], shown["vendor"], len(shown["_files"])) == (["x"], "Shop's own", 2)
    assert world.shows(product, left)


def test_a_product_that_is_there_already_is_read_and_not_overwritten(world):
    """Our record of the shop was lost (an old backup, say); the product and what others put on it are found."""
    world.publish(tee())
    others = Others(world, random.Random(1))  # noqa: S311
    others.write("tags", ["Cotton", "new", "theirs"])
    others.add_media("https://other.test/1.jpg", "Theirs")
    world.known = Known(links={"definition:pim_id": "x"})
    [create] = shopify.plan(rendered(tee(), SHOP), world.known, SHOP)
    assert shopify.interpret(create, world.send(create.request)).verdict is Verdict.STALE
    state = world.read(tee(), SHOP)
    assert state.links["product"]
    [shown] = world.shop.store.all("product")
    assert set(others.media) <= set(shown["_files"])
    assert shown["tags"] == ["Cotton", "new", "theirs"]


def test_collections_are_found_by_handle_and_smart_ones_refused_in_words(world):
    world.publish(tee(), SHOP)
    product = with_fields(tee(), collections=["summer-sale", "gifts"])
    done = names(world.publish(product, SHOP))
    assert done == ["collectionRead", "collectionRead", "productRead", "productUpdate"]
    assert world.shows(product, SHOP)
    assert writes(world.publish(with_fields(tee(), collections=["gifts"]), SHOP))[0].destructive
    for handle, code in (("on-sale", "smart_collection"), ("nowhere", "no_collection")):
        call = shopify.plan(rendered(with_fields(tee(), collections=[handle]), SHOP), world.known, SHOP)[0]
        outcome = shopify.interpret(call, world.send(call.request))
        assert outcome.verdict is Verdict.REJECTED
        assert [(issue.code, issue.field) for issue in outcome.issues] == [(code, "collections")]
        assert handle in outcome.issues[0].message


def test_more_metafields_than_one_call_takes(world):
    types = {f"custom.field_{n}": "number_integer" for n in range(60)}
    shop = replace(SHOP, settings={**SHOP.settings, "metafields": types})
    world.publish(tee(), shop)
    product = with_fields(tee(), **{f"metafield:{place}": n for n, place in enumerate(types)})
    calls = names(world.publish(product, shop))
    assert (calls.count("metafieldDefinitionCreate"), calls.count("metafieldsSet")) == (60, 3)
    assert world.shows(product, shop)
    assert names(world.publish(tee(), shop)) == ["metafieldsDelete"]
    assert world.shows(tee(), shop)
