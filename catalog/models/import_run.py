"""Imports: the run, what became of each line, and what was wrong."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ImportRun(models.Model):
    """One file on its way in. `cursor` counts finished products, so a killed run resumes there."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "waiting for the dry run"
        PLANNING = "planning", "dry run under way"
        PLANNED = "planned", "dry run finished"
        APPLYING = "applying", "being applied"
        APPLIED = "applied", "applied"
        REFUSED = "refused", "file refused"
        STOPPED = "stopped", "stopped at an error"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    format = models.CharField(max_length=50, blank=True)
    locale = models.CharField(max_length=20, default="en_US")
    options = models.JSONField(default=dict)  # e.g. {"bad_barcodes": "empty"}
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED, db_index=True)
    refusal = models.TextField(blank=True)
    cursor = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # products in the file
    rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # buckets and more, of the last finished or running pass
    notes = models.JSONField(default=list)  # what the reader wants known of the file as a whole
    change_set = models.ForeignKey("catalog.ChangeSet", null=True, on_delete=models.PROTECT, related_name="import_runs")
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # slices in a row that ended with an error of ours
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.filename


class ImportLine(models.Model):
    """What became of one input row: exactly one bucket each."""

    class Bucket(models.TextChoices):
        CREATED = "created", "new"
        UPDATED = "updated", "changed"
        UNCHANGED = "unchanged", "unchanged"
        REJECTED = "rejected", "rejected"
        MERGED = "merged", "part of its product"

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField()
    bucket = models.CharField(max_length=10, choices=Bucket.choices)
    product_code = models.CharField(max_length=255, blank=True)
    sku = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict)  # {key: [old, new]}

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="line_once")]

    def __str__(self) -> str:
        return f"{self.line}: {self.bucket}"


class ImportProblem(models.Model):
    """One cell that was refused (or is worth a look), in words for its owner."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=255, blank=True)
    value = models.TextField(blank=True)
    code = models.CharField(max_length=50)
    message = models.TextField()
    warning = models.BooleanField(default=False)

    class Meta:
        ordering = ["line", "id"]

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class ImportFingerprint(models.Model):
    """What a file last brought of a product, and the version that it left: the same again changes nothing."""

    product = models.OneToOneField(
        "catalog.Product", primary_key=True, on_delete=models.CASCADE, related_name="import_fingerprint"
    )
    digest = models.CharField(max_length=64)
    version = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.product_id} at {self.version}"
