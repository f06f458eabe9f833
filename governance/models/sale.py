"""Sale windows: where they need somebody's word, and who gave it to which."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history


class SalePolicy(models.Model):
    """Sales on a price list are shown when one of those named here has approved them. Without any, prices' owners
    begin sales by themselves."""

    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    # None: every list that has no policy of its own.
    price_list = models.OneToOneField("catalog.PriceList", null=True, blank=True, on_delete=models.CASCADE)
    approvers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    roles = models.ManyToManyField(Group, blank=True, related_name="+")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    history = history()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "sale policies"

    def __str__(self) -> str:
        return self.code


class SaleDecision(models.Model):
    """Somebody's word on one sale: of this price, in this window. Of several, the newest counts."""

    variant = models.ForeignKey("catalog.Variant", on_delete=models.CASCADE, related_name="sale_decisions")
    price_list = models.ForeignKey("catalog.PriceList", on_delete=models.CASCADE, related_name="+")
    sale_price = models.DecimalField(max_digits=16, decimal_places=4)
    sale_from = models.DateTimeField(null=True)
    sale_to = models.DateTimeField(null=True)
    approved = models.BooleanField()
    comment = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["variant", "price_list"], name="sale_word")]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.sale_price}"
