"""Mapping rules, and their evaluation against a frozen product.

A rule is one of
    {"from": "name"}                 an attribute, read for the channel's scope and languages
    {"from": ["seo_title", "name"]}  the first that has a value
    {"from": "$code"}                the product's code; "$categories": its category paths; "$gtin", "$sku"
    {"from": "$category"}            the codes of its categories, the narrowest first; for the step “map”
    {"from": "$contents"}            what a pack holds, [{"sku", "quantity"}]: what its links with quantities count
    {"const": "new"}                 a constant
each with optional "transforms": [step, …] (channels/mapping/transforms.py) and an optional "default"
for when there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from catalog.attributes.values import resolve
from channels.mapping import transforms
from channels.mapping.transforms import Context
from governance.revisions.read import Document, FrozenVariant
from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class Mapped:
    """A target field's value and the value key that fed it ("" for constants)."""

    value: JSON
    key: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a frozen product as one channel sees it."""

    document: Document
    scope: str
    locales: tuple[str, ...]  # first choice first
    attributes: Mapping[str, bool] = field(default_factory=dict)  # that there are: code → a value for each language

    def field(self, rule: Mapping[str, JSON], variant: FrozenVariant | None = None) -> Mapped | None:
        """What the rule yields for the product, or for a variant (whose own values win). None = nothing."""
        if "const" in rule:
            return Mapped(rule["const"], "")
        sources = rule["from"] if isinstance(rule["from"], list) else [rule["from"]]
        for source in sources:
            found = self._source(source, variant)
            if found is None:
                continue
            context = Context(
                attribute=source, locales=self.locales, labels=self.document.labels, read=partial(self._said, variant)
            )
            value = transforms.run(found.value, rule.get("transforms", []), context)
            if value not in (None, "", []):
                return Mapped(value, found.key)
        return Mapped(rule["default"], "") if "default" in rule else None

    def _said(self, variant: FrozenVariant | None, source: str) -> JSON:
        found = self._source(source, variant)
        return found.value if found else None

    def said(self, attribute: str, variant: FrozenVariant | None = None) -> JSON:
        """What the product, or a variant, says under an attribute, as it was approved."""
        return self._said(variant, attribute)

    def place(self, rule: Mapping[str, JSON]) -> str:
        """The value key under which the rule's first choice is entered: where to write what is missing."""
        given = rule.get("from", [])
        sources = given if isinstance(given, list) else [given]
        first = next((s for s in sources if s.startswith("$") or s in self.attributes), "")
        if first.startswith("$"):
            return str(first.removeprefix("$"))
        return f"{first}@{self.locales[0]}" if self.attributes.get(first) else str(first)

    def _source(self, source: str, variant: FrozenVariant | None) -> Mapped | None:
        if source.startswith("$"):
            return self._special(source, variant)
        levels: Sequence[Mapping[str, JSON]] = (
            (variant.values, self.document.values) if variant else (self.document.values,)
        )
        found = resolve(levels, source, scopes=(self.scope, None), locales=(*self.locales, None))
        if found is None or found.value in (None, "", []):
            return None
        return Mapped(found.value, str(found.key))

    def _special(self, source: str, variant: FrozenVariant | None) -> Mapped | None:
        if source == "$categories":
            paths = [" > ".join(self._name(labels) for labels in path) for path in self.document.categories.values()]
            return Mapped(paths, "categories") if paths else None
        if source == "$category":
            codes = sorted(self.document.categories, key=lambda code: (-len(self.document.categories[code]), code))
            return Mapped(codes, "categories") if codes else None  # the narrowest first
        if source == "$contents":
            return self._contents(variant)
        plain = {"$code": self.document.code}
        if variant is not None:
            plain |= {"$sku": variant.sku, "$gtin": variant.gtin}
        return Mapped(plain[source], source.removeprefix("$")) if plain.get(source) else None

    def _contents(self, variant: FrozenVariant | None) -> Mapped | None:
        """A variant's own links with quantities, else those of its product."""
        for held in (variant.associations if variant else {}, self.document.associations):
            counted = {key: [each for each in targets if each.get("quantity")] for key, targets in held.items()}
            if keys := [key for key, targets in counted.items() if targets]:
                return Mapped([each for key in keys for each in counted[key]], keys[0])
        return None

    def _name(self, labels: Mapping[str, str]) -> str:
        return next((labels[x] for x in self.locales if labels.get(x)), None) or next(iter(labels.values()))

    def option(self, attribute: str, code: str) -> str:
        """An option as the channel's customers read it."""
        return transforms.option_label(
            code, Context(attribute=attribute, locales=self.locales, labels=self.document.labels)
        )
