"""The fields of a Shopify product and variant that a mapping fills, and the mapping to start with.

Lengths: recorded refusals of productSet ("is too long (maximum is 255 characters)"); the rest from
the descriptions in the official schema.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Facet, Level, Ownership, TargetField
from pimhub.foundation.jsonvalue import JSON

STATUSES = ("ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED")
POLICIES = ("DENY", "CONTINUE")

_SET = "shopify.dev/docs/api/admin-graphql/2026-10/input-objects/ProductSetInput"
_VARIANT = "shopify.dev/docs/api/admin-graphql/2026-10/input-objects/ProductVariantSetInput"
_BUNDLE = "shopify.dev/docs/api/admin-graphql/2026-10/mutations/productVariantRelationshipBulkUpdate"
_ITEM = "shopify.dev/docs/api/admin-graphql/2026-10/input-objects/InventoryItemInput"


def _product(code: str, label: str, **more: JSON) -> TargetField:
    return TargetField(code, label, Level.PRODUCT, **{"source": _SET, **more})


def _variant(code: str, label: str, **more: JSON) -> TargetField:
    return TargetField(code, label, Level.VARIANT, **{"source": _VARIANT, **more})


TARGET_FIELDS: tuple[TargetField, ...] = (
    _product("title", "Title", required=True, max_length=255),
    _product("description_html", "Description", help="HTML, at most 512 KB."),
    _product("vendor", "Vendor", max_length=255),
    _product("product_type", "Product type", max_length=255),
    _product("handle", "Handle", max_length=255,
             help="The end of the product's address: small letters, digits and hyphens."),
    _product("tags", "Tags", facet=Facet.TAGS, many=True, max_length=255, ownership=Ownership.MERGED,
             help="At most 250; no commas. Tags that others put on the product stay."),
    _product("collections", "Collections", facet=Facet.COLLECTIONS, many=True, max_length=255,
             ownership=Ownership.MERGED,
             help="Handles of collections of the shop that are filled by hand, such as summer-sale. "
                  "Collections that others put the product in stay."),
    _product("seo_title", "Page title for search engines", max_length=255,
             help="Search engines show about 70 characters."),
    _product("seo_description", "Description for search engines", max_length=320),
    _product("category", "Shopify category", taxonomy="shopify",
             help="Id in Shopify's product taxonomy, e.g. aa-1-13-8."),
    _product("gift_card", "Gift card", help="Fixed once the product exists in the shop."),
    _product("status", "Status", facet=Facet.PUBLICATION, choices=STATUSES),
    _product("published", "Published", facet=Facet.PUBLICATION,
             help="No: in the shop, but in none of its sales channels."),
    _variant("barcode", "Barcode", max_length=255, help="The GTIN, unless a mapping says otherwise."),
    _variant("weight", "Weight", source=_ITEM),
    _variant("requires_shipping", "Needs shipping", source=_ITEM),
    _variant("tracked", "Stock is counted", source=_ITEM),
    _variant("inventory_policy", "When sold out", choices=POLICIES),
    _variant("taxable", "Taxable"),
    _variant("tax_code", "Tax code", max_length=255, help="For shops that use Avalara."),
    _variant("unit_quantity", "Contents, for the price per unit",
             help="A measurement, such as 330 ml. The shop then shows the price per litre."),
    _variant("unit_reference", "Measure of the price per unit",
             help="A measurement in whole units, such as 100 g. Without it 1 l, 1 kg, 1 m or one piece."),
    _variant("components", "What a bundle holds", facet=Facet.COMPONENTS, many=True, source=_BUNDLE,
             help="Map it from $contents: the SKUs that a pack counts. The shop then sells it from their stock, and "
                  "none is sent for itself. The shop must be allowed to sell bundles."),
    _variant("country_of_origin", "Country of origin", source=_ITEM, help="Two letters, as in ISO 3166."),
    _variant("hs_code", "HS code", source=_ITEM, help="6 to 13 digits."),
)  # fmt: skip

# Not filled by rules, but others' entries in it are kept like those of the lists above.
MEDIA = "media"
MERGED_BY_DEFAULT = frozenset({MEDIA, *(f.code for f in TARGET_FIELDS if f.ownership is Ownership.MERGED)})

# Fields of their own that a channel may leave to the shop, by their names in bodies.
BODY_NAMES: Mapping[str, str] = {
    "description_html": "descriptionHtml", "vendor": "vendor", "product_type": "productType", "handle": "handle",
    "seo_title": "seoTitle", "seo_description": "seoDescription", "category": "category", "barcode": "barcode",
    "weight": "weight", "requires_shipping": "requiresShipping", "tracked": "tracked",
    "inventory_policy": "inventoryPolicy", "taxable": "taxable", "tax_code": "taxCode",
    "unit_quantity": "unitPrice", "country_of_origin": "countryCodeOfOrigin", "hs_code": "harmonizedSystemCode",
}  # fmt: skip

# A rule for `metafield:custom.material` fills that metafield of the product, `variant_metafield:…` one of each variant.
METAFIELD, VARIANT_METAFIELD = "metafield:", "variant_metafield:"

BY_CODE: Mapping[str, TargetField] = {field.code: field for field in TARGET_FIELDS}

DEFAULT_RULES: Mapping[str, JSON] = {
    "title": {"from": "name"},
    "description_html": {"from": "description"},
    "vendor": {"from": "brand"},
    "product_type": {"from": "product_type"},
    "handle": {"from": "$code"},
    "tags": {"from": "tags", "transforms": ["labels"]},
    "seo_title": {"from": "seo_title"},
    "seo_description": {"from": "seo_description"},
    "gift_card": {"from": "gift_card"},
    "status": {
        "from": "shop_status",
        "transforms": [
            {
                "name": "lookup",
                "table": {
                    "active": "ACTIVE", "draft": "DRAFT", "archived": "ARCHIVED", "unlisted": "UNLISTED",
                },
            }
        ],
        "default": "ACTIVE",
    },
    "published": {"from": "published"},
    "weight": {"from": "weight"},
    "requires_shipping": {"from": "requires_shipping"},
    "tracked": {"from": "track_inventory"},
    "inventory_policy": {
        "from": "inventory_policy",
        "transforms": [{"name": "lookup", "table": {"deny": "DENY", "continue": "CONTINUE"}}],
    },
    "taxable": {"from": "taxable"},
    "tax_code": {"from": "tax_code"},
    "unit_quantity": {"from": "unit_quantity"},
    "unit_reference": {"from": "unit_reference"},
    "country_of_origin": {"from": "country_of_origin"},
    "hs_code": {"from": "hs_code"},
}  # fmt: skip
