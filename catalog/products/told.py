"""Changes in people's words: labels instead of codes, pictures by their descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import Attribute, AttributeOption, Category, MediaAsset
from pimhub.foundation.jsonvalue import JSON

PARTS = {
    "gtin": "GTIN",
    "family": "Family",
    "axes": "What tells variants apart",
    "categories": "Categories",
    "media": "Pictures",
    "trashed": "Trash",
}
OFFER = {
    "price": "Price",
    "compare_at": "Compare-at price",
    "sale_price": "Sale price",
    "sale_from": "Sale begins",
    "sale_to": "Sale ends",
    "cost": "Cost",
    "tax_class": "Tax class",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One change, ready for `word_diff`: `type` and `labels` are the attribute's, "" and {} for parts."""

    key: str
    label: str
    old: JSON
    new: JSON
    type: str
    labels: dict[str, str]


class Teller:
    """Knows the words for the changes of one page; loads what they mention in a few queries."""

    def __init__(self, changes: Iterable[dict[str, list[JSON]]], *, locale: str) -> None:
        self.locale = locale
        mentioned: dict[str, list[JSON]] = {}
        for changed in changes:
            for key, pair in changed.items():
                mentioned.setdefault(key, []).extend(pair[:2])
        codes = {_attribute_of(key) for key in mentioned} | {a for v in mentioned.get("axes", []) for a in v or []}
        self.attributes = {a.code: a for a in Attribute.objects.filter(code__in=codes)}
        self.options = self._options(mentioned)
        named = {code for value in mentioned.get("categories", []) for code in value or []}
        named |= {key.removeprefix("categories.add.") for key in mentioned if key.startswith("categories.add.")}
        self.categories = {c.code: c for c in Category.objects.filter(code__in=named)}
        self.pictures = self._pictures(mentioned.get("media", []))

    def tell(self, changes: dict[str, list[JSON]]) -> list[Told]:
        """What changed, in order; parts that were nothing and are nothing (an empty list) are left out."""
        told = [self._told(key, pair[0], pair[1]) for key, pair in changes.items()]
        return [t for t in told if t.type or t.old or t.new]

    def _told(self, key: str, old: JSON, new: JSON) -> Told:
        attribute = self.attributes.get(_attribute_of(key))
        if attribute is None:
            return Told(key, self.label(key), self._part(key, old), self._part(key, new), "", {})
        return Told(key, self.label(key), old, new, attribute.type, self.options.get(attribute.code, {}))

    def label(self, key: str) -> str:
        """What people call it, with its language and scope."""
        attribute = self.attributes.get(_attribute_of(key))
        if attribute is None:
            return part_label(key)
        parsed = ValueKey.parse(key)
        about = ", ".join(filter(None, (parsed.locale, parsed.scope)))
        return attribute.label(self.locale) + (f" ({about})" if about else "")

    def _part(self, key: str, value: JSON) -> JSON:
        if key == "axes":
            return ", ".join(self.attributes[a].label(self.locale) if a in self.attributes else a for a in value or [])
        if key == "categories":
            return "\n".join(self._category(code) for code in value or [])
        if key.startswith("associations."):
            return "\n".join(target_text(each) for each in value or [])
        if key.startswith("categories.add."):
            return self._category(key.removeprefix("categories.add.")) if value else ""
        if key == "trashed":
            return "in the trash" if value else ""
        if key == "media":
            return "\n".join(self._picture(number, each) for number, each in enumerate(value or [], 1))
        return value

    def _category(self, code: str) -> str:
        category = self.categories.get(code)
        return category.label(self.locale) if category else code

    def _picture(self, number: int, value: dict[str, Any]) -> str:
        alt = value.get("alt", {})
        words = alt.get(self.locale) or next(iter(alt.values()), "") or self.pictures.get(value["id"], "no description")
        shows = f" ({value['sku']})" if value.get("sku") else ""
        return f"{number}. {words}{shows}"

    def _options(self, mentioned: dict[str, list[JSON]]) -> dict[str, dict[str, str]]:
        wanted: dict[str, set[str]] = {}
        for key, values in mentioned.items():
            attribute = self.attributes.get(_attribute_of(key))
            if attribute is not None and type_of(attribute.type).has_options:
                for value in values:
                    codes = value if isinstance(value, list) else [value]
                    wanted.setdefault(attribute.code, set()).update(str(c) for c in codes if c is not None)
        found: dict[str, dict[str, str]] = {}
        every = {code for codes in wanted.values() for code in codes}
        if every:
            rows = AttributeOption.objects.filter(attribute__code__in=wanted, code__in=every)
            for option in rows.select_related("attribute"):
                found.setdefault(option.attribute.code, {})[option.code] = option.label(self.locale)
        return found

    def _pictures(self, values: list[JSON]) -> dict[str, str]:
        """File names of pictures by address, for those without a description."""
        digests = {m["id"].removeprefix("url:") for v in values for m in v or [] if m["id"].startswith("url:")}
        rows = MediaAsset.objects.filter(url_digest__in=digests).values_list("url_digest", "source_url")
        return {f"url:{digest}": url.rsplit("/", 1)[-1].partition("?")[0] for digest, url in rows}


def target_text(value: dict[str, str]) -> str:
    name = value.get("sku") or value.get("product", "")
    return f"{value['quantity']} × {name}" if value.get("quantity") else name


def key_labels(keys: Iterable[str], *, locale: str) -> dict[str, str]:
    """The words for value keys and parts: an attribute's label with its language and scope, or what the part is."""
    keys = list(keys)
    teller = Teller([{key: [] for key in keys}], locale=locale)
    return {key: teller.label(key) for key in keys}


def part_label(key: str) -> str:
    """The words for a part of a product that is no attribute."""
    kind, *rest = key.split(".")
    if kind == "offers" and len(rest) == 2:
        return f"{OFFER.get(rest[1], rest[1])} ({rest[0]})"
    if kind == "associations" and rest:
        return f"Association ({rest[0]})"
    if kind == "references" and rest:
        return f"Code in {rest[0]}"
    if kind == "media" and len(rest) > 1:
        return f"Text of a picture ({rest[1]})"
    if kind == "categories" and rest:
        return "Category"
    if kind == "stock" and rest:
        return f"Stock ({rest[0]})"
    return PARTS.get(key, key)


def _attribute_of(key: str) -> str:
    try:
        return ValueKey.parse(key).attribute
    except ValueProblem:
        return ""  # a part such as offers.default.price
