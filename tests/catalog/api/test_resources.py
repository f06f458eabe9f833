"""The configuration through the API: made, merged, guarded while in use, many at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from catalog.models import (
    Attribute,
    AttributeOption,
    Category,
    Completeness,
    Family,
    MediaAsset,
    Product,
    Recompute,
)
from catalog.structure import recompute
from tests.catalog.api.conftest import Api
from tests.world import World, variant


@pytest.fixture
def ada(world: World) -> Api:
    """With a token of ada, who administers."""
    return Api(world).of("ada")


def attribute(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "type": "text", "group": "general"} | more


def test_an_attribute_is_made_read_changed_and_removed(ada: Api) -> None:
    made = ada.post("attributes/", attribute("collar", labels={"en_US": "Collar", "de_DE": "Kragen"}))
    assert made.status_code == 201, made.content
    assert ada.get("attributes/collar/").json()["labels"]["de_DE"] == "Kragen"
    changed = ada.patch("attributes/collar/", {"help": "As the maker calls it"})
    assert (changed.json()["help"], changed.json()["labels"]) == ("As the maker calls it", made.json()["labels"])
    history = Attribute.history.filter(code="collar")  # type: ignore[attr-defined]
    assert {h.history_user for h in history} == {ada.world.people["ada"]}
    assert history.first().change_set_id
    assert ada.delete("attributes/collar/").status_code == 204
    assert ada.get("attributes/collar/").status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (attribute("Collar"), "code", "invalid"),
        (attribute("family"), "code", "invalid"),
        (attribute("collar", type="magic"), "type", "invalid_choice"),
        (attribute("collar", group="nowhere"), "group", "does_not_exist"),
        (attribute("collar", limits={"max_length": 0}), "limits", "bad_limit"),
        (attribute("collar", limits={"magic": 1}), "limits", "unknown_limit"),
        (attribute("collar", type="reference", limits={"to": "designers"}), "limits", "unknown_entity"),
        (attribute("collar", unique=True, localizable=True), "unique", "unique_localizable"),
        (attribute("collar", colour="x"), "colour", "invalid"),
        ({"code": "collar"}, "type", "required"),
    ],
)
def test_what_an_attribute_cannot_be_is_said(ada: Api, body: dict[str, Any], field: str, code: str) -> None:
    answer = ada.post("attributes/", body)
    assert answer.status_code in (400, 422), answer.content
    assert {e["key"]: e["code"] for e in answer.json()["errors"]}[field] == code
    assert not Attribute.objects.filter(code="collar").exists()


def test_what_is_in_use_does_not_change_under_its_values(ada: Api, world: World) -> None:
    world.product()
    answer = ada.patch("attributes/brand/", {"localizable": True})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "in_use")
    assert "1 products" in answer.json()["detail"]
    assert ada.patch("attributes/brand/", {"code": "maker"}).status_code in (400, 422)
    removed = ada.delete("attributes/brand/")
    assert (removed.status_code, removed.json()["code"]) == (409, "in_use")
    assert "default" in removed.json()["detail"]
    assert ada.delete("families/default/").status_code == 409
    assert ada.delete("attribute-groups/general/").status_code == 409
    assert ada.delete("price-lists/default/").status_code in (204, 409)


def test_a_unique_flag_waits_until_values_are(ada: Api, world: World) -> None:
    world.product("a", sizes=("s",))
    world.product("b", sizes=("s",))
    answer = ada.patch("attributes/brand/", {"unique": True})
    assert answer.json()["errors"][0]["code"] == "not_unique"
    assert "Acme" in answer.json()["detail"]
    world.change("b", values={"brand": "Bolt"})
    assert ada.patch("attributes/brand/", {"unique": True}).status_code == 200
    while any(recompute.advance(pk) for pk in recompute.waiting()):
        pass
    assert world.change("b", values={"brand": "Acme"}).errors[0].code == "not_unique"


def test_if_match_guards_the_configuration_too(ada: Api) -> None:
    tag = ada.get("families/default/").headers["ETag"]
    assert ada.patch("families/default/", {"labels": {"en_US": "Things"}}, If_Match=tag).status_code == 200
    late = ada.patch("families/default/", {"labels": {"en_US": "Stuff"}}, If_Match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")


def test_many_rows_at_once_are_made_or_merged(ada: Api) -> None:
    lines = [attribute("a1"), attribute("a1", help="x"), attribute("a2", type="none"), {"type": "text"}, "{"]
    results = ada.bulk("attributes/", lines)
    assert [(r["status"], r["result"]) for r in results] == [
        (201, "created"),
        (200, "updated"),
        (422, "rejected"),
        (422, "rejected"),
        (400, "rejected"),
    ]
    assert ada.bulk("attributes/", [attribute("a1", help="x")])[0]["result"] == "unchanged"
    assert Attribute.objects.get(code="a1").help == "x"


def test_lists_are_filtered(ada: Api) -> None:
    ada.post("attributes/", attribute("sheen", filterable=True, group="general"))
    codes = [a["code"] for a in ada.get("attributes/?type=text&filterable=true&limit=200").json()["results"]]
    assert "sheen" in codes
    assert ada.get("attributes/?filterable=maybe").status_code in (200, 400)
    assert ada.get("attributes/?tpye=text").json()["code"] == "unknown_parameter"
    assert "size" in [a["code"] for a in ada.get("attributes/?family=default&limit=200").json()["results"]]


def test_options_live_below_their_attribute_and_go_to_the_trash(ada: Api, world: World) -> None:
    world.product()
    assert ada.post("attributes/size/options/", {"code": "xl", "labels": {"en_US": "XL"}}).status_code == 201
    assert [o["code"] for o in ada.get("attributes/size/options/?q=xl").json()["results"]] == ["xl"]
    assert (
        ada.post("attributes/size/options/", {"code": "x2", "labels": {"en_US": "xl"}}).json()["code"] == "label_taken"
    )
    used = ada.delete("attributes/size/options/s/")
    assert (used.status_code, used.json()["uses"][0]["what"]) == (409, "tee")
    assert ada.delete("attributes/size/options/s/?force=true").status_code == 204
    assert not AttributeOption.objects.filter(code="s").exists()
    assert world.change(values={"brand": "Bolt"}).status == "updated"  # what is there may stay
    assert world.product("hat", sizes=("m",)).pk
    refused = world.change("cap", family="default", axes=("size",), variants=(variant("cap-s", "s"),))
    assert refused.errors[0].code == "unknown_option"
    assert ada.post("attributes/size/options/s/restore/").status_code == 200
    assert ada.post("attributes/brand/options/", {"code": "x"}).json()["code"] == "no_options"


def test_changed_requirements_are_measured_anew_and_never_shown_as_current_before(ada: Api, world: World) -> None:
    product = world.product()
    before = Completeness.objects.filter(product=product).first()
    assert before is not None
    family = ada.get("families/default/").json()
    assert family["current"] is True
    for has in family["attributes"]:
        if has["attribute"] == "mpn":
            has["required_for"] = ["default"]
    changed = ada.patch("families/default/", {"attributes": family["attributes"]})
    assert changed.status_code == 200, changed.content
    assert changed.json()["current"] is False
    assert ada.get("recomputes/").json()["results"] == [
        {"family": "default", "label": "Default", "done": 0, "total": 1}
    ]
    stale = ada.get("products/tee/?include=completeness").json()["completeness"][0]
    assert stale["current"] is False
    while any(recompute.advance(pk) for pk in recompute.waiting()):
        pass
    fresh = ada.get("products/tee/?include=completeness").json()["completeness"][0]
    assert (fresh["current"], fresh["required"]) == (True, before.required + 1)
    assert "mpn" in fresh["missing"]
    assert ada.get("families/default/").json()["current"] is True
    assert not Recompute.objects.filter(finished_at__isnull=True).exists()


def test_a_writer_with_an_old_picture_of_the_family_looks_again(ada: Api, world: World) -> None:
    """Its reference was loaded before the requirements changed; its figure is measured by the new ones."""
    from catalog.products.reference import load_reference

    world.product()
    old = load_reference()
    family = ada.get("families/default/").json()
    for has in family["attributes"]:
        has["required_for"] = ["default"] if has["attribute"] in ("name", "mpn") else []
    ada.patch("families/default/", {"attributes": family["attributes"]})
    from catalog.products.changes import ProductChange

    def figure() -> Completeness:
        return Completeness.objects.filter(product__code="tee").select_related("product__family")[0]

    # A value that nobody requires leaves the old figure, which says that it is old.
    world.write(ProductChange(code="tee", values={"color": "red"}), reference=old)
    assert not recompute.is_current(figure())
    world.write(ProductChange(code="tee", values={"mpn": "P-7"}), reference=old)
    assert figure().required == 2
    assert recompute.is_current(figure())


def test_a_new_filter_finds_what_is_there(ada: Api, world: World) -> None:
    world.product()
    world.change(values={"mpn": "P-7"})
    asked = 'products/?filter={"field": "mpn", "op": "=", "value": "P-7"}'
    Attribute.objects.filter(code="mpn").update(filterable=False)
    assert ada.get(asked).json()["code"] == "not_filterable"
    ada.patch("attributes/mpn/", {"filterable": True})
    while any(recompute.advance(pk) for pk in recompute.waiting()):
        pass
    assert [p["code"] for p in ada.get(asked).json()["results"]] == ["tee"]


def test_families_say_what_they_cannot_be(ada: Api) -> None:
    def said(**body: Any) -> str:
        return str(ada.patch("families/default/", body).json()["errors"][0]["code"])

    assert said(axes=["nothing"]) == "unknown_axis"
    assert said(axes=["size"] * 2) == "bad_axes"
    assert said(attributes=[{"attribute": "nothing"}]) == "unknown_attribute"
    assert said(attributes=[{"attribute": "name"}, {"attribute": "name"}]) == "attribute_twice"
    assert said(code_pattern="shirt") == "bad_pattern"
    assert said(code_pattern="{nothing}-{number}") == "bad_pattern"
    assert said(attributes=[{"attribute": "name", "required_for": ["nowhere"]}]) in ("unknown_scope", "unknown_axis")


def test_category_trees_are_placed_moved_and_described(ada: Api) -> None:
    for code, parent in (("shop", None), ("shoes", "shop"), ("boots", "shoes")):
        assert ada.post("categories/", {"code": code, "parent": parent}).status_code == 201
    assert [c["code"] for c in ada.get("categories/?tree=shop").json()["results"]] == ["shop", "shoes", "boots"]
    assert [c["code"] for c in ada.get("categories/?parent=shop").json()["results"]] == ["shoes"]
    assert ada.patch("categories/boots/", {"parent": "shop"}).json()["parent"] == "shop"
    below = ada.patch("categories/shop/", {"parent": "shoes"})
    assert below.json()["code"] == "below_itself"
    assert ada.post("categories/", {"code": "SHOES", "parent": None}).json()["code"] == "exists"
    ada.patch("categories/shop/", {"attributes": ["description", "brand"]})
    told = ada.patch("categories/boots/", {"values": {"description@en_US": "<p>High <b>boots</b></p>"}})
    assert told.json()["values"] == {"description@en_US": "<p>High <b>boots</b></p>"}
    assert ada.patch("categories/boots/", {"values": {"mpn": "x"}}).json()["errors"][0]["code"] == "unknown_attribute"
    assert Category.objects.find_problems() == ([], [], [], [], [])


def test_a_category_goes_to_the_trash_with_what_is_below(ada: Api, world: World) -> None:
    ada.post("categories/", {"code": "shoes", "parent": "products"})
    ada.post("categories/", {"code": "boots", "parent": "shoes"})
    world.product()
    world.change(categories=("boots",))
    used = ada.delete("categories/shoes/")
    assert (used.status_code, used.json()["uses"][0]["what"]) == (409, "tee")
    assert ada.delete("categories/shoes/?force=true").status_code == 204
    assert ada.get("categories/?tree=products").json()["results"][1:] == []
    assert ada.post("categories/boots/restore/").status_code == 200
    assert [c["code"] for c in ada.get("categories/?tree=products").json()["results"]] == ["products", "shoes", "boots"]
    assert ada.get("products/tee/").json()["categories"] == ["boots"]


def test_reference_records_are_checked_pointed_to_and_kept_while_they_are(ada: Api, world: World) -> None:
    ada.post("attributes/", attribute("story"))
    ada.post("reference-entities/", {"code": "designers", "attributes": ["story"]})
    made = ada.post("reference-entities/designers/records/", {"code": "Eames", "values": {"story": "Chairs"}})
    assert made.status_code == 201, made.content
    wrong = ada.post("reference-entities/designers/records/", {"code": "x", "values": {"mpn": "1"}})
    assert wrong.json()["errors"][0]["code"] == "unknown_attribute"
    ada.post("attributes/", attribute("designer", type="reference", limits={"to": "designers"}))
    family = ada.get("families/default/").json()["attributes"]
    ada.patch("families/default/", {"attributes": [*family, {"attribute": "designer"}]})
    world.product()
    assert world.change(values={"designer": ["Aames"]}).errors[0].code == "unknown_reference"
    assert world.change(values={"designer": ["Eames"]}).status == "updated"
    used = ada.delete("reference-entities/designers/records/Eames/")
    assert (used.status_code, used.json()["code"]) == (409, "in_use")
    world.change(values={"designer": None})
    assert ada.delete("reference-entities/designers/records/eames/").status_code == 204


def test_a_product_that_others_refer_to_is_not_trashed_unasked(ada: Api, world: World) -> None:
    ada.post("attributes/", attribute("successor", type="reference", limits={"to": "products", "many": False}))
    family = ada.get("families/default/").json()["attributes"]
    ada.patch("families/default/", {"attributes": [*family, {"attribute": "successor"}]})
    world.product("old", sizes=("s",))
    world.product("new", sizes=("s",))
    world.change("old", values={"successor": ["new"]})
    used = ada.delete("products/new/")
    assert (used.status_code, used.json()["uses"]) == (409, [{"how": "referred to by", "what": "old", "count": 1}])
    assert ada.delete("products/new/?force=true").status_code == 204


def test_two_price_lists_in_one_currency_differ(ada: Api, world: World) -> None:
    world.product("tee", sizes=("s",))
    for code in ("de", "fr"):
        assert ada.post("price-lists/", {"code": code, "label": code, "currency": "EUR"}).status_code == 201
        market = {"code": code, "label": code, "countries": [code.upper()], "locales": ["de_DE"], "price_list": code}
        assert ada.post("markets/", market).status_code == 201
    lines = [
        {"sku": "tee-s", "price_list": "de", "price": "19.90"},
        {"sku": "tee-s", "price_list": "fr", "price": "21.50", "tax_class": "reduced"},
    ]
    assert {r["result"] for r in ada.bulk("offers/", lines)} == {"updated"}
    prices = {o["price_list"]: o["price"] for o in ada.get("offers/?sku=tee-s&price_list=de,fr").json()["results"]}
    assert prices == {"de": "19.90", "fr": "21.50"}
    moved = ada.patch("price-lists/de/", {"currency": "USD"})
    assert moved.status_code in (400, 422)
    assert "new price list" in moved.json()["detail"]


def test_a_late_message_changes_nothing(ada: Api, world: World) -> None:
    world.product("tee", sizes=("s",))

    def stock(available: int, **order: Any) -> tuple[Any, ...]:
        (line,) = ada.bulk("stock/", [{"sku": "TEE-S", "location": "main", "available": available} | order])
        return line["status"], line["applied"], ada.get("stock/?sku=tee-s").json()["results"][0]["available"]

    assert stock(7, sequence=10) == (200, True, 7)
    assert stock(9, sequence=9) == (200, False, 7)
    assert stock(9, sequence=10) == (200, False, 7)
    assert stock(8, sequence=11) == (200, True, 8)
    noon = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    assert stock(5, at=noon.isoformat()) == (200, True, 5)
    assert stock(6, at=(noon - dt.timedelta(seconds=1)).isoformat()) == (200, False, 5)
    results = ada.bulk(
        "stock/",
        [
            {"sku": "none", "location": "main", "available": 1},
            {"sku": "tee-s", "location": "moon", "available": 1},
            {"sku": "tee-s", "location": "main", "available": 1.5},
            {"sku": "tee-s", "location": "main", "available": 3, "sequence": 30},
            {"sku": "tee-s", "location": "main", "available": 2, "sequence": 29},
        ],
    )
    assert [(r["status"], r.get("applied")) for r in results] == [
        (422, False),
        (422, False),
        (422, None),
        (200, True),
        (200, False),
    ]


def test_codes_of_other_systems_stand_for_ours(ada: Api, world: World) -> None:
    world.product("tee", sizes=("s",))
    ada.post("systems/", {"code": "erp", "label": "ERP"})
    ada.post("categories/", {"code": "shirts", "parent": "products"})
    for kind, code, target in (("category", "C-1", "shirts"), ("option", "77", "size/m"), ("location", "0001", "main")):
        body = {"system": "erp", "kind": kind, "code": code, "target": target}
        assert ada.post("references/", body).status_code == 201
        assert ada.post("references/", body).status_code == 200
    change = {
        "categories": ["erp:c-1"],
        "variants": [{"sku": "tee-m", "values": {"size": "erp:77"}, "stock": {"erp:0001": 4}}],
    }
    answer = ada.patch("products/tee/?include=stock", change)
    assert answer.status_code == 200, answer.content
    assert answer.json()["categories"] == ["shirts"]
    assert answer.json()["variants"][1]["values"]["size"] == "m"
    assert ada.bulk("stock/", [{"sku": "tee-m", "location": "erp:0001", "available": 9}])[0]["result"] == "updated"
    taken = ada.post("references/", {"system": "erp", "kind": "category", "code": "c-1", "target": "products"})
    assert (taken.status_code, taken.json()["code"]) == (422, "reference_taken")
    row = ada.get("references/?kind=category&ended=false").json()["results"][0]
    assert ada.delete(f"references/{row['id']}/").status_code == 204
    # An ended code still finds its thing until it is given to another.
    assert ada.patch("products/tee/", {"categories": ["erp:c-1"]}).json()["categories"] == ["shirts"]
    ada.post("references/", {"system": "erp", "kind": "category", "code": "c-1", "target": "products"})
    assert ada.patch("products/tee/", {"categories": ["erp:c-1"]}).json()["categories"] == ["products"]


def test_pictures_are_kept_once_described_and_trashed_when_unused(ada: Api, world: World) -> None:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")

    def upload(data: bytes) -> Any:
        boundary = "x" * 20
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
        body = head + data + f"\r\n--{boundary}--\r\n".encode()
        return ada.call("POST", "media/", body, kind=f"multipart/form-data; boundary={boundary}")

    first, again = upload(file.getvalue()), upload(file.getvalue())
    assert first.status_code == 201, first.content
    assert first.json()["id"] == again.json()["id"]
    assert (first.json()["width"], first.json()["mime"]) == (40, "image/png")
    assert upload(b"<svg onload=alert(1)>").json()["code"] == "bad_picture"
    pk, sha = first.json()["id"], first.json()["sha256"]
    assert ada.patch(f"media/{pk}/", {"title": "Red", "tags": ["Summer"]}).json()["tags"] == ["Summer"]
    assert [m["id"] for m in ada.get("media/?tag=summer").json()["results"]] == [pk]
    world.product()
    ada.patch("products/tee/", {"media": [{"sha256": sha}]})
    assert ada.delete(f"media/{pk}/").status_code == 409
    ada.patch("products/tee/", {"media": []})
    assert ada.delete(f"media/{pk}/").status_code == 204
    assert ada.get("media/").json()["results"] == []
    assert ada.post(f"media/{pk}/restore/").status_code == 200


def test_views_are_ones_own_or_shared(world: World) -> None:
    mara, rafael = Api(world).of("mara"), Api(world).of("rafael")
    body = {"name": "Acme", "filter": {"field": "brand", "op": "=", "value": "Acme"}}
    view = mara.post("views/", body).json()
    assert rafael.get("views/").json()["results"] == []
    assert mara.patch(f"views/{view['id']}/", {"shared": True}).status_code == 200
    assert [v["name"] for v in rafael.get("views/").json()["results"]] == ["Acme"]
    assert rafael.patch(f"views/{view['id']}/", {"name": "Mine"}).status_code == 403
    world.product("tee", sizes=("s",))
    assert [p["code"] for p in rafael.get(f"products/?view={view['id']}").json()["results"]] == ["tee"]
    assert mara.post("views/", body).status_code in (400, 422)
    bad = mara.post("views/", {"name": "Bad", "filter": {"field": "x"}})
    assert bad.json()["errors"][0]["key"] == "filter"


def test_an_erp_that_renumbers_doubles_nothing(ada: Api) -> None:
    """A thousand items get new numbers while an import that knows the old ones is half done."""
    ada.post("systems/", {"code": "erp"})

    def line(number: int, code: str, **more: Any) -> dict[str, Any]:
        return {
            "key": {"erp": code},
            "family": "default",
            "values": {"name@en_US": f"Item {number}"},
            "variants": [{"references": {"erp": f"v{code}"}}],
        } | more

    first = ada.bulk("products/", [line(n, f"old-{n}") for n in range(1000)])
    assert {r["status"] for r in first} == {201}
    codes = [r["code"] for r in first]
    # The first half of an import by old numbers, the renumbering, the second half, then one by new numbers.
    ada.bulk("products/", [line(n, f"old-{n}", values={"brand": "Acme"}) for n in range(500)])
    renumbered = ada.bulk(
        "products/",
        [
            {
                "code": codes[n],
                "references": {"erp": f"new-{n}"},
                "variants": [{"sku": f"vold-{n}", "references": {"erp": f"vnew-{n}"}}],
            }
            for n in range(1000)
        ],
    )
    assert {r["status"] for r in renumbered} == {200}, renumbered[0]
    late = ada.bulk("products/", [line(n, f"old-{n}", values={"brand": "Acme"}) for n in range(500, 1000)])
    assert {r["status"] for r in late} == {200}, late[0]
    ada.bulk("products/", [line(n, f"new-{n}", values={"mpn": str(n)}) for n in range(1000)])
    assert Product.everything.count() == 1000
    product = Product.objects.get(code=codes[700])
    assert (product.values["brand"], product.values["mpn"]) == ("Acme", "700")
    assert product.variants.count() == 1
    read = ada.get(f"products/{product.code}/?include=references").json()
    assert read["references"] == {"erp": "new-700"}
    assert read["variants"][0]["references"] == {"erp": "vnew-700"}
    assert Family.objects.count() == 1


@pytest.mark.parametrize("path", ["categories/shirts/", "attributes/size/options/zz/", "media/{medium}/"])
def test_if_match_guards_what_goes_to_the_trash(ada: Api, path: str) -> None:
    ada.post("categories/", {"code": "shirts"})
    ada.post("attributes/size/options/", {"code": "zz"})
    medium = MediaAsset.objects.create(sha256="0" * 64, state=MediaAsset.State.READY)
    path = path.format(medium=medium.pk)
    seen = ada.get(path).headers["ETag"]
    change = {"title": "New"} if medium.pk and path.startswith("media") else {"labels": {"en_US": "New"}}
    assert ada.patch(path, change, If_Match=seen).status_code == 200
    for late in (ada.patch(path, change, If_Match=seen), ada.delete(path, If_Match=seen)):
        assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert ada.delete(path, If_Match=ada.get(path).headers["ETag"]).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_an_option_goes_to_the_trash_outside_a_test_of_ours(world: World) -> None:
    """Each call is on its own here: what locks a row must bring its transaction."""
    ada = Api(world).of("ada")
    ada.post("attributes/size/options/", {"code": "zz"})
    assert ada.delete("attributes/size/options/zz/").status_code == 204
    assert ada.post("attributes/size/options/zz/restore/").status_code == 200


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("locales/de_DE/", "language of the scope: default"),
        ("locales/fr_FR/", "value of: tee"),
        ("scopes/print/", "asked for by the family: default; value of: tee-s"),
        ("currencies/SEK/", "currency of the scope: default"),
        ("price-lists/club/", "price of: tee-s"),
        ("locations/main/", "stock of: tee-s and 1 more"),
        ("categories/season/", "category tree of the scope: print"),
        ("categories/season/?force=true", "category tree of the scope: print"),
        ("attributes/fit/options/slim/", "value of: tee"),
        ("media/{medium}/", "Manual of: tee"),
    ],
)
def test_what_is_in_use_stays_and_says_where(ada: Api, world: World, path: str, words: str) -> None:
    """Nothing that hangs on a row goes with it, and no value is left behind without its language or scope."""
    ada.post("locales/", {"code": "fr_FR", "name": "French"})
    ada.post("currencies/", {"code": "SEK"})
    ada.patch("scopes/default/", {"currencies": ["EUR", "SEK"]})
    ada.post("categories/", {"code": "season"})
    ada.post("scopes/", {"code": "print", "label": "Print", "locales": ["fr_FR"], "category_tree": "season"})
    ada.post("price-lists/", {"code": "club", "label": "Club", "currency": "EUR"})
    ada.post("attributes/", attribute("fit", type="select"))
    ada.post("attributes/fit/options/", {"code": "slim"})
    ada.post("attributes/", attribute("manual", type="media", labels={"en_US": "Manual"}))
    ada.post("attributes/", attribute("claim", scopable=True))
    has = ada.get("families/default/").json()["attributes"]
    has += [{"attribute": "fit"}, {"attribute": "manual"}]
    has += [{"attribute": "claim", "on_variant": True, "required_for": ["print"]}]
    assert ada.patch("families/default/", {"attributes": has}).status_code == 200
    medium = MediaAsset.objects.create(sha256="0" * 64, state=MediaAsset.State.READY)
    world.product()
    change = {
        "values": {"name@fr_FR": "Chemise", "fit": "slim", "manual": [medium.key]},
        "variants": [{"sku": "tee-s", "values": {"claim#print": "x"}, "offers": {"club": {"price": "9"}}}],
    }
    assert ada.patch("products/tee/", change).status_code == 200, ada.patch("products/tee/", change).content
    ada.patch("scopes/print/", {"locales": ["en_US"]})
    path = path.format(medium=medium.pk)
    answer = ada.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use"), answer.content
    assert words in answer.json()["detail"]
    assert answer.json()["uses"][0]["what"] in answer.json()["detail"]
    assert ada.get(path.partition("?")[0]).status_code == 200


def test_axes_of_a_family_tell_variants_apart_in_every_language(ada: Api) -> None:
    answer = ada.patch("families/default/", {"axes": ["name"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_axis")


def test_what_nothing_hangs_on_goes(ada: Api) -> None:
    ada.post("locales/", {"code": "fr_FR", "name": "French"})
    ada.post("currencies/", {"code": "SEK"})
    ada.post("scopes/", {"code": "print", "label": "Print"})
    ada.post("price-lists/", {"code": "club", "label": "Club", "currency": "SEK"})
    ada.post("locations/", {"code": "attic", "label": "Attic"})
    for path in ("locales/fr_FR/", "scopes/print/", "price-lists/club/", "currencies/SEK/", "locations/attic/"):
        assert ada.delete(path).status_code == 204, path
