"""What channels told us: kept first, worked on later, once."""

from __future__ import annotations

import zlib

from django.db import models


class InboundEvent(models.Model):
    """One genuine message. However often the sender repeats it, it is one row, by the sender's id."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DONE = "done", "done"
        FAILED = "failed", "failed"  # it could not be read

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="messages")
    sender_id = models.CharField(max_length=255)
    topic = models.CharField(max_length=100, blank=True)
    body = models.BinaryField()  # packed
    said_at = models.DateTimeField(null=True)  # when it happened, as the sender says
    received_at = models.DateTimeField(auto_now_add=True)
    repeats = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    outcome = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["channel", "sender_id"], name="message_once")]
        indexes = [
            models.Index(fields=["id"], name="message_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["received_at"], name="message_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.sender_id}: {self.state}"

    @property
    def raw(self) -> bytes:
        return zlib.decompress(bytes(self.body))


class InboundTally(models.Model):
    """How many messages came for a channel on a day; forgeries are only counted."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="tallies")
    day = models.DateField()
    kept = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    last_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["channel", "day"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day}: {self.kept}"
