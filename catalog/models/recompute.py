"""Work that a changed configuration leaves behind: what is derived from products, derived anew."""

from __future__ import annotations

from django.db import models


class Recompute(models.Model):
    """All products of a family, looked at again in slices: completeness, filter index, search text."""

    family = models.ForeignKey("catalog.Family", on_delete=models.CASCADE, related_name="recomputes")
    cursor = models.BigIntegerField(default=0)  # primary key of the last product done
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["family"], condition=models.Q(finished_at__isnull=True), name="one_open_recompute"
            )
        ]

    def __str__(self) -> str:
        return f"{self.family_id}: {self.done}/{self.total}"
