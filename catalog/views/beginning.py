"""Where a product begins, and where it gets another variant."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.access.reach import seen
from catalog.forms.product import NewProductForm, NewVariantForm
from catalog.models import Family, Locale, Product
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.write import WriteResult, write_product


@requires("catalog.add_product")
def product_new(request: HttpRequest) -> HttpResponse:
    """The form for another product; what was typed stays when the family is changed (`?family=`)."""
    locales = list(Locale.objects.values_list("code", flat=True))
    locale = "en_US" if "en_US" in locales or not locales else locales[0]
    given = request.POST if request.method == "POST" else request.GET
    families = Family.objects.all()
    family = families.filter(code=given.get("family", "")).first() or families.filter(code="default").first()
    family = family or families.first()
    if family is None:
        messages.error(request, "A product belongs to a family, and there is none yet. Make one first.")
        return redirect("structure_list", name="families")
    if request.method == "POST":
        form = NewProductForm(request.POST, family=family, locale=locale)
        if form.is_valid() and form.change is not None:
            result = _written(form, form.change)
            if result.status != "rejected":
                messages.success(request, f"{result.code} is there. Now say more of it.")
                return redirect("product_detail", code=result.code)
            for error in result.errors:
                form.refused(error.key, error.message)
        return render(request, "catalog/product_new.html", {"form": form}, status=422)
    form = NewProductForm(initial=given.dict(), family=family, locale=locale)
    return render(request, "catalog/product_new.html", {"form": form})


@requires("catalog.change_product")
def variant_new(request: HttpRequest, code: str) -> HttpResponse:
    """The form for another variant of a product."""
    product = get_object_or_404(seen(Product.objects.select_related("family")), code_key=code_key(code))
    given = request.POST if request.method == "POST" else None
    form = NewVariantForm(given, product=product, locale="en_US")
    context = {"form": form, "product": product, "name": product.name(), "only": product.variants.first()}
    if not form.is_valid() or form.change is None:
        return render(request, "catalog/variant_new.html", context, status=422 if given is not None else 200)
    result = _written(form, form.change)
    if result.status != "rejected":
        messages.success(request, f"{', '.join(sorted(result.new_skus))} is there.")
        return redirect("product_detail", code=product.code)
    for error in result.errors:
        form.refused(error.key, error.message)
    return render(request, "catalog/variant_new.html", context, status=422)


def _written(form: NewProductForm | NewVariantForm, change: ProductChange) -> WriteResult:
    """Write it, with the options that were typed for the first time; all of it or nothing.

    What is there already is refused: to the door, a known code or SKU means a change of what it names.
    """
    with transaction.atomic():
        form.book.make()
        there = Product.objects.filter(code_key=code_key(change.code)).exists()
        result = write_product(change)
        if isinstance(form, NewProductForm) and (there or result.status in ("updated", "unchanged")):
            message = f"There is a product {change.code or result.code} already. Choose another code, or open that one."
            result.status, result.errors = "rejected", [ChangeError(key="code", code="code_taken", message=message)]
        elif result.status in ("updated", "unchanged") and not result.new_skus:
            sku = result.known_as.get(code_key(change.variants[0].sku), change.variants[0].sku)
            message = f"There is a variant {sku or 'like this'} already. Choose another SKU, or other values."
            result.status, result.errors = "rejected", [ChangeError(key="sku", code="sku_taken", message=message)]
        if result.status == "rejected":
            transaction.set_rollback(True)
    return result
