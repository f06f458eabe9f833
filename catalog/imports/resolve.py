"""From what a file names (labels, paths, new attributes) to what the catalogue knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from catalog import change_sets
from catalog.attributes.types import type_of
from catalog.attributes.values import attribute_of
from catalog.imports.formats.base import AttributeNeed, ParsedProduct
from catalog.models import Family
from catalog.products.changes import ProductChange
from catalog.products.options import CategoryBook, OptionBook, ensure_attribute, planned_attribute
from catalog.products.reference import Reference, load_reference
from pimhub.foundation.jsonvalue import JSON


class Resolver:
    """Keeps the books of one pass over a file. In a dry run it plans what an apply would make."""

    def __init__(self, *, family: str, locale: str, dry_run: bool) -> None:
        self.family = family
        self.locale = locale
        self.dry_run = dry_run
        self.reference: Reference = load_reference()
        self.options = OptionBook(locale=locale, dry_run=dry_run)
        self.categories = CategoryBook(locale=locale, dry_run=dry_run)
        self.new_attributes: set[str] = set()

    def changes(self, products: Iterable[ParsedProduct]) -> list[ProductChange]:
        """The door's language for these products; what they name is made (or planned) on the way."""
        batch = list(products)
        needs = {need.code: need for p in batch for need in p.needs}
        for need in needs.values():
            self._need(need)
        self._learn_labels(batch)
        return [self._change(p) for p in batch]

    def _need(self, need: AttributeNeed) -> None:
        rules = self.reference.families[self.family]
        if need.code in rules.attributes and (not need.variant or need.code in rules.on_variant):
            return
        if self.dry_run:
            attribute = self.reference.attributes.get(need.code) or planned_attribute(
                code=need.code, type=need.type, labels={self.locale: need.label}
            )
        else:
            change_sets.change_set()  # the history of the attribute names the run
            attribute = ensure_attribute(
                code=need.code,
                type=need.type,
                label=need.label,
                group=need.group,
                on_variant=need.variant,
                locale=self.locale,
                family=Family.objects.get(code=self.family),
            )
        self.new_attributes.add(need.code)
        self.reference.add(attribute)
        rules.attributes.add(need.code)
        if need.variant:
            rules.on_variant.add(need.code)

    def _learn_labels(self, batch: list[ParsedProduct]) -> None:
        labels: dict[str, list[str]] = {}
        for product in batch:
            for values in (product.change.values, *(v.values for v in product.change.variants)):
                for key, value in values.items():
                    if self._is_choice(key) and value is not None:
                        labels.setdefault(attribute_of(key), []).extend(value if isinstance(value, list) else [value])
        for code, texts in labels.items():
            attribute = self.reference.attributes[code]
            self.options.codes(attribute if attribute.pk else None, code, texts)
        for code, planned in self.options.planned.items():
            self.reference.options.setdefault(code, set()).update(planned)

    def _is_choice(self, key: str) -> bool:
        spec = self.reference.specs.get(attribute_of(key))
        return spec is not None and type_of(spec.type).has_options

    def _change(self, product: ParsedProduct) -> ProductChange:
        change = product.change
        paths = change.categories
        if paths is not None and not product.category_codes:
            paths = tuple(self.categories.code(path) for path in paths)
            self.reference.categories.update(paths)
        return replace(
            change,
            family=change.family or self.family,
            values=self._values(change.values),
            variants=tuple(replace(v, values=self._values(v.values)) for v in change.variants),
            categories=paths,
        )

    def _values(self, values: object) -> dict[str, JSON]:
        found = {}
        for key, value in dict(values).items():  # type: ignore[call-overload]
            found[key] = self._codes(key, value) if self._is_choice(key) and value is not None else value
        return found

    def _codes(self, key: str, value: JSON) -> JSON:
        attribute = self.reference.attributes[attribute_of(key)]
        texts = value if isinstance(value, list) else [value]
        codes = self.options.codes(attribute if attribute.pk else None, attribute.code, texts)
        # A label that a closed list does not have stays as it is: the door refuses it by name.
        known = [codes.get(text, text) for text in texts]
        return sorted(set(known)) if isinstance(value, list) else known[0]
