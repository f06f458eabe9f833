"""Where a product stands and what it has to do with others: categories, and associations typed as codes."""

from __future__ import annotations

import re
from decimal import InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html_join
from django.views.decorators.http import require_POST

from catalog.access.reach import seen, sight
from catalog.models import Association, AssociationType, Category, Product, Variant
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products.changes import AssociationChange, ProductChange
from catalog.products.state import amount_text
from catalog.products.write import write_product
from catalog.structure.trails import trails
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

_LINE = re.compile(r"(?:(\d+(?:[.,]\d+)?)\s*[×x*]\s+)?(.+)")


def shown(product: Product, locale: str) -> dict[str, Any]:
    """What the panel needs: categories with where they stand, and each type with its targets, a line each."""
    found: dict[str, list[str]] = {}
    links = Association.objects.filter(product=product, variant__isnull=True)
    for link in links.select_related("type", "to_product", "to_variant").order_by("position", "pk"):
        name = link.to_variant.sku if link.to_variant else link.to_product.code
        amount = f"{link.quantity.normalize():f} × " if link.quantity is not None else ""
        found.setdefault(link.type.code, []).append(f"{amount}{name}")
    arriving = Association.objects.filter(to_product=product, product__trashed_at__isnull=True)
    arriving = seen(arriving, "product")
    return {
        "categories": trails(product.categories.order_by("path"), locale=locale),
        "types": [
            {"row": kind, "label": kind.label(), "text": "\n".join(found.get(kind.code, []))}
            for kind in AssociationType.objects.all()
            if sight().shows(product.pk, f"associations.{kind.code}")
        ],
        "pointed_at": list(arriving.values_list("product__code", "type__code").distinct()[:20]),
    }


@require_POST
@requires("catalog.change_product")
def product_links(request: HttpRequest, code: str) -> HttpResponse:
    """Save what the panel says; all of it or nothing."""
    product = get_object_or_404(seen(Product.objects.all()), code_key=code_key(code))
    associations = {}
    base: dict[str, JSON] = {}
    problem = ""
    for kind in AssociationType.objects.all():
        name = f"association:{kind.code}"
        typed, was = _lines(request.POST.get(name, "")), _lines(request.POST.get(f"seen:{name}", ""))
        if name not in request.POST or typed == was:
            continue
        try:
            associations[kind.code] = tuple(map(_target, typed))
            base[f"associations.{kind.code}"] = [_told(_target(line)) for line in was] or None
        except ValueError as error:
            problem = str(error)
    change = ProductChange(
        base=base,
        code=product.code,
        # Not the whole list: what somebody else put in or took out meanwhile stays so.
        add_categories=tuple(_categories(request.POST.get("add_category", ""))),
        remove_categories=tuple(sorted(set(request.POST.getlist("placed")) - set(request.POST.getlist("category")))),
        associations=associations,
    )
    if problem:
        messages.error(request, f"Nothing was saved. {problem}")
        return redirect("product_detail", code=product.code)
    result = write_product(change)
    if any(e.code == "conflict" for e in result.errors):
        messages.error(
            request,
            "Somebody changed the associations meanwhile; here is how they are now. Nothing of yours was saved: "
            "please make your change again.",
        )
    elif result.status == "rejected":
        messages.error(request, f"Nothing was saved. {' '.join(e.message for e in result.errors)}")
    else:
        messages.success(request, "Saved." if result.changes else "Nothing was changed, so nothing was saved.")
    return redirect("product_detail", code=product.code)


@requires("catalog.view_product")
def category_search(request: HttpRequest) -> HttpResponse:
    """Categories whose label or code holds what was typed, for the field's list of suggestions."""
    head, separator, asked = request.GET.get("add_category", "").rpartition(";")
    asked = asked.strip()[:100]
    found = Category.objects.filter(trashed_at__isnull=True).filter(
        Q(code_key__contains=code_key(asked)) | Q(labels__icontains=asked)
    )
    told = trails(found.order_by("path")[:50], locale=request.GET.get("locale", "en_US"))
    before = f"{head.strip()}; " if separator else ""  # of several, the last one is being typed
    rows = ((before + code, words) for code, words in told.items())
    return HttpResponse(format_html_join("", '<option value="{}">{}</option>', rows))


def _categories(text: str) -> list[str]:
    """The codes typed, parted by semicolons; a label does where only one category has it."""
    typed = [part.strip() for part in text.split(";") if part.strip()]
    rows = Category.objects.filter(trashed_at__isnull=True)
    known = dict(rows.filter(code_key__in=map(code_key, typed)).values_list("code_key", "code"))
    return [known.get(code_key(part)) or _named(part) or part for part in typed]


def _named(label: str) -> str:
    """The code of the one category with this label in any language, or ""."""
    likely = Category.objects.filter(trashed_at__isnull=True, labels__icontains=label)[:50]
    found = [row.code for row in likely if code_key(label) in map(code_key, map(str, row.labels.values()))]
    return found[0] if len(found) == 1 else ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in str(text).splitlines() if line.strip()]


def _target(line: str) -> AssociationChange:
    """“6 × SKU”, a SKU, or a product's code; a SKU is meant where both are possible. Raises ValueError."""
    match = _LINE.fullmatch(line)
    amount, name = (match[1], match[2].strip()) if match else (None, line)
    try:
        quantity = written_out(amount.replace(",", ".")) if amount else None
    except InvalidOperation as error:
        raise ValueError(f"“{line}” is no target. Write 6 × SKU.") from error
    if Variant.objects.filter(sku_key=code_key(name)).exists():
        return AssociationChange(sku=name, quantity=quantity)
    return AssociationChange(product=name, quantity=quantity)


def _told(target: AssociationChange) -> JSON:
    """As the journal tells it, which is what a base is compared with."""
    told: dict[str, JSON] = {"sku": target.sku} if target.sku else {"product": target.product}
    return told if target.quantity is None else told | {"quantity": amount_text(target.quantity, places=0)}
