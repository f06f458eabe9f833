"""Guard rails for prices: what looks wrong is held until a second person confirms it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from catalog.models import Offer
from catalog.products.state import amount_text

GUARDED = ("price", "sale_price")
DECIMALS = 4  # as the column holds them
LARGEST = Decimal(10) ** 12


def misfit(amount: Decimal) -> str:
    """Why the amount cannot be kept exactly, or ""."""
    if not amount.is_finite():
        return f"{amount} is no amount. Write it as 12.99."
    if abs(amount) >= LARGEST:
        return f"The amount {amount} has more than 12 digits before the point. Correct it."
    if amount != round(amount, DECIMALS):
        return f"The amount {amount} has more than {DECIMALS} decimals. Round it."
    return ""


def alarm(*, new: Decimal | None, old: Decimal | None, cost: Decimal | None, largest_move: int) -> str:
    """Why the price must be confirmed by a second person, or "" when it may pass.

    Zero, negative or below cost; or a move of more than so many percent of the old price, up or down.
    """
    if new is None:
        return ""
    if new <= 0:
        return f"The price {amount_text(new)} is not above zero."
    if cost is not None and new < cost:
        return f"The price {amount_text(new)} is below the cost of {amount_text(cost)}."
    if old and abs(new - old) * 100 > old * largest_move:
        percent = amount_text(round(abs(new - old) * 100 / old, 1), places=0)
        return f"The price moves by {percent} %, from {amount_text(old)} to {amount_text(new)}."
    return ""


def _crossed(name: str, given: Mapping[str, Any], offer: Offer) -> str:
    """Why a sale would ask for more than the price, or "". The price came first: the sale is looked at beside it."""
    over = given.get("sale_to", offer.sale_to)
    if over is not None and over <= timezone.now():
        return ""
    if name == "sale_price":
        price, sale = offer.price, given[name]
    else:  # a new sale beside it is looked at by itself
        price, sale = given[name], None if "sale_price" in given else offer.sale_price
    if price is None or sale is None or sale <= price:
        return ""
    return f"The sale price {amount_text(sale)} is above the price of {amount_text(price)}."


def put(offer: Offer, given: Mapping[str, Any], *, largest_move: int, confirmed: bool) -> dict[str, str]:
    """Write fields onto an offer, but for prices that must be confirmed first: those, with the reason.

    Costs come before prices: a price is looked at beside the cost that came with it.
    """
    for name, value in given.items():
        if name not in GUARDED:
            setattr(offer, name, value)
    alarms = {}
    for name in GUARDED:
        if name not in given or given[name] == getattr(offer, name):
            continue
        old: Decimal | None = getattr(offer, name)
        reason = ""
        if not confirmed:
            reason = alarm(new=given[name], old=old, cost=offer.cost, largest_move=largest_move)
            reason = reason or _crossed(name, given, offer)
        if reason:
            alarms[name] = reason
        else:
            setattr(offer, name, given[name])
    return alarms
