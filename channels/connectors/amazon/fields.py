"""The attributes of an Amazon listing that most product types share, and the mapping to start with.

A mapping may fill any other attribute of a product type as well, by the name it has in Amazon's definition;
what a product type does not know is left out for products of that type. Names and limits: Product Type
Definitions API 2020-09-01; the limits that hold are those of the definition, checked in preflight.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Facet, Level, TargetField
from pimhub.foundation.jsonvalue import JSON

_SOURCE = "developer-docs.amazon.com/sp-api/docs/product-type-definitions-api"


def _field(code: str, label: str, level: Level = Level.EACH, **more: JSON) -> TargetField:
    return TargetField(code, label, level, source=_SOURCE, **more)


TARGET_FIELDS: tuple[TargetField, ...] = (
    _field("product_type", "Product type", Level.PRODUCT, required=True, taxonomy="amazon",
           help="Amazon's name of it, such as SHIRT. Without one nothing is sent."),
    _field("item_name", "Title", required=True, max_length=200,
           help="Of several variants each gets its options added: “Tee, Black, M”."),
    _field("product_description", "Description", max_length=2000, max_bytes=2000, help="Plain text."),
    _field("bullet_point", "Bullet points", max_length=500, many=True),
    _field("generic_keyword", "Search terms", max_bytes=250, help="In all, for most types."),
    _field("brand", "Brand", max_length=100),
    _field("manufacturer", "Manufacturer"),
    _field("model_number", "Model number", max_length=40),
    _field("item_type_keyword", "Item type keyword", help="Where it is found by browsing."),
    _field("country_of_origin", "Country of origin", help="Two letters, as in ISO 3166."),
    _field("fabric_type", "Fabric type"),
    _field("material", "Material"),
    _field("color", "Color"),
    _field("size", "Size"),
    _field("department", "Department"),
    _field("target_gender", "Target gender"),
    _field("condition_type", "Condition", help="new_new unless a rule fills it."),
    _field("supplier_declared_dg_hz_regulation", "Dangerous goods", many=True),
    _field("variation_theme", "Variation theme",
           help="Found by the product's axes unless a rule fills it, such as SIZE/COLOR."),
    _field("gtin", "GTIN", Level.VARIANT, help="8, 12, 13 or 14 digits with a check digit."),
    _field("merchant_suggested_asin", "ASIN", Level.VARIANT,
           help="Of the page on Amazon that already shows this very product."),
    _field("tracked", "Stock is counted", Level.VARIANT, facet=Facet.STOCK, help="No: always in stock."),
)  # fmt: skip

BY_CODE: Mapping[str, TargetField] = {field.code: field for field in TARGET_FIELDS}

# Of ours, and no attributes of Amazon's under this name.
OUR_OWN = frozenset({"product_type", "gtin", "tracked", "variation_theme"})

_LABELS: JSON = ["labels"]

DEFAULT_RULES: Mapping[str, JSON] = {
    "product_type": {"from": "amazon_product_type"},
    "item_name": {"from": "name", "transforms": ["plain_text", {"name": "truncate", "length": 200}]},
    "product_description": {
        "from": ["description", "seo_description"],
        "transforms": ["plain_text", {"name": "truncate", "length": 2000}],
    },
    "bullet_point": {"from": "bullet_points"},
    "brand": {"from": "brand"},
    "manufacturer": {"from": ["manufacturer", "brand"]},
    "model_number": {"from": "mpn"},
    "country_of_origin": {"from": "country_of_origin", "transforms": ["upper"]},
    "fabric_type": {"from": "material", "transforms": _LABELS},
    "material": {"from": "material", "transforms": _LABELS},
    "color": {"from": "color", "transforms": _LABELS},
    "size": {"from": "size", "transforms": _LABELS},
    "condition_type": {"const": "new_new"},
    "gtin": {"from": "$gtin"},
    "tracked": {"from": "track_inventory"},
}
