"""Languages, currencies, scopes, markets, price lists, locations, and the systems that have codes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from catalog.api.resources import STRUCTURE, BulkResourceList, Resource, ResourceDetail, Row, filters
from catalog.models import (
    Category,
    Currency,
    ExternalSystem,
    Family,
    Locale,
    Location,
    Market,
    PriceList,
    Scope,
)
from catalog.structure import recompute, settings
from pimhub.foundation.money import exponent

RIGHTS = {
    "GET": ("catalog.view_product",),
    **dict.fromkeys(("POST", "PATCH", "DELETE"), (STRUCTURE,)),
}


def slugs(model: Any, *, many: bool = False, **more: Any) -> Any:
    """A field of codes that point to rows."""
    return serializers.SlugRelatedField(slug_field="code", queryset=model._default_manager.all(), many=many, **more)


class LocaleRow(Row):
    class Meta:
        model = Locale
        fields = ("code", "name")


class CurrencyRow(Row):
    class Meta:
        model = Currency
        fields = ("code",)

    def validate_code(self, code: str) -> str:
        try:
            exponent(code)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error
        return code


class ScopeRow(Row):
    locales = slugs(Locale, many=True, required=False)
    currencies = slugs(Currency, many=True, required=False)
    category_tree = slugs(Category, required=False, allow_null=True)

    class Meta:
        model = Scope
        fields = ("code", "label", "locales", "currencies", "category_tree")

    def keep(self, row: Scope, apart: Mapping[str, Any]) -> None:
        before = set(row.locales.all()) if row.pk else set()
        super().keep(row, apart)
        if row.pk and before != set(row.locales.all()):  # figures are kept per scope and language
            recompute.request(*Family.objects.all())


class PriceListRow(Row):
    currency = slugs(Currency)

    class Meta:
        model = PriceList
        fields = ("code", "label", "currency", "tax_included", "customer_group", "largest_move")

    fixed = ("code",)

    def validate_currency(self, currency: Currency) -> Currency:
        if self.instance is not None and currency != self.instance.currency and self.instance.offers.exists():
            raise serializers.ValidationError("There are prices in it. Make a new price list instead.")
        return currency


class MarketRow(Row):
    countries = serializers.ListField(child=serializers.RegexField(r"\A[A-Z]{2}\Z"), required=False)
    locales = serializers.ListField(child=serializers.CharField(max_length=20), required=False)
    price_list = slugs(PriceList)

    class Meta:
        model = Market
        fields = ("code", "label", "countries", "locales", "price_list")

    def validate_locales(self, codes: list[str]) -> list[str]:
        unknown = set(codes) - set(Locale.objects.values_list("code", flat=True))
        if unknown:
            raise serializers.ValidationError(f"There is no locale {sorted(unknown)[0]}.")
        return codes


class LocationRow(Row):
    class Meta:
        model = Location
        fields = ("code", "label")


class SystemRow(Row):
    class Meta:
        model = ExternalSystem
        fields = ("code", "label", "owner", "contact", "creates", "reads", "updates", "publishes", "last_seen")
        read_only_fields = ("last_seen",)


class Settings(Resource):
    resource = "settings"
    rights = RIGHTS


class LocaleList(Settings, BulkResourceList):
    """Languages that values are written in."""

    serializer_class = LocaleRow
    filterset = filters(Locale, code="code", scope="scopes__code")


class LocaleDetail(Settings, ResourceDetail):
    serializer_class = LocaleRow

    def remove(self, row: Locale) -> None:
        settings.delete_locale(row)


class CurrencyList(Settings, BulkResourceList):
    """Currencies, by their ISO 4217 codes."""

    serializer_class = CurrencyRow


class CurrencyDetail(Settings, ResourceDetail):
    serializer_class = CurrencyRow

    def remove(self, row: Currency) -> None:
        settings.delete_currency(row)


class ScopeList(Settings, BulkResourceList):
    """Audiences that values can differ for, with their languages and currencies."""

    serializer_class = ScopeRow
    filterset = filters(Scope, code="code", locale="locales__code")


class ScopeDetail(Settings, ResourceDetail):
    serializer_class = ScopeRow

    def remove(self, row: Scope) -> None:
        settings.delete_scope(row)


class PriceListList(Settings, BulkResourceList):
    """Price lists: a currency, with or without tax, for whom."""

    serializer_class = PriceListRow
    filterset = filters(PriceList, "tax_included", code="code", currency="currency__code")


class PriceListDetail(Settings, ResourceDetail):
    serializer_class = PriceListRow

    def remove(self, row: PriceList) -> None:
        settings.delete_price_list(row)


class MarketList(Settings, BulkResourceList):
    """Where one sells: countries, languages, price list."""

    serializer_class = MarketRow
    filterset = filters(Market, code="code", price_list="price_list__code")


class MarketDetail(Settings, ResourceDetail):
    serializer_class = MarketRow


class LocationList(Settings, BulkResourceList):
    """Where stock lies."""

    serializer_class = LocationRow


class LocationDetail(Settings, ResourceDetail):
    serializer_class = LocationRow

    def remove(self, row: Location) -> None:
        settings.delete_location(row)


class SystemList(Settings, BulkResourceList):
    """Systems that have codes of their own for our things, such as the ERP."""

    serializer_class = SystemRow


class SystemDetail(Settings, ResourceDetail):
    serializer_class = SystemRow
