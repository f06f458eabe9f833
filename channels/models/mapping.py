"""How target fields are filled: versions, what each would change, and who put which in force."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class MappingVersion(models.Model):
    """How target fields are filled, immutable. `rules`: {target field: rule}, see channels/mapping/rules.py."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="mapping_versions")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    # What the rules must make of some values, see channels/mapping/cases.py.
    cases = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)  # what is new, in its author's words
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["channel_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["channel", "number"], name="mapping_number_once")]
        permissions = [("activate_mapping", "Can put mappings in force")]

    def __str__(self) -> str:
        return f"{self.channel_id} mapping {self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise TypeError("a mapping version is immutable; make the next one")
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class MappingActivation(models.Model):
    """A version came into force: who approved that, and what it replaced."""

    version = models.ForeignKey(MappingVersion, on_delete=models.CASCADE, related_name="activations")
    previous = models.ForeignKey(MappingVersion, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} in force"


class MappingTrial(models.Model):
    """What a version would change on the channel's products, worked out in slices. Nothing is sent.

    With a `definition`, the mapping is the one in force, and what is tried is the channel's newer definition.
    """

    class State(models.TextChoices):
        WORKING = "working", "being worked out"
        DONE = "done", "worked out"
        FAILED = "failed", "stopped at an error"

    version = models.ForeignKey(MappingVersion, on_delete=models.CASCADE, related_name="trials")
    definition = models.ForeignKey(
        "channels.ChannelDefinition", null=True, on_delete=models.CASCADE, related_name="trials"
    )
    against = models.ForeignKey(MappingVersion, null=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WORKING)
    cursor = models.PositiveBigIntegerField(default=0)  # products up to this key are done
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # {outcome: products}
    problem = models.CharField(max_length=500, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"trial of {self.version}"


class TrialLine(models.Model):
    """One product that a version would change. Products that stay as they are only count."""

    class Outcome(models.TextChoices):
        FAILS = "fails", "would be blocked"
        MENDED = "mended", "would no longer be blocked"
        CHANGED = "changed", "would change"
        BLOCKED = "blocked", "stays blocked"
        SAME = "same", "stays as it is"

    trial = models.ForeignKey(MappingTrial, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    rank = models.PositiveSmallIntegerField()  # new failures first
    changes = models.JSONField(default=list)  # [[sku, field, before, after]], the first few
    more = models.PositiveIntegerField(default=0)  # further changes, counted
    issues = models.JSONField(default=list)  # [[sku, message]] that are new

    class Meta:
        ordering = ["rank", "pk"]
        constraints = [models.UniqueConstraint(fields=["trial", "product"], name="tried_once")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.outcome}"
