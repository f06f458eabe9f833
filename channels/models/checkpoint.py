"""How far a channel's changes are read."""

from __future__ import annotations

from django.db import models


class ChangeCheckpoint(models.Model):
    """Everything that changed on the channel up to `since` was read and settled here."""

    channel = models.OneToOneField("channels.Channel", on_delete=models.CASCADE, related_name="checkpoint")
    since = models.CharField(max_length=40)  # in the channel's own form
    asked_at = models.DateTimeField()
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.channel_id} up to {self.since}"
