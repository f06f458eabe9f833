"""Texts of pictures, and categories suggested from a text: proposals like every other draft."""

from __future__ import annotations

import base64
import io

import orjson
import pytest
from django.core.management import call_command
from django.test import Client
from PIL import Image

from catalog.media.ingest import upload
from catalog.models import Attribute, Category, Product
from catalog.products.changes import MediaChange
from channels.sandbox.openai.endpoint import HALLUCINATING, HONEST
from governance.copywriting import prompts
from governance.copywriting.drafts import CannotDecide
from governance.copywriting.provenance import origins_of
from governance.models import AiProvider, Draft, PromptTemplate, Proposal, ProviderCall, Standing, TextOrigin
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.test_kinds import take
from tests.governance.copywriting.test_pages import page, post

APIS = ("responses", "chat")


def pictured(desk: Desk, count: int = 2, **alt: str) -> tuple[Product, list[str]]:
    """A product with pictures held here; what of them has a text is said by `alt` (language → text of all)."""
    desk.template = PromptTemplate.objects.create(code="pictures", label="Texts of pictures", task="alt")
    product = desk.product()
    hashes = []
    for number in range(count):
        held = io.BytesIO()
        Image.new("RGB", (600, 300), (40 * number, 90, 200)).save(held, "PNG")
        hashes.append(upload(held.getvalue()).sha256)
    result = desk.world.change(media=tuple(MediaChange(sha256=each, alt=alt) for each in hashes))
    assert result.status == "updated", result.errors
    return product, hashes


def texts(desk: Desk, locale: str = "en_US") -> list[str | None]:
    return [each["alt"].get(locale) for each in desk.world.flat("tee")[""]["media"]]  # type: ignore[index,union-attr]


def test_each_picture_gets_a_draft_and_none_is_a_value_before_it_is_taken(desk: Desk) -> None:
    product, hashes = pictured(desk)
    run = desk.run(desk.version(), product)
    assert run.items.get().state == "done"
    drafts = list(Draft.objects.all())
    assert [d.proposal.key for d in drafts] == [f"media.alt.en_US.sha256:{each}" for each in hashes]
    assert {d.text for d in drafts} == {"Tee shirt"}  # the offline writer sees nothing and says no more
    assert texts(desk) == [None, None]
    take(desk, drafts[0].proposal)
    take(desk, drafts[1].proposal, "Tee shirt from behind")
    assert texts(desk) == ["Tee shirt", "Tee shirt from behind"]
    assert dict(TextOrigin.objects.values_list("key", "kind")) == {
        drafts[0].proposal.key: "ai",
        drafts[1].proposal.key: "ai_edited",
    }
    again = desk.run(desk.version(), product).items.get()
    assert (again.state, again.code) == ("skipped", "no_pictures")


@pytest.mark.parametrize("api", APIS)
def test_a_provider_that_takes_pictures_gets_them_small_and_the_preview_shows_all(models: Desk, api: str) -> None:
    product, _ = pictured(models)
    AiProvider.objects.filter(pk=models.provider(api).pk).update(sees_pictures=True)
    models.providers.clear()
    models.providers[api] = AiProvider.objects.get(code=f"sandbox_{api}")
    models.run(models.version(HONEST, api), product)
    assert models.sandbox is not None
    (asked,) = models.sandbox.sandbox.writer.journal
    images = [part.partition('"')[0] for part in asked["body"].split("data:image/webp;base64,")[1:]]
    assert [Image.open(io.BytesIO(base64.b64decode(each))).size for each in images] == [(400, 200)] * 2
    assert ProviderCall.objects.get().request == asked["body"]
    draft = Draft.objects.first()
    assert draft is not None
    assert draft.text == "Tee shirt: Acme."
    assert draft.used == ["brand", "name"]


def test_no_picture_leaves_for_a_provider_that_takes_none(models: Desk) -> None:
    product, _ = pictured(models)
    models.run(models.version(HONEST), product)
    assert models.sandbox is not None
    (asked,) = models.sandbox.sandbox.writer.journal
    assert "data:image" not in asked["body"]
    assert orjson.loads(orjson.loads(asked["body"])["input"])["pictures"] == [{"picture": "1"}, {"picture": "2"}]


def test_what_a_model_thinks_it_sees_is_checked_like_every_claim(models: Desk) -> None:
    product, _ = pictured(models, 1)
    models.price(HALLUCINATING)
    draft = models.draft(models.version(HALLUCINATING), product)
    assert draft.flags
    with pytest.raises(CannotDecide, match="97 cm"):
        take(models, draft.proposal)
    assert texts(models) == [None]


def test_a_text_goes_stale_with_its_facts_and_its_picture_may_go(desk: Desk) -> None:
    product, hashes = pictured(desk)
    desk.run(desk.version(), product)
    first, second = Draft.objects.all()
    take(desk, first.proposal)
    desk.world.change(values={"name@en_US": "Polo shirt"})
    assert TextOrigin.objects.get().stale == {"name": ["Tee shirt", "Polo shirt"]}
    with pytest.raises(CannotDecide, match="Facts changed"):
        take(desk, second.proposal)
    desk.world.change(values={"name@en_US": "Tee shirt"}, media=(MediaChange(sha256=hashes[0], alt={}),))
    assert not TextOrigin.objects.filter(is_current=True).exists()
    with pytest.raises(CannotDecide, match="not the product's any more"):
        take(desk, second.proposal)


def test_a_text_that_somebody_wrote_meanwhile_is_not_written_over(desk: Desk) -> None:
    product, hashes = pictured(desk, 1)
    draft = desk.draft(desk.version(), product)
    desk.world.change(media=(MediaChange(sha256=hashes[0], alt={"en_US": "Mine"}),))
    with pytest.raises(CannotDecide, match="changed since"):
        take(desk, draft.proposal)
    assert texts(desk) == ["Mine"]


def test_a_reviewer_sees_which_texts_of_pictures_ai_wrote_and_no_batch_passes_them(client: Client, desk: Desk) -> None:
    product, hashes = pictured(desk)
    desk.world.approve(product)
    desk.run(desk.version(), product)
    drafts = list(Draft.objects.all())
    take(desk, drafts[0].proposal)
    desk.world.verb("submit", product, "mara")
    client.force_login(desk.world.people["rafael"])
    shown = page(client, f"/review/{product.pk}/")
    assert shown.count('class="proof"') == 1
    assert "Texts of pictures, version 1" in shown
    out = io.StringIO()
    call_command("approve", "--all", "--as", "rafael", stdout=out)
    assert "AI wrote media.alt.en_US" in out.getvalue()
    standing = Standing.objects.get(product=product)
    revision = desk.world.verb("approve", product, "rafael", content_hash=standing.content_hash)
    assert {where: str(row.kind) for where, row in origins_of(revision).items()} == {("", drafts[0].proposal.key): "ai"}
    desk.world.change(values={"brand": "Bolt"})
    desk.world.verb("submit", product, "mara")
    assert 'class="proof"' not in page(client, f"/review/{product.pk}/")  # it is live already


def test_the_page_of_a_draft_shows_its_picture(client: Client, desk: Desk) -> None:
    product, hashes = pictured(desk, 1)
    draft = desk.draft(desk.version(), product)
    client.force_login(desk.world.people["mara"])
    assert f"/media/thumbnails/400/{hashes[0][:2]}/" in page(client, f"/texts/drafts/{draft.pk}/")
    assert "Text of a picture (en_US)" in page(client, "/proposals/")
    assert "pictures" in page(client, "/texts/")


def test_a_prompt_for_pictures_needs_no_attribute(client: Client, desk: Desk) -> None:
    client.force_login(desk.world.people["ada"])
    assert "Write a version" in post(client, "/texts/prompts/new/", code="alts", task="alt")
    post(client, "/texts/prompts/alts/", do="write", instructions="Say what is to be seen.")
    pictured(desk, 1)
    post(client, "/texts/prompts/alts/", do="evaluate", number=1, products="tee", locale="en_US")
    desk.try_all()
    assert "1 written, 0 flagged, 0 failed" in page(client, "/texts/prompts/alts/")


def shelved(desk: Desk, text: str = "<p>A warm sweater of Merino for winter.</p>") -> Product:
    desk.template = PromptTemplate.objects.create(
        code="shelve", task="categories", attribute=Attribute.objects.get(code="description")
    )
    root = Category.objects.add_root(instance=Category(code="shop", labels={"en_US": "Shop"}))
    for code, label in (("sweaters", "Sweater"), ("trousers", "Trousers")):
        Category.objects.add_child(
            Category.objects.get(pk=root.pk), instance=Category(code=code, labels={"en_US": label})
        )
    return desk.product(**{"description@en_US": text})


@pytest.mark.parametrize("model", ["", HONEST])
def test_categories_are_suggested_with_the_words_they_rest_on(models: Desk, model: str) -> None:
    product = shelved(models)
    draft = models.draft(models.version(model), product)
    assert (draft.proposal.key, draft.proposal.value) == ("categories.add.sweaters", True)
    assert draft.text == "Shop › Sweater"
    assert [c["text"] for c in draft.claims] == ["sweater"]
    assert models.world.flat("tee")[""]["categories"] == []
    take(models, draft.proposal)
    assert models.world.flat("tee")[""]["categories"] == ["sweaters"]
    models.world.change(remove_categories=("sweaters",))
    assert not TextOrigin.objects.filter(is_current=True).exists()


def test_a_category_that_there_is_not_is_refused(models: Desk) -> None:
    product = shelved(models)
    models.price(HALLUCINATING)
    item = models.run(models.version(HALLUCINATING), product).items.get()
    assert (item.state, item.code) == ("failed", "refused")
    assert "none of the categories to choose from" in item.message
    assert not Proposal.objects.exists()


def test_a_suggestion_is_not_taken_when_its_text_changed_nor_edited(client: Client, models: Desk) -> None:
    product = shelved(models)
    draft = models.draft(models.version(), product)
    client.force_login(models.world.people["mara"])
    assert "Sweater" in page(client, "/proposals/")
    shown = page(client, f"/texts/drafts/{draft.pk}/")
    assert "<textarea" not in shown
    assert 'type="hidden" name="text" value="Shop › Sweater"' in shown
    text = post(client, f"/texts/drafts/{draft.pk}/", do="accept", text="Shop › Trousers")
    assert "Take the category or turn it down" in text
    models.world.change(values={"description@en_US": "<p>Trousers.</p>"})
    with pytest.raises(CannotDecide, match="Facts changed"):
        take(models, draft.proposal)


def test_trees_to_choose_from_must_be_there(desk: Desk) -> None:
    shelved(desk)
    ada = desk.world.people["ada"]
    with pytest.raises(prompts.BadPrompt, match="no category tree “nowhere”"):
        prompts.write_version(template=desk.template, by=ada, wording={"instructions": "x", "inputs": ["nowhere"]})
    other = Category.objects.add_root(instance=Category(code="other", labels={"en_US": "Other"}))
    Category.objects.add_child(other, instance=Category(code="wool", labels={"en_US": "Merino"}))
    version = prompts.write_version(template=desk.template, by=ada, wording={"instructions": "x", "inputs": ["other"]})
    result = desk.evaluate(version, Product.objects.get())
    assert [row["text"] for row in result["rows"]] == ["categories.add.wool: Other › Merino"]
