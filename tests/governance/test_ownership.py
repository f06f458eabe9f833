"""Who owns a value writes it, and nobody else, whatever the way."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from catalog.access import tokens
from catalog.change_sets import acting
from catalog.models import Attribute, ExternalSystem, Family, ImportRun, Product, Scope, Variant
from catalog.plans import run as plans
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from catalog.products.write import WriteResult, write_products
from governance.models import OwnershipRule
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


def test_rules_on_pages(world: World, erp: ExternalSystem, client: Client) -> None:
    client.force_login(world.people["ada"])
    sent = {"code": "stock", "owner": "erp", "part": "stock", "reason": "counted there"}
    sent |= {"otherwise": "reject", "override_days": "14"}
    assert client.post("/structure/ownership/edit/", sent).status_code == 302
    rule = OwnershipRule.objects.get()
    assert (rule.owner, rule.part) == (erp, "stock")
    assert b"the ERP" in client.get("/structure/ownership/").content
    assert Variant.objects.count() == 2


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
