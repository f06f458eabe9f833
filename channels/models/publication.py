"""Every call that could change a channel: what was sent, from what, and what came back."""

from __future__ import annotations

from django.db import models


class Publication(models.Model):
    """Written before the call, completed after it; a row without a verdict is a call with unknown outcome."""

    placement = models.ForeignKey("channels.Placement", on_delete=models.CASCADE, related_name="publications")
    operation = models.CharField(max_length=50)
    number = models.PositiveBigIntegerField()
    removal = models.BooleanField(default=False)  # a step of taking the product off the channel
    carries = models.JSONField()  # {sku or "": {facet: hash}}
    request = models.CharField(max_length=64)  # blob of the call, secrets redacted
    response = models.CharField(max_length=64, blank=True)  # blob of the answer
    revision = models.ForeignKey("governance.Revision", null=True, on_delete=models.PROTECT, related_name="+")
    mapping = models.ForeignKey("channels.MappingVersion", null=True, on_delete=models.PROTECT, related_name="+")
    offers = models.JSONField(default=dict)  # {sku: version of the offer that was rendered}
    # Of a call that the channel is still working on: what its outcome will be read with.
    context = models.JSONField(null=True)
    verdict = models.CharField(max_length=20, blank=True)  # channels/connectors/outcome.py
    message = models.TextField(blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["placement", "-id"], name="publication_by_place"),
            models.Index(fields=["created_at"], name="publication_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.number}: {self.verdict or 'under way'}"
