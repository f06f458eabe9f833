"""What is approved and not shown yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Embargo(models.Model):
    """Until a moment, a scope shows `shown` of a product and not what was approved since. At most one a scope."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="embargoes")
    scope = models.ForeignKey("catalog.Scope", on_delete=models.CASCADE)
    # What was in force when it began; None: nothing was.
    shown = models.ForeignKey("governance.Revision", null=True, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(db_index=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["until"]
        constraints = [models.UniqueConstraint(fields=["product", "scope"], name="embargo_once_a_scope")]

    def __str__(self) -> str:
        return f"{self.product_id} in {self.scope_id} until {self.until}"
