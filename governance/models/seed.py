"""Known errors in the queue of drafts: they measure whether reviewers look."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from governance.models.copy_run import Draft


class SeedPolicy(models.Model):
    """How many drafts of the queue are seeds, in percent; one row."""

    percent = models.PositiveSmallIntegerField(default=0)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.percent} %"


class SeededDraft(models.Model):
    """A copy of a draft with one thing changed for the worse. It is no proposal, so nothing can write it anywhere."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="seeds")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    kind = models.CharField(max_length=20)
    before = models.CharField(max_length=500)
    after = models.CharField(max_length=500)
    claims = models.JSONField(default=list)
    flags = models.PositiveIntegerField(default=0)
    caught = models.BooleanField(null=True)  # None while nobody decided
    shown_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["draft", "reviewer"], name="seed_once")]

    def __str__(self) -> str:
        return f"seed {self.pk}"
