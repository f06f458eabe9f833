"""What stands against a listing, attached to the value that causes it."""

from __future__ import annotations

from django.db import models


class ChannelIssue(models.Model):
    class Source(models.TextChoices):
        PREFLIGHT = "preflight", "checked here before sending"
        CHANNEL = "channel", "answered by the channel"
        READ_BACK = "read_back", "seen on the channel"

    placement = models.ForeignKey("channels.Placement", on_delete=models.CASCADE, related_name="issues")
    source = models.CharField(max_length=10, choices=Source.choices)
    sku = models.CharField(max_length=255, blank=True)
    field = models.CharField(max_length=100, blank=True)  # target field of the connector
    key = models.CharField(max_length=200, blank=True)  # value key that feeds it
    code = models.CharField(max_length=100)
    severity = models.CharField(max_length=10)  # error or warning
    message = models.TextField()
    url = models.CharField(max_length=500, blank=True)
    first_seen = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(auto_now=True)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["severity", "sku", "id"]  # "error" sorts before "warning"
        indexes = [models.Index(fields=["placement", "cleared_at"], name="issue_open")]

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}"
