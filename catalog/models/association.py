"""What products have to do with one another: related, replaced by, part of a pack."""

from __future__ import annotations

from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history


class AssociationType(models.Model):
    """One-way ("accessory"), two-way ("goes with", seen from both ends), or quantified ("contains 6 of")."""

    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    labels = models.JSONField(default=dict, blank=True)  # locale → label
    two_way = models.BooleanField(default=False)
    quantified = models.BooleanField(default=False)
    history = history()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(two_way=True, quantified=True), name="quantities_go_one_way")
        ]

    def __str__(self) -> str:
        return self.code

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or self.code


class Association(models.Model):
    """One arrow. A pack is a variant with its own SKU and GTIN whose arrows say how many of what it holds.

    Of a two-way association one row is kept, on the product that it was entered at.
    """

    type = models.ForeignKey(AssociationType, on_delete=models.PROTECT, related_name="associations")
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="associations")
    variant = models.ForeignKey(
        "catalog.Variant", null=True, blank=True, on_delete=models.CASCADE, related_name="associations"
    )
    to_product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="associated_by")
    to_variant = models.ForeignKey(
        "catalog.Variant", null=True, blank=True, on_delete=models.CASCADE, related_name="associated_by"
    )
    quantity = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["product_id", "type_id", "position", "id"]

    def __str__(self) -> str:
        return f"{self.product_id} {self.type_id} {self.to_product_id}"
