"""What is watched, who is told of it, and what is wrong now."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.history import history


class AlertRule(models.Model):
    """One thing that is watched. `probe` is a name of `channels/alerts/probes.py`; the row is made when it is first
    looked for, with the probe's own threshold."""

    probe = models.CharField(max_length=50, unique=True)
    enabled = models.BooleanField(default=True)
    threshold = models.FloatField()
    # It must be so for this long before anybody is told, and be over for as long before it counts as over.
    hold_minutes = models.PositiveIntegerField(default=2)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    second = models.ForeignKey(  # told when the owner says nothing
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    escalate_minutes = models.PositiveIntegerField(default=60)
    history = history()

    class Meta:
        ordering = ["probe"]
        permissions = [("manage_alerts", "Can say what is watched and who is told")]

    def __str__(self) -> str:
        return self.probe


class Alert(models.Model):
    """Something that is, or was, wrong with one subject (a channel, a subscription, all)."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"  # seen, not yet for long enough
        OPEN = "open", "open"
        ACKNOWLEDGED = "acknowledged", "acknowledged"  # somebody sees to it
        OVER = "over", "over"

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    subject = models.CharField(max_length=100, blank=True)
    label = models.CharField(max_length=200, blank=True)
    words = models.CharField(max_length=500)
    url = models.CharField(max_length=300, blank=True)
    value = models.FloatField()
    state = models.CharField(max_length=15, choices=State.choices, default=State.PENDING)
    began_at = models.DateTimeField()
    raised_at = models.DateTimeField(null=True)
    calm_since = models.DateTimeField(null=True)  # of one that is raised: no longer so since
    returns = models.PositiveIntegerField(default=0)  # how often it came back soon after it was over
    told_at = models.DateTimeField(null=True)  # the owner
    escalated_at = models.DateTimeField(null=True)
    told_second_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    over_at = models.DateTimeField(null=True)
    told_over_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=~models.Q(state="over"), name="alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.subject}: {self.state}"
