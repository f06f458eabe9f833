"""Prices and stock: owned by other systems, exact decimals, never inside a revision."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history
from catalog.models.locale import Currency


class PriceList(models.Model):
    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    tax_included = models.BooleanField(default=True)
    customer_group = models.CharField(max_length=50, blank=True)
    # A price that moves by more, up or down, is held until a second person confirms it.
    largest_move = models.PositiveSmallIntegerField(default=50, validators=[MinValueValidator(1)])  # percent
    history = history()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Market(models.Model):
    """Where one sells: countries, the languages tried in order, and the price list."""

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100)
    countries = models.JSONField(default=list)
    locales = models.JSONField(default=list)  # locale codes, first choice first
    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="markets")
    history = history()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Offer(models.Model):
    variant = models.ForeignKey("catalog.Variant", on_delete=models.CASCADE, related_name="offers")
    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="offers")
    price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    compare_at = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    sale_price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    sale_from = models.DateTimeField(null=True)
    sale_to = models.DateTimeField(null=True)
    cost = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    tax_class = models.CharField(max_length=50, blank=True)
    # The newest message that was taken: who sent it, and its place in the sender's own order.
    source = models.CharField(max_length=50, blank=True)  # code of the system; "" = none was named
    source_at = models.DateTimeField(null=True)  # the source's own clock
    source_sequence = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(null=True)  # by our clock; NULL = no source ever sent it
    marks = models.JSONField(default=dict)  # by field, see catalog/intake/order.py
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "price_list"], name="offer_once")]

    @property
    def ordered_by(self) -> str:
        """What said that the newest message was the newest: its sequence, its clock, or only that it came last."""
        return ordered_by(self)

    def __str__(self) -> str:
        return f"{self.variant_id} on {self.price_list_id}"


class HeldPrice(models.Model):
    """A price that looks wrong (zero, below cost, a jump): it waits for a second person."""

    variant = models.ForeignKey("catalog.Variant", on_delete=models.CASCADE, related_name="held_prices")
    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=20)  # price or sale_price
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    reason = models.CharField(max_length=300)
    change_set = models.ForeignKey("catalog.ChangeSet", on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    confirmed = models.BooleanField(null=True)

    class Meta:
        permissions = [("confirm_price", "Can confirm a held price")]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "price_list", "field"],
                condition=models.Q(confirmed__isnull=True),
                name="one_open_hold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.amount}"


class Location(models.Model):
    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100)
    history = history()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class StockLevel(models.Model):
    variant = models.ForeignKey("catalog.Variant", on_delete=models.CASCADE, related_name="stock_levels")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    available = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    incoming = models.IntegerField(default=0)
    # The newest message that was taken: who sent it, and its place in the sender's own order.
    source = models.CharField(max_length=50, blank=True)  # code of the system; "" = none was named
    source_at = models.DateTimeField(null=True)  # the source's own clock
    source_sequence = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(null=True)  # by our clock; NULL = no source ever sent it
    marks = models.JSONField(default=dict)  # by field, see catalog/intake/order.py
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "location"], name="stock_once")]

    @property
    def ordered_by(self) -> str:
        """What said that the newest message was the newest: its sequence, its clock, or only that it came last."""
        return ordered_by(self)

    def __str__(self) -> str:
        return f"{self.variant_id} at {self.location_id}"


def ordered_by(row: Offer | StockLevel) -> str:
    if row.source_sequence is not None:
        return "sequence"
    if row.source_at is not None:
        return "at"
    return "arrival" if row.received_at is not None else ""
