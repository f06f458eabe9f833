"""Revisions: what was approved, frozen for good."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Revision(models.Model):
    """An approved state of a product, immutable. The manifest names the blobs that hold its parts."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    # {"product": hash, "variants": {sku: hash}, "media": hash, "context": hash, "provenance": hash}
    manifest = models.JSONField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(auto_now_add=True)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["product_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["product", "number"], name="revision_number_once")]

    def __str__(self) -> str:
        return f"{self.product_id} r{self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise TypeError("a revision is immutable; approve again to make a new one")
        super().save(*args, **kwargs)  # type: ignore[arg-type]
