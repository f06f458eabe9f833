"""The configuration that every new instance starts with; running it again changes nothing."""

from __future__ import annotations

from django.db import transaction

from catalog.change_sets import acting
from catalog.defaults import ATTRIBUTES, GROUPS, SEARCHABLE, DefaultAttribute
from catalog.models import (
    Attribute,
    AttributeGroup,
    AttributeOption,
    Category,
    ChangeSet,
    Currency,
    Family,
    FamilyAttribute,
    Locale,
    Location,
    Market,
    PriceList,
    Scope,
)
from catalog.models.codes import code_key
from catalog.permissions import ensure_roles

LOCALES = (("en_US", "English (United States)"), ("de_DE", "German (Germany)"), ("fr_FR", "French (France)"))
CURRENCIES = ("EUR", "USD", "GBP", "SEK")


def ensure_base() -> None:
    """Locales, currencies, the scope `default`, attributes, the family `default`, price list, market, location."""
    with transaction.atomic(), acting(source=ChangeSet.Source.SYSTEM, reason="first start"):
        locales = [Locale.objects.get_or_create(code=code, defaults={"name": name})[0] for code, name in LOCALES]
        currencies = [Currency.objects.get_or_create(code=code)[0] for code in CURRENCIES]
        scope, made = Scope.objects.get_or_create(code="default", defaults={"label": "Everywhere"})
        if made:
            scope.locales.set(locales[:2])
            scope.currencies.set(currencies[:1])
        family, made_family = Family.objects.get_or_create(
            code="default", defaults={"labels": {"en_US": "Default", "de_DE": "Standard"}}
        )
        groups = {
            code: AttributeGroup.objects.get_or_create(code=code, defaults={"label": label, "position": i})[0]
            for i, (code, label) in enumerate(GROUPS)
        }
        for position, item in enumerate(ATTRIBUTES):
            _ensure_attribute(item, position, groups[item.group], family, scope)
        if made_family:  # what people choose later stays
            family.label_attribute = Attribute.objects.get(code="name")
            family.save()
        price_list, _ = PriceList.objects.get_or_create(
            code="default", defaults={"label": "Default prices", "currency": currencies[0]}
        )
        Market.objects.get_or_create(
            code="default",
            defaults={
                "label": "Default market",
                "countries": ["DE", "FR", "US"],
                "locales": ["en_US", "de_DE"],
                "price_list": price_list,
            },
        )
        Location.objects.get_or_create(code="main", defaults={"label": "Main"})
        if not Category.objects.filter(code="products").exists():
            Category.objects.add_root(
                {"code": "products", "code_key": code_key("products"), "labels": {"en_US": "Products"}}
            )
        ensure_roles()


def _ensure_attribute(
    item: DefaultAttribute, position: int, group: AttributeGroup, family: Family, scope: Scope
) -> None:
    attribute, made = Attribute.objects.get_or_create(
        code=item.code,
        defaults={
            "type": item.type,
            "labels": {"en_US": item.label},
            "group": group,
            "position": position,
            "localizable": item.localizable,
            "scopable": item.scopable,
            "filterable": item.filterable,
            "searchable": item.code in SEARCHABLE,
            "limits": item.limits,
            "help": item.help,
            "open_options": not item.options,
        },
    )
    if not made:
        return
    for i, option in enumerate(item.options):
        AttributeOption.objects.create(
            attribute=attribute,
            code=option,
            label_key=code_key(option),
            position=i,
            labels={"en_US": option.replace("_", " ").capitalize()},
        )
    link = FamilyAttribute.objects.create(
        family=family, attribute=attribute, position=position, on_variant=item.variant
    )
    if item.required:
        link.required_for.add(scope)
