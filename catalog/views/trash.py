"""The trash: what is in it, and back with it. Moving a product there and copying it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import pictures, seen
from catalog.models import AttributeOption, Category, MediaAsset, Product, Variant
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products import copying, trash
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.uses import InUse, uses_of_variant
from catalog.products.write import WriteResult, write_product

SHOWN = 100


@requires("catalog.view_product")
def trash_list(request: HttpRequest) -> HttpResponse:
    """Everything in the trash, what went there last first."""
    context = {
        "products": seen(Product.everything.filter(trashed_at__isnull=False)).order_by("-trashed_at")[:SHOWN],
        "variants": seen(
            Variant.everything.filter(trashed_at__isnull=False, product__trashed_at__isnull=True), "product"
        )
        .select_related("product")
        .order_by("-trashed_at")[:SHOWN],
        "categories": Category.objects.filter(trashed_at__isnull=False).order_by("-trashed_at", "path")[:SHOWN],
        "options": AttributeOption.everything.filter(trashed_at__isnull=False)
        .select_related("attribute")
        .order_by("-trashed_at")[:SHOWN],
        "media": pictures(MediaAsset.objects.filter(trashed_at__isnull=False)).order_by("-trashed_at")[:SHOWN],
        "shown": SHOWN,
    }
    return render(request, "catalog/trash_list.html", context)


@require_POST
@requires("catalog.delete_product")
def trash_restore(request: HttpRequest) -> HttpResponse:
    """Bring one thing back: the form names its kind and key."""
    kind, key = request.POST.get("kind", ""), request.POST.get("key", "")
    if kind == "product":
        product = get_object_or_404(seen(Product.everything.all()), code_key=code_key(key))
        _tell(request, trash.restore_product(product=product), f"{product.code} is back.")
    elif kind == "variant":
        variant = get_object_or_404(
            seen(Variant.everything.select_related("product"), "product"), sku_key=code_key(key)
        )
        change = ProductChange(code=variant.product.code, variants=(VariantChange(sku=variant.sku, trashed=False),))
        _tell(request, write_product(change), f"{variant.sku} is back.")
    elif kind == "category":
        category = get_object_or_404(Category, code_key=code_key(key))
        messages.success(request, f"{trash.restore_category(category)} categories are back.")
    elif kind == "option":
        option = get_object_or_404(AttributeOption.everything, pk=key if key.isdigit() else 0)
        trash.restore_option(option)
        messages.success(request, f"{option.label()} can be chosen again.")
    elif kind == "media":
        trash.restore_media(get_object_or_404(pictures(MediaAsset.objects.all()), pk=key if key.isdigit() else 0))
        messages.success(request, "The picture is back.")
    return redirect("trash_list")


@require_POST
@requires("catalog.delete_product")
def product_trash(request: HttpRequest, code: str) -> HttpResponse:
    """Move a product to the trash; where it is in use, that is said first."""
    product = get_object_or_404(seen(Product.objects.all()), code_key=code_key(code))
    try:
        result = trash.trash_product(product=product, force=request.POST.get("force") == "1")
    except InUse as error:
        return render(request, "catalog/trash_confirm.html", {"product": product, "uses": error.uses}, status=409)
    _tell(request, result, f"{product.code} is in the trash. It keeps everything, and can come back.")
    return redirect("product_list")


@require_POST
@requires("catalog.delete_product")
def variant_trash(request: HttpRequest, code: str) -> HttpResponse:
    """Move one variant to the trash; where it is in use, that is said first."""
    product = get_object_or_404(seen(Product.objects.all()), code_key=code_key(code))
    sku = request.POST.get("sku", "")
    force = request.POST.get("force") == "1"
    if not force and (uses := uses_of_variant(product, sku)):
        return render(request, "catalog/trash_confirm.html", {"product": product, "sku": sku, "uses": uses}, status=409)
    change = ProductChange(code=product.code, variants=(VariantChange(sku=sku, trashed=True),), force=force)
    _tell(request, write_product(change), f"{sku} is in the trash.")
    return redirect("product_detail", code=product.code)


@require_POST
@requires("catalog.add_product")
def product_copy(request: HttpRequest, code: str) -> HttpResponse:
    """A new product like this one."""
    product = get_object_or_404(seen(Product.objects.all()), code_key=code_key(code))
    result = write_product(copying.copy_of(product, code=request.POST.get("new_code", "").strip()))
    _tell(request, result, f"{result.code} was made like {product.code}. Prices, stock and barcodes are its own.")
    return redirect("product_detail", code=product.code if result.status == "rejected" else result.code)


def _tell(request: HttpRequest, result: WriteResult, good: str) -> None:
    if result.status == "rejected":
        messages.error(request, " ".join(e.message for e in result.errors))
    else:
        messages.success(request, good)
