"""Who owns a value writes it, and nobody else, whatever the way."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from catalog.access import tokens
from catalog.change_sets import acting
from catalog.models import Attribute, Category, ExternalSystem, Family, ImportRun, Product, Scope, Variant
from catalog.plans import run as plans
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from catalog.products.write import WriteResult, write_products
from governance.models import AuditEntry, Override, OwnershipRule
from governance.ownership.rules import load_rules
from tests.catalog.api.conftest import Api, api  # noqa: F401 # the fixture
from tests.world import World, variant

P = OwnershipRule.Part


@pytest.fixture
def erp(world: World) -> ExternalSystem:
    world.product()
    return ExternalSystem.objects.create(code="erp", label="the ERP", contact="erp@shop.example")


def own(code: str, owner: ExternalSystem | None, **about: Any) -> OwnershipRule:
    if "attribute" in about:
        about["attribute"] = Attribute.objects.get(code=about["attribute"])
    return OwnershipRule.objects.create(code=code, owner=owner, **about)


def write(world: World, system: str = "", **parts: Any) -> WriteResult:
    with acting(user=world.people["ada"], source="api", system=system):
        return write_products([ProductChange(**({"code": "tee"} | parts))])[0]


def test_only_the_owner_writes_and_others_hear_why(world: World, erp: ExternalSystem) -> None:
    own("brands", erp, attribute="brand", reason="Brands come with the item master.")
    refused = write(world, values={"brand": "Bolt", "name@en_US": "Bolt shirt"})
    (error,) = refused.errors
    assert (refused.status, error.key, error.code) == ("rejected", "brand", "owned")
    assert error.message == (
        "It belongs to the ERP (rule brands). Brands come with the item master. "
        "Change it in the ERP, or ask erp@shop.example."
    )
    assert world.flat()[""]["name@en_US"] == "Tee shirt"  # nothing half-written
    assert write(world, "erp", values={"brand": "Bolt"}).status == "updated"
    assert write(world, values={"brand": "Bolt"}).status == "unchanged"  # saying the same is no change


def test_people_own_what_a_system_may_not_touch(world: World, erp: ExternalSystem) -> None:
    own("texts", None, attribute="name")
    refused = write(world, "erp", values={"name@en_US": "ITEM 4711"})
    assert "It belongs to people" in refused.errors[0].message
    assert write(world, values={"name@en_US": "Shirt"}).status == "updated"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (P.PRICES, {"variants": (VariantChange("tee-s", offers={"default": OfferChange(price=Decimal(21))}),)}),
        (P.SALES, {"variants": (VariantChange("tee-s", offers={"default": OfferChange(sale_price=Decimal(9))}),)}),
        (P.STOCK, {"variants": (VariantChange("tee-s", stock={"main": 7}),)}),
        (P.MEDIA, {"media": (MediaChange(url="https://img.example/1.jpg"),)}),
        (P.CATEGORIES, {"categories": ("products",)}),
        (P.STRUCTURE, {"variants": (VariantChange("tee-s", trashed=True),)}),
        (P.STRUCTURE, {"variants": (variant("tee-l", "l"),)}),
        (P.STRUCTURE, {"trashed": True}),
        (P.BARCODE, {"variants": (VariantChange("tee-s", gtin="4006381333931"),)}),
    ],
)
def test_parts_are_owned_too(world: World, erp: ExternalSystem, part: str, change: dict[str, Any]) -> None:
    others = [p for p in P.values if p != part]
    for name in others:
        own(name, erp, part=name)
    if part == P.STRUCTURE and change.get("variants", (None,))[0] and change["variants"][0].sku == "tee-l":
        OwnershipRule.objects.filter(part__in=[P.PRICES, P.STOCK]).delete()  # the new one brings some
    rule = own(str(part), erp, part=part)
    before = world.flat()
    assert {e.code for e in write(world, **change).errors} == {"owned"}
    assert world.flat() == before
    OwnershipRule.objects.exclude(pk=rule.pk).delete()
    assert write(world, "erp", **change).status == "updated"


def test_the_most_specific_rule_decides(world: World, erp: ExternalSystem) -> None:
    default = Family.objects.get(code="default")
    shop = Scope.objects.create(code="shop", label="Shop")
    general = Attribute.objects.get(code="brand").group
    own("everything", erp)
    own("texts", None, group=general)
    own("descriptions", erp, attribute="description")
    own("shop-texts", None, attribute="description", scope=shop)
    own("shop-texts-of-default", erp, attribute="description", scope=shop, family=default)
    rules = load_rules()
    assert rules
    for key, family, code in (
        ("stock.main.available", "", "everything"),
        ("weight", "", "everything"),
        ("brand", "", "texts"),
        ("description@en_US", "", "descriptions"),
        ("description@en_US#shop", "", "shop-texts"),
        ("description@en_US#shop", "default", "shop-texts-of-default"),
    ):
        found = rules.of(key, family=family)
        assert found is not None
        assert found.code == code, key
    assert rules.of("references.erp", family="") is None


def test_where_values_may_be_left_out_the_owned_ones_are(world: World, erp: ExternalSystem, api: Api) -> None:  # noqa: F811
    own("brands", erp, attribute="brand")
    own("prices", erp, part=P.PRICES)
    line = {
        "code": "tee",
        "values": {"brand": "Bolt", "mpn": "B-1"},
        "variants": [{"sku": "TEE-S", "offers": {"default": {"price": "1.00"}}, "stock": {"main": 9}}],
    }
    (refused,) = api.bulk("products/", [line])
    assert (refused["status"], {e["code"] for e in refused["errors"]}) == (403, {"owned"})
    (dry,) = api.bulk("products/?on_error=reject_values&dry_run=true", [line])
    (done,) = api.bulk("products/?on_error=reject_values", [line])
    for result in (dry, done):
        assert result["status"] == 200
        assert {(e.get("sku", ""), e["key"]) for e in result["errors"]} == {
            ("", "brand"),
            ("tee-s", "offers.default.price"),
        }
    flat = world.flat()
    assert (flat[""]["brand"], flat[""]["mpn"]) == ("Acme", "B-1")
    assert (flat["tee-s"]["offers.default.price"], flat["tee-s"]["stock.main.available"]) == ("19.90", 9)


CSV = "Handle,Title,Vendor,Variant SKU,Variant Price\ntee,New title,Bolt,tee-s,19.90\n"


def test_a_file_writes_what_its_sender_owns(world: World, erp: ExternalSystem, tmp_path: Any, own_home: None) -> None:
    own("brands", erp, attribute="brand")
    file = tmp_path / "items.csv"
    file.write_text(CSV)
    call_command("import_products", str(file), "--as", "mara", "--json", stdout=io.StringIO())
    flat = world.flat()[""]
    assert (flat["name@en_US"], flat["brand"]) == ("New title", "Acme")
    problem = ImportRun.objects.get().problems.get()
    assert (problem.code, problem.line) == ("owned", 2)
    call_command("import_products", str(file), "--as", "mara", "--system", "erp", "--json", stdout=io.StringIO())
    assert world.flat()[""]["brand"] == "Bolt"


def test_plans_and_undo_obey(world: World, erp: ExternalSystem) -> None:
    world.change(values={"brand": "Bolt"})
    changed = Product.objects.get(code="tee").journal.latest("pk").change_set
    own("brands", erp, attribute="brand")
    person = world.people["ada"]
    plan = plans.start(kind="undo", what={"change_set": str(changed.pk)}, user=person, reason="back")
    while plans.advance(str(plan.pk)):
        pass
    (line,) = plan.lines.all()
    assert "owned" in {e["code"] for e in line.errors}
    assert world.flat()[""]["brand"] == "Bolt"


def test_a_token_speaks_for_a_system_only_by_right(world: World, erp: ExternalSystem) -> None:
    own("brands", erp, attribute="brand")
    for name, system in (("mara", "erp"), ("ada", "crm")):
        with pytest.raises(tokens.BadSystem):
            tokens.create(user=world.people[name], name="x", scopes_wanted=["write"], system=system)
    client = Api(world).of("ada", system="erp")
    answer = client.patch("products/tee/", {"values": {"brand": "Bolt"}})
    assert (answer.status_code, answer.json()["values"]["brand"]) == (200, "Bolt")
    assert [r["status"] for r in client.bulk("products/", [{"code": "tee", "values": {"brand": "Crow"}}])] == [200]
    answer = Api(world).of("ada").patch("products/tee/", {"values": {"brand": "Acme"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "owned")
    erp.refresh_from_db()
    assert erp.last_seen is not None


def test_rules_through_the_api_and_what_they_come_to(world: World, erp: ExternalSystem) -> None:
    ada = Api(world).of("ada")
    made = ada.post("ownership/", {"code": "brands", "owner": "erp", "attribute": "brand", "reason": "item master"})
    assert made.status_code == 201, made.json()
    told = ada.get("ownership/owner/?key=brand&family=default").json()
    assert told == {"key": "brand", "owner": "erp", "words": "the ERP", "rule": "brands", "reason": "item master"}
    assert ada.get("ownership/owner/?key=mpn").json()["words"] == "anybody"
    for bad in ("nothing.at.all", "brand@@", "a b"):
        assert ada.get(f"ownership/owner/?key={bad}").status_code == 400, bad
    assert ada.post("ownership/", {"code": "two", "attribute": "brand", "part": "stock"}).status_code == 400
    assert Api(world).of("mara").post("ownership/", {"code": "mine"}).status_code == 403


def test_the_editor_says_what_one_may_not_write_and_writes_the_rest(
    world: World, erp: ExternalSystem, client: Client
) -> None:
    own("brands", erp, attribute="brand", reason="Item master.")
    own("prices", erp, part=P.PRICES)
    client.force_login(world.people["mara"])
    page = client.get("/products/tee/").content.decode()
    field = page[page.index('id="field-brand"') :][:900]
    assert "disabled" in field
    assert "It belongs to the ERP (rule brands). Item master." in field
    assert "disabled" not in page[page.index('id="field-name@en_US"') :][:700]
    # What a browser sends then: disabled fields are missing, hidden ones are not.
    sent = {
        "base:brand": "Acme",
        "base:mpn": "",
        "value:mpn": "X-1",
        "base-price:tee-s": "19.90",
        "base-stock:tee-s": "5",
    }
    assert client.post("/products/tee/?locale=en_US", sent | {"stock:tee-s": "5"}).status_code == 302
    flat = world.flat()
    assert (flat[""]["brand"], flat[""]["mpn"]) == ("Acme", "X-1")
    assert flat["tee-s"]["offers.default.price"] == "19.90"
    answer = client.post("/products/tee/?locale=en_US", {"base:brand": "Acme", "value:brand": "Bolt"})
    assert answer.status_code == 422
    assert "It belongs to the ERP" in answer.content.decode()


RULES = "/structure/ownership/rules/"
NEW = "/structure/ownership/new/"


def typed(**more: str) -> dict[str, str]:
    return {"otherwise": "reject", "override_days": "14"} | more


def test_rules_on_pages(world: World, erp: ExternalSystem, client: Client) -> None:
    client.force_login(world.people["ada"])
    sent = typed(code="stock", owner="erp", part="stock", reason="counted there")
    assert client.post(NEW, sent).status_code == 302
    rule = OwnershipRule.objects.get()
    assert (rule.owner, rule.part) == (erp, "stock")
    page = client.get(RULES).content.decode()
    assert "the ERP" in page
    assert "counted there" in page
    address = f"{RULES}stock/"
    etag = client.get(address).context["etag"]
    changed = sent | {"otherwise": "override", "override_days": "3", "etag": etag}
    assert client.post(address, changed).status_code == 302
    assert "holds for 3 days" in client.get(RULES).content.decode()
    late = client.post(address, changed)
    assert late.status_code == 422
    assert "Somebody changed it since you opened this page." in late.content.decode()
    assert client.post(address, {"do": "delete"}).status_code == 302
    assert not OwnershipRule.objects.exists()
    kinds = AuditEntry.objects.filter(about="ownership:stock").order_by("pk").values_list("kind", "data__otherwise")
    assert list(kinds) == [
        ("ownership.created", "reject"),
        ("ownership.changed", "override"),
        ("ownership.deleted", None),
    ]
    assert OwnershipRule.history.filter(code="stock").count() == 3
    assert Variant.objects.count() == 2


def test_a_page_says_what_is_wrong_with_a_rule(world: World, erp: ExternalSystem, client: Client) -> None:
    client.force_login(world.people["ada"])
    for more, words in (
        ({"code": "Stock"}, "Use lower-case letters"),
        ({"code": "two", "part": "stock", "attribute": "brand"}, "Choose one of attribute, group and part."),
        ({"code": "long", "part": "stock", "override_days": "4000"}, "Give one day to ten years"),
        ({"code": "odd", "part": "media", "location": "main"}, "Only stock lies at a location."),
    ):
        for do in ("", "try"):
            answer = client.post(NEW, typed(**more, do=do))
            assert answer.status_code == 422
            assert words in answer.content.decode()
    assert not OwnershipRule.objects.exists()


def test_who_may_not_change_rules_reads_them(world: World, erp: ExternalSystem, client: Client) -> None:
    own("brands", erp, attribute="brand")
    client.force_login(world.people["mara"])
    page = client.get(f"{RULES}brands/").content.decode()
    assert "Changing it needs the right governance.manage_ownership" in page
    assert "End the rule" not in page
    assert "New rule" not in client.get(RULES).content.decode()
    for do in ("", "try", "delete"):
        assert client.post(f"{RULES}brands/", typed(owner="", attribute="brand", do=do)).status_code == 403
        assert client.post(NEW, typed(code="mine", do=do)).status_code == 403
    assert OwnershipRule.objects.get().owner == erp


@pytest.mark.parametrize("otherwise", ["reject", "propose", "override"])
@pytest.mark.parametrize("key", ["brand", "offers.default.price", "media", "categories"])
def test_the_page_foretells_what_the_door_does(
    world: World, erp: ExternalSystem, client: Client, key: str, otherwise: str
) -> None:
    abouts: dict[str, dict[str, Any]] = {"offers.default.price": {"part": P.PRICES}, "brand": {"attribute": "brand"}}
    about = abouts[key] if key in abouts else {"part": P(key)}
    own("all", None)
    own("theirs", erp, otherwise=otherwise, reason="Item master.", **about)
    client.force_login(world.people["mara"])
    answer = client.get(RULES, {"key": key, "family": "default"})
    page = answer.content.decode()
    assert "belongs to <strong>the ERP</strong>" in page
    assert "Item master." in page
    assert "Also about it, but less specific" in page
    told = {who: str(said) for who, said, _ in answer.context["told"].writers}
    root = Category.add_root(code="shirts")
    price = VariantChange(sku="tee-s", offers={"default": OfferChange(price=Decimal("19.00"))})
    changes: dict[str, dict[str, Any]] = {
        "brand": {"values": {"brand": "Bolt"}},
        "offers.default.price": {"variants": (price,)},
        "media": {"media": (MediaChange(url="https://cdn.example/a.jpg"),)},
        "categories": {"categories": (root.code,)},
    }
    for who, system in (("People", ""), ("the ERP", "erp")):
        with acting(user=world.people["ada"], source="api", system=system), transaction.atomic():
            (result,) = write_products([ProductChange(code="tee", **changes[key])])
            held = Override.objects.exists()
            transaction.set_rollback(True)
        codes = [error.code for error in (*result.errors, *result.dropped)]
        done = {"owned": "is refused", "proposed": "becomes a proposal"}.get(codes[0]) if codes else None
        assert told[who] == (done or ("holds for a time" if held else "is written")), (who, result)


def test_nobody_owns_what_no_rule_is_about_and_a_bad_key_is_told(
    world: World, erp: ExternalSystem, client: Client
) -> None:
    client.force_login(world.people["mara"])
    assert "Anybody with the right to change products may write anything." in client.get(RULES).content.decode()
    own("stock", erp, part=P.STOCK)
    assert "belongs to nobody" in client.get(RULES, {"key": "brand"}).content.decode()
    for bad in ("nothing.at.all", "brand@@", "a b"):
        answer = client.get(RULES, {"key": bad})
        assert answer.status_code == 422
        assert "Write a value such as description@en_US" in answer.content.decode()


def test_what_a_rule_would_change_is_shown_before_it_is_saved(
    world: World, erp: ExternalSystem, client: Client
) -> None:
    own("texts", None, group=Attribute.objects.get(code="brand").group)
    Family.objects.create(code="shoes")
    client.force_login(world.people["ada"])
    before = AuditEntry.objects.count()
    answer = client.post(NEW, typed(code="brands", owner="erp", attribute="brand", family="shoes", do="try"))
    assert answer.status_code == 200
    people, system = ("people; what others write is refused", "the ERP; what others write is refused")
    (line,) = answer.context["tried"]
    assert (line.what, line.families, line.was, line.becomes) == ("Brand, brand", "shoes", people, system)
    assert (OwnershipRule.objects.count(), AuditEntry.objects.count()) == (1, before)  # nothing is kept
    rules = load_rules()
    assert rules is not None
    assert [rule.code for rule in rules.rules] == ["texts"]
    assert client.post(NEW, typed(code="brands", owner="erp", attribute="brand", family="shoes")).status_code == 302
    (line,) = client.get(f"{RULES}brands/").context["held"]
    assert (line.what, line.was, line.becomes) == ("Brand, brand", system, people)
    same = client.post(NEW, typed(code="again", owner="", attribute="name", do="try"))
    assert "Nothing: who may write what stays as it is." in same.content.decode()


def test_the_matrix_is_printed_as_a_page(world: World, erp: ExternalSystem, tmp_path: Any) -> None:
    own("stock", erp, part=P.STOCK, reason="a|b")
    own("texts", None, attribute="name")
    ExternalSystem.objects.update(owner="Petra", creates="items", updates="prices and stock")
    call_command("document", "ownership", "--out", str(tmp_path), stdout=io.StringIO())
    text = (tmp_path / "ownership.md").read_text()
    assert "| the ERP (erp) | Petra | erp@shop.example | items | — | prices and stock | — | never |" in text
    assert "| stock | stock | the ERP | a\\|b |" in text
    assert "| Name, `name` | people (texts) |" in text
    assert "| Stock at main | the ERP (stock) |" in text
    assert "| Brand, `brand` | anybody |" in text
