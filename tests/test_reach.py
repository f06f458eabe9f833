"""How far roles reach: whoever looks after some products, languages and parts sees and changes nothing else.

Every address is called as such a person: no page and no answer may hold a word of what is not theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog import blobs
from catalog.access import tokens
from catalog.change_sets import acting
from catalog.imports import run as imports
from catalog.models import (
    Attribute,
    AttributeGroup,
    Category,
    ChangePlan,
    ChangeSet,
    FamilyAttribute,
    ImportRun,
    JournalEntry,
    Locale,
    MediaAsset,
    Product,
    RoleLimit,
    User,
)
from catalog.permissions import ROLES
from catalog.plans import run as plans
from catalog.products.changes import MediaChange, ProductChange
from catalog.products.write import write_products
from channels.demo.shop import ensure_channels
from channels.models import Channel, Drift, Listing, Placement
from channels.publishing.request import publish
from governance import proposals
from governance.audit.chain import seal_all
from governance.models import AuditEntry, Proposal, Standing
from governance.workflow.base import Refused
from governance.workflow.verbs import approve
from tests.test_every_page_asks import FILLED, PUBLIC, patterns
from tests.world import World, build_world, lasting, variant

FOREIGN, HIDDEN = "zzforeignzz", "qqhiddenqq"
LIMITS = {"category": ["mine"], "locale": ["en_US"], "group": ["general", "variant"], "channel": ["shopify"]}
# Rights over everything there is, people and rules; who has them is not limited to some products.
BOUNDLESS = {"catalog.manage_structure", "governance.manage_people", "governance.manage_ownership"}


def limited(name: str, **limits: list[str]) -> User:
    """A person with every right there is over products and channels, within these limits."""
    role = Group.objects.create(name=f"only-{name}")
    wanted = {p for _, permissions in ROLES.values() for p in permissions} - BOUNDLESS
    rows = Permission.objects.select_related("content_type")
    role.permissions.set([p for p in rows if f"{p.content_type.app_label}.{p.codename}" in wanted])
    for kind, codes in limits.items():
        for code in codes:
            RoleLimit.objects.create(role=role, kind=kind, code=code)
    user = User.objects.create_user(name, password=f"{name}-secret")
    user.groups.add(role)
    return user


def build() -> World:
    """One product of lena's, with parts that are not, and one that is not hers at all; both with a long story."""
    world = build_world()
    ensure_channels()
    Locale.objects.get_or_create(code="de_DE")
    mine = Category.add_root(code="mine")
    mine.add_child(code="mine-shirts")
    Category.add_root(code="theirs")
    secret = AttributeGroup.objects.create(code="secret", label="Secret")
    attribute = Attribute.objects.create(code="supplier_note", type="text", group=secret, labels={}, filterable=True)
    for family in {p.family for p in (world.product("tee"), world.product(FOREIGN, ("s",)))}:
        FamilyAttribute.objects.create(family=family, attribute=attribute)
    hidden = {"name@de_DE": f"Hemd {HIDDEN}", "supplier_note": HIDDEN}
    first = MediaChange(url=f"https://cdn.example/{FOREIGN}.jpg")
    for code, place, more in (
        ("tee", "mine-shirts", {}),
        (FOREIGN, "theirs", {"name@en_US": FOREIGN, "brand": FOREIGN, "description@en_US": f"<p>{FOREIGN}</p>"}),
    ):
        assert world.change(code, categories=(place,), values=hidden | more).status == "updated"
        product = Product.objects.get(code=code)
        world.approve(product)
        world.change(code, values={"brand": f"{code} 2", "supplier_note": f"{HIDDEN} 2"})
        world.verb("submit", product, "mara")
    assert world.change(FOREIGN, media=(first,)).status == "updated"
    world.change("hat", family="default", axes=("size",), variants=(variant("hat-s", "s"),), categories=("mine",))
    with acting(user=world.people["chiara"], source=ChangeSet.Source.PAGE):
        for code in ("shopify", "google"):
            publish(channel=Channel.objects.get(code=code))
    with acting(user=world.people["rafael"], source=ChangeSet.Source.PAGE):
        for code in ("tee", FOREIGN):
            wanted = {"": {"supplier_note": f"{HIDDEN} 3", "product_type": FOREIGN if code == FOREIGN else "Shirts"}}
            proposals.propose(product=Product.objects.get(code=code), wanted=wanted)
    what = {"select": {"codes": ["tee", FOREIGN]}, "change": {"values": {"brand": f"{FOREIGN} 3"}}}
    plan = plans.start(kind="edit", what=what, user=world.people["mara"], reason=FOREIGN)
    plans.advance(str(plan.pk))
    _drifted(Product.objects.get(code="tee"))
    seal_all()
    ImportRun.objects.create(user=world.people["mara"], filename=f"{FOREIGN}.csv", locale="en_US")
    return world


def _drifted(product: Product) -> None:
    """What Shopify shows of it differs in a value that is lena's, and in what is not."""
    placement = Placement.objects.get(channel__code="shopify", product=product)
    body = blobs.put({"vendor": "tee", "note": HIDDEN})
    Listing.objects.create(placement=placement, sku="", desired={"content": body}, accepted={}, verified={})
    for path, theirs in (("/vendor", "Vendor there"), ("/note", HIDDEN)):
        for state in (Drift.State.OPEN, Drift.State.HANDED_OVER):
            Drift.objects.create(
                placement=placement, facet="content", path=path, ours=f"{theirs} 1", theirs=theirs, state=state
            )


@pytest.fixture(scope="module")
def held(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with lasting(django_db_blocker):
        world = build()
        world.people["lena"] = limited("lena", **LIMITS)
        yield world


@pytest.fixture
def lena(held: World, db: None, client: Client) -> Client:
    client.force_login(held.people["lena"])
    return client


@pytest.fixture
def api(held: World, db: None) -> Client:
    _, text = tokens.create(user=held.people["lena"], name="t", scopes_wanted=["write"], rate=100_000)
    return Client(headers={"Authorization": f"Bearer {text}"})


def filled(name: str, code: str) -> dict[str, str]:
    """What an address is asked about: the thing of that product."""
    product = Product.objects.get(code=code)
    plain = name.removeprefix("api_")
    proposal = Proposal.objects.get(product=product, key="product_type")
    pks = {
        "proposal": proposal.pk,
        "import": ImportRun.objects.get().pk,
        "medium": MediaAsset.objects.filter(links__product=product).values_list("pk", flat=True).first(),
        "plan": ChangePlan.objects.get().pk,
        "change_set": JournalEntry.objects.filter(product=product).latest("pk").change_set_id,
    }
    pk = next((value for part, value in pks.items() if plain.startswith(part)), None) or 0
    given = (
        dict.fromkeys(FILLED, "1")
        | {"scope": "default"}
        | {"code": code, "product_id": str(product.pk), "pk": str(pk), "uuid": str(pk)}
    )
    return given | ({"code": "shopify"} if plain.startswith(("channel", "listing")) else {})


PATTERNS = [(name, path) for name, path in patterns() if name not in PUBLIC and name != "home"]
QUERY = {
    "variant_detail": "?sku={code}-s",
    "proposal_new": "?product={code}&key=brand",
    "product_list": "?q={code}",
    "search": "?q={code}",
}
ABOUT_PRODUCTS = ("product_", "variant", "listing", "proposal_decide", "change_set_", "plan_", "import_", "review_")


@pytest.mark.parametrize(("name", "pattern"), PATTERNS)
def test_no_address_tells_of_what_is_not_hers(name: str, pattern: str, lena: Client, api: Client) -> None:
    client = api if name.startswith("api_") else lena
    for code in ("tee", FOREIGN):
        path = pattern.format(**filled(name, code)) + QUERY.get(name, "").format(code=code)
        answer = client.get(path, follow=not name.startswith("api_"))
        body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]
        lines = [line.strip()[:300] for line in body.decode(errors="replace").splitlines()]
        said = [line for line in lines if HIDDEN in line or (FOREIGN in line and not repeats(line, path))]
        assert answer.status_code < 500
        assert not said, f"{path}: {said[:3]}"


def repeats(line: str, path: str) -> bool:
    """The answer only says again what was asked for."""
    echoed = (f'value="{FOREIGN}', f"“{FOREIGN}”", f"q={FOREIGN}")
    return FOREIGN in path and line.count(FOREIGN) <= sum(map(line.count, echoed))


PARAMETERS = [
    (name, path) for name, path in PATTERNS if "{" in path and name.removeprefix("api_").startswith(ABOUT_PRODUCTS)
]


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
@pytest.mark.parametrize(("name", "pattern"), PARAMETERS)
def test_what_is_not_hers_is_not_there(name: str, pattern: str, method: str, lena: Client, api: Client) -> None:
    client: Any = api if name.startswith("api_") else lena
    path = pattern.format(**filled(name, FOREIGN)) + QUERY.get(name, "").format(code=FOREIGN)
    before = Product.objects.get(code=FOREIGN).version
    answer = getattr(client, method)(path, {} if method == "post" else None, content_type="application/json")
    assert answer.status_code in (404, 405), answer.content[:300]
    assert Product.objects.get(code=FOREIGN).version == before


def test_she_writes_what_is_hers_and_is_told_what_is_not(api: Client, held: World) -> None:
    def patch(code: str, **body: Any) -> Any:
        return api.patch(f"/api/v1/products/{code}/", body, content_type="application/json")

    assert patch("tee", values={"name@en_US": "Tee", "brand": "Acme"}).status_code == 200
    before = held.flat("tee")
    for key, words in (("name@de_DE", "texts in de_DE"), ("supplier_note", "the attribute group secret")):
        answer = patch("tee", values={key: "x"})
        assert answer.status_code == 403
        (error,) = answer.json()["errors"]
        assert (error["key"], error["code"]) == (key, "forbidden")
        assert words in error["message"]
        assert "only-lena" in error["message"]
    left = patch("tee", categories=["theirs"])
    assert left.status_code == 403
    assert "outside the categories of your roles" in left.json()["errors"][0]["message"]
    assert held.flat("tee") == before


def test_what_she_adds_lies_in_her_categories(api: Client, held: World) -> None:
    body = {"code": "cap", "family": "default", "variants": [{"sku": "cap-1", "values": {}}]}
    refused = api.post("/api/v1/products/", body | {"categories": ["theirs"]}, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["key"] == "categories"
    assert api.post("/api/v1/products/", body, content_type="application/json").status_code == 403
    made = api.post("/api/v1/products/", body | {"categories": ["mine-shirts"]}, content_type="application/json")
    assert made.status_code == 201, made.content


def test_a_conflict_tells_nothing_of_what_she_does_not_see(api: Client, held: World) -> None:
    line = {"code": FOREIGN, "values": {"brand": "x"}, "base": {"brand": "y"}}
    answer = api.patch("/api/v1/products/", f"{json.dumps(line)}\n", content_type="application/x-ndjson")
    told = json.loads(b"".join(answer).decode())  # type: ignore[arg-type]
    assert told["status"] == 403, told
    assert [e["code"] for e in told["errors"]] == ["forbidden"]
    assert "current" not in told["errors"][0] or told["errors"][0]["current"] is None


@pytest.mark.parametrize("field", ["supplier_note", "name@de_DE"])
def test_nobody_learns_by_filtering(field: str, api: Client) -> None:
    asked = json.dumps({"field": field, "op": "contains", "value": HIDDEN})
    answer = api.get("/api/v1/products/", {"filter": asked})
    assert answer.status_code == 400
    assert "Your roles do not show" in answer.json()["detail"]


@pytest.mark.parametrize("field", ["supplier_note", "name@de_DE"])
@pytest.mark.parametrize("part", ["missing", "override", "changed_since", "changed_by"])
def test_nobody_learns_by_asking_whose_value_it_is_or_when_it_changed(part: str, field: str, api: Client) -> None:
    asked: dict[str, Any] = {"field": part, "value": field}
    if part.startswith("changed"):
        asked = {"field": part, "value": "2020-01-01" if part == "changed_since" else "ada", "key": field}
    answer = api.get("/api/v1/products/", {"filter": json.dumps(asked)})
    assert answer.status_code == 400
    assert "Your roles do not show" in answer.json()["detail"]


def test_she_approves_only_what_she_reaches(held: World, db: None) -> None:
    lena, tee = held.people["lena"], Product.objects.get(code="tee")
    standing = Standing.objects.get(product=tee)
    with acting(user=lena, source=ChangeSet.Source.PAGE):
        with pytest.raises(Refused, match="do not cover supplier_note"):
            approve(product=tee, user=lena, content_hash=standing.content_hash)
        revision = approve(product=tee, user=lena, content_hash=standing.content_hash, keys=[("", "brand")])
        assert revision.number == 2
        other = Product.objects.get(code=FOREIGN)
        with pytest.raises(Refused, match="outside the categories"):
            approve(product=other, user=lena, content_hash=Standing.objects.get(product=other).content_hash)


def test_of_drift_she_is_told_the_values_that_are_hers(lena: Client, api: Client) -> None:
    page = lena.get("/channels/shopify/drift/").content.decode()
    assert "Vendor there" in page
    assert "Your roles do not show this value." in page
    told = api.get("/api/v1/channels/shopify/drift/").json()["results"]
    assert {row["path"]: row["theirs"] for row in told} == {"/vendor": "Vendor there", "/note": None}
    page = lena.get(f"/channels/shopify/products/{Product.objects.get(code='tee').pk}/").content.decode()
    assert "Your roles do not show all values of this product" in page


def test_a_second_role_adds_to_the_first(held: World, db: None, client: Client) -> None:
    """Each right reaches as far as the roles that give it: seeing everything is not changing everything."""
    lena = held.people["lena"]
    lena.groups.add(Group.objects.get(name="reviewer"))
    client.force_login(lena)
    assert FOREIGN in client.get(f"/products/{FOREIGN}/").content.decode()
    page = client.get("/products/tee/?locale=de_DE").content.decode()
    assert HIDDEN in page
    assert "Your roles (only-lena) do not cover texts in de_DE." in page
    with acting(user=lena, source=ChangeSet.Source.PAGE):
        (result,) = write_products([ProductChange(code=FOREIGN, values={"brand": "x"})])
    assert [e.code for e in result.errors] == ["forbidden"]
    assert Standing.objects.get(product__code=FOREIGN).state == "in_review"


def test_an_import_obeys_her_reach(held: World, db: None) -> None:
    head = "Handle,Title,Vendor,SEO Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"
    rows = [f"{code},Tee shirt,Filed,Buy tees,Size,s,{code}-s,21.90\n" for code in ("tee", FOREIGN)]
    lena = held.people["lena"]
    text = head + "".join(rows)
    run = imports.work_through(imports.start_run(user=lena, filename="a.csv", chunks=[text.encode()], apply=True))
    assert held.flat("tee")[""]["brand"] == "Filed"
    assert "seo_title@en_US" not in held.flat("tee")[""]  # of a group that is not hers, left out and said
    assert held.flat(FOREIGN)[""]["brand"] == f"{FOREIGN} 2"
    assert {(p.line, p.code) for p in run.problems.all()} == {(2, "forbidden"), (3, "forbidden")}


def test_an_undo_obeys_her_reach(held: World, db: None) -> None:
    act = ChangeSet.objects.filter(entries__product__code=FOREIGN).latest("created_at")
    plan = plans.start(kind="undo", what={"change_set": str(act.pk)}, user=held.people["lena"])
    plans.advance(str(plan.pk))
    plan.refresh_from_db()
    assert plan.total == 0


def test_who_has_no_limits_is_asked_once(held: World, db: None, client: Client) -> None:
    client.force_login(held.people["mara"])
    client.get("/products/")
    with CaptureQueriesContext(connection) as found:
        client.get("/products/")
    assert sum("structurestamp" in q["sql"] for q in found) == 1
    assert not any("rolelimit" in q["sql"] for q in found)


def test_a_role_is_limited_on_its_page(held: World, db: None, client: Client) -> None:
    client.force_login(held.people["ada"])
    sent = {"name": "translator", "permissions": ["catalog.view_product", "catalog.change_product"]}
    sent |= {"locale": ["de_DE"], "category": ["mine"]}
    assert client.post("/people/roles/new/", sent).status_code == 302
    role = Group.objects.get(name="translator")
    assert [(x.kind, x.code) for x in role.limits.all()] == [("category", "mine"), ("locale", "de_DE")]
    assert "de_DE" in client.get("/people/roles/").content.decode()
    assert client.post("/people/roles/translator/", sent | {"locale": []}).status_code == 302
    assert [x.kind for x in role.limits.all()] == ["category"]
    assert AuditEntry.objects.filter(kind="role.limited", about="role:translator").count() == 2


def test_nobody_gives_further_than_they_reach(held: World, db: None, client: Client) -> None:
    lena = held.people["lena"]
    manage = Group.objects.create(name="people-only")
    manage.permissions.add(Permission.objects.get(codename="manage_people"))
    lena.groups.add(manage)
    client.force_login(lena)
    sent = {"name": "mine-too", "permissions": ["catalog.view_product"]}
    answer = client.post("/people/roles/new/", sent)
    assert answer.status_code == 422
    assert "for a part only: catalog.view_product" in answer.content.decode()
    answer = client.post("/people/new/", {"username": "eve", "roles": ["reviewer"], "is_active": "on"})
    assert answer.status_code == 422
    ada = held.people["ada"]
    assert client.post(f"/people/{ada.pk}/", {"do": "link"}).status_code == 302  # no way in as somebody who may more
