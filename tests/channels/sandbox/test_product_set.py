"""productSet: what is listed is what the shop holds, and the shop says no where Shopify would."""

from __future__ import annotations

import pytest

from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.shop import (
    changed,
    created,
    product_set,
    read,
    refused,
    skus,
    stock_of,
    tee,
    variant,
)


def test_it_reads_back_what_was_set(sandbox: Sandbox) -> None:
    item = {
        "tracked": True,
        "cost": "7.50",
        "countryCodeOfOrigin": "PT",
        "harmonizedSystemCode": "6109.10",
        "measurement": {"weight": {"unit": "KILOGRAMS", "value": 0.2}},
    }
    given = tee(
        variants=[variant("S", barcode="9506000134352", compareAtPrice=24, inventoryItem=item), variant("M")],
        seo={"title": "Tee"},
        category="gid://shopify/TaxonomyCategory/aa-1-13-8",
        metafields=[{"namespace": "custom", "key": "material", "type": "single_line_text_field", "value": "Cotton"}],
        status="DRAFT",
    )
    product = created(sandbox, given)
    assert product == read(sandbox, product["id"])
    assert (product["title"], product["handle"], product["status"]) == ("Acme Tee", "acme-tee", "DRAFT")
    assert product["tags"] == ["Basics", "organic"]
    assert product["seo"] == {"title": "Tee", "description": None}
    assert product["category"] == {"id": "gid://shopify/TaxonomyCategory/aa-1-13-8"}
    assert product["metafields"]["nodes"] == given["metafields"]
    small, medium = product["variants"]["nodes"]
    assert (small["price"], small["compareAtPrice"], medium["compareAtPrice"]) == ("19.90", "24.00", None)
    assert small["selectedOptions"] == [{"name": "Color", "value": "Black"}, {"name": "Size", "value": "S"}]
    held = small["inventoryItem"]
    assert (held["sku"], held["tracked"], held["unitCost"]) == ("TEE-BLA-S", True, {"amount": "7.5"})
    assert (held["countryCodeOfOrigin"], held["harmonizedSystemCode"]) == ("PT", "610910")
    assert held["measurement"] == {"weight": {"value": 0.2, "unit": "KILOGRAMS"}}
    assert stock_of(product, "TEE-BLA-S") == {"Main": 0}


def test_a_product_without_options_has_one_default_variant(sandbox: Sandbox) -> None:
    product = created(sandbox, {"title": "Plain"})
    [only] = product["variants"]["nodes"]
    assert (only["title"], only["price"]) == ("Default Title", "0.00")


def test_an_omitted_key_stays_and_a_listed_one_is_replaced(sandbox: Sandbox) -> None:
    product = created(sandbox, tee(collections=["gid://shopify/Collection/1"]))
    after = changed(sandbox, product, title="Other", tags=["one"])
    assert (after["title"], after["tags"], after["vendor"]) == ("Other", ["one"], "Acme")
    assert after["variants"] == product["variants"]
    assert after["options"] == product["options"]


def test_variants_that_are_not_listed_are_deleted(sandbox: Sandbox) -> None:
    product = created(sandbox)
    options = tee()["productOptions"]
    after = changed(sandbox, product, productOptions=options, variants=[variant("M")])
    assert skus(after) == ["TEE-BLA-M"]
    # The value stays listed, without a variant.
    assert [v["hasVariants"] for v in after["options"][1]["optionValues"]] == [False, True]
    assert after["variants"]["nodes"][0]["id"] == product["variants"]["nodes"][1]["id"]
    assert sandbox.state("shopify")["variants"] == 1


def test_variants_are_matched_by_id_before_options(sandbox: Sandbox) -> None:
    product = created(sandbox)
    small, medium = product["variants"]["nodes"]
    swapped = [variant("M", id=small["id"], sku="A"), variant("S", id=medium["id"], sku="B")]
    after = changed(sandbox, product, productOptions=tee()["productOptions"], variants=swapped)
    assert [(v["id"], v["sku"], v["title"]) for v in after["variants"]["nodes"]] == [
        (small["id"], "A", "Black / M"),
        (medium["id"], "B", "Black / S"),
    ]


def test_a_metafield_list_replaces_and_an_omitted_one_stays(sandbox: Sandbox) -> None:
    def field(key: str, value: str) -> dict[str, str]:
        return {"namespace": "custom", "key": key, "type": "single_line_text_field", "value": value}

    product = created(sandbox, tee(metafields=[field("fit", "slim"), field("material", "cotton")]))
    assert len(changed(sandbox, product, title="Other")["metafields"]["nodes"]) == 2
    after = changed(sandbox, product, metafields=[field("fit", "wide")])
    assert after["metafields"]["nodes"] == [field("fit", "wide")]


def test_setting_the_same_again_changes_nothing(sandbox: Sandbox) -> None:
    product = created(sandbox)
    before = sandbox.control("state")["call"]
    assert changed(sandbox, product, **tee()) == product
    [entry] = [c for c in sandbox.control(f"calls?since={before}") if c["operation"] == "productSet"]
    assert (entry["effects"], entry["ids"]) == ([], [product["id"]])


def test_stock_of_new_variants_is_set_with_them(sandbox: Sandbox) -> None:
    levels = [
        {"locationId": "gid://shopify/Location/1", "name": "available", "quantity": 7},
        {"locationId": "gid://shopify/Location/2", "name": "available", "quantity": 2},
    ]
    product = created(sandbox, tee(variants=[variant("S", inventoryQuantities=levels), variant("M")]))
    assert stock_of(product, "TEE-BLA-S") == {"Main": 7, "Second": 2}
    assert stock_of(product, "TEE-BLA-M") == {"Main": 0}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        (tee(title=" "), None, ["input", "title"]),
        (tee(title="x" * 256), None, ["input", "title"]),
        (tee(vendor="x" * 256), None, ["input"]),
        (tee(handle="x" * 256), None, ["input"]),
        (tee(tags=["x" * 256]), None, ["input", "tags"]),
        (tee(variants=[variant("S"), variant("S")]), None, ["input", "variants", "1"]),
        (
            tee(variants=[variant("L")]),
            "OPTION_VALUE_DOES_NOT_EXIST",
            ["input", "variants", "0", "optionValues", "1"],
        ),
        (
            tee(variants=[{"optionValues": [{"optionName": "Color", "name": "Black"}]}]),
            "INVALID_VARIANT",
            ["input", "variants", "0"],
        ),
        (
            tee(productOptions=[{"name": n, "values": [{"name": "1"}]} for n in "abcd"]),
            "OPTIONS_OVER_LIMIT",
            ["input", "productOptions"],
        ),
        (
            tee(productOptions=[{"name": "A", "values": [{"name": "1"}, {"name": "1"}]}]),
            "DUPLICATED_OPTION_VALUE",
            ["input", "productOptions", "0", "values", "1"],
        ),
        (tee(variants=[variant("S", price="-1")]), None, ["input", "variants", "0", "price"]),
        (tee(category="gid://shopify/Nonsense/1"), "INVALID_INPUT", ["input", "category"]),
        (tee(collections=["gid://shopify/Collection/9"]), "INVALID_INPUT", ["input", "collections", "0"]),
        (
            tee(metafields=[{"namespace": "custom", "key": "n", "type": "number_integer", "value": "1.5"}]),
            "INVALID_METAFIELD",
            ["input", "metafields", "0", "value"],
        ),
        (
            tee(variants=[variant("S", inventoryItem={"harmonizedSystemCode": "61"})]),
            "INVALID_INPUT",
            ["input", "variants", "0", "inventoryItem", "harmonizedSystemCode"],
        ),
        (
            tee(variants=[variant("S", id="gid://shopify/ProductVariant/9")]),
            "PRODUCT_VARIANT_DOES_NOT_EXIST",
            ["input", "variants", "0", "id"],
        ),
    ],
)
def test_wrong_data_is_refused_and_is_no_violation(
    sandbox: Sandbox, given: dict, code: str | None, field: list[str]
) -> None:
    assert refused(sandbox, given) == (code, field)


def test_a_handle_belongs_to_one_product(sandbox: Sandbox) -> None:
    created(sandbox)
    assert created(sandbox)["handle"] == "acme-tee-1"
    assert refused(sandbox, tee(handle="Acme Tee")) == ("HANDLE_NOT_UNIQUE", ["input", "handle"])


def test_a_refused_update_leaves_every_part_as_it_was(sandbox: Sandbox) -> None:
    product = created(sandbox)
    files = [{"originalSource": "https://cdn.example.com/a.jpg"}]
    bad = tee(title="Other", files=files, variants=[variant("S", price="5"), variant("M", price="-5")])
    refused(sandbox, bad, {"id": product["id"]})
    assert read(sandbox, product["id"]) == product


def test_a_product_with_two_thousand_variants(sandbox: Sandbox) -> None:
    names = [f"v{n}" for n in range(2048)]
    given = {
        "title": "Big",
        "productOptions": [{"name": "Kind", "values": [{"name": name} for name in names]}],
        "variants": [{"optionValues": [{"optionName": "Kind", "name": name}], "sku": name} for name in names],
    }
    answer = product_set(sandbox, given)
    assert answer["userErrors"] == []
    assert sandbox.state("shopify")["variants"] == 2048


def test_an_asynchronous_set_tells_its_result_by_polling(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="shopify", operation_polls=2)
    payload = product_set(sandbox, tee(), sync=False)
    operation = payload["productSetOperation"]
    assert (payload["product"], operation["status"], operation["product"]) == (None, "CREATED", None)
    poll = """query P($id: ID!) { productOperation(id: $id) { status product { id title }
      ... on ProductSetOperation { userErrors { code field } } } }"""
    first, second = (sandbox.shopify(poll, {"id": operation["id"]}).json["data"]["productOperation"] for _ in range(2))
    assert (first["status"], first["product"]) == ("ACTIVE", None)
    assert (second["status"], second["product"]["title"]) == ("COMPLETE", "Acme Tee")


def test_an_asynchronous_set_tells_its_errors_by_polling(sandbox: Sandbox) -> None:
    operation = product_set(sandbox, tee(title=""), sync=False)["productSetOperation"]
    poll = """query P($id: ID!) { node(id: $id) { ... on ProductSetOperation {
      status product { id } userErrors { field } } } }"""
    told = sandbox.shopify(poll, {"id": operation["id"]}).json["data"]["node"]
    assert told == {"status": "COMPLETE", "product": None, "userErrors": [{"field": ["input", "title"]}]}
