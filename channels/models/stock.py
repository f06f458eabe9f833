"""How a channel's stock follows from the stock at the locations."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from catalog.models.history import history


class StockRule(models.Model):
    """Which locations a channel counts, what it holds back, and what it shows of figures that are too old."""

    class WhenStale(models.TextChoices):
        HOLD = "hold", "the last figure stays"
        WARN = "warn", "the last figure stays, with a warning"
        ZERO = "zero", "nothing is sold until the source speaks again"

    channel = models.OneToOneField("channels.Channel", on_delete=models.CASCADE, related_name="stock_rule")
    locations = models.JSONField(default=list, blank=True)  # codes in order; empty = all
    buffer = models.PositiveIntegerField(default=0)  # units held back
    cap = models.PositiveIntegerField(null=True, blank=True)  # never show more
    stale_minutes = models.PositiveIntegerField(null=True, blank=True)  # older = stale; NULL = never
    when_stale = models.CharField(max_length=10, choices=WhenStale.choices, default=WhenStale.HOLD)
    stale = models.JSONField(default=list)  # locations whose source was silent too long, when last looked at
    history = history(excluded_fields=["stale"])

    def __str__(self) -> str:
        return f"stock of {self.channel_id}"

    def clean(self) -> None:
        if not isinstance(self.locations, list) or not all(isinstance(x, str) for x in self.locations):
            raise ValidationError({"locations": 'Write a list of codes, such as ["main"].'})
        if self.stale_minutes == 0:
            raise ValidationError({"stale_minutes": "Give at least one minute, or leave it empty."})
