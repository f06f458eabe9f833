"""Typed copies of filterable and unique values, so that filters use an index on every database."""

from __future__ import annotations

from django.db import models


class ValueIndex(models.Model):
    """One searchable value. Written only by the door; the value objects are the truth."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="value_index")
    variant = models.ForeignKey("catalog.Variant", null=True, on_delete=models.CASCADE, related_name="value_index")
    attribute = models.ForeignKey("catalog.Attribute", on_delete=models.CASCADE, related_name="+")
    locale = models.CharField(max_length=20, default="", blank=True)
    scope = models.CharField(max_length=50, default="", blank=True)
    text = models.CharField(max_length=255, null=True)
    number = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    date = models.DateField(null=True)
    boolean = models.BooleanField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["attribute", "text"], name="value_text"),
            models.Index(fields=["attribute", "number"], name="value_number"),
            models.Index(fields=["attribute", "date"], name="value_date"),
            models.Index(fields=["attribute", "boolean"], name="value_boolean"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}/{self.attribute_id}"


class UniqueValue(models.Model):
    """Who holds a value of a unique attribute: a constraint, so that two writers at once cannot both have it."""

    attribute = models.ForeignKey("catalog.Attribute", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=150)  # value key
    digest = models.CharField(max_length=64)  # of the canonical value
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="unique_values")
    variant = models.ForeignKey("catalog.Variant", null=True, on_delete=models.CASCADE, related_name="unique_values")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "digest"], name="unique_value_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.product_id}"
