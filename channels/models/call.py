"""One row for each call to a channel: who was called, for what, how it came out, how long it took."""

from __future__ import annotations

from django.db import models


class Call(models.Model):
    """Kept for a month (catalog.tidy's sweep); what was sent and answered by a writing call is in its publication."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="calls")
    placement = models.ForeignKey("channels.Placement", null=True, on_delete=models.SET_NULL, related_name="calls")
    publication = models.ForeignKey("channels.Publication", null=True, on_delete=models.SET_NULL, related_name="calls")
    operation = models.CharField(max_length=50)  # of the connector, or read, token, definition
    skus = models.JSONField(default=list)  # rows that it carries
    remote_id = models.CharField(max_length=400, blank=True)
    request_id = models.CharField(max_length=200, blank=True)  # the channel's own
    attempt = models.PositiveSmallIntegerField(default=1)
    verdict = models.CharField(max_length=20, blank=True)
    status = models.PositiveSmallIntegerField(default=0)  # 0: no answer
    milliseconds = models.PositiveIntegerField(default=0)
    waited = models.PositiveIntegerField(default=0)  # milliseconds for its turn, before it left
    request = models.CharField(max_length=64, blank=True)  # blob of the call, secrets redacted
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["channel", "-at"], name="call_by_channel"),
            models.Index(fields=["placement", "-at"], name="call_by_place"),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.verdict or self.status}"
