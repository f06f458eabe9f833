"""One variant: what it says itself, what it inherits, and back to inheriting."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from catalog.access.reach import seen, sight
from catalog.attributes.types import type_of
from catalog.models import FamilyAttribute, Locale, Product, Variant
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products.changes import ChangeError, ProductChange, VariantChange
from catalog.products.guards import locked
from catalog.products.told import key_labels
from catalog.products.write import write_product
from catalog.views import offers
from catalog.views.products import choices_of, posted_values, status_of
from catalog.views.written import tell


@dataclass(slots=True)
class Field:
    """`own`: the variant says it itself. `inherited`: what it would say without."""

    key: str
    label: str
    widget: str
    text: str
    base: str
    own: bool
    inherited: str
    axis: bool
    choices: list[tuple[str, str]]
    search_url: str  # where options are found while typing
    error: str = ""
    locked: str = ""  # why nobody may write it here


@requires("catalog.view_product")
def variant_detail(request: HttpRequest, code: str) -> HttpResponse:
    """The values of `?sku=` in one language; saving and resetting go through the door."""
    product = get_object_or_404(seen(Product.objects.select_related("family")), code_key=code_key(code))
    variant = get_object_or_404(Variant, product=product, sku_key=code_key(request.GET.get("sku", "")))
    locales = list(Locale.objects.values_list("code", flat=True))
    locale = request.GET.get("locale", "en_US")
    locale = locale if locale in locales else "en_US"
    errors: list[ChangeError] = []
    if request.method == "POST":
        if not request.user.has_perm("catalog.change_product"):
            raise PermissionDenied
        write = offers.save if request.POST.get("do") == "offers" else _save
        errors = write(request, product, variant, locale)
        if not errors:
            address = reverse("variant_detail", kwargs={"code": product.code})
            query = request.GET.copy()
            return redirect(f"{address}?{query.urlencode()}")
    fields = _fields(product, variant, locale)
    shut = locked(product, {variant.sku: [f.key for f in fields]})
    for field in fields:
        field.locked = shut.get((variant.sku, field.key)) or shut.get(("", ""), "")
        wrong = next((e for e in errors if e.key == field.key), None)
        if errors and f"value:{field.key}" in request.POST:
            field.text = request.POST.get(f"value:{field.key}", field.text)
            # What was seen stays what was seen, until its conflict was told.
            if not (wrong and wrong.code == "conflict"):
                field.base = request.POST.get(f"base:{field.key}", field.base)
        field.error = wrong.message if wrong else ""
    panel = offers.shown(request, product, variant, errors if request.POST.get("do") == "offers" else [])
    beside = {f.key for f in fields} | {c.name for line in (*panel["lists"], *panel["stock"]) for c in line.cells}
    context = {
        "offers": panel,
        "product": product,
        "variant": variant,
        "name": product.name(locale),
        "locale": locale,
        "locales": locales,
        "fields": fields,
        "errors": [e for e in errors if e.key not in beside],
        "may_edit": request.user.has_perm("catalog.change_product") and not shut.get(("", "")),
    }
    return render(request, "catalog/variant_detail.html", context, status=status_of(errors))


def _fields(product: Product, variant: Variant, locale: str) -> list[Field]:
    rows = FamilyAttribute.objects.filter(family=product.family).select_related("attribute__group")
    found = []
    for row in rows.order_by("attribute__group__position", "position"):
        attribute = row.attribute
        axis = attribute.code in product.axes
        if not (row.on_variant or axis):
            continue
        key = f"{attribute.code}@{locale}" if attribute.localizable else attribute.code
        if not sight().shows(product.pk, key):
            continue
        kind, spec = type_of(attribute.type), attribute.spec()
        own = kind.export(variant.values.get(key), spec)
        choices, search_url = choices_of(attribute, locale, own)
        found.append(
            Field(
                key=key,
                label=attribute.label(locale),
                widget=kind.widget,
                text=own,
                base=own,
                own=key in variant.values,
                inherited=kind.display(product.values.get(key), spec, locale),
                axis=axis,
                choices=choices,
                search_url=search_url,
            )
        )
    return found


def _save(request: HttpRequest, product: Product, variant: Variant, locale: str) -> list[ChangeError]:
    if reset := request.POST.get("reset"):
        change = ProductChange(code=product.code, variants=(VariantChange(sku=variant.sku, reset=(reset,)),))
    else:
        values, base, errors = posted_values(request, product, sku=variant.sku)
        if errors:
            return errors
        variants = (VariantChange(sku=variant.sku, values=values),)
        change = ProductChange(code=product.code, base=base, variants=variants)
    result = write_product(change)
    if result.status == "rejected":
        return result.errors
    if reset and result.changes:
        messages.success(request, f"{key_labels([reset], locale=locale)[reset]} is inherited again.")
    else:
        tell(request, result, locale=locale)
    return []
