"""The attributes a new instance starts with, as data. Formats and connectors speak these codes.

Columns: code, type, group, English label, then flags: l localizable · s scopable · v a variant may
hold it · f filterable · r an edit needs review (the default is yes; "-r" exempts), and limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class DefaultAttribute:
    code: str
    type: str
    group: str
    label: str
    localizable: bool = False
    scopable: bool = False
    variant: bool = False  # a variant may override it
    filterable: bool = False
    required: bool = False
    limits: dict[str, JSON] = field(default_factory=dict)
    options: tuple[str, ...] = ()  # option codes, for closed lists
    help: str = ""


GROUPS: tuple[tuple[str, str], ...] = (
    ("general", "General"),
    ("marketing", "Marketing and search"),
    ("variant", "What tells variants apart"),
    ("logistics", "Logistics and customs"),
    ("google", "Google Shopping"),
    ("shop", "Shop settings"),
    ("other", "Other"),
)

SEARCHABLE = frozenset({"name", "brand", "mpn"})

A = DefaultAttribute
ATTRIBUTES: tuple[DefaultAttribute, ...] = (
    A(
        "name",
        "text",
        "general",
        "Name",
        localizable=True,
        required=True,
        filterable=True,
        limits={"max_length": 255},
    ),
    A("description", "rich_text", "general", "Description", localizable=True, scopable=True),
    A("brand", "text", "general", "Brand", filterable=True, limits={"max_length": 255}),
    A("product_type", "text", "general", "Product type", filterable=True, limits={"max_length": 750}),
    A("tags", "multi_select", "general", "Tags", filterable=True),
    A(
        "seo_title",
        "text",
        "marketing",
        "Page title for search engines",
        localizable=True,
        limits={"max_length": 255},
    ),
    A("seo_description", "textarea", "marketing", "Description for search engines", localizable=True),
    A("color", "select", "variant", "Color", variant=True, filterable=True),
    A("size", "select", "variant", "Size", variant=True, filterable=True),
    A("material", "select", "variant", "Material", variant=True, filterable=True),
    A(
        "weight",
        "measurement",
        "logistics",
        "Weight",
        variant=True,
        limits={"unit_family": "mass", "default_unit": "kg", "min": "0"},
    ),
    A(
        "country_of_origin",
        "text",
        "logistics",
        "Country of origin",
        variant=True,
        limits={"pattern": "[A-Z]{2}", "max_length": 2},
        help="Two letters, as in ISO 3166: IT, DE, CN.",
    ),
    A(
        "hs_code",
        "text",
        "logistics",
        "HS code",
        variant=True,
        limits={"pattern": "[0-9]{6,13}"},
        help="Customs tariff number, 6 to 13 digits.",
    ),
    A("requires_shipping", "boolean", "logistics", "Needs shipping", variant=True),
    A("track_inventory", "boolean", "logistics", "Stock is counted", variant=True),
    A("inventory_policy", "select", "logistics", "When sold out", variant=True, options=("deny", "continue")),
    A("fulfillment_service", "text", "logistics", "Fulfilment service", variant=True),
    A("taxable", "boolean", "logistics", "Taxable", variant=True),
    A("tax_code", "text", "logistics", "Tax code", variant=True),
    A(
        "google_product_category",
        "text",
        "google",
        "Google product category",
        limits={"max_length": 750},
        help="Number or full path of Google's taxonomy.",
    ),
    A("gender", "select", "google", "Gender", options=("male", "female", "unisex")),
    A(
        "age_group",
        "select",
        "google",
        "Age group",
        options=("newborn", "infant", "toddler", "kids", "adult"),
    ),
    A("mpn", "text", "google", "Manufacturer part number", variant=True, limits={"max_length": 70}),
    A("condition", "select", "google", "Condition", options=("new", "refurbished", "used")),
    A("custom_label_0", "text", "google", "Custom label 0", limits={"max_length": 100}),
    A("custom_label_1", "text", "google", "Custom label 1", limits={"max_length": 100}),
    A("custom_label_2", "text", "google", "Custom label 2", limits={"max_length": 100}),
    A("custom_label_3", "text", "google", "Custom label 3", limits={"max_length": 100}),
    A("custom_label_4", "text", "google", "Custom label 4", limits={"max_length": 100}),
    A(
        "shop_status",
        "select",
        "shop",
        "Status in the shop",
        options=("active", "draft", "archived", "unlisted"),
    ),
    A("published", "boolean", "shop", "Published in the shop"),
    A("gift_card", "boolean", "shop", "Gift card"),
)
