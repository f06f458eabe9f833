"""How fast a channel may be called: token buckets that all workers share and a restart does not refill."""

from __future__ import annotations

from django.db import models


class RateBucket(models.Model):
    """One limit of a channel: `tokens` calls were free at `at` (seconds of the clock), and `rate` come back a second.

    Changed by compare and set on (`tokens`, `at`), so no worker waits for another's lock.
    """

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="rates")
    name = models.CharField(max_length=100)
    rate = models.FloatField()
    burst = models.FloatField()
    tokens = models.FloatField()
    at = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "name"], name="rate_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.rate:g}/s"
