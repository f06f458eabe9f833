"""What channels are told of texts that AI wrote: labelled where the channel has a label, held back when stale."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from catalog import events
from catalog.change_sets import acting
from catalog.models import Attribute, Product
from catalog.products.changes import MediaChange, ProductChange
from catalog.search.select import select
from channels.feeds.build import refresh_feed
from channels.models import Placement
from channels.publishing.preview import preview
from channels.publishing.request import make_due
from governance import proposals
from governance.copywriting import prompts, runs
from governance.copywriting.resting import confirm
from governance.copywriting.staleness import BadPolicy, set_policy
from governance.models import AuditEntry, Draft, PromptTemplate, PromptVersion, TextOrigin
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_feed import G, items


def described(shop: Shop, when_stale: str = "warn") -> Product:
    """A product whose description the offline writer wrote, taken and approved."""
    product = shop.product("tee")
    shop.write(ProductChange(code="tee", media=(MediaChange(url="https://img.example/a.jpg"),)))
    template = PromptTemplate.objects.create(
        code="describe",
        label="Description",
        attribute=Attribute.objects.get(code="description"),
        when_stale=when_stale,
    )
    write(shop, product, template, instructions="Describe it.", inputs=["name", "brand"])
    events.derive()
    return product


def write(shop: Shop, product: Product, template: PromptTemplate, **wording: Any) -> None:
    """One text by the template for the product: written, taken and approved."""
    version = prompts.write_version(template=template, by=shop.user("admin"), wording=wording)
    PromptVersion.objects.filter(pk=version.pk).update(evaluation={"green": True})
    version = prompts.activate(version=version, by=shop.user("reviewer"))
    mara = shop.user("merchandiser")
    run = runs.plan(version=version, locale="en_US", ids=[product.pk], by=mara)
    runs.start(run, by=mara)
    runs.advance(run.pk)
    with acting(user=mara, source="page"):
        proposals.accept(proposal=Draft.objects.get().proposal, user=mara)
    shop.approve(product)


def inserted(shop: Shop, product: Product) -> list[dict[str, Any]]:
    shown = preview(shop.channel("google"), product)
    return [orjson.loads(str(request["body"]))["productAttributes"] for request in shown["requests"]]


def test_google_is_told_which_texts_ai_wrote(shop: Shop) -> None:
    product = described(shop)
    for attributes in inserted(shop, product):
        assert attributes["structuredDescription"] == {
            "digitalSourceType": "TRAINED_ALGORITHMIC_MEDIA",
            "content": "Name: Tee shirt. Brand: Acme.",
        }
        assert "description" not in attributes
        assert attributes["title"].startswith("Tee shirt")
    item = items(refresh_feed(shop.channel("google")))[0]
    assert item.findtext(f"{G}structured_description/{G}digital_source_type") == "trained_algorithmic_media"
    assert item.findtext(f"{G}structured_description/{G}content") == "Name: Tee shirt. Brand: Acme."
    assert item.find(f"{G}description") is None


def test_a_persons_own_words_are_not_labelled(shop: Shop) -> None:
    product = described(shop)
    shop.write(ProductChange(code="tee", values={"description@en_US": "<p>A shirt that Mara likes to wear.</p>"}))
    shop.approve(product)
    for attributes in inserted(shop, product):
        assert attributes["description"] == "A shirt that Mara likes to wear."
        assert "structuredDescription" not in attributes


@pytest.mark.parametrize(("policy", "severity"), [("warn", "warning"), ("block", "error"), ("keep", "")])
def test_a_stale_text_is_told_and_held_back_as_its_policy_says(shop: Shop, policy: str, severity: str) -> None:
    product = described(shop, policy)
    assert [p.pk for p in select([{"field": "stale_copy", "op": "=", "value": True}])] == []
    shop.write(ProductChange(code="tee", values={"brand": "Nordform"}))
    assert [p.pk for p in select([{"field": "stale_copy", "op": "=", "value": True}])] == [product.pk]
    assert _stale(shop, product) == []  # the live revision still says what the text says
    shop.approve(product)
    found = _stale(shop, product)
    assert [issue["severity"] for issue in found] == ([severity] if severity else [])
    assert preview(shop.channel("google"), product)["blocked"] is (policy == "block")
    if found:
        assert found[0]["key"] == "description@en_US"
        assert "when brand said something else" in found[0]["message"]


def test_a_held_back_text_goes_out_once_it_is_mended_confirmed_or_let_through(shop: Shop) -> None:
    """By hand, by somebody's word, or by another policy: each time the channel looks again by itself."""
    product = described(shop, "block")
    google = shop.channel("google")
    template, origins = PromptTemplate.objects.get(), TextOrigin.objects.filter(is_current=True)
    make_due(channel=google, product_ids=[product.pk])

    def looked_at_again() -> bool:
        placed = Placement.objects.filter(channel=google, product=product)
        placed.update(due_at=None)
        events.derive()
        return placed.filter(due_at__isnull=False).exists()

    def brand(name: str) -> None:
        shop.write(ProductChange(code="tee", values={"brand": name}))
        shop.approve(product)
        looked_at_again()

    brand("Nordform")
    assert preview(google, product)["blocked"] is True
    shop.write(ProductChange(code="tee", values={"description@en_US": "<p>Name: Tee shirt. Brand: Nordform.</p>"}))
    shop.approve(product)
    assert _stale(shop, product) == []  # what it says now is so

    brand("Nordform AB")
    assert preview(google, product)["blocked"] is True
    confirm(origins.get(), by=shop.user("merchandiser"), why="Everybody calls it Nordform.")
    assert _stale(shop, product) == []
    assert looked_at_again()
    assert _stale(shop, product) == []
    assert "Everybody" not in str(inserted(shop, product))

    brand("Sydform")
    assert preview(google, product)["blocked"] is True
    with pytest.raises(BadPolicy):
        set_policy(template, "never")
    set_policy(template, "warn")
    assert looked_at_again()
    assert preview(google, product)["blocked"] is False
    told = AuditEntry.objects.get(kind="prompt.stale_policy")
    assert (told.data["was"], told.data["now"]) == ("block", "warn")
    set_policy(template, "warn")  # nothing new
    assert not looked_at_again()


def _stale(shop: Shop, product: Product) -> list[Any]:
    return [i for i in preview(shop.channel("google"), product)["preflight"] if i["code"] == "stale_text"]


def test_a_stale_text_of_a_picture_is_held_back_too(shop: Shop) -> None:
    product = shop.product("tee")
    shop.write(ProductChange(code="tee", media=(MediaChange(url="https://img.example/a.jpg"),)))
    template = PromptTemplate.objects.create(code="alts", label="Pictures", task="alt", when_stale="block")
    write(shop, product, template, instructions="Say it.")
    assert _stale(shop, product) == []
    shop.write(ProductChange(code="tee", values={"name@en_US": "Polo shirt"}))
    shop.approve(product)
    (issue,) = _stale(shop, product)
    assert issue["severity"] == "error"
    assert preview(shop.channel("google"), product)["blocked"] is True
    assert "when name said something else" in issue["message"]
