"""Work that a changed configuration leaves behind: figures to measure again, values to index."""

from __future__ import annotations

from django.db import models


class Recompute(models.Model):
    """All products of a family, or all with an attribute, looked at again in slices. One open row per subject."""

    class Kind(models.TextChoices):
        COMPLETENESS = "completeness", "completeness"
        INDEX = "index", "filter index"

    kind = models.CharField(max_length=15, choices=Kind.choices)
    family = models.ForeignKey("catalog.Family", null=True, on_delete=models.CASCADE, related_name="recomputes")
    attribute = models.ForeignKey("catalog.Attribute", null=True, on_delete=models.CASCADE, related_name="recomputes")
    cursor = models.BigIntegerField(default=0)  # primary key of the last product done
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.done}/{self.total}"
