"""The published products: live revisions and nothing else, for readers who may see no draft."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.change_sets import acting
from catalog.models import AttributeOption, Category, Locale, Product, RoleLimit, Scope, User
from catalog.products.changes import MediaChange, OfferChange
from catalog.products.trash import restore_product, trash_product
from channels.demo.shop import ensure_channels
from tests.catalog.api.conftest import Api
from tests.world import World, build_world, variant

LIST = "published/default/products/"


@pytest.fixture
def world(db: None) -> World:
    world = build_world()
    ensure_channels()
    return world


@pytest.fixture
def reader(world: World) -> Api:
    """With a token that opens nothing else."""
    return Api(world).of("mara", "published:read")


def test_what_is_approved_is_served_and_what_is_edited_is_not(world: World, reader: Api) -> None:
    tee = world.product()
    assert reader.get(LIST).json()["results"] == []
    assert reader.get(f"{LIST}tee/").json()["code"] == "not_live"
    revision = world.approve(tee)
    world.change(values={"brand": "Draft", "name@en_US": "Draft"}, categories=("products",))
    world.change(media=(MediaChange(url="https://cdn.example/draft.jpg"),), variants=(variant("tee-l", "l"),))
    answer = reader.get(f"{LIST}tee/")
    found = answer.json()
    assert b"raft" not in answer.content
    assert (found["state"], found["revision"], found["approved_by"]) == ("approved", 1, "rafael")
    assert found["content_hash"] == revision.content_hash
    assert found["values"] == {"name@en_US": "Tee shirt", "brand": "Acme"}
    assert (found["origins"]["brand"]["origin"], found["media"], found["categories"]) == ("person", [], [])
    assert [v["sku"] for v in found["variants"]] == ["tee-s", "tee-m"]
    assert found["variants"][0]["values"] == {"size": "s"}
    assert found["labels"] == {"size": {"s": {"en_US": "S"}, "m": {"en_US": "M"}}}
    assert reader.get(LIST).json()["results"] == [found]
    for path in ("products/", "products/tee/", "products/tee/revisions/", "offers/?sku=tee-s"):
        assert reader.get(path).json()["code"] == "missing_scope"


def test_words_stay_as_they_were_approved(world: World, reader: Api) -> None:
    Category.objects.filter(code="products").update(labels={"en_US": "Goods", "de_DE": "Waren"})
    tee = world.product()
    world.change(categories=("products",), values={"name@de_DE": "Hemd"})
    world.approve(tee)
    Category.objects.filter(code="products").update(labels={"en_US": "Draft"})
    AttributeOption.objects.filter(code="s").update(labels={"en_US": "Draft"})
    assert b"Draft" not in reader.get(f"{LIST}tee/").content
    found = reader.get(f"{LIST}tee/?locale=de_DE").json()
    assert found["values"] == {"name": "Hemd", "brand": "Acme"}
    assert found["categories"] == [{"code": "products", "path": ["Waren"]}]
    assert found["labels"]["size"]["s"] == "S"  # nobody translated it
    assert found["origins"]["name"]["key"] == "name@de_DE"
    assert found["axes"] == [{"attribute": "size", "label": "Size"}]


def test_a_language_falls_back_on_request(world: World, reader: Api) -> None:
    scope = Scope.objects.get(code="default")
    for code in ("de", "de_AT"):
        scope.locales.add(Locale.objects.get_or_create(code=code)[0])
    tee = world.product()
    world.change(values={"name@de": "Leiberl"})
    world.approve(tee)
    assert reader.get(f"{LIST}tee/?locale=de_AT").json()["values"]["name"] == "Leiberl"
    assert reader.get(f"{LIST}tee/?locale=de_AT").json()["origins"]["name"]["key"] == "name@de"
    for wrong in ("xx", "ja_JP"):
        assert reader.get(f"{LIST}tee/?locale={wrong}").json()["code"] == "bad_locale"


def test_prices_and_stock_pass_as_their_owner_says(world: World, reader: Api) -> None:
    world.approve(world.product())
    offer = OfferChange(price=Decimal("21.5"), cost=Decimal(3))
    world.change(variants=(variant("tee-s", "s", offers={"default": offer}, stock={"main": 2}),))
    small, medium = reader.get(f"{LIST}tee/").json()["variants"]
    assert small["offers"]["default"]["price"] == "21.50"
    assert (small["stock"], medium["stock"]) == ({"main": 2}, {"main": 5})
    assert "cost" not in small["offers"]["default"]


def test_a_variant_in_the_trash_is_sold_until_that_is_approved(world: World, reader: Api) -> None:
    tee = world.product()
    world.approve(tee)
    world.change(variants=(variant("tee-s", "s", trashed=True),))
    assert [bool(v["offers"]) for v in reader.get(f"{LIST}tee/").json()["variants"]] == [True, True]
    world.approve(tee)
    assert [v["sku"] for v in reader.get(f"{LIST}tee/").json()["variants"]] == ["tee-m"]


def test_what_is_archived_or_in_the_trash_is_gone(world: World, reader: Api) -> None:
    tee = world.product()
    world.approve(tee)
    with acting(user=world.people["mara"], source="page"):
        trash_product(product=tee, force=True)
    assert reader.get(f"{LIST}tee/").status_code == 404
    with acting(user=world.people["mara"], source="page"):
        restore_product(product=Product.everything.get(pk=tee.pk))
    assert reader.get(f"{LIST}tee/").status_code == 200
    world.verb("archive", Product.objects.get(code="tee"), "rafael", comment="season")
    assert reader.get(LIST).json()["results"] == []


def test_what_did_not_change_costs_nothing(world: World, reader: Api) -> None:
    world.approve(world.product())
    for path in (LIST, f"{LIST}tee/"):
        tag = reader.get(path)["ETag"]
        world.change(values={"brand": f"Draft of {path}"})
        answer = reader.get(path, If_None_Match=tag)
        assert (answer.status_code, answer.content) == (304, b"")
    world.change(variants=(variant("tee-s", "s", "17.00"),))
    assert reader.get(LIST, If_None_Match=tag).status_code == 200


def test_pages_of_what_changed(world: World, reader: Api) -> None:
    for code in ("a", "b", "c"):
        world.approve(world.product(code, sizes=("s",)))
    first = reader.get(f"{LIST}?limit=2").json()
    assert [p["code"] for p in first["results"]] == ["a", "b"]
    rest = reader.get(first["next"].removeprefix("http://testserver")).json()
    assert ([p["code"] for p in rest["results"]], rest["next"], "events" in rest) == (["c"], None, False)
    after = reader.get(first["events"]["url"].removeprefix("http://testserver")).json()["last"]
    world.change("b", values={"brand": "Bolt"})
    assert reader.get(f"{LIST}?changed_after={after}").json()["results"] == []
    world.approve(Product.objects.get(code="b"))
    assert [p["code"] for p in reader.get(f"{LIST}?changed_after={after}").json()["results"]] == ["b"]
    assert [p["code"] for p in reader.get(f"{LIST}?sku=c-s").json()["results"]] == ["c"]
    told = reader.get(f"events/?after={after}").json()["results"]
    assert [(e["type"], e["product"], e["data"]) for e in told] == [("revision.live", "b", {"revision": 2})]


def test_the_number_of_queries_does_not_grow_with_products(world: World, reader: Api) -> None:
    def queries(count: int) -> int:
        for n in range(Product.objects.count(), count):
            world.approve(world.product(f"p{n}"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(reader.get(f"{LIST}?limit=200").json()["results"]) == count
        return len(captured)

    assert queries(2) == queries(12)


@pytest.fixture
def limited(world: World) -> Api:
    """Somebody who sees shirts, in English, and no prices."""
    Category.add_root(code="shirts")
    role = Group.objects.create(name="press")
    role.permissions.set(Permission.objects.filter(codename="view_product"))
    for kind, code in (("category", "shirts"), ("locale", "en_US"), ("part", "stock"), ("part", "categories")):
        RoleLimit.objects.create(role=role, kind=kind, code=code)
    world.people["paula"] = User.objects.create_user("paula")
    world.people["paula"].groups.add(role)
    return Api(world).of("paula", "published:read")


def test_what_the_reader_does_not_reach_is_absent(world: World, limited: Api) -> None:
    for code, place in (("tee", "shirts"), ("hat", "products")):
        product = world.product(code)
        world.change(code, values={"name@de_DE": "Geheim"}, categories=(place,))
        world.approve(product)
    assert [p["code"] for p in limited.get(LIST).json()["results"]] == ["tee"]
    assert limited.get(f"{LIST}hat/").status_code == 404
    found = limited.get(f"{LIST}tee/").json()
    assert set(found["values"]) == set(found["origins"]) == {"name@en_US", "brand"}
    assert {"media", "family"}.isdisjoint(found)
    assert (found["variants"][0]["offers"], found["variants"][0]["stock"]) == ({}, {"main": 5})
    assert "gtin" not in found["variants"][0]


def test_a_product_that_leaves_the_readers_reach_is_told_of_once_more(world: World, limited: Api) -> None:
    for code in ("tee", "hat"):
        product = world.product(code)
        world.change(code, categories=("shirts",) if code == "tee" else ("products",))
        world.approve(product)
    after = limited.get(LIST).json()["events"]["after"]
    world.change("hat", values={"brand": "x"}, categories=())
    world.change("tee", categories=("products",))
    told = limited.get(f"events/?after={after}").json()
    assert [(e["type"], e["product"]) for e in told["results"]] == [("product.changed", "tee")]
    world.change("hat", categories=("shirts",))
    back: dict[str, Any] = limited.get(told["next"].removeprefix("http://testserver")).json()
    assert [e["product"] for e in back["results"]] == ["hat"]


def test_the_text_of_a_picture_says_that_ai_wrote_it(world: World, reader: Api) -> None:
    from governance import proposals
    from governance.copywriting import prompts, runs
    from governance.models import Draft, PromptTemplate, PromptVersion, Revision

    def written() -> None:
        run = runs.plan(version=PromptVersion.objects.get(), locale="en_US", ids=[tee.pk], by=mara)
        runs.start(run, by=mara)
        runs.advance(run.pk)
        with acting(user=mara, source="page"):
            proposals.accept(proposal=Draft.objects.latest("pk").proposal, user=mara)

    def picture(path: str = "published/default/products/tee/") -> Any:
        found = reader.get(path).json()
        return (found.get("media") or found.get("image"))[0]

    tee, mara = world.product(), world.people["mara"]
    front = MediaChange(url="https://cdn.example/tee.jpg")
    world.change(media=(front,))
    template = PromptTemplate.objects.create(code="alts", task="alt")
    version = prompts.write_version(template=template, by=world.people["ada"], wording={"instructions": "Say it."})
    PromptVersion.objects.update(evaluation={"green": True})
    prompts.activate(version=version, by=world.people["rafael"])
    written()
    assert Revision.objects.count() == 0
    world.approve(tee)
    found = picture()
    assert found["alt"] == {"en_US": "Tee shirt"}
    assert found["alt_origins"]["en_US"]["origin"] == "ai"
    assert found["alt_origins"]["en_US"]["digital_source_type"] == "trainedAlgorithmicMedia"
    assert picture("published/default/products/tee/?locale=en_US")["alt_origins"] == found["alt_origins"]
    linked = picture("published/default/linked/tee/?locale=en_US")
    assert linked["subjectOf"]["text"] == linked["caption"] == "Tee shirt"
    assert linked["subjectOf"]["digitalSourceType"] == "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    # Edited, it is AI's text edited; what is live says what it was approved as.
    world.change(media=(dataclasses.replace(front, alt={"en_US": "Tee shirt from behind"}),))
    assert picture() == found
    world.approve(tee)
    assert picture()["alt_origins"]["en_US"]["origin"] == "ai_edited"
    # Other pictures are written as well: the text stays what it is.
    behind = dataclasses.replace(front, alt={"en_US": "Tee shirt from behind"})
    other = MediaChange(url="https://cdn.example/b.jpg")
    world.change(media=(other, behind))
    world.approve(tee)
    assert "alt_origins" not in picture()
    kept = reader.get("published/default/products/tee/").json()["media"][1]
    assert kept["alt_origins"]["en_US"]["origin"] == "ai_edited"
    world.change(media=(other, dataclasses.replace(front, alt={"en_US": "Mine"})))
    world.approve(tee)
    own = reader.get("published/default/products/tee/").json()["media"][1]
    assert own["alt"] == {"en_US": "Mine"}
    assert "alt_origins" not in own


def test_a_product_as_json_ld_says_which_texts_ai_wrote(world: World, reader: Api) -> None:
    from catalog.models import Attribute
    from governance import proposals
    from governance.copywriting import prompts, runs
    from governance.models import Draft, PromptTemplate, PromptVersion

    tee = world.product()
    world.change(media=(MediaChange(url="https://cdn.example/tee.jpg", alt={"en_US": "A tee"}),))
    template = PromptTemplate.objects.create(code="d", attribute=Attribute.objects.get(code="description"))
    wording = {"instructions": "Describe it.", "inputs": ["name", "brand"]}
    version = prompts.write_version(template=template, by=world.people["ada"], wording=wording)
    PromptVersion.objects.update(evaluation={"green": True})
    prompts.activate(version=version, by=world.people["rafael"])
    mara = world.people["mara"]
    run = runs.plan(version=PromptVersion.objects.get(), locale="en_US", ids=[tee.pk], by=mara)
    runs.start(run, by=mara)
    runs.advance(run.pk)
    with acting(user=mara, source="page"):
        proposals.accept(proposal=Draft.objects.get().proposal, user=mara)
    path = "published/default/linked/tee/"
    assert reader.get(path).json()["code"] == "not_live"
    world.approve(tee)
    answer = reader.get(f"{path}?locale=en_US")
    assert answer.headers["Content-Type"] == "application/ld+json"
    found = answer.json()
    assert (found["@context"], found["@type"]) == ("https://schema.org", "ProductGroup")
    assert (found["name"], found["brand"]) == ("Tee shirt", {"@type": "Brand", "name": "Acme"})
    (work,) = found["subjectOf"]
    assert work["text"] == found["description"] == "Name: Tee shirt. Brand: Acme."
    assert work["digitalSourceType"] == "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    assert (work["additionalType"], work["inLanguage"]) == ("description", "en-US")
    assert found["image"][0]["caption"] == "A tee"
    variant_ = found["hasVariant"][0]
    assert (variant_["sku"], variant_["size"]) == ("tee-s", "S")
    assert variant_["offers"][0] | {"price": "19.90", "priceCurrency": "EUR"} == variant_["offers"][0]
    assert variant_["offers"][0]["availability"] == "https://schema.org/InStock"
    world.change(values={"description@en_US": "<p>Mara wrote this by herself.</p>"})
    world.approve(tee)
    assert "subjectOf" not in reader.get(path).json()
    assert reader.get(f"{path}?locale=xx_XX").json()["code"] == "bad_locale"
