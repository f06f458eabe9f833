"""Held prices are decided by a second person."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from catalog.change_sets import acting
from catalog.models import HeldPrice, Offer, User
from catalog.permissions import ensure_roles
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from catalog.products.held import CannotDecide, decide
from catalog.products.write import write_product
from catalog.setup import ensure_base

pytestmark = pytest.mark.django_db


def person(name: str, role: str) -> User:
    user = User.objects.create_user(name, password="a-long-password")
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def hold() -> HeldPrice:
    """The administrator lowered a price by three quarters."""
    ensure_base()
    ensure_roles()
    with acting(user=person("ada", "admin"), source="page"):
        for price in ("100.00", "25.00"):
            offer = OfferChange(price=Decimal(price))
            variant = VariantChange(sku="A", offers={"default": offer})
            result = write_product(ProductChange(code="a", family="default", variants=(variant,)))
            assert result.status != "rejected", result.errors
    assert Offer.objects.get().price == Decimal("100")
    return HeldPrice.objects.get()


def test_a_second_person_confirms_it(hold: HeldPrice) -> None:
    rafael = person("rafael", "reviewer")
    with acting(user=rafael, source="page"):
        decide(hold=hold, user=rafael, confirm=True)
    assert Offer.objects.get().price == Decimal("25")
    hold.refresh_from_db()
    assert (hold.confirmed, hold.decided_by) == (True, rafael)


def test_turning_it_down_leaves_the_old_price(hold: HeldPrice) -> None:
    rafael = person("rafael", "reviewer")
    with acting(user=rafael, source="page"):
        decide(hold=hold, user=rafael, confirm=False)
    assert Offer.objects.get().price == Decimal("100")
    with pytest.raises(CannotDecide), acting(user=rafael, source="page"):
        decide(hold=hold, user=rafael, confirm=True)


def test_who_entered_it_cannot_confirm_it(hold: HeldPrice) -> None:
    ada = User.objects.get(username="ada")
    with pytest.raises(CannotDecide) as refused, acting(user=ada, source="page"):
        decide(hold=hold, user=ada, confirm=True)
    assert refused.value.status == 403
    assert Offer.objects.get().price == Decimal("100")


def test_a_merchandiser_may_not(hold: HeldPrice) -> None:
    mara = person("mara", "merchandiser")
    with pytest.raises(CannotDecide), acting(user=mara, source="page"):
        decide(hold=hold, user=mara, confirm=True)
