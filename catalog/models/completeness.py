"""How much of what a family requires is there, per audience and language."""

from __future__ import annotations

from django.db import models


def percent(filled: int, required: int) -> int:
    return 100 if not required else filled * 100 // required


class Completeness(models.Model):
    """Written with the values, in the same transaction, so it is never stale."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="completeness")
    scope = models.ForeignKey("catalog.Scope", on_delete=models.CASCADE, related_name="+")
    locale = models.CharField(max_length=20)
    required = models.PositiveSmallIntegerField()
    filled = models.PositiveSmallIntegerField()
    missing = models.JSONField(default=list)  # value keys
    variants = models.PositiveSmallIntegerField(default=0)
    variants_complete = models.PositiveSmallIntegerField(default=0)
    # `Family.requirements` that this was measured by; while the family is ahead, the figure is not current.
    requirements = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "scope", "locale"], name="completeness_once")]
        indexes = [
            models.Index(fields=["scope", "locale", "filled", "required"], name="completeness_filter"),
            # What lacks something is what people look for.
            models.Index(
                fields=["locale", "scope", "product"],
                condition=models.Q(filled__lt=models.F("required")),
                name="completeness_lacking",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.percent} %"

    @property
    def percent(self) -> int:
        return percent(self.filled, self.required)
