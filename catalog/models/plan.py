"""Plans: what a change of many products would do, kept so that exactly that can be applied."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class ChangePlan(models.Model):
    """A change of many products, previewed first. Worked off in slices; `cursor` is how far it is."""

    class State(models.TextChoices):
        PLANNING = "planning", "being worked out"
        PLANNED = "planned", "ready to apply"
        APPLYING = "applying", "being applied"
        APPLIED = "applied", "applied"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "stopped at an error"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30)  # of catalog/plans/kinds: edit, undo, axes, …
    what = models.JSONField(default=dict)  # what the kind needs to know
    title = models.CharField(max_length=300)
    reason = models.CharField(max_length=500, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNING, db_index=True)
    cursor = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # products looked at
    counts = models.JSONField(default=dict)
    impact = models.JSONField(default=list)  # what higher floors say it touches: [{label, count}]
    problem = models.TextField(blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    change_set = models.ForeignKey("catalog.ChangeSet", null=True, on_delete=models.PROTECT, related_name="plans")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class PlanLine(models.Model):
    """What the plan would do to one product, and what became of it."""

    class Outcome(models.TextChoices):
        CHANGES = "changes", "would change"
        UNCHANGED = "unchanged", "stays as it is"
        REJECTED = "rejected", "would be refused"
        APPLIED = "applied", "changed"
        OVERTAKEN = "overtaken", "edited since the preview, left alone"

    plan = models.ForeignKey(ChangePlan, on_delete=models.CASCADE, related_name="lines")
    product_id = models.BigIntegerField()  # no foreign key: the line outlives the row
    product_code = models.CharField(max_length=255)
    changes = models.JSONField(default=dict)  # {sku or "": {key: [old, new]}}, as the preview showed them
    errors = models.JSONField(default=list)  # [{key, code, message, sku}]
    outcome = models.CharField(max_length=10, choices=Outcome.choices)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "product_id"], name="plan_line_once")]
        indexes = [models.Index(fields=["plan", "outcome", "id"], name="plan_by_outcome")]

    def __str__(self) -> str:
        return f"{self.product_code}: {self.outcome}"
