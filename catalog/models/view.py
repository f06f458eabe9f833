"""Saved views: a filter, a sort and the columns, under a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """Shared views are seen by everybody and changed by everybody who may edit products."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    shared = models.BooleanField(default=False)
    filter = models.JSONField(default=dict, blank=True)  # as in catalog/search/filters.py
    text = models.CharField(max_length=200, blank=True)
    sort = models.CharField(max_length=50, blank=True)
    columns = models.JSONField(default=list, blank=True)  # value keys and parts
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="view_name_once")]

    def __str__(self) -> str:
        return self.name
