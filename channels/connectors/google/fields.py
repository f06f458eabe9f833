"""The fields of a Google offer that a mapping fills, and the mapping to start with.

Sources: Google's help pages named per field (support.google.com/merchants/answer/…) and the limits of
the product data specification (7052112).
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Facet, Level, TargetField
from pimhub.foundation.jsonvalue import JSON

CONDITIONS = ("new", "refurbished", "used")
GENDERS = ("male", "female", "unisex")
AGE_GROUPS = ("newborn", "infant", "toddler", "kids", "adult")
AVAILABILITIES = ("in_stock", "out_of_stock")

MOST_ADDITIONAL_IMAGES = 10


def _field(code: str, label: str, answer: int, **more: JSON) -> TargetField:
    """Every field is of the variant: Google's item is what can be bought."""
    return TargetField(code, label, Level.VARIANT, source=f"support.google.com/merchants/answer/{answer}", **more)


TARGET_FIELDS: tuple[TargetField, ...] = (
    _field("title", "Title", 6324415, required=True, max_length=150,
           help="Of several variants each gets its options added: “Tee – Black, M”."),
    _field("description", "Description", 6324468, required=True, max_length=5000, help="Plain text."),
    _field("link", "Link", 6324416, max_length=2000,
           help="Made from the channel's product address unless a rule fills it."),
    _field("image_link", "Main picture", 6324350, max_length=2000,
           help="The first picture of the variant, else of the product, unless a rule fills it."),
    _field("additional_image_link", "Further pictures", 6324370, max_length=2000, many=True,
           help="The pictures after the first, at most 10, unless a rule fills it."),
    _field("brand", "Brand", 6324351, max_length=70),
    _field("gtin", "GTIN", 6324461, help="8, 12, 13 or 14 digits with a check digit."),
    _field("mpn", "Manufacturer part number", 6324482, max_length=70),
    _field("condition", "Condition", 6324469, choices=CONDITIONS),
    _field("google_product_category", "Google product category", 6324436, max_length=750, taxonomy="google",
           help="Number or full path of Google's taxonomy."),
    _field("product_type", "Product type", 6324406, max_length=750, many=True,
           help="Your own categories, e.g. “Apparel > Tees”."),
    _field("color", "Color", 6324487, max_length=100),
    _field("size", "Size", 6324492, max_length=100),
    _field("material", "Material", 6324410, max_length=200),
    _field("pattern", "Pattern", 6324483, max_length=100),
    _field("gender", "Gender", 6324479, choices=GENDERS),
    _field("age_group", "Age group", 6324463, choices=AGE_GROUPS),
    _field("item_group_id", "Item group", 6324507, max_length=50,
           help="Holds variants together: the product's code unless a rule fills it."),
    _field("product_highlight", "Product highlights", 9216100, max_length=150, many=True),
    _field("multipack", "Items in the multipack", 6324488,
           help="How many identical products are sold as one, from 2 on."),
    _field("is_bundle", "Is a bundle", 6324449,
           help="Yes: different products that you put together and sell at one price."),
    _field("video_link", "Videos", 15216925, max_length=2000, many=True,
           help="Addresses of videos of the product, such as on YouTube; at most 10."),
    _field("virtual_model_link", "3D model", 13674896, max_length=2000,
           help="Address of a model of the product, as .gltf or .glb."),
    _field("shipping_weight", "Shipping weight", 6324503, help="In kg, g, lb or oz."),
    _field("shipping_label", "Shipping label", 6324504, max_length=100),
    *(_field(f"custom_label_{n}", f"Custom label {n}", 6324473, max_length=100) for n in range(5)),
    _field("tracked", "Stock is counted", 6324448, facet=Facet.STOCK,
           help="No: always in stock."),
    _field("availability", "Availability", 6324448, facet=Facet.STOCK, choices=AVAILABILITIES,
           help="Follows the stock unless a rule fills it."),
)  # fmt: skip

BY_CODE: Mapping[str, TargetField] = {field.code: field for field in TARGET_FIELDS}

_LABELS: JSON = ["labels"]

DEFAULT_RULES: Mapping[str, JSON] = {
    "title": {"from": "name", "transforms": ["plain_text", {"name": "truncate", "length": 150}]},
    "description": {
        "from": ["description", "seo_description"],
        "transforms": ["plain_text", {"name": "truncate", "length": 5000}],
    },
    "brand": {"from": "brand"},
    "gtin": {"from": "$gtin"},
    "mpn": {"from": "mpn"},
    "condition": {"from": "condition"},
    "google_product_category": {"from": "google_product_category"},
    "product_type": {"from": ["product_type", "$categories"]},
    "color": {"from": "color", "transforms": _LABELS},
    "size": {"from": "size", "transforms": _LABELS},
    "material": {"from": "material", "transforms": _LABELS},
    "gender": {"from": "gender"},
    "age_group": {"from": "age_group"},
    "shipping_weight": {"from": "weight"},
    **{f"custom_label_{n}": {"from": f"custom_label_{n}"} for n in range(5)},
    "tracked": {"from": "track_inventory"},
}
