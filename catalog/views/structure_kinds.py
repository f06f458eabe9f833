"""The kinds of rows that the configuration has, as its pages show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from catalog.api import categories as category_rows
from catalog.api import settings as rows
from catalog.api import structure
from catalog.api.resources import STRUCTURE, Row
from catalog.attributes.types import type_of
from catalog.models import Attribute, ReferenceEntity
from catalog.products import trash
from catalog.structure import attributes, families, records, settings


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row: its words, its rules, and the columns of its list."""

    name: str
    label: str
    one: str
    row: type[Row]
    says: str
    columns: tuple[tuple[str, str | Callable[[Any], Any]], ...]  # (words, attribute of the row or what is asked of it)
    right: str = STRUCTURE
    remove: Callable[[Any], object] = lambda row: row.delete()
    of: str = ""  # the kind that its rows belong to
    parent: type[Any] | None = None
    page: str = ""  # the name of the address where these rows have a page of their own

    @property
    def address(self) -> str:
        return reverse(self.page) if self.page else reverse("structure_list", args=[self.name])

    def rows(self, parent: Any) -> QuerySet[Any]:
        model: Any = self.row.Meta.model
        found = model._default_manager.all()
        if self.name == "categories":
            return found.filter(trashed_at__isnull=True).order_by("path")  # type: ignore[no-any-return]
        return found.filter(**{self._link: parent}) if parent is not None else found  # type: ignore[no-any-return]

    @property
    def _link(self) -> str:
        return {"attributes": "attribute", "entities": "entity"}[self.of]

    def has_below(self, row: Any) -> bool:
        """Whether there can be rows that belong to the row."""
        return self.name != "attributes" or type_of(row.type).has_options

    def given(self, parent: Any) -> dict[str, Any]:
        return {self._link: parent} if parent is not None else {}


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "attributes",
            "Attributes",
            "attribute",
            structure.AttributeRow,
            "What can be said of products.",
            (
                ("Type", lambda row: type_of(row.type).label),
                ("Group", "group"),
                ("In each language", "localizable"),
                ("In each scope", "scopable"),
            ),
            remove=attributes.delete_attribute,
        ),
        Kind(
            "families",
            "Families",
            "family",
            structure.FamilyRow,
            "Kinds of products: their attributes, what is required where, and what tells variants apart.",
            (("Axes", "axes"), ("Pattern of codes", "code_pattern")),
            remove=families.delete_family,
        ),
        Kind(
            "categories",
            "Categories",
            "category",
            category_rows.CategoryRow,
            "Trees that products are placed in.",
            (),
            right="catalog.change_category",
            remove=trash.trash_category,
        ),
        Kind("groups", "Attribute groups", "group", structure.GroupRow, "Where the editor shows attributes.", ()),
        Kind(
            "association-types",
            "Associations",
            "kind of association",
            structure.AssociationTypeRow,
            "How products point to each other.",
            (("Both ways", "two_way"), ("With quantities", "quantified")),
        ),
        Kind(
            "entities",
            "Reference entities",
            "reference entity",
            structure.EntityRow,
            "Things that many products point to: brands, designers, materials.",
            (),
        ),
        Kind(
            "scopes",
            "Scopes",
            "scope",
            rows.ScopeRow,
            "Where values differ, such as shops and marketplaces.",
            (),
            remove=settings.delete_scope,
        ),
        Kind(
            "locales",
            "Languages",
            "language",
            rows.LocaleRow,
            "In which values are written.",
            (("Name", "name"),),
            remove=settings.delete_locale,
        ),
        Kind(
            "currencies",
            "Currencies",
            "currency",
            rows.CurrencyRow,
            "Of price lists.",
            (),
            remove=settings.delete_currency,
        ),
        Kind(
            "price-lists",
            "Price lists",
            "price list",
            rows.PriceListRow,
            "Prices by currency, market and customer group.",
            (("Currency", "currency"), ("Includes tax", "tax_included")),
            remove=settings.delete_price_list,
        ),
        Kind("markets", "Markets", "market", rows.MarketRow, "Countries with a price list.", (("List", "price_list"),)),
        Kind(
            "locations",
            "Locations",
            "location",
            rows.LocationRow,
            "Where stock lies.",
            (),
            remove=settings.delete_location,
        ),
        Kind("systems", "Other systems", "system", rows.SystemRow, "That have codes of their own for products.", ()),
        Kind(
            "options",
            "Options",
            "option",
            structure.OptionRow,
            "What can be chosen.",
            (),
            remove=trash.trash_option,
            of="attributes",
            parent=Attribute,
        ),
        Kind(
            "records",
            "Records",
            "record",
            structure.RecordRow,
            "What products point to.",
            (),
            remove=records.delete_record,
            of="entities",
            parent=ReferenceEntity,
        ),
    )
}
