"""What one variant costs on each price list, and how many of it are where."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest

from catalog.access.reach import sight
from catalog.models import Location, PriceList, Product, Variant
from catalog.products.changes import ChangeError, OfferChange, ProductChange, VariantChange
from catalog.products.guards import locked
from catalog.products.load import load_states
from catalog.products.state import flatten
from catalog.products.write import write_product
from catalog.views.written import tell
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.moments import exact, on_the_clock, zones
from pimhub.foundation.money import parse_amount

FIELDS = {
    "price": ("Price", "text"),
    "compare_at": ("Compare at", "text"),
    "sale_price": ("Sale price", "text"),
    "sale_from": ("Sale from", "datetime-local"),
    "sale_to": ("Sale until", "datetime-local"),
    "cost": ("Cost", "text"),
    "available": ("Available", "number"),
}
OF_OFFERS = tuple(FIELDS)[:-1]
ZONE = "zone"  # of the session: what a person chose last


@dataclass(slots=True)
class Cell:
    """A figure on the form. `name` is its part of the record, such as offers.default.price."""

    name: str
    label: str
    type: str
    text: str
    was: JSON  # as the record holds it
    seen: str = ""  # as it stood here before anybody typed
    locked: str = ""
    error: str = ""

    @property
    def was_json(self) -> str:
        return json.dumps(self.was)


@dataclass(slots=True)
class Line:
    code: str
    label: str
    cells: list[Cell]


def shown(request: HttpRequest, product: Product, variant: Variant, errors: list[ChangeError]) -> dict[str, Any]:
    """Everything that the panel needs; what was typed stands where it could not be saved."""
    zone = zone_of(request)
    held = flatten(load_states(ids=[product.pk], lock=False)[product.code_key]).get(variant.sku, {})
    lists = [
        Line(each.code, f"{each.label or each.code} ({each.currency.code})", _cells(f"offers.{each.code}", held, zone))
        for each in PriceList.objects.select_related("currency")
    ]
    stock = [
        Line(each.code, each.label or each.code, _cells(f"stock.{each.code}", held, zone))
        for each in Location.objects.all()
    ]
    for line in (*lists, *stock):
        line.cells = [cell for cell in line.cells if sight().shows(product.pk, cell.name)]
    cells = [cell for line in (*lists, *stock) for cell in line.cells]
    shut = locked(product, {variant.sku: [cell.name for cell in cells]})
    wrong = {error.key: error.message for error in errors}
    for cell in cells:
        cell.locked = shut.get((variant.sku, cell.name)) or shut.get(("", ""), "")
        cell.error = wrong.get(cell.name, "")
        if errors:
            cell.text = request.POST.get(cell.name, cell.text)
    told = {cell.name.rpartition(".")[2] for cell in cells}
    return {
        "lists": [line for line in lists if line.cells],
        "labels": [FIELDS[name][0] for name in OF_OFFERS if name in told],
        "stock": [line for line in stock if line.cells],
        "zone": zone,
        "zones": zones(),
    }


def zone_of(request: HttpRequest) -> str:
    zone = str(request.POST.get("zone") or request.session.get(ZONE, "Europe/Berlin"))
    return zone if zone in zones() else "Europe/Berlin"


def _cells(part: str, held: dict[str, JSON], zone: str) -> list[Cell]:
    names = OF_OFFERS if part.startswith("offers.") else ("available",)
    return [_cell(f"{part}.{name}", *FIELDS[name], held.get(f"{part}.{name}"), zone) for name in names]


def _cell(name: str, label: str, kind: str, held: JSON, zone: str) -> Cell:
    text = "" if held is None else str(held)
    if kind == "datetime-local" and (moment := exact(text)):
        text = moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return Cell(name, label, kind, text, held, seen=text)


def save(request: HttpRequest, product: Product, variant: Variant, locale: str) -> list[ChangeError]:
    """Write what was typed over what was seen, all of it or nothing; what is wrong."""
    zone = str(request.POST.get("zone", "")).strip()
    given: dict[str, Any] = {}
    base: dict[str, JSON] = {}
    errors = []
    for name, typed in request.POST.items():
        text, kind = str(typed).strip(), FIELDS.get(name.rpartition(".")[2], ("", ""))[1]
        if not kind or not name.startswith(("offers.", "stock.")) or text == request.POST.get(f"seen:{name}"):
            continue
        try:
            given[name] = read_figure(kind, text, zone)
            base[f"{variant.sku}/{name}"] = json.loads(request.POST.get(f"was:{name}", "null"))
        except ValueError as error:
            errors.append(ChangeError(key=name, code="bad_value", message=str(error), sku=variant.sku, value=text))
    if errors:
        return errors
    if not given:
        messages.info(request, "Nothing was changed, so nothing was saved.")
        return []
    request.session[ZONE] = zone_of(request)
    result = write_product(ProductChange(code=product.code, variants=(_change(variant.sku, given),), base=base))
    if result.status == "rejected":
        return result.errors
    tell(request, result, locale=locale)
    return []


def read_figure(kind: str, text: str, zone: str = "UTC") -> Any:
    """What was typed for a field of `kind`, on the clock of `zone`. Raises ValueError, in words for who typed it."""
    if kind == "number":
        if not text.lstrip("-").isdigit():
            raise ValueError(f"“{text}” is no number of units. Write a whole one, such as 0.")
        return int(text)
    if not text:
        return None
    return on_the_clock(text, zone).astimezone(dt.UTC) if kind == "datetime-local" else parse_amount(text)


def _change(sku: str, given: dict[str, Any]) -> VariantChange:
    offers: dict[str, dict[str, Any]] = {}
    stock: dict[str, int] = {}
    for name, value in given.items():
        part, _, rest = name.partition(".")
        place, _, key = rest.rpartition(".")
        if part == "stock":
            stock[place] = value
        else:
            offers.setdefault(place, {})[key] = value
    return VariantChange(sku=sku, offers={place: OfferChange(**own) for place, own in offers.items()}, stock=stock)
