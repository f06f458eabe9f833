"""One product through the API: read, merged, guarded against lost updates, trashed, copied."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission

from catalog.api import shapes
from catalog.models import (
    AssociationType,
    Attribute,
    AttributeGroup,
    AttributeOption,
    ChangeSet,
    ExternalSystem,
    Family,
    FamilyAttribute,
    JournalEntry,
    Product,
)
from catalog.products import wire
from tests.catalog.api.conftest import Api
from tests.world import World

MUG: dict[str, Any] = {
    "code": "mug",
    "family": "default",
    "values": {"name@en_US": "Mug"},
    "variants": [{"sku": "mug-1", "gtin": "4006381333931", "offers": {"default": {"price": "9.90"}}}],
}


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["code"] for row in answer.json()["results"]]


def test_a_product_is_made_read_and_changed(api: Api) -> None:
    made = api.post("products/", MUG, X_Change_Reason="first try")
    assert made.status_code == 201
    assert made.headers["Location"].endswith("/api/v1/products/mug/")
    read = api.get("products/mug/?include=offers").json()
    assert read["values"] == {"name@en_US": "Mug"}
    assert read["variants"][0]["offers"]["default"]["price"] == "9.90"
    assert read["state"] == "draft"
    changed = api.patch("products/mug/", {"values": {"brand": "Acme"}})
    assert changed.status_code == 200
    assert changed.json()["values"] == {"name@en_US": "Mug", "brand": "Acme"}
    act = ChangeSet.objects.get(pk=JournalEntry.objects.first().change_set_id)  # type: ignore[union-attr]
    assert (act.source, act.user, act.reason) == ("api", api.world.people["mara"], "first try")


def test_an_existing_code_is_not_created_again(api: Api) -> None:
    api.post("products/", MUG)
    again = api.post("products/", MUG | {"code": "MUG"})
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "exists"


def test_errors_name_place_rule_value_and_remedy(api: Api) -> None:
    bad = MUG | {"values": {"nmae@en_US": "x", "brand@xx": "y"}, "categories": ["nowhere"]}
    answer = api.post("products/", bad)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = {e["key"]: e["code"] for e in answer.json()["errors"]}
    assert found["nmae@en_US"] == "unknown_attribute"
    assert found["categories"] == "unknown_category"
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "not_json"),
        ('{"code": "a", "code": "b"}', 400, "key_twice"),
        ('{"code": NaN}', 400, "not_json"),
        ('{"code": "a\\u0000"}', 400, "bad_character"),
        (b"\xff", 400, "not_utf8"),
        ('{"cdoe": "a"}', 422, "unknown_field"),
        ("[]", 422, "bad_form"),
        ('{"code": "a", "variants": [{"sku": "x"}, {"sku": "X"}], "family": "default"}', 422, "sku_twice"),
    ],
)
def test_what_cannot_be_read_is_said(api: Api, body: Any, status: int, code: str) -> None:
    answer = api.post("products/", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_a_price_keeps_every_digit(api: Api) -> None:
    text = '{"code": "m", "family": "default", "variants": [{"sku": "m", "offers": {"default": {"price": 0.30}}}]}'
    assert api.post("products/", text).status_code == 201
    read = api.get("products/m/?include=offers").json()
    assert read["variants"][0]["offers"]["default"]["price"] == "0.30"


def test_reading_again_costs_nothing_while_nothing_changed(api: Api) -> None:
    api.post("products/", MUG)
    first = api.get("products/mug/")
    again = api.get("products/mug/", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    page = api.get("products/")
    assert api.get("products/", If_None_Match=page.headers["ETag"]).status_code == 304
    api.patch("products/mug/", {"values": {"brand": "Acme"}})
    assert api.get("products/mug/", If_None_Match=first.headers["ETag"]).status_code == 200


def test_if_match_refuses_what_was_changed_meanwhile(api: Api) -> None:
    api.post("products/", MUG)
    tag = api.get("products/mug/").headers["ETag"]
    several = f'"no-tag-of-ours", {tag}, "99.abc"'
    assert api.patch("products/mug/?dry_run=true", {"values": {"brand": "Acme"}}, If_Match=several).status_code == 200
    assert api.patch("products/mug/", {"values": {"brand": "Acme"}}, If_Match='"98.a", "99.abc"').status_code == 412
    first = api.patch("products/mug/", {"values": {"brand": "Acme"}}, If_Match=tag)
    assert first.status_code == 200
    late = api.patch("products/mug/", {"values": {"brand": "Bolt"}}, If_Match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "version_changed")
    assert api.patch("products/mug/", {"values": {"mpn": "1"}}, If_Match=first.headers["ETag"]).status_code == 200
    for tag in ('"3.abc"', "*"):
        assert api.patch("products/none/", {"family": "default"}, If_Match=tag).status_code == 412
    assert api.patch("products/mug/", {"values": {"mpn": "2"}}, If_Match="*").status_code == 200


def test_two_writers_of_different_values_both_win_and_of_the_same_the_second_hears_of_it(api: Api) -> None:
    api.post("products/", MUG)
    seen = {"brand": None, "mpn": None}
    assert api.patch("products/mug/", {"values": {"brand": "Acme"}, "base": seen}).status_code == 200
    other = api.patch("products/mug/", {"values": {"mpn": "7"}, "base": {"mpn": None}})
    assert other.json()["values"] == {"name@en_US": "Mug", "brand": "Acme", "mpn": "7"}
    late = api.patch("products/mug/", {"values": {"brand": "Bolt"}, "base": {"brand": None}})
    (error,) = late.json()["errors"]
    assert (late.status_code, error["code"], error["current"], error["value"]) == (409, "conflict", "Acme", "Bolt")


def test_a_dry_run_says_what_would_be_and_writes_nothing(api: Api) -> None:
    api.post("products/", MUG)
    answer = api.patch("products/mug/?dry_run=true", {"values": {"brand": "Acme"}}).json()
    assert (answer["result"], answer["changes"]) == ("updated", {"": {"brand": [None, "Acme"]}})
    assert "brand" not in api.get("products/mug/").json()["values"]


def test_lists_are_added_to_and_taken_from(api: Api) -> None:
    tags = Attribute.objects.create(code="marks", type="multi_select", group=AttributeGroup.objects.all()[0])
    FamilyAttribute.objects.create(family=Family.objects.get(code="default"), attribute=tags)
    for code in ("new", "sale", "eco"):
        AttributeOption.objects.create(attribute=tags, code=code, labels={"en_US": code})
    api.post("products/", MUG | {"values": {"marks": ["new"]}, "categories": []})
    added = api.patch(
        "products/mug/", {"add_values": {"marks": ["sale", "eco"]}, "add_categories": ["products"]}
    ).json()
    assert (added["values"]["marks"], added["categories"]) == (["eco", "new", "sale"], ["products"])
    less = api.patch("products/mug/", {"remove_values": {"marks": ["new"]}, "remove_categories": ["products"]}).json()
    assert (less["values"]["marks"], less["categories"]) == (["eco", "sale"], [])


def test_pages_follow_one_another_while_products_come_and_go(api: Api, world: World) -> None:
    for number in range(7):
        world.product(f"p{number}", sizes=("s",))
    page = api.get("products/?limit=3&sort=code").json()
    seen = [row["code"] for row in page["results"]]
    world.product("a0", sizes=("s",))  # before what was read: no later page moves
    while page["next"]:
        page = api.get(page["next"].removeprefix("http://testserver")).json()
        seen += [row["code"] for row in page["results"]]
    assert seen == [f"p{n}" for n in range(7)]
    assert api.get("products/?count=true&limit=1").json()["count"] == {"value": 8, "exact": True}


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJwayIsbnVsbCwieCJd", "eyJhIjoxfQ", "é"])
def test_a_cursor_made_up_is_an_answer(api: Api, cursor: str) -> None:
    answer = api.get(f"products/?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_readers_ask_for_what_they_need(api: Api) -> None:
    api.post("products/", MUG)
    assert api.get("products/mug/?fields=code,version").json() == {"code": "mug", "version": 1}
    assert api.get("products/mug/?fields=values&keys=brand").json() == {"values": {}}
    assert api.get("products/?feilds=code").json()["detail"].endswith("Did you mean “fields”?")
    assert api.get("products/?fields=cod").json()["code"] == "bad_fields"


def test_filters_are_one_language(api: Api, world: World) -> None:
    world.product("tee", sizes=("s",))
    api.post("products/", MUG)
    assert codes(api.get('products/?filter={"field": "brand", "op": "=", "value": "Acme"}')) == ["tee"]
    either = '{"any": [{"field": "sku", "op": "=", "value": "mug-1"}, {"field": "code", "op": "=", "value": "tee"}]}'
    assert sorted(codes(api.get(f"products/?filter={either}"))) == ["mug", "tee"]
    assert codes(api.get("products/?sku=MUG-1")) == ["mug"]
    assert codes(api.get("products/?q=shirt")) == ["tee"]
    assert codes(api.get("products/?gtin=4006381333931")) == ["mug"]
    wrong = api.get('products/?filter={"field": "brnd", "op": "=", "value": "x"}')
    assert wrong.status_code == 400
    assert "brand" in wrong.json()["detail"]


def test_the_trash_keeps_and_gives_back(api: Api) -> None:
    api.post("products/", MUG)
    before = api.get("products/mug/?include=offers,stock").json()
    assert api.delete("products/mug/").status_code == 204
    assert codes(api.get("products/")) == []
    assert codes(api.get("products/?trashed=true")) == ["mug"]
    refused = api.patch("products/mug/", {"values": {"brand": "x"}})
    assert (refused.status_code, refused.json()["code"]) == (409, "in_trash")
    assert api.post("products/mug/restore/").status_code == 200
    after = api.get("products/mug/?include=offers,stock").json()
    moved = {"version", "updated"}
    assert {k: v for k, v in after.items() if k not in moved} == {k: v for k, v in before.items() if k not in moved}
    assert api.post("products/mug/restore/").status_code == 409


def test_what_is_in_use_goes_to_the_trash_by_no_way_without_being_asked(api: Api) -> None:
    AssociationType.objects.create(code="pack", quantified=True)
    api.post("products/", MUG)
    api.world.product("tee", sizes=("s", "m"))
    packed = {"associations": {"pack": [{"sku": "tee-s", "quantity": 6}]}}
    assert api.patch("products/mug/", {"variants": [{"sku": "mug-1", **packed}]}).status_code == 200
    for body in ({"trashed": True}, {"variants": [{"sku": "tee-s", "trashed": True}]}):
        answer = api.patch("products/tee/", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
        assert "associated by: mug" in answer.json()["detail"]
        (line,) = api.bulk("products/", [{"code": "tee", **body}])
        assert (line["status"], line["errors"][0]["code"]) == (409, "in_use")
    ExternalSystem.objects.create(code="erp", label="ERP")
    api.patch("products/tee/", {"references": {"erp": "T-1"}})
    for named in ({"key": {"erp": "T-1"}}, {"code": "erp:T-1"}):
        (line,) = api.bulk("products/", [{**named, "trashed": True}])
        assert (line["status"], line["errors"][0]["code"]) == (409, "in_use"), line
    assert api.patch("products/tee/", {"variants": [{"sku": "tee-m", "trashed": True}]}).status_code == 200
    assert api.delete("products/tee/?force=true").status_code == 204


def test_a_copy_leaves_behind_what_is_the_old_ones_own(api: Api) -> None:
    api.post("products/", MUG)
    copy = api.post("products/mug/copy/", {"code": "mug-2", "skus": {"mug-1": "mug-2"}})
    assert copy.status_code == 201, copy.content
    assert copy.json()["values"] == {"name@en_US": "Mug"}
    (variant,) = api.get("products/mug-2/?include=offers").json()["variants"]
    assert (variant["sku"], variant["gtin"], variant["offers"]) == ("mug-2", None, {})


def test_who_may_not_add_changes_only_what_is_there(api: Api, world: World) -> None:
    api.post("products/", MUG)
    world.people["rafael"].user_permissions.add(Permission.objects.get(codename="change_product"))
    rafael = api.of("rafael")
    assert rafael.patch("products/mug/", {"values": {"brand": "x"}}).status_code == 200
    answer = rafael.patch("products/jug/", {"family": "default", "variants": [{"sku": "jug"}]})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    (line,) = rafael.bulk("products/", [{"code": "jug", "family": "default", "variants": [{"sku": "jug"}]}])
    assert line["status"] == 403
    assert not Product.everything.filter(code="jug").exists()


def test_who_may_not_add_may_name_what_is_there_by_another_systems_code(api: Api, world: World) -> None:
    ExternalSystem.objects.create(code="erp", label="ERP")
    api.post("products/", MUG | {"references": {"erp": "4711"}})
    world.people["rafael"].user_permissions.add(Permission.objects.get(codename="change_product"))
    lines = [{"key": {"erp": "4711"}, "values": {"brand": "x"}}, {"code": "erp:4711", "values": {"brand": "y"}}]
    assert [r["status"] for r in api.of("rafael").bulk("products/", lines)] == [200, 200]
    assert Product.objects.get(code="mug").values["brand"] == "y"


def test_numbers_may_be_numbers_of_json(api: Api) -> None:
    """They are read without losing a digit, so there is no reason to refuse them."""
    api.post("products/", MUG)
    sent = '{"values": {"weight": {"amount": 0.1250, "unit": "kg"}}}'
    assert api.patch("products/mug/", sent).json()["values"]["weight"] == {"amount": "0.125", "unit": "kg"}
    for wrong in ("1e-999999999", "1e999999999", "NaN"):
        answer = api.patch("products/mug/", sent.replace("0.1250", wrong))
        assert answer.status_code in (400, 422), answer.content


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "-1E+400000000"])
def test_a_number_that_would_fill_the_memory_is_refused_before_it_does(api: Api, number: str) -> None:
    api.post("products/", MUG)
    sku = MUG["variants"][0]["sku"]
    for body in (
        '{"variants": [{"sku": "%s", "offers": {"default": {"price": %s}}}]}',
        '{"variants": [{"sku": "%s", "offers": {"default": {"price": "%s"}}}]}',
        '{"variants": [{"sku": "%s", "stock": {"main": %s}}]}',
    ):
        answer = api.patch("products/mug/", body % (sku, number))
        assert answer.status_code in (400, 422), answer.content
    for path, line in (
        ("stock/", '{"sku": "%s", "location": "main", "available": %s}'),
        ("offers/", '{"sku": "%s", "price_list": "default", "price": %s}'),
        ("offers/", '{"sku": "%s", "price_list": "default", "price": "%s"}'),
    ):
        (result,) = api.bulk(path, [line % (sku, number)])
        assert result["status"] in (400, 422), result
    for value in (number, f'"{number}"'):
        given = quote('{"field": "price", "op": ">", "value": ' + value + "}")
        assert api.get(f"products/?filter={given}").status_code == 400


def test_what_fits_the_words_best_comes_first(api: Api, world: World) -> None:
    for code, values in (
        ("other", {"name@en_US": "Shirt", "brand": "Acme Tee"}),
        ("tee-long", {"name@en_US": "Long"}),
        ("named", {"name@en_US": "Tee of cotton"}),
        ("tee", {"name@en_US": "Plain"}),
    ):
        api.post("products/", {"code": code, "family": "default", "values": values, "variants": [{"sku": f"x-{code}"}]})
    codes, path = [], "products/?q=tee&sort=rank&limit=1&fields=code"
    while path:
        page = api.get(path).json()
        codes += [p["code"] for p in page["results"]]
        path = page["next"] and page["next"].removeprefix("http://testserver")
    assert codes == ["tee", "tee-long", "named", "other"]
    for words in ("", "&q=", "&q=%20"):
        answer = api.get(f"products/?sort=rank{words}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_sort")


def test_the_schema_names_every_field_that_may_be_sent() -> None:
    assert set(shapes.PRODUCT_IN["properties"]) == wire.PRODUCT_FIELDS
    assert set(shapes.VARIANT_IN["properties"]) == wire.VARIANT_FIELDS
