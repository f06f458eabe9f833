"""Further kinds of texts: bullet points, and values read out of a text with the words they rest on."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.attributes.types import type_of
from catalog.change_sets import acting
from catalog.models import Attribute, ChangeSet, Product
from channels.sandbox.openai.endpoint import HALLUCINATING, HONEST
from governance import proposals
from governance.copywriting import extraction, prompts
from governance.copywriting.drafts import CannotDecide
from governance.copywriting.providers.base import Extracted
from governance.models import Draft, PromptTemplate, PromptVersion, Proposal, TextOrigin
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.test_pages import page, post

TEXT = "<p>A shirt of Cotton in Blue. It weighs 180 g.</p>"
READ = ["fabric", "colour", "net_weight"]


def take(desk: Desk, row: Proposal, value: object = None, comment: str = "") -> None:
    mara = desk.world.people["mara"]
    with acting(user=mara, source=ChangeSet.Source.PAGE):
        proposals.accept(proposal=row, user=mara, instead=value, edited=value is not None, comment=comment)  # type: ignore[arg-type]


def bullets(desk: Desk, points: int = 2) -> None:
    desk.template = PromptTemplate.objects.create(
        code="points", task="bullets", points=points, attribute=Attribute.objects.get(code="description")
    )


@pytest.mark.parametrize("model", ["", HONEST])
def test_bullet_points_are_a_list_in_the_attribute_s_own_form(models: Desk, model: str) -> None:
    bullets(models)
    draft = models.draft(models.version(model), models.product())
    assert len(draft.text.splitlines()) == 2
    assert draft.proposal.value == type_of("rich_text").of_points(draft.text.splitlines())
    assert str(draft.proposal.value).startswith("<ul><li>")
    take(models, draft.proposal)
    assert models.world.flat("tee")[""]["description@en_US"] == draft.proposal.value
    assert TextOrigin.objects.get().kind == "ai"  # the form is no edit


def test_too_many_points_are_flagged(models: Desk) -> None:
    bullets(models, points=1)
    models.price("sandbox-obedient")
    draft = models.draft(models.version("sandbox-obedient"), models.product())
    assert {"problem": f"It has {len(draft.text.splitlines())} points; 1 are possible."} in draft.claims


def test_points_are_edited_line_by_line(client: Client, desk: Desk) -> None:
    bullets(desk)
    draft = desk.draft(desk.version(), desk.product())
    client.force_login(desk.world.people["mara"])
    first, second = draft.text.splitlines()
    post(client, f"/texts/drafts/{draft.pk}/", do="accept", text=f"- {first}\r\n\r\n- {second}", comment="x")
    assert desk.world.flat("tee")[""]["description@en_US"] == f"<ul><li>{first}</li><li>{second}</li></ul>"


def test_bullet_points_need_an_attribute_of_several_lines(client: Client, desk: Desk) -> None:
    client.force_login(desk.world.people["ada"])
    text = post(client, "/texts/prompts/new/", code="points", attribute="name", task="bullets")
    assert "bullet points need one that holds several lines" in text
    post(client, "/texts/prompts/new/", code="points", attribute="description", task="bullets", points="4")
    assert PromptTemplate.objects.get(code="points").points == 4


def reader(desk: Desk, model: str = "", inputs: list[str] | None = None) -> PromptVersion:
    desk.template = PromptTemplate.objects.create(
        code="read", task="extract", attribute=Attribute.objects.get(code="description")
    )
    return desk.version(model, inputs=inputs or READ, packs=[])


def told(desk: Desk, text: str = TEXT) -> Product:
    product = desk.world.product("tee")
    assert desk.world.change("tee", values={"description@en_US": text}).status == "updated"
    return product


@pytest.mark.parametrize("model", ["", HONEST])
def test_values_are_read_out_of_a_text_each_with_its_quote(models: Desk, model: str) -> None:
    version, product = reader(models, model), told(models)
    run = models.run(version, product)
    assert run.items.get().state == "done", run.items.get().message
    found = {row.key: row for row in Proposal.objects.select_related("draft")}
    assert set(found) == ({"colour", "net_weight"} if model else {"colour"})
    for row in found.values():
        (claim,) = row.draft.claims
        assert row.draft.facts["source_text"][claim["start"] : claim["end"]] == claim["text"]
        assert (claim["verdict"], row.draft.used, row.source) == ("supported", ["source_text"], "ai")
    take(models, found["colour"])
    assert models.world.flat("tee")[""]["colour"] == "blue"
    if model:
        assert found["net_weight"].value == {"amount": "180", "unit": "g"}


def test_a_value_whose_quote_is_not_in_the_text_is_refused(models: Desk) -> None:
    models.price(HALLUCINATING)
    run = models.run(reader(models, HALLUCINATING), told(models))
    assert models.sandbox
    wrong = models.sandbox.sandbox.writer.journal[-1]["mutation"]["fact"]
    item = run.items.get()
    assert (item.state, item.code) == ("done", "some_refused")
    assert f"{wrong}: “certainly " in item.message
    assert wrong not in set(Proposal.objects.values_list("key", flat=True))
    assert Proposal.objects.count() == 1


def test_what_cannot_be_is_said_and_the_rest_is_kept(desk: Desk) -> None:
    desk.product()
    text = "Blue cotton, 180 g, or was it 200 g."
    found, refused = extraction.judged(
        [
            Extracted("colour", "Blue", "Blue cotton"),
            Extracted("net_weight", "180 g", "180 g"),
            Extracted("net_weight", "200 g", "200 g"),
            Extracted("colour", "Mauve", "cotton"),
            Extracted("brand", "Acme", "cotton"),
            Extracted("fabric", "Wool", "cotton"),
            Extracted("fabric", "x", " "),
        ],
        text=text,
        locale="en_US",
        scope=None,
        codes=READ,
    )
    assert [(each.key, each.value, each.claim["verdict"]) for each in found] == [
        ("colour", "blue", "supported"),
        ("net_weight", {"amount": "180", "unit": "g"}, "supported"),
        ("fabric", "Wool", "unsupported"),
    ]
    assert len(refused) == 4


def test_a_value_that_its_quote_does_not_say_needs_a_comment(models: Desk) -> None:
    version, product = reader(models, HONEST), told(models)
    models.run(version, product)
    row = Proposal.objects.get(key="colour")
    Draft.objects.filter(proposal=row).update(claims=[{**row.draft.claims[0], "verdict": "unsupported"}])
    with pytest.raises(CannotDecide, match="not what its quote says"):
        take(models, row)
    take(models, row, comment="The maker told me.")


def test_a_value_is_not_taken_when_its_text_changed(models: Desk) -> None:
    version, product = reader(models, HONEST), told(models)
    models.run(version, product)
    told_again = models.world.change("tee", values={"description@en_US": "<p>A shirt.</p>"})
    assert told_again.status == "updated"
    with pytest.raises(CannotDecide) as refused:
        take(models, Proposal.objects.get(key="colour"))
    assert refused.value.code == "stale"
    assert product.code == "tee"


def test_the_page_shows_the_text_with_the_quote_and_takes_another_value(client: Client, models: Desk) -> None:
    version, product = reader(models, HONEST), told(models)
    models.run(version, product)
    draft = Draft.objects.get(proposal__key="net_weight")
    client.force_login(models.world.people["mara"])
    text = page(client, f"/texts/drafts/{draft.pk}/")
    assert "Read out of the text" in text
    assert 'title="supported: Source text">180 g' in text
    assert client.post(f"/texts/drafts/{draft.pk}/", {"do": "accept", "text": "heavy"}).status_code == 422
    assert "net_weight" not in models.world.flat("tee")[""]
    post(client, f"/texts/drafts/{draft.pk}/", do="accept", text="0.2 kg")
    assert models.world.flat("tee")[""]["net_weight"]["amount"] == "0.2"


def test_reading_needs_to_be_told_what(desk: Desk) -> None:
    with pytest.raises(prompts.BadPrompt) as refused:
        prompts.write_version(
            template=PromptTemplate.objects.create(
                code="read", task="extract", attribute=Attribute.objects.get(code="description")
            ),
            by=desk.world.people["ada"],
            wording={"instructions": "Read."},
        )
    assert refused.value.field == "inputs"


def test_a_version_that_reads_is_evaluated_by_what_it_finds(models: Desk) -> None:
    version, product = reader(models, HONEST), told(models)
    result = models.evaluate(version, product)
    assert (result["green"], result["written"], result["flagged"]) == (True, 1, 0)
    assert "colour: Blue" in result["rows"][0]["text"]
