"""Exports: a selection of products on its way into a file."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ExportRun(models.Model):
    """First every product's rows go into a spool, then, once all columns are known, the spool into the file.

    `cursor`: the last product that was read, then how far the spool is written out (bytes). `place`: bytes of the
    file under way that count; a worker that was killed may have left more.
    """

    class State(models.TextChoices):
        READING = "reading", "products are read"
        WRITING = "writing", "the file is written"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped at an error"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    select = models.JSONField()  # as of a plan: {"text", "filter", "codes"}
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING, db_index=True)
    problem = models.TextField(blank=True)
    total = models.PositiveIntegerField()  # products that matched when it began
    products = models.PositiveIntegerField(default=0)  # read so far
    rows = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=list)
    cursor = models.BigIntegerField(default=0)
    place = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # slices in a row that ended with an error of ours
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"products-{self.pk}.csv"
