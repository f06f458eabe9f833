"""What a channel said of our access to it, when it was last asked."""

from __future__ import annotations

from django.db import models


class ChannelHealth(models.Model):
    """One row a channel. `granted` are its rights by name; `problem` its words when it could not be asked."""

    channel = models.OneToOneField("channels.Channel", on_delete=models.CASCADE, related_name="health")
    checked_at = models.DateTimeField()
    granted = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    # The messages it sends: [{id, topic, address}]; null: it was not asked, or could not be.
    subscriptions = models.JSONField(null=True)
    subscriptions_problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.channel_id} at {self.checked_at:%Y-%m-%d %H:%M}"
