"""The product grid and the product page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.views.decorators.http import require_POST

from catalog.access.reach import seen, sight
from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.models import Attribute, AttributeOption, FamilyAttribute, HeldPrice, JournalEntry, Locale, Product, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products.changes import UNSET, ChangeError, OfferChange, ProductChange, VariantChange
from catalog.products.guards import foretold, locked
from catalog.products.held import CannotDecide, decide
from catalog.products.options import codes_for
from catalog.products.state import amount_text
from catalog.products.told import Teller, part_label
from catalog.products.write import write_product
from catalog.views import links, pictures
from catalog.views.offers import read_figure
from catalog.views.written import tell
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.panels import instead, panels

UNSEEN = "Your roles do not show this."
SHORT = 200  # options that fit a list
VARIANT_FIELDS = (("GTIN", "numeric"), ("Price", "decimal"), ("Stock", "numeric"))
PARTS = {"gtin": "gtin", "price": "offers.default.price", "stock": "stock.main.available"}  # that they write


@dataclass(slots=True)
class Field:
    """One value on the form: what it is, what it holds, what is wrong with it."""

    key: str
    label: str
    type: str
    widget: str
    help: str
    text: str
    base: str
    locale: str
    required: bool
    choices: list[tuple[str, str]]
    error: str = ""
    theirs: str = ""
    search_url: str = ""  # where options are found while typing
    locked: str = ""  # why nobody may write it here
    instead: list[tuple[str, str]] = field(default_factory=list)  # what one can do then: (address, words)


@requires("catalog.view_product")
def product_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One product: its values in one language, its variants, pictures, history; saving goes through the door."""
    product = get_object_or_404(seen(Product.objects.select_related("family")), code_key=code_key(code))
    locales = list(Locale.objects.values_list("code", flat=True))
    locale = request.GET.get("locale", "en_US")
    locale = locale if locale in locales else "en_US"
    errors: list[ChangeError] = []
    if request.method == "POST":
        if not request.user.has_perm("catalog.change_product"):
            raise PermissionDenied
        errors = save(request, product, locale)
        if not errors:
            return redirect(f"{reverse('product_detail', kwargs={'code': product.code})}?locale={locale}")
    context = page(request, product, locale, locales, errors)
    return render(request, "catalog/product_detail.html", context, status=status_of(errors))


def status_of(errors: list[ChangeError]) -> int:
    """Of the answer to what was posted."""
    if any(e.code == "conflict" for e in errors):
        return 409
    return 422 if errors else 200


def page(
    request: HttpRequest, product: Product, locale: str, locales: list[str], errors: list[ChangeError]
) -> dict[str, Any]:
    fields = _fields(product, locale, request, errors)
    shut, aside = foretold(product, {"": [f.key for _, group in fields for f in group]})
    for _, group in fields:
        for each in group:
            each.locked = shut.get(("", each.key), "")
            each.help = aside.get(("", each.key)) or each.help
            if each.locked:
                each.instead = [way for make in instead if (way := make(request, product, each.key))]
    found = [p for make in panels if (p := make(request, product))]
    shows = partial(sight().shows, product.pk)
    holds = HeldPrice.objects.filter(variant__product=product, confirmed__isnull=True)
    journal = list(JournalEntry.objects.filter(product=product).select_related("change_set").order_by("-pk")[:30])
    told = [dict(sight().visible(product.pk, e.changes)) for e in journal]
    teller = Teller(told, locale=locale)
    return {
        "product": product,
        "name": product.name(locale),
        "locale": locale,
        "locales": locales,
        "groups": [(name, found, _is_open(n, found)) for n, (name, found) in enumerate(fields)],
        "errors": errors,
        "other_errors": [e for e in errors if not e.sku and not any(f.key == e.key for _, fs in fields for f in fs)],
        "locked": shut.get(("", ""), ""),
        "variants": _variants(request, product, locale, errors),
        "axes": [a.label(locale) for code in product.axes for a in Attribute.objects.filter(code=code)],
        "pictures": pictures.shown(product, locale) if shows("media") else None,
        "completeness": product.completeness.select_related("scope").order_by("scope__code", "locale"),
        "panels": sorted(found, key=lambda p: p.order),
        "journal": [
            {
                "entry": e,
                "changes": teller.tell(changes),
                "url": reverse("change_set_detail", kwargs={"pk": e.change_set_id}),
            }
            for e, changes in zip(journal, told, strict=True)
            if changes
        ],
        "links": links.shown(product, locale),
        "held_prices": [
            {
                "row": h,
                "amount": amount_text(h.amount),
                "what": part_label(f"offers.{h.price_list.code}.{h.field}"),
            }
            for h in holds.select_related("variant", "change_set", "price_list")
            if shows(PARTS["price"])
        ],
        "may_edit": request.user.has_perm("catalog.change_product") and not shut.get(("", "")),
    }


def _fields(
    product: Product, locale: str, request: HttpRequest, errors: list[ChangeError]
) -> list[tuple[str, list[Field]]]:
    wrong = {e.key: e for e in errors if not e.sku}
    groups: dict[str, list[Field]] = {}
    items = FamilyAttribute.objects.filter(family=product.family).select_related("attribute__group")
    for item in items.order_by("attribute__group__position", "position").prefetch_related("required_for"):
        attribute = item.attribute
        kind, spec = type_of(attribute.type), attribute.spec()
        key = f"{attribute.code}@{locale}" if attribute.localizable else attribute.code
        if (kind.has_options and attribute.code in product.axes) or not sight().shows(product.pk, key):
            continue
        value = product.values.get(key)
        text = request.POST.get(f"value:{key}", kind.export(value, spec)) if errors else kind.export(value, spec)
        error = wrong.get(key)
        choices, search_url = choices_of(attribute, locale, text)
        groups.setdefault(attribute.group.label, []).append(
            Field(
                key=key,
                label=attribute.label(locale),
                type=attribute.type,
                widget=kind.widget,
                help=attribute.help,
                text=text,
                base=request.POST.get(f"base:{key}", "")
                if error and error.code != "conflict"
                else kind.export(value, spec),
                locale=locale if attribute.localizable else "",
                required=bool(item.required_for.all()),
                choices=choices,
                error=error.message if error else "",
                theirs=kind.export(error.current, spec) if error and error.code == "conflict" else "",
                search_url=search_url,
            )
        )
    return list(groups.items())


def choices_of(attribute: Attribute, locale: str, text: str) -> tuple[list[tuple[str, str]], str]:
    """A short list to choose from, as (text, label); a long one is searched while typing, at the address returned.

    `text` is what the field holds: it stays in the list though it cannot be chosen any more, or a form that is saved
    for something else would take it away.
    """
    kind = type_of(attribute.type)
    choices = list(kind.choices)
    if kind.has_options:
        options = list(AttributeOption.objects.filter(attribute=attribute)[: SHORT + 1])
        if kind.widget != "select" or len(options) > SHORT:
            return [], reverse("option_search", kwargs={"code": attribute.code})
        choices = [(option.code, option.label(locale)) for option in options]
    if text and choices and text not in dict(choices):
        choices.append((text, text))
    return choices, ""


def _is_open(number: int, fields: list[Field]) -> bool:
    """Groups in which nothing stands and nothing is wrong are folded away; the first is always open."""
    return number == 0 or any(f.text or f.required or f.error for f in fields)


def _variants(request: HttpRequest, product: Product, locale: str, errors: list[ChangeError]) -> list[dict[str, Any]]:
    """The rows of the table; what was typed stays in its field when it could not be saved."""
    labels = {
        (o.attribute.code, o.code): o.label(locale)
        for o in AttributeOption.objects.filter(attribute__code__in=product.axes).select_related("attribute")
    }
    rows = []
    # What was seen stays what was seen, until its conflict was told.
    told = {(e.sku, e.key) for e in errors if e.code == "conflict"}
    seen = request.POST if errors else {}
    variants = list(product.variants.prefetch_related("offers__price_list", "stock_levels__location"))
    shut = locked(product, {v.sku: list(PARTS.values()) for v in variants})
    for variant in variants:
        offers = {offer.price_list.code: offer for offer in variant.offers.all()}
        levels = {level.location.code: level for level in variant.stock_levels.all()}
        offer, level = offers.pop("default", None), levels.pop("main", None)
        held = {
            "gtin": variant.gtin or "",
            "price": (amount_text(offer.price) or "") if offer else "",
            "stock": str(level.available) if level else "",
        }
        hidden = {name for name in held if not sight().shows(product.pk, PARTS[name])}
        held |= dict.fromkeys(hidden, "")
        codes = [(axis, str(variant.values.get(axis, ""))) for axis in product.axes]
        elsewhere = {
            "price": _elsewhere(
                (code, amount_text(offer.price) or "")
                for code, offer in offers.items()
                if offer.price is not None and sight().shows(product.pk, f"offers.{code}.price")
            ),
            "stock": _elsewhere(
                (code, str(level.available))
                for code, level in levels.items()
                if sight().shows(product.pk, f"stock.{code}.available")
            ),
        }
        rows.append(
            {
                "row": variant,
                "options": [labels.get(pair, pair[1]) for pair in codes],
                "fields": [
                    (
                        name,
                        label,
                        mode,
                        elsewhere.get(name, ""),
                        request.POST.get(f"{name}:{variant.sku}", now) if errors else now,
                        now if (variant.sku, PARTS[name]) in told else seen.get(f"base-{name}:{variant.sku}", now),
                        UNSEEN if name in hidden else shut.get((variant.sku, PARTS[name]), ""),
                    )
                    for (name, now), (label, mode) in zip(held.items(), VARIANT_FIELDS, strict=True)
                ],
                "errors": [e.message for e in errors if e.sku == variant.sku],
                "own": ", ".join(variant.overrides.split()),
            }
        )
    return rows


def _elsewhere(figures: Iterable[tuple[str, str]]) -> str:
    """What stands on other price lists or at other locations, which are changed on the variant's own page."""
    return ", ".join(f"{code} {figure}" for code, figure in sorted(figures))


def save(request: HttpRequest, product: Product, locale: str) -> list[ChangeError]:
    """Write what the form says, and tell what became of it; what is wrong."""
    values, base, errors = posted_values(request, product)
    variants, seen, more = _posted_variants(request, product)
    base |= seen
    errors += more
    if errors:
        return errors
    if not values and not variants:
        messages.info(request, "Nothing was changed, so nothing was saved.")
        return []
    result = write_product(ProductChange(code=product.code, values=values, base=base, variants=tuple(variants)))
    if result.status == "rejected":
        return result.errors
    tell(request, result, locale=locale)
    return []


def posted_values(
    request: HttpRequest, product: Product, *, sku: str = ""
) -> tuple[dict[str, JSON], dict[str, JSON], list[ChangeError]]:
    """Values of the product, or of one variant, whose text differs from what the editor saw; and what was seen of them,
    as a change wants to know it."""
    at = f"{sku}/" if sku else ""
    values: dict[str, JSON] = {}
    base: dict[str, JSON] = {}
    errors: list[ChangeError] = []
    attributes = {a.code: a for a in product.family.attributes.all()}
    for name, text in request.POST.items():
        kind, _, key = name.partition(":")
        attribute = attributes.get(key.split("@")[0])
        seen = str(request.POST.get(f"base:{key}", ""))
        if kind != "value" or attribute is None or str(text).replace("\r\n", "\n") == seen.replace("\r\n", "\n"):
            continue
        spec, kind_of = attribute.spec(), type_of(attribute.type)
        try:
            values[key] = kind_of.parse(str(text), spec) if str(text).strip() else None
            if kind_of.has_options:
                values[key] = codes_for(attribute, values[key])
            base[at + key] = kind_of.parse(seen, spec) if seen.strip() else None
        except ValueProblem as problem:
            errors.append(ChangeError(key=key, code=problem.code, message=str(problem), sku=sku, value=str(text)))
    return values, base, errors


def _posted_variants(
    request: HttpRequest, product: Product
) -> tuple[list[VariantChange], dict[str, JSON], list[ChangeError]]:
    """The figures of variants that differ from what the editor saw, and what was seen of them."""
    changes, errors = [], []
    base: dict[str, JSON] = {}
    for variant in product.variants.all():
        gtin = str(request.POST.get(f"gtin:{variant.sku}", variant.gtin or "")).strip()
        # A field that is locked is not sent: then it is as it was.
        was = {name: str(request.POST.get(f"base-{name}:{variant.sku}", "")).strip() for name in PARTS}
        price, stock = (str(request.POST.get(f"{name}:{variant.sku}", was[name])) for name in ("price", "stock"))
        offers, levels = {}, {}
        try:
            if price != was["price"]:
                offers["default"] = OfferChange(price=read_figure("text", price.strip()))
                base[f"{variant.sku}/{PARTS['price']}"] = was["price"] or None
            if stock != was["stock"]:
                levels["main"] = read_figure("number", stock.strip())
                base[f"{variant.sku}/{PARTS['stock']}"] = int(was["stock"]) if was["stock"] else None
        except ValueError as error:
            errors.append(ChangeError(key="", code="number", message=str(error), sku=variant.sku))
            continue
        renumbered = f"base-gtin:{variant.sku}" in request.POST and gtin != was["gtin"]
        if renumbered:
            base[f"{variant.sku}/gtin"] = was["gtin"] or None
        if offers or levels or renumbered:
            code = (gtin or None) if renumbered else UNSET
            changes.append(VariantChange(sku=variant.sku, offers=offers, stock=levels, gtin=code))
    return changes, base, errors


@requires("catalog.view_product")
def option_search(request: HttpRequest, code: str) -> HttpResponse:
    """Options of an attribute whose label or code holds `q`, for a field's list of suggestions."""
    attribute = get_object_or_404(Attribute, code=code)
    typed = next((str(text) for name, text in request.GET.items() if name == "q" or name.startswith("value:")), "")
    before, separator, last = typed.rpartition(";")
    asked = code_key(last)[:100]
    options = AttributeOption.objects.filter(attribute=attribute).filter(
        Q(label_key__contains=asked) | Q(code__icontains=asked)
    )
    head = f"{before.strip()}; " if separator else ""  # of several, the last one is being typed
    rows = ((head + o.code, o.label(request.GET.get("locale", "en_US"))) for o in options.order_by("label_key")[:50])
    return HttpResponse(format_html_join("", '<option value="{}">{}</option>', rows))


@require_POST
@requires("catalog.confirm_price")
def held_price(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a held price, or turn it down."""
    hold = get_object_or_404(seen(HeldPrice.objects.select_related("variant__product"), "variant__product"), pk=pk)
    try:
        decide(hold=hold, user=cast(User, request.user), confirm=request.POST.get("decision") == "confirm")
        messages.success(request, f"The price of {hold.variant.sku} is decided.")
    except CannotDecide as refusal:
        messages.error(request, str(refusal))
    return redirect("product_detail", code=hold.variant.product.code)
