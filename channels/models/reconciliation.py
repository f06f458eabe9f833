"""Comparisons in three ways, source, hub and channel, and the gaps they found."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Reconciliation(models.Model):
    """One comparison: of a source's snapshot with us, or of us with a channel."""

    class State(models.TextChoices):
        WORKING = "working", "under way"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped"
        FAILED = "failed", "failed"

    source = models.ForeignKey("catalog.Source", null=True, on_delete=models.CASCADE, related_name="reconciliations")
    channel = models.ForeignKey("channels.Channel", null=True, on_delete=models.CASCADE, related_name="reconciliations")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    checked = models.PositiveIntegerField(default=0)
    in_sync = models.PositiveIntegerField(default=0)
    found = models.JSONField(default=dict)  # hop → gaps found
    problem = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WORKING)
    cursor = models.BigIntegerField(default=0)  # how far it is, out of `total`; it only grows
    total = models.BigIntegerField(default=0)
    place = models.TextField(blank=True)  # how the channel is asked on for all that it has
    failures = models.PositiveSmallIntegerField(default=0)
    wait_until = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(state="working"), name="compares_a_source_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["channel"], condition=models.Q(state="working"), name="compares_a_channel_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(source__isnull=True) ^ models.Q(channel__isnull=True), name="reconciles_one_hop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source or self.channel} {self.started_at}"

    @property
    def gaps_found(self) -> int:
        return sum(self.found.values())

    @property
    def percent(self) -> int:
        """How far it is; the last one is done when it says so."""
        return min(self.cursor * 100 // self.total, 99) if self.total else 0


class Gap(models.Model):
    """One figure that differs: where it arose, and who must act."""

    class Hop(models.TextChoices):
        REFUSED = "refused", "refused on the way in"
        UNREADABLE = "unreadable", "the source's line cannot be read"
        ABSENT = "absent", "unknown to the source"
        WAITING = "waiting", "on its way in"
        HELD = "held", "held until it is confirmed"
        OVERRIDDEN = "overridden", "overridden here for a time"
        LOST = "lost", "never came in"
        WRITTEN = "written", "written here by somebody else"
        QUEUED = "queued", "on its way out"
        BLOCKED = "blocked", "kept back on its way out"
        DRIFTED = "drifted", "changed on the channel"
        MISSING = "missing", "gone from the channel"
        UNREAD = "unread", "the channel could not be read"
        STRANGE = "strange", "on the channel, and not ours"

    class State(models.TextChoices):
        OPEN = "open", "open"
        ASKED = "asked", "being repaired"
        REPAIRED = "repaired", "repaired"
        PROPOSED = "proposed", "proposed"

    class Way(models.TextChoices):
        REPAIR = "repair", "put right"
        PROPOSE = "propose", "proposed to who decides"

    run = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="gaps")
    hop = models.CharField(max_length=12, choices=Hop.choices)
    sku = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    theirs = models.CharField(max_length=500)  # the source's or the channel's figure
    ours = models.CharField(max_length=500)
    who = models.CharField(max_length=200)  # must act
    line = models.JSONField(null=True)  # of the snapshot
    product = models.ForeignKey("catalog.Product", null=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.REPAIR)  # in which a repair was asked for
    note = models.CharField(max_length=300, blank=True)  # why a repair left it open
    repaired_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    repaired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["hop", "sku", "key"]
        indexes = [
            models.Index(fields=["run", "state", "hop"], name="gap_by_hop"),
            models.Index(fields=["id"], name="gap_asked", condition=models.Q(state="asked")),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.key}: {self.hop}"
