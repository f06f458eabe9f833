"""A word that is another one after every change of the configuration."""

from __future__ import annotations

from django.db import models


class StructureStamp(models.Model):
    """One row, written by the triggers of `catalog.stamp` alone."""

    stamp = models.CharField(max_length=36)

    def __str__(self) -> str:
        return self.stamp
