"""Held prices: a second person confirms or rejects them."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from catalog.models import HeldPrice, User
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from catalog.products.write import write_product


class CannotDecide(Exception):
    """The decision was refused; the text is for the person who made it. `status` as HTTP speaks."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def decide(*, hold: HeldPrice, user: User, confirm: bool) -> None:
    """Put a held price onto its offer, or turn it down. Call it inside `acting(…)`.

    Raises CannotDecide when the person may not, wrote the price, or the hold is over.
    """
    if not user.has_perm("catalog.confirm_price"):
        raise CannotDecide("You do not have the right to confirm prices.", 403)
    with transaction.atomic():
        held = HeldPrice.objects.select_for_update(of=("self",)).filter(pk=hold.pk, confirmed__isnull=True)
        found = held.select_related("change_set", "variant__product", "price_list").first()
        if found is None:
            raise CannotDecide("This price was decided on meanwhile.", 409)
        if found.change_set.user_id == user.pk:
            raise CannotDecide("You entered this price, so somebody else must confirm it.", 403)
        HeldPrice.objects.filter(pk=found.pk).update(confirmed=confirm, decided_by=user, decided_at=timezone.now())
        if confirm:
            _write(found)


def _write(hold: HeldPrice) -> None:
    if hold.field == "price":
        offer = OfferChange(price=hold.amount, confirmed=True)
    else:
        offer = OfferChange(sale_price=hold.amount, confirmed=True)
    variant = VariantChange(sku=hold.variant.sku, offers={hold.price_list.code: offer})
    result = write_product(ProductChange(code=hold.variant.product.code, variants=(variant,)))
    if result.status == "rejected":
        raise CannotDecide(" ".join(e.message for e in result.errors), 422)
