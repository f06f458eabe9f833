"""Finding a product by handle and by custom id, and the definitions behind it."""

from __future__ import annotations

import pytest

from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.shop import PIM_ID, created, define_pim_id, product_set, read, refused, tee

BY_ID = """query By($identifier: ProductIdentifierInput!) {
  productByIdentifier(identifier: $identifier) {
    id metafield(namespace: "$app", key: "pim_id") { namespace value } } }"""


def custom(value: str) -> dict:
    return {"customId": PIM_ID | {"value": value}}


def test_a_custom_id_creates_once_and_then_updates(sandbox: Sandbox) -> None:
    definition = define_pim_id(sandbox)["createdDefinition"]
    assert (definition["namespace"], definition["type"]["name"]) == ("app--1", "id")
    assert definition["capabilities"]["uniqueValues"]["enabled"] is True
    first = product_set(sandbox, tee(), custom("TEE"))["product"]
    again = product_set(sandbox, tee(title="Other", handle="moved"), custom("TEE"))["product"]
    assert (again["id"], again["title"], again["handle"]) == (first["id"], "Other", "moved")
    assert sandbox.state("shopify")["products"] == 1
    found = sandbox.shopify(BY_ID, {"identifier": custom("TEE")}).json["data"]["productByIdentifier"]
    assert found == {"id": first["id"], "metafield": {"namespace": "app--1", "value": "TEE"}}
    none = sandbox.shopify(BY_ID, {"identifier": custom("OTHER")}).json["data"]
    assert none == {"productByIdentifier": None}


def test_the_custom_id_survives_an_update_without_metafields(sandbox: Sandbox) -> None:
    define_pim_id(sandbox)
    first = product_set(sandbox, tee(), custom("TEE"))["product"]
    product_set(sandbox, {"title": "New"}, {"id": first["id"]})
    again = product_set(sandbox, {"title": "Newer"}, custom("TEE"))["product"]
    assert again["id"] == first["id"]


def test_a_custom_id_needs_its_definition(sandbox: Sandbox) -> None:
    assert refused(sandbox, tee(), custom("TEE")) == ("INVALID_METAFIELD", ["identifier", "customId"])


def test_a_definition_of_another_type_is_no_custom_id(sandbox: Sandbox) -> None:
    define_pim_id(sandbox, type="single_line_text_field")
    assert refused(sandbox, tee(), custom("TEE"))[0] == "INVALID_METAFIELD"


def test_an_asked_for_custom_id_without_definition_is_a_top_level_error(strict: Sandbox) -> None:
    [error] = strict.shopify(BY_ID, {"identifier": custom("TEE")}).json["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"


def test_two_products_cannot_share_a_custom_id(sandbox: Sandbox) -> None:
    define_pim_id(sandbox)
    product_set(sandbox, tee(), custom("TEE"))
    field = PIM_ID | {"value": "TEE"}
    assert refused(sandbox, tee(metafields=[field]))[0] == "CAPABILITY_VIOLATION"


def test_a_deleted_product_frees_its_custom_id(sandbox: Sandbox) -> None:
    define_pim_id(sandbox)
    first = product_set(sandbox, tee(), custom("TEE"))["product"]
    delete = "mutation D($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { message } } }"
    assert sandbox.shopify(delete, {"id": first["id"]}).json["data"]["productDelete"]["userErrors"] == []
    assert read(sandbox, first["id"]) is None
    assert product_set(sandbox, tee(), custom("TEE"))["product"]["id"] != first["id"]


def test_a_handle_identifier_must_repeat_the_handle(strict: Sandbox) -> None:
    assert refused(strict, tee(), {"handle": "tee"})[0] == "MISSING_FIELD_REQUIRED"
    assert refused(strict, tee(handle="other"), {"handle": "tee"})[0] == "INPUT_MISMATCH"
    assert product_set(strict, tee(handle="tee"), {"handle": "tee"})["product"]["handle"] == "tee"
    assert [v["code"] for v in strict.violations()] == ["MISSING_FIELD_REQUIRED", "INPUT_MISMATCH"]


def test_metafields_must_hold_the_custom_id_they_are_set_with(strict: Sandbox) -> None:
    define_pim_id(strict)
    other = [{"namespace": "custom", "key": "fit", "type": "single_line_text_field", "value": "slim"}]
    assert refused(strict, tee(metafields=other), custom("TEE"))[0] == "METAFIELD_MISMATCH"
    assert product_set(strict, tee(metafields=[*other, PIM_ID | {"value": "TEE"}]), custom("TEE"))["product"]


def test_an_unknown_id_is_not_found(sandbox: Sandbox) -> None:
    assert refused(sandbox, tee(), {"id": "gid://shopify/Product/9"})[0] == "NOT_FOUND"


def test_id_beside_an_identifier_is_a_violation(strict: Sandbox) -> None:
    product = created(strict)
    given = tee(id=product["id"])
    assert refused(strict, given, {"id": product["id"]}) == ("ID_NOT_ALLOWED", ["input", "id"])
    assert [v["code"] for v in strict.violations("shopify")] == ["ID_NOT_ALLOWED"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "x"}, "TOO_SHORT"),
        ({"key": "a b"}, "INVALID_CHARACTER"),
        ({"type": "nonsense"}, "INCLUSION"),
        ({"type": "json", "capabilities": {"uniqueValues": {"enabled": True}}}, "INVALID_CAPABILITY"),
    ],
)
def test_wrong_definitions_are_refused(sandbox: Sandbox, given: dict, code: str) -> None:
    assert define_pim_id(sandbox, **given)["userErrors"][0]["code"] == code


def test_a_definition_is_made_once_and_listed(sandbox: Sandbox) -> None:
    define_pim_id(sandbox)
    assert define_pim_id(sandbox)["userErrors"][0]["code"] == "TAKEN"
    query = """{ metafieldDefinitions(ownerType: PRODUCT, namespace: "$app", key: "pim_id", first: 5) {
      nodes { key type { name } } } }"""
    assert sandbox.shopify(query).json["data"]["metafieldDefinitions"]["nodes"] == [
        {"key": "pim_id", "type": {"name": "id"}}
    ]
