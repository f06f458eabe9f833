"""Calls that go to a channel together, as the lines of a file."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils import timezone


def new_mark() -> str:
    return f"pimhub-{secrets.token_hex(12)}"


class BulkRun(models.Model):
    """One file of calls of one kind. `due_at` is the next moment to look at it, and who looks moves it on first."""

    class State(models.TextChoices):
        GATHERING = "gathering", "gathering"
        CLOSED = "closed", "waits to be sent"  # no line is added any more
        STARTING = "starting", "being started"  # the channel may have it
        WORKING = "working", "the channel works on it"
        DONE = "done", "done"
        UNSENT = "unsent", "not sent"  # its calls go alone

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="bulk_runs")
    kind = models.CharField(max_length=50)
    state = models.CharField(max_length=10, choices=State.choices, default=State.GATHERING)
    mark = models.CharField(max_length=50, default=new_mark, unique=True)  # by what the channel's list shows it
    job = models.CharField(max_length=200, blank=True)  # the channel's own id of it
    lines_count = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)  # bytes
    urgent = models.BooleanField(default=False)  # begun by what overtakes content
    asked = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind"], condition=models.Q(state="gathering"), name="bulk_gathers_once"
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="bulk_by_due")]

    def __str__(self) -> str:
        return f"{self.kind} × {self.lines_count}: {self.state}"


class BulkLine(models.Model):
    """One call in a file; its number there is its place among the file's lines, by id."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="lines")
    placement = models.ForeignKey("channels.Placement", on_delete=models.CASCADE, related_name="bulk_lines")
    publication = models.OneToOneField("channels.Publication", on_delete=models.CASCADE, related_name="bulk_line")
    sent = models.BooleanField(default=True)  # false: the file never left
    answer = models.CharField(max_length=64, blank=True)  # blob of the channel's line; none where it gave none
    answered_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["placement"], condition=models.Q(settled_at__isnull=True), name="bulk_line_open")
        ]

    def __str__(self) -> str:
        return f"line of {self.run_id} for {self.placement_id}"
