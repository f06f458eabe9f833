"""What the catalogue knows, for tables in its own words. See `formats.base.Catalogue`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from catalog.access.reach import seen
from catalog.attributes.spec import AttributeSpec
from catalog.imports.formats.base import HeldProduct
from catalog.imports.text import code_key
from catalog.models import Product, Variant
from catalog.products.reference import load_reference


class Known:
    """The catalogue as whoever imports reaches it: nobody learns from a file what a page would not show."""

    def __init__(self, *, locale: str) -> None:
        self._reference = load_reference()
        self.specs: Mapping[str, AttributeSpec] = self._reference.specs
        self.price_lists: Collection[str] = self._reference.price_lists
        self.locations: Collection[str] = self._reference.locations
        self.systems: Collection[str] = self._reference.systems
        self._names: dict[str, str] = {}
        for code, attribute in self._reference.attributes.items():
            for label in {code_key(attribute.labels.get(name, "")) for name in (locale, "en_US")} - {""}:
                self._names[label] = "" if self._names.get(label, code) != code else code
        self._names |= {code: code for code in self.specs}

    def attribute(self, name: str) -> str:
        return self._names.get(code_key(name), "")

    def attributes(self, family: str) -> Collection[str]:
        rules = self._reference.families.get(family)
        return rules.attributes if rules else ()

    def on_variant(self, family: str) -> Collection[str]:
        rules = self._reference.families.get(family)
        return rules.on_variant if rules else ()

    def products(self, keys: Collection[str]) -> Mapping[str, HeldProduct]:
        found = seen(Product.objects.filter(code_key__in=keys)).select_related("family")
        return {p.code_key: HeldProduct(p.code, p.family.code, tuple(p.axes)) for p in found}

    def products_of(self, sku_keys: Collection[str]) -> Mapping[str, str]:
        found = seen(Variant.objects.filter(sku_key__in=sku_keys), "product")
        return dict(found.values_list("sku_key", "product__code"))
