"""The pages for texts, as administrators, merchandisers and reviewers use them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from catalog.access import tokens
from catalog.models import Attribute, AttributeGroup, Product, RoleLimit
from governance.copywriting import runs
from governance.models import (
    AiProvider,
    AuditEntry,
    CopyBudget,
    CopyRun,
    Draft,
    PromptTemplate,
    PromptVersion,
    Proposal,
    Standing,
    TextOrigin,
)
from tests.governance.copywriting.conftest import Desk


@pytest.fixture
def ada(client: Client, desk: Desk) -> Client:
    client.force_login(desk.world.people["ada"])
    return client


@pytest.fixture
def mara(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.world.people["mara"])
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode())


def post(client: Client, address: str, **given: object) -> str:
    answer = client.post(address, given, follow=True)
    assert answer.status_code in (200, 409, 422)
    return re.sub(r"\s+", " ", answer.content.decode())


def test_from_a_new_prompt_to_a_text_in_the_product(ada: Client, mara: Client, desk: Desk) -> None:
    product = desk.product()
    text = post(ada, "/texts/prompts/new/", label="Short", code="short", attribute="seo_description", task="write")
    assert "Write a version" in text
    home = "/texts/prompts/short/"
    text = post(ada, home, do="write", instructions="Name the facts.", packs=["health_claims"], inputs="fabric, colour")
    assert "Version 1 is written." in text
    assert "Evaluate it first" in post(ada, home, do="activate", number=1)
    text = post(ada, home, do="evaluate", number=1, products="tee", locale="en_US")
    assert 'Version 1 is being tried: <span class="num">0</span> of <span class="num">1</span> products.' in text
    assert "is being tried just now" in post(ada, home, do="evaluate", number=1, products="tee", locale="en_US")
    desk.try_all()
    assert "It was tried." in page(ada, f"{home}trials/")
    assert "1 written, 0 flagged, 0 failed" in page(ada, home)
    assert "Somebody other than its author" in post(ada, home, do="activate", number=1)
    boss = desk.world.people["rafael"]
    boss.groups.set(desk.world.people["ada"].groups.all())
    other = Client()
    other.force_login(boss)
    assert "Version 1 is used from now on." in post(other, home, do="activate", number=1)

    assert "&quot;fabric&quot;:&quot;Cotton&quot;" in page(ada, f"{home}?product=tee&locale=en_US")
    text = post(mara, "/texts/runs/new/", template="short", locale="en_US", products="tee, nonsense")
    assert "There is no product nonsense. Check the codes." in text
    assert not CopyRun.objects.exists()
    text = post(mara, "/texts/runs/new/", template="short", locale="en_US", products="tee")
    assert "1 product, 1 with all facts that are needed." in text
    run = CopyRun.objects.get()
    post(mara, f"/texts/runs/{run.pk}/", do="start")
    runs.advance(run.pk)
    assert "Look at the drafts" in page(mara, f"/texts/runs/{run.pk}/")
    draft = Draft.objects.get()
    text = page(mara, f"/texts/drafts/{draft.pk}/")
    assert 'data-verdict="supported" data-fact="colour" tabindex="-1" title="supported: colour">Blue' in text
    assert "colour" in text
    assert "is written." in post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    assert desk.world.flat("tee")[""]["seo_description@en_US"] == draft.text
    assert "Texts by AI" in page(mara, "/products/tee/")
    desk.world.change(values={"fabric": "Wool"})
    assert "Stale texts (1)" in page(mara, "/texts/")
    assert "<strong>Stale</strong>" in page(mara, "/products/tee/")
    post(mara, f"/texts/drafts/{draft.pk}/anew/")
    runs.advance(CopyRun.objects.latest("created_at").pk)
    newer = Draft.objects.exclude(pk=draft.pk).get()
    assert newer.facts["fabric"] == "Wool"
    assert product.code == "tee"


def test_a_stale_text_is_said_to_hold_and_the_policy_is_changed(ada: Client, mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(inputs=["fabric"]), desk.product())
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    desk.world.change(values={"fabric": "Wool"})
    row = TextOrigin.objects.get(is_current=True)
    address = f"/texts/{row.pk}/still-right/"
    assert address in page(mara, "/texts/")
    assert address in page(mara, "/products/tee/")
    assert "Say why the text is still right." in post(mara, address, why="")
    assert "Stale texts (1)" in page(mara, "/texts/")
    assert "It is kept as right" in post(mara, address, why="Wool is meant.", **{"from": "product"})
    text = page(mara, "/products/tee/")
    assert "<strong>Stale</strong>" not in text
    assert "that it holds: Wool is meant." in text
    assert "not stale any more" in post(mara, address, why="Again.")

    prompt = "/texts/prompts/describe/"
    assert "choose what happens" in post(ada, prompt, do="policy", when_stale="never")
    assert "publish nothing until it is mended." in post(ada, prompt, do="policy", when_stale="block")
    assert '<option value="block" selected>' in page(ada, prompt)
    assert mara.post(prompt, {"do": "policy", "when_stale": "keep"}).status_code == 404
    assert "Publish nothing until it is mended." in page(mara, prompt)


def test_the_api_says_that_a_stale_text_holds(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(inputs=["fabric"]), desk.product())
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    headers = {
        "Authorization": f"Bearer {tokens.create(user=desk.world.people['mara'], name='t', scopes_wanted=['write'])[1]}"
    }

    def confirm(**given: str) -> Any:
        address = "/api/v1/products/tee/texts/confirm/"
        return mara.post(address, given, content_type="application/json", headers=headers)

    answer = confirm(key="description@en_US", why="So.")
    assert (answer.status_code, answer.json()["detail"]) == (409, "This text is not stale any more.")
    desk.world.change(values={"fabric": "Wool"})
    assert confirm(key="description@en_US", why=" ").status_code == 422
    assert confirm(key="name@en_US", why="So.").status_code == 404
    assert confirm(key="description@en_US", why=3).status_code == 422  # type: ignore[arg-type]
    told = confirm(key="description@en_US", why="Wool is meant.").json()
    assert (told["stale"], told["rests_on"]) == ({}, ["fabric"])
    assert (told["confirmed"]["by"], told["confirmed"]["why"]) == ("mara", "Wool is meant.")


def limit_merchandisers(desk: Desk, hidden: str) -> None:
    """They see all groups of attributes but one, which has this attribute."""
    secret = AttributeGroup.objects.create(code="secret")
    Attribute.objects.filter(code=hidden).update(group=secret)
    role = Group.objects.get(name="merchandiser")
    for group in AttributeGroup.objects.exclude(pk=secret.pk):
        RoleLimit.objects.create(role=role, kind="group", code=group.code)


def test_what_somebody_has_written_tells_nothing_that_is_hidden_from_them(
    ada: Client, mara: Client, desk: Desk
) -> None:
    product, version = desk.product(), desk.version(inputs=["fabric", "net_weight"])
    desk.evaluate(version, product)
    assert "180 g" in page(ada, "/texts/prompts/describe/")
    assert "180 g" in page(mara, "/texts/prompts/describe/")
    limit_merchandisers(desk, "net_weight")
    assert "180 g" in page(ada, "/texts/prompts/describe/")
    assert "180 g" not in page(mara, "/texts/prompts/describe/")
    draft = desk.draft(version, product)  # as Mara asks for it
    assert draft.text == "fabric: Cotton."
    assert set(draft.facts) == {"fabric"}
    needs = desk.version(inputs=["fabric", "net_weight"], required=["net_weight"])
    post(mara, "/texts/runs/new/", template="describe", locale="en_US", products="tee")
    run = CopyRun.objects.latest("created_at")
    assert run.version == needs
    assert "1 product, 0 with all facts that are needed." in page(mara, f"/texts/runs/{run.pk}/")
    assert desk.run(needs, product).items.get().code == "facts_missing"


def test_what_waits_for_a_product_in_the_trash_waits_with_it(mara: Client, desk: Desk) -> None:
    desk.draft(desk.version(), desk.product())
    assert "Look at 1 draft" in page(mara, "/texts/")
    mara.post("/products/tee/trash/")
    assert "Look at" not in page(mara, "/texts/")
    assert "describe" not in page(mara, "/proposals/")
    assert "tee is back." in post(mara, "/trash/restore/", kind="product", key="tee")
    assert "Look at 1 draft" in page(mara, "/texts/")


def test_a_flagged_draft_says_why_and_is_edited_or_turned_down(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product())
    address = f"/texts/drafts/{draft.pk}/"
    wrong = draft.text.replace("180", "280")
    text = post(mara, address, do="accept", text=wrong)
    assert "It contradicts facts: “280 g” (fact net_weight)." in text
    assert 'data-verdict="contradicted"' in text
    assert "280" in re.search(r'<textarea[^>]*id="text"[^>]*>([^<]*)', text)[1]  # type: ignore[index]
    assert "The draft is turned down." in post(mara, address, do="reject", why="wrong")
    assert Proposal.objects.get().state == "rejected"
    assert "Take it" not in page(mara, address)


ACTIVE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '<iframe src="https://evil.example"></iframe>',
    "<svg onload=alert(1)>",
    '<a href="javascript:alert(1)">Cotton</a>',
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<object data="x.swf"></object>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<form action="https://evil.example"><input name=p></form>',
    "<style>@import 'https://evil.example/x.css'</style>",
    "<IMG SRC=x OnError=alert(1)",
    '"><script>alert(1)</script>',
]


@pytest.mark.parametrize("body", ACTIVE)
def test_what_a_draft_holds_cannot_become_markup(mara: Client, desk: Desk, body: str) -> None:
    """Neither where a fact holds it, nor where the text does; and such a text is never taken."""
    product = desk.product(fabric=body)
    draft = desk.draft(desk.version(), product)
    address = f"/texts/drafts/{draft.pk}/"
    assert body not in page(mara, address)
    text = post(mara, address, do="accept", text=f"{draft.text} {body}", comment="I want it so.")
    assert body not in text
    assert "It cannot be taken as it is." in text
    assert desk.world.flat("tee")[""].get("description@en_US") is None


def test_pages_ask_for_rights(desk: Desk) -> None:
    chiara = Client()
    chiara.force_login(desk.world.people["chiara"])
    for address in ("/texts/", "/texts/prompts/new/", "/texts/prompts/describe/", "/texts/runs/new/"):
        page(chiara, address, 403)
    mara = Client()
    mara.force_login(desk.world.people["mara"])
    page(mara, "/texts/prompts/new/", 403)
    assert "Write a version" not in page(mara, "/texts/prompts/describe/")
    assert mara.post("/texts/prompts/describe/", {"do": "write", "instructions": "x"}).status_code == 404
    assert not PromptVersion.objects.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"code": "Bad Code", "attribute": "name"}, "Code: “Bad Code” cannot be."),
        ({"code": "describe", "attribute": "name"}, "there is a template “describe” already"),
        ({"code": "fine", "attribute": "warning"}, "Attribute: choose what the text is for."),
        ({"code": "fine", "attribute": "name", "task": "translate"}, "a translation needs a language"),
    ],
)
def test_a_prompt_that_cannot_be_says_why(ada: Client, given: dict[str, str], message: str) -> None:
    assert message in post(ada, "/texts/prompts/new/", **given)
    assert PromptTemplate.objects.count() == 1


def test_a_provider_keeps_its_key_and_its_prices(ada: Client, desk: Desk) -> None:
    given = {"code": "acme", "label": "Acme", "base_url": "https://ai.example/v1", "api": "chat", "timeout": 30}
    given |= {"at_once": 4, "batch_percent": 50}
    text = post(ada, "/texts/providers/new/", key="sk-canary-1", **given)
    assert "Acme is saved." in text
    provider = AiProvider.objects.get()
    assert provider.key == "sk-canary-1"
    for address in ("/texts/providers/", "/texts/providers/acme/", "/texts/", "/audit/"):
        assert "canary" not in page(ada, address)
    assert "canary" not in str(list(AuditEntry.objects.values())) + str(list(AiProvider.history.values()))  # type: ignore[attr-defined]
    post(ada, "/texts/providers/acme/", **given | {"label": "Acme AI"})
    provider.refresh_from_db()
    assert (provider.label, provider.key) == ("Acme AI", "sk-canary-1")
    price = {"do": "price", "model": "m", "valid_from": "2026-01-01", "incoming": "1.25", "outgoing": "10"}
    assert "1.25" in post(ada, "/texts/providers/acme/", **price)
    assert "There is a price from this day on already." in post(ada, "/texts/providers/acme/", **price)
    AiProvider.objects.update(is_paused=True, problem="No money left.")
    assert "No money left." in page(ada, "/texts/")
    post(ada, "/texts/providers/acme/", do="resume")
    assert not AiProvider.objects.get().is_paused


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://10.0.0.5/v1", "10.0.0.5 is not on the open internet"),
        ("https://ai.example:8443/v1", "port 8443 is neither 80 nor 443"),
        ("ftp://ai.example/v1", "ftp is not http or https"),
        ("https://me:secret@ai.example/v1", "an address must not hold a name or password"),
    ],
)
def test_an_address_that_would_not_be_called_is_not_saved(
    ada: Client, desk: Desk, settings: object, address: str, message: str
) -> None:
    given = {"code": "acme", "label": "Acme", "base_url": address, "api": "chat", "timeout": 30}
    given |= {"at_once": 4, "batch_percent": 50}
    settings.PIMHUB_ALLOWED_ORIGINS = []  # type: ignore[attr-defined]
    assert f"It would not be called: {message}" in post(ada, "/texts/providers/new/", **given)
    assert not AiProvider.objects.exists()


def test_an_address_that_is_listed_and_the_sandbox_s_are_saved(ada: Client, desk: Desk, settings: object) -> None:
    settings.PIMHUB_ALLOWED_ORIGINS = ["http://10.0.0.5:8080"]  # type: ignore[attr-defined]
    for code, address in (("acme", "http://10.0.0.5:8080/v1"), ("sandbox", "sandbox:/openai/v1")):
        given = {"code": code, "label": code, "base_url": address, "api": "chat", "timeout": 30, "at_once": 4}
        assert "is saved." in post(ada, "/texts/providers/new/", batch_percent=50, **given)


def test_round_prices_are_written_as_people_write_them(ada: Client, desk: Desk) -> None:
    assert "100 a day, everybody together" in post(ada, "/texts/providers/", per="day", amount="100", person="")


def test_each_sentence_stands_beside_the_facts_it_rests_on(mara: Client, desk: Desk) -> None:
    for code, label in (("net_weight", "Net weight"), ("fabric", "Fabric")):
        Attribute.objects.filter(code=code).update(labels={"en_US": label})
    draft = desk.draft(desk.version(), desk.product())
    address = f"/texts/drafts/{draft.pk}/"
    rows = _resting(page(mara, address))
    assert rows.get("Net weight: 180 g.") == "Net weight", rows
    assert rows["Fabric: Cotton."] == "Fabric"
    edited = draft.text.replace("Fabric: Cotton.", "Fabric: pure Cotton.")
    rows = _resting(post(mara, address, do="accept", text=f"{edited} It holds 9 litres."))
    assert rows["Fabric: pure Cotton."] == "Fabric"
    assert "no fact" in rows["It holds 9 litres."]
    assert "1 flag" in rows["It holds 9 litres."]


def _resting(text: str) -> dict[str, str]:
    found = re.findall(r'<th scope="row" dir="auto">([^<]*)</th> ?<td data-label="Rests on">(.*?)</td>', text)
    return {sentence: facts.strip() for sentence, facts in found}


def test_who_leaves_a_draft_for_later_comes_to_all_others_first(mara: Client, desk: Desk) -> None:
    version = desk.version()
    run = desk.run(version, *[desk.product(f"tee{number}") for number in range(4)])
    drafts = list(Draft.objects.filter(item__run=run).order_by("pk"))
    Draft.objects.filter(pk=drafts[3].pk).update(flags=2)
    flagged, one, two, three = (f"/texts/drafts/{drafts[n].pk}/" for n in (3, 0, 1, 2))

    def leads(address: str) -> list[str]:
        return re.findall(r'href="(/texts/drafts/\d+/)" data-key="[jk]"', page(mara, address))

    assert f'href="{flagged}"' in page(mara, "/texts/")
    assert [leads(each) for each in (flagged, one, two, three)] == [
        [one],
        [flagged, two],
        [one, three],
        [two, flagged],  # after the last those that were left
    ]
    answer = mara.post(one, {"do": "reject", "why": "style"})
    assert answer.headers["Location"] == two
    answer = mara.post(three, {"do": "reject", "why": "style"})
    assert answer.headers["Location"] == flagged


def test_a_budget_is_set_for_all_or_for_one(ada: Client, mara: Client, desk: Desk) -> None:
    assert "20 a day, everybody together" in post(ada, "/texts/providers/", per="day", amount="20", person="")
    own = desk.world.people["mara"].pk
    post(ada, "/texts/providers/", per="month", amount="5", person=own)
    assert set(CopyBudget.objects.values_list("per", "user", "micros")) == {
        ("day", None, 20_000_000),
        ("month", own, 5_000_000),
    }
    assert mara.get("/texts/providers/").status_code == 403


def test_the_api_says_which_texts_ai_wrote(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product())
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    desk.world.change(values={"fabric": "Wool"})
    told = mara.get("/api/v1/products/tee/").json()["text_origins"]["description@en_US"]
    assert (told["origin"], told["prompt"], told["version"]) == ("ai", "describe", 1)
    assert told["stale"] == {"fabric": {"then": "Cotton", "now": "Wool"}}


def test_a_reviewer_sees_the_facts_beside_the_text_and_no_batch_passes_it(mara: Client, desk: Desk) -> None:
    import io

    import orjson
    from django.core.management import call_command

    product = desk.product()
    draft = desk.draft(desk.version(), product)
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    desk.world.verb("submit", product, "mara")
    rafael = Client()
    rafael.force_login(desk.world.people["rafael"])
    text = page(rafael, f"/review/{product.pk}/")
    assert '<mark class="claim" data-verdict="supported"' in text
    assert "AI: <a" in text
    assert "taken by mara" in text
    out = io.StringIO()
    call_command("approve", "--all", "--as", "rafael", "--json", stdout=out)
    told = orjson.loads(out.getvalue())
    assert (told["approved"], told["refused"][0]["code"]) == (0, "one_by_one")
    out = io.StringIO()
    call_command("approve", "--sku", "tee-s", "--as", "rafael", "--json", stdout=out)
    assert orjson.loads(out.getvalue())["approved"] == 1


def test_a_batch_passes_no_stale_text_unopened(mara: Client, desk: Desk) -> None:
    products = [desk.product("tee"), desk.product("mug")]
    draft = desk.draft(desk.version(), products[0])
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    desk.world.change(values={"fabric": "Wool"})
    for product in products:
        desk.world.verb("submit", product, "mara")
    rafael = Client()
    rafael.force_login(desk.world.people["rafael"])
    page(rafael, f"/review/{products[1].pk}/")
    picks = [f"{p.pk} {Standing.objects.get(product=p).content_hash}" for p in products]
    text = post(rafael, "/review/batch/", pick=picks)
    assert "tee: AI wrote description@en_US, and it is flagged or stale." in text
    assert [Standing.objects.get(product=p).live is not None for p in products] == [False, True]


def test_whom_some_facts_are_not_for_sees_none_of_them_beside_a_text(mara: Client, desk: Desk) -> None:
    from tests.test_reach import limited

    template = PromptTemplate.objects.create(
        code="short", label="Short", attribute=Attribute.objects.get(code="seo_description")
    )
    desk.template = template
    secret = "zzsecretzz"
    product = desk.product(product_type=secret + "x" * 220)  # too long to be said, and a fact all the same
    draft = desk.draft(desk.version(), product)
    assert secret in str(draft.facts)
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=draft.text)
    desk.world.change(values={"fabric": secret})
    lena = Client()
    lena.force_login(limited("lena", group=["marketing"]))
    for address in (
        f"/texts/drafts/{draft.pk}/",
        "/texts/",
        "/products/tee/",
        "/texts/prompts/short/?product=tee&locale=en_US",
        "/api/v1/products/tee/",
    ):
        assert secret not in page(lena, address), address
        assert secret in page(mara, address) or "drafts" in address, address
    assert "Some facts of tee are not yours to see." in page(lena, "/texts/prompts/short/?product=tee&locale=en_US")


def test_the_api_gives_the_whole_proof_of_a_draft(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product())
    (row,) = mara.get("/api/v1/proposals/?state=open").json()["results"]
    proof = row["draft"]
    assert (proof["prompt"], proof["version"], proof["model"]) == ("describe", 1, "offline-writer-1")
    assert proof["facts"]["fabric"] == "Cotton"
    assert proof["text"] == draft.text
    assert set(proof["used"]) == set(draft.used)
    assert all(proof["text"][c["start"] : c["end"]] == c["text"] for c in proof["claims"])


def test_texts_are_written_for_what_is_selected_in_the_grid(mara: Client, desk: Desk) -> None:
    desk.version()
    Attribute.objects.filter(code="colour").update(filterable=True)
    products = [desk.product(code) for code in ("tee", "mug", "hat")]
    grid = page(mara, "/products/")
    assert 'formaction="/texts/runs/new/"' in grid
    assert "Have texts written for all 3…" in grid
    text = page(mara, "/texts/runs/new/?do=selected&code=tee&code=hat")
    assert "<strong>2 products</strong> of the grid are chosen." in text
    select = '{"codes": ["tee", "hat"]}'
    post(mara, "/texts/runs/new/", template="describe", locale="en_US", select=select)
    run = CopyRun.objects.get()
    assert {item.product_id for item in run.items.all()} == {products[0].pk, products[2].pk}

    asked = '{"field": "colour", "op": "=", "value": "blue"}'
    desk.world.change("mug", values={"colour": None})
    text = page(mara, f"/texts/runs/new/?do=all&q=&filter={asked}")
    assert "<strong>2 products</strong>" in text
    assert "<strong>1 product</strong>" in page(mara, "/texts/runs/new/?do=all&q=tee")
    assert "<strong>3 products</strong>" in page(mara, "/texts/runs/new/?do=all&q=&family=default")
    select = '{"text": "", "filter": {"field": "colour", "op": "=", "value": "blue"}}'
    post(mara, "/texts/runs/new/", template="describe", locale="en_US", select=select)
    assert CopyRun.objects.latest("created_at").items.count() == 2
    text = post(mara, "/texts/runs/new/", template="describe", locale="en_US", select='{"filter": {"field": "x"}}')
    assert 'role="alert"' in text
    assert CopyRun.objects.count() == 2
    assert mara.get("/texts/runs/new/?select={").status_code == 302
    chiara = Client()
    chiara.force_login(desk.world.people["chiara"])
    assert "Have texts written" not in page(chiara, "/products/")


def test_changing_all_of_a_family_changes_that_family(mara: Client, desk: Desk) -> None:
    from catalog.models import Family

    desk.product("tee")
    desk.product("mug")
    Product.objects.filter(code="mug").update(family=Family.objects.create(code="other"))
    assert "Change 1 product" in page(mara, "/plans/new/?do=all&q=&family=default")
    assert "Change 2 products" in page(mara, "/plans/new/?do=all&q=")


def test_two_versions_are_tried_side_by_side(ada: Client, mara: Client, desk: Desk) -> None:
    desk.version(inputs=["fabric"])
    desk.version(inputs=["fabric", "colour"])
    desk.product("tee")
    desk.product("mug")
    home = "/texts/prompts/describe/"
    assert "were not tried on the same products" in page(ada, f"{home}?version=2")
    post(ada, home, do="both", number=2, **{"with": 1}, products="tee, mug", locale="en_US")
    desk.try_all()
    text = page(ada, f"{home}?version=2&with=1")
    assert "Versions 1 and 2 on the same products" in text
    assert "<ins" in text.split('id="beside"')[1]
    assert not Draft.objects.exists()
    assert "Try both" not in page(mara, f"{home}?version=2&with=1")
    assert mara.post(home, {"do": "both", "number": 2, "with": 1, "products": "tee"}).status_code == 404


def test_meters_say_how_much_of_each_channel_s_limit_a_text_takes(mara: Client, desk: Desk) -> None:
    from channels.demo.shop import ensure_channels
    from channels.models import Channel

    ensure_channels()
    desk.template = PromptTemplate.objects.create(
        code="seo", label="SEO", attribute=Attribute.objects.get(code="seo_description")
    )
    draft = desk.draft(desk.version(max_length=300), desk.product())
    text = page(mara, f"/texts/drafts/{draft.pk}/")
    label = Channel.objects.get(code="shopify").label
    assert f'<li data-most="300"><span>this prompt</span> <progress value="{len(draft.text)}" max="300"' in text
    assert f"<span>{label}: " in text
    long = draft.text.replace("180", "280") + " x" * 200
    text = post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=long)
    assert f"<span data-too-many>{len(long) - 300}</span> too many" in text


def test_a_meter_of_bullet_points_measures_the_longest_line(desk: Desk) -> None:
    from channels.demo.shop import ensure_channels
    from channels.lengths import limits
    from channels.models import Channel, MappingVersion
    from governance.copywriting.lengths import Limit, meters

    ensure_channels()
    amazon = Channel.objects.select_related("scope", "mapping").get(code="amazon")
    assert amazon.mapping
    rules = {**amazon.mapping.rules, "bullet_point": {"from": ["description"]}}
    Channel.objects.filter(pk=amazon.pk).update(
        mapping=MappingVersion.objects.create(channel=amazon, number=99, rules=rules)
    )
    wanted = Limit(f"{amazon.label}: Bullet points", 500, by_line=True)
    assert wanted in list(limits("description", "", "en_US"))
    assert wanted in list(limits("description", amazon.scope.code, "en_US"))
    assert wanted not in list(limits("description", "elsewhere", "en_US"))
    assert wanted not in list(limits("description", "", "ja_JP"))
    desk.template = PromptTemplate.objects.create(
        code="points", task="bullets", attribute=Attribute.objects.get(code="description")
    )
    draft = desk.draft(desk.version(), desk.product())
    (found,) = [m for m in meters(draft.version, draft.locale, "a\n" + "b" * 501) if m.where == wanted.where]
    assert (found.length, found.over, found.by_line) == (501, 1, True)


def test_the_whole_proof_of_a_product_s_texts_is_one_file(mara: Client, desk: Desk) -> None:
    product = desk.product()
    draft = desk.draft(desk.version(), product)
    edited = draft.text.replace("Cotton", "pure Cotton")
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=edited)
    desk.world.verb("submit", product, "mara")
    product.standing.refresh_from_db()
    desk.world.verb("approve", product, "rafael", content_hash=product.standing.content_hash)
    assert "/api/v1/products/tee/texts/" in page(mara, "/products/tee/")
    told = mara.get("/api/v1/products/tee/texts/").json()
    (text,) = told["texts"]
    assert (text["key"], text["origin"], text["is_current"]) == ("description@en_US", "ai_edited", True)
    assert (text["prompt"]["instructions"], text["prompt"]["author"]) == ("Describe the product.", "ada")
    assert text["proof"]["facts"]["fabric"] == "Cotton"
    assert text["proof"]["facts_hash"] == draft.facts_hash
    assert {claim["verdict"] for claim in text["proof"]["claims"]} == {"supported"}
    assert (text["decision"]["by"], text["decision"]["decided_by"]) == ("mara", "mara")
    assert text["decision"]["edited_words"] == 1
    assert [(each["number"], each["approved_by"]) for each in text["revisions"]] == [(1, "rafael")]
    assert text["call"]["model"] == "offline-writer-1"
    chiara = Client()
    assert chiara.get("/api/v1/products/tee/texts/").status_code == 401
