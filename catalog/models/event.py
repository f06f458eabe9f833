"""The event log: what happened, in an order in which no reader can miss anything."""

from __future__ import annotations

from django.db import models


class DomainEvent(models.Model):
    """One committed fact. Inserted without a number; `catalog/events.py` numbers it after commit."""

    number = models.BigIntegerField(null=True, unique=True)
    type = models.CharField(max_length=50)
    product_id = models.BigIntegerField(null=True)  # no foreign key: the fact outlives the row
    product_code = models.CharField(max_length=255, blank=True)
    data = models.JSONField(default=dict)
    change_set_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="event_unnumbered", condition=models.Q(number__isnull=True))]

    def __str__(self) -> str:
        return f"{self.number}: {self.type} {self.product_code}"


class EventSequence(models.Model):
    """One row, locked while numbers are given: only one step numbers at a time."""

    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last)


class EventCursor(models.Model):
    """How far a consumer has read."""

    consumer = models.CharField(max_length=50, unique=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.consumer} at {self.number}"
