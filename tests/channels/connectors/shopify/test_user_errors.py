"""What Shopify finds wrong with a call's data: the error table, row by row."""

from __future__ import annotations

import pytest

from channels.connectors.base import Known
from channels.connectors.outcome import Verdict
from channels.connectors.shopify import errors
from channels.connectors.shopify.schema import official_schema
from tests.channels.connectors.shopify.builders import (
    CONNECTION,
    answered,
    rendered,
    shopify,
    tee,
    variables,
)
from tests.channels.connectors.shopify.calls import KNOWN, PUBLISH, STATUS, STOCK, UPDATE, only, refused


@pytest.mark.parametrize(
    ("operation", "error", "verdict", "field", "sku"),
    [
        (UPDATE, {"field": ["input", "title"], "message": "is too long (maximum is 255 characters)"},
         "rejected", "title", ""),
        (UPDATE, {"field": ["input"], "message": "Handle is too long (maximum is 255 characters)"},
         "rejected", "handle", ""),
        (UPDATE, {"field": ["input"], "message": "Custom product type is too long"},
         "rejected", "product_type", ""),
        (UPDATE, {"field": ["input", "handle"], "code": "HANDLE_NOT_UNIQUE", "message": "Handle in use."},
         "rejected", "handle", ""),
        (UPDATE, {"field": ["input", "variants", "1"],
                  "message": "The variant 'M' already exists. Please change at least one option value."},
         "rejected", "options", "TEE-M"),
        (UPDATE, {"field": ["input", "variants", "1", "inventoryItem", "harmonizedSystemCode"],
                  "message": "no"}, "rejected", "hs_code", "TEE-M"),
        (UPDATE, {"field": ["input", "seo", "title"], "message": "is too long"}, "rejected", "seo_title", ""),
        (UPDATE, {"code": "GENERIC_ERROR", "message": "Something went wrong"}, "transient", "", ""),
        (UPDATE, {"code": "VARIANTS_INPUT_MISSING", "message": "Must specify variants"}, "contract", "", ""),
        (UPDATE, {"code": "METAFIELD_MISMATCH", "message": "no"}, "contract", "", ""),
        (UPDATE, {"code": "PRODUCT_DOES_NOT_EXIST", "message": "Product does not exist"}, "gone", "", ""),
        (UPDATE, {"message": "Daily variant creation limit reached"}, "quota", "", ""),
        (STATUS, {"field": ["id"], "message": "Product does not exist"}, "gone", "", ""),
        (PUBLISH, {"field": ["input", "0", "publicationId"], "message": "Publication does not exist"},
         "config", "published", ""),
        (STOCK, {"field": ["input", "quantities", "1", "changeFromQuantity"],
                 "code": "CHANGE_FROM_QUANTITY_STALE", "message": "stale"}, "stale", "", "TEE-M"),
        (STOCK, {"code": "IDEMPOTENCY_CONCURRENT_REQUEST", "message": "in progress"}, "transient", "", ""),
        (STOCK, {"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "message": "other"}, "contract", "", ""),
        (STOCK, {"code": "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "message": "new key"}, "stale", "", ""),
        (STOCK, {"field": ["input", "quantities", "0", "locationId"], "code": "INVALID_LOCATION",
                 "message": "The specified location could not be found."}, "config", "", "TEE-S"),
        (STOCK, {"field": ["input", "quantities", "0", "quantity"], "code": "INVALID_QUANTITY_TOO_HIGH",
                 "message": "The quantity can't be higher."}, "rejected", "stock", "TEE-S"),
    ],
)  # fmt: skip
def test_user_errors(operation, error, verdict, field, sku):
    outcome = shopify.interpret(operation, refused(operation, **error))
    [issue] = outcome.issues
    assert outcome.verdict == verdict
    assert (issue.field, issue.sku) == (field, sku)
    assert error["message"] in issue.message
    assert outcome.links == {}


def test_a_product_that_is_gone_takes_all_its_ids_along():
    error = {"code": "PRODUCT_DOES_NOT_EXIST", "message": "Product does not exist"}
    outcome = shopify.interpret(UPDATE, refused(UPDATE, **error))
    assert set(outcome.dropped_links) == set(KNOWN.links) - {"definition:pim_id"}
    links = {k: v for k, v in KNOWN.links.items() if k not in outcome.dropped_links}
    [call] = shopify.plan(rendered(tee()), Known(links=links), CONNECTION)
    assert variables(call)["identifier"] is None


def test_a_variant_that_is_gone_takes_only_its_own_ids_along():
    error = {
        "field": ["input", "variants", "1", "id"],
        "code": "PRODUCT_VARIANT_DOES_NOT_EXIST",
        "message": "no",
    }
    outcome = shopify.interpret(UPDATE, refused(UPDATE, **error))
    assert outcome.verdict is Verdict.STALE
    assert outcome.dropped_links == ("variant:TEE-M", "inventory:TEE-M")


def test_a_picture_that_is_gone_is_forgotten():
    call = only(tee(media=(*reversed(tee().media),)))
    error = {
        "field": ["input", "files", "1", "id"],
        "code": "INVALID_INPUT",
        "message": "File id 1 does not exist",
    }
    outcome = shopify.interpret(call, refused(call, **error))
    assert outcome.verdict is Verdict.STALE
    assert outcome.dropped_links == ("media:sha256:aa",)


def test_of_several_errors_the_gravest_decides_and_all_are_told():
    found = [
        {
            "field": ["input", "quantities", "0", "quantity"],
            "code": "INVALID_QUANTITY_TOO_HIGH",
            "message": "a",
        },
        {"field": ["input", "quantities", "1", "locationId"], "code": "INVALID_LOCATION", "message": "b"},
    ]
    outcome = shopify.interpret(STOCK, answered({"data": {STOCK.name: {"userErrors": found}}}))
    assert outcome.verdict is Verdict.CONFIG
    assert [issue.sku for issue in outcome.issues] == ["TEE-S", "TEE-M"]


@pytest.mark.parametrize(
    "enum",
    ["ProductSetUserErrorCode", "ProductVariantsBulkUpdateUserErrorCode",
     "InventorySetQuantitiesUserErrorCode", "MetafieldDefinitionCreateUserErrorCode"],
)  # fmt: skip
def test_every_code_of_the_table_is_shopifys(enum):
    """Each code the schema knows has a verdict; each code in the table is known somewhere in the schema."""
    schema = official_schema()
    for code in schema.type_map[enum].values:
        assert errors.user_error("productSet", code, "") in Verdict
    everywhere = {code for kind in schema.type_map.values() for code in getattr(kind, "values", {})}
    assert {code for row in errors.USER_ERRORS for code in row.codes} <= everywhere
