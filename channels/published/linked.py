"""A published product as JSON-LD in the words of schema.org, each text with the machine-readable origin it has.

schema.org knows where a *work* comes from, not a property: a text that AI had a hand in is told again as a work about
the product, with its `digitalSourceType`. A text without one is a person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pimhub.foundation.html import to_text
from pimhub.foundation.jsonvalue import JSON

CONTEXT = "https://schema.org"
SOURCES = {
    "ai": "TrainedAlgorithmicMediaDigitalSource",
    "translated": "TrainedAlgorithmicMediaDigitalSource",
    "ai_edited": "CompositeWithTrainedAlgorithmicMediaDigitalSource",
}
# Attributes that schema.org has a property for; all others are told as `additionalProperty`.
PROPERTIES = ("name", "description", "brand", "color", "material", "size", "pattern", "model", "mpn", "gtin")
_IN_STOCK, _SOLD_OUT = f"{CONTEXT}/InStock", f"{CONTEXT}/OutOfStock"


def linked(told: Mapping[str, Any], *, locale: str) -> dict[str, JSON]:
    """The JSON-LD of what `published` gives for one language."""
    found: dict[str, Any] = {"@context": CONTEXT, "@type": "ProductGroup", "productGroupID": told["code"]}
    found |= _described(told, told["labels"], locale)
    if told.get("categories"):
        found["category"] = [" > ".join(map(str, each["path"])) for each in told["categories"]]
    if told.get("media"):
        found["image"] = [_image(each, locale) for each in told["media"]]
    found["variesBy"] = [_varies_by(axis["attribute"]) for axis in told["axes"]]
    found["hasVariant"] = [_variant(variant, told["labels"], locale) for variant in told["variants"]]
    return found


def _image(told: Mapping[str, Any], locale: str) -> dict[str, Any]:
    found = {"@type": "ImageObject", "contentUrl": told["url"], "encodingFormat": told["mime"]}
    found |= {"caption": told["alt"]} if told.get("alt") else {}
    for origin in told.get("alt_origins", {}).values():
        found |= {"subjectOf": _work("caption", told["alt"], origin, locale)}
    return found


def _work(what: str, text: Any, origin: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """A text that AI had a hand in, as a work of its own."""
    return {
        "@type": "CreativeWork",
        "additionalType": what,
        "text": text,
        "inLanguage": locale.replace("_", "-"),
        "digitalSourceType": f"{CONTEXT}/{SOURCES[origin['origin']]}",
        "dateModified": origin["at"],
    }


def _variant(told: Mapping[str, Any], labels: Mapping[str, Any], locale: str) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": "Product", "sku": told["sku"]}
    found |= {"gtin": told["gtin"]} if told.get("gtin") else {}
    found |= _described(told, labels, locale)
    free = sum(told["stock"].values())
    offers = [
        {
            "@type": "Offer",
            "price": offer.get("sale_price") or offer["price"],
            "priceCurrency": offer["currency"],
            "availability": _IN_STOCK if free else _SOLD_OUT,
        }
        for offer in told["offers"].values()
        if offer.get("price")
    ]
    return found | ({"offers": offers} if offers else {})


def _described(told: Mapping[str, Any], labels: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Properties, and where texts of AI are among them, the works that say so."""
    found: dict[str, Any] = {}
    others, works = [], []
    for code, value in told["values"].items():
        said = _said(value, labels.get(code, {}))
        if said in (None, "", []):
            continue
        if code in PROPERTIES:
            found[code] = {"@type": "Brand", "name": said} if code == "brand" else said
        else:
            others.append({"@type": "PropertyValue", "propertyID": code, "value": said})
        if (origin := told["origins"].get(code, {})).get("origin", "") in SOURCES:
            works.append(_work(code, said, origin, locale))
    found |= {"additionalProperty": others} if others else {}
    return found | ({"subjectOf": works} if works else {})


def _said(value: JSON, options: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        said = [_said(each, options) for each in value]
        return said if len(said) != 1 else said[0]
    if isinstance(value, dict):
        if "amount" in value and "unit" in value:
            return {"@type": "QuantitativeValue", "value": value["amount"], "unitText": value["unit"]}
        return None  # prices and tables have no one property
    if isinstance(value, str):
        return options.get(value) or to_text(value)
    return value


def _varies_by(attribute: str) -> str:
    return f"{CONTEXT}/{attribute}" if attribute in PROPERTIES else attribute
