"""Google's attributes: their names in the data specification and in the API, and their forms.

Names and forms: product data specification (support.google.com/merchants/answer/7052112) and
`ProductAttributes` in the discovery document of products/v1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    TEXT = "text"
    TEXTS = "texts"  # a list
    CHOICE = "choice"  # "new" in the specification and in feeds, "NEW" in the API
    WEIGHT = "weight"  # {value, unit}
    OPTIONS = "options"  # [{name, value}]
    FLAG = "flag"  # "yes" or "no" in feeds
    SHIPPING = "shipping"  # [{country, service, price}]
    STRUCTURED = "structured"  # {digitalSourceType, content}: a text that AI wrote


@dataclass(frozen=True, slots=True)
class Attribute:
    code: str  # in the specification and in feeds; our target field
    api: str
    form: Form = Form.TEXT


# What a content body may hold, in the order of a feed item.
CONTENT: tuple[Attribute, ...] = (
    Attribute("title", "title"),
    Attribute("description", "description"),
    Attribute("structured_title", "structuredTitle", Form.STRUCTURED),
    Attribute("structured_description", "structuredDescription", Form.STRUCTURED),
    Attribute("link", "link"),
    Attribute("image_link", "imageLink"),
    Attribute("additional_image_link", "additionalImageLinks", Form.TEXTS),
    Attribute("brand", "brand"),
    Attribute("gtin", "gtins", Form.TEXTS),
    Attribute("mpn", "mpn"),
    Attribute("identifier_exists", "identifierExists", Form.FLAG),
    Attribute("condition", "condition", Form.CHOICE),
    Attribute("google_product_category", "googleProductCategory"),
    Attribute("product_type", "productTypes", Form.TEXTS),
    Attribute("item_group_id", "itemGroupId"),
    Attribute("item_group_title", "itemGroupTitle"),
    Attribute("variant_option", "variantOptions", Form.OPTIONS),
    Attribute("color", "color"),
    Attribute("size", "size"),
    Attribute("material", "material"),
    Attribute("pattern", "pattern"),
    Attribute("gender", "gender", Form.CHOICE),
    Attribute("age_group", "ageGroup", Form.CHOICE),
    Attribute("product_highlight", "productHighlights", Form.TEXTS),
    Attribute("multipack", "multipack"),
    Attribute("is_bundle", "isBundle", Form.FLAG),
    Attribute("video_link", "videoLinks", Form.TEXTS),
    Attribute("virtual_model_link", "virtualModelLink"),
    Attribute("shipping_weight", "shippingWeight", Form.WEIGHT),
    Attribute("shipping_label", "shippingLabel"),
    Attribute("shipping", "shipping", Form.SHIPPING),
    *(Attribute(f"custom_label_{n}", f"customLabel{n}") for n in range(5)),
)

# Texts that AI wrote are said in the second of each pair, never in both
# (support.google.com/merchants/answer/14784710).
STRUCTURED: Mapping[str, str] = {"title": "structuredTitle", "description": "structuredDescription"}

PRICE, SALE_PRICE, SALE_DATES, AVAILABILITY = "price", "salePrice", "salePriceEffectiveDate", "availability"
OFFER = (PRICE, SALE_PRICE, SALE_DATES)

# Where an issue is shown that is not with a target field of the same name. "price", "sku" and
# "options" are what no rule fills.
_ELSEWHERE: Mapping[str, str] = {
    "price": "price",
    "saleprice": "price",
    "salepriceeffectivedate": "price",
    "availability": "availability",
    "offerid": "sku",
    "id": "sku",
    "variantoption": "options",
    "variantoptions": "options",
    "itemgrouptitle": "title",
    "identifierexists": "gtin",
    "structuredtitle": "title",
    "structureddescription": "description",
    "image": "image_link",
}
_BY_LETTERS: Mapping[str, str] = {
    **{re.sub("[^a-z0-9]", "", name.lower()): a.code for a in CONTENT for name in (a.code, a.api)},
    **_ELSEWHERE,
}


def field_of(path: str) -> str:
    """The target field behind "image link", "n:image_link" or "productAttributes.gtins[0]"; "" if none."""
    for part in reversed(re.split(r"[.:]", path)):
        letters = re.sub(r"\[\d*\]|[^a-z0-9]", "", part.lower())
        if letters in _BY_LETTERS:
            return _BY_LETTERS[letters]
    return ""
