"""What waits for a person's word, what a person put back, and what drifted."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Hold(models.Model):
    """A change that is not sent before somebody confirms it. Bound to exactly what it would do (`fingerprint`)."""

    class Kind(models.TextChoices):
        REMOVAL = "removal", "takes the product off the channel"
        SHRINK = "shrink", "takes many variants off the channel"
        PRICE = "price", "moves a price far"

    class State(models.TextChoices):
        OPEN = "open", "waits for a person"
        CONFIRMED = "confirmed", "confirmed"
        REJECTED = "rejected", "refused"  # what the channel shows stays, until something else is wanted
        PASSED = "passed", "within what passes unasked"
        OVER = "over", "no longer wanted"

    placement = models.ForeignKey("channels.Placement", on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    fingerprint = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["placement", "kind", "fingerprint"], name="hold_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.placement_id}: {self.state}"


class Pin(models.Model):
    """A product put back on a channel to what was shown there at a moment, until somebody lets go of it.

    `bodies`: {row: {facet: hash}} as the channel had accepted them then; none when it was not on the channel.
    Facets that are not named go on following the live revision and the offers.
    """

    placement = models.OneToOneField("channels.Placement", on_delete=models.CASCADE, related_name="pin")
    at = models.DateTimeField()
    revision = models.ForeignKey("governance.Revision", null=True, on_delete=models.PROTECT, related_name="+")
    mapping = models.ForeignKey("channels.MappingVersion", null=True, on_delete=models.PROTECT, related_name="+")
    bodies = models.JSONField(default=dict)
    facets = models.JSONField(default=list)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.placement_id} as of {self.at:%Y-%m-%d %H:%M}"


class Drift(models.Model):
    """One field that a channel shows otherwise than we sent it, and what became of it."""

    class State(models.TextChoices):
        OPEN = "open", "waits for an answer"
        KEPT = "kept", "ours was sent again"
        ADOPTED = "adopted", "theirs was proposed"
        HANDED_OVER = "handed_over", "left to the channel"
        OVER = "over", "gone by itself"

    placement = models.ForeignKey("channels.Placement", on_delete=models.CASCADE, related_name="drifts")
    sku = models.CharField(max_length=255, blank=True)
    facet = models.CharField(max_length=20)
    path = models.CharField(max_length=300)  # within the body of the facet; empty: the whole
    ours = models.JSONField(null=True)
    theirs = models.JSONField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN, db_index=True)
    found_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["placement", "state"], name="drift_by_place")]

    def __str__(self) -> str:
        return f"{self.sku} {self.facet}.{self.path}: {self.state}"
