"""Values that somebody set over their owner's, for a time."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Override(models.Model):
    """A layer over the owner's value: what the owner writes meanwhile waits below, and comes back at its end."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="overrides")
    sku = models.CharField(max_length=255, blank=True)  # "" = of the product itself
    key = models.CharField(max_length=255)
    # As in the journal: [the owner's value, the value set over it, which of the two is a deliberate null].
    pair = models.JSONField()
    owner = models.ForeignKey("catalog.ExternalSystem", null=True, on_delete=models.CASCADE)  # None: people
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["until"]
        constraints = [models.UniqueConstraint(fields=["product", "sku", "key"], name="override_once_a_value")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.sku} {self.key} until {self.until}"
