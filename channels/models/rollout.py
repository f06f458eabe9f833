"""Widening a channel step by step: a few products first, looked at live, then the rest."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Rollout(models.Model):
    class State(models.TextChoices):
        CANARY = "canary", "the first few are on their way"
        REST = "rest", "the rest is on its way"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped: too many went wrong"
        TAKEN_BACK = "taken_back", "taken back"

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="rollouts")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANARY)
    selection = models.JSONField(null=True)  # what the channel shows when it is done, as Channel.selection
    before = models.JSONField(null=True)  # and showed before
    sent_before = models.BooleanField()  # whether it sent at all
    canary = models.JSONField(default=list)  # ids of the products that go first
    adds = models.PositiveIntegerField(default=0)
    removes = models.PositiveIntegerField(default=0)
    most_bad = models.PositiveSmallIntegerField()  # percent of the first few that may go wrong
    problem = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], condition=models.Q(state__in=["canary", "rest", "stopped"]), name="one_rollout"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.state}"
