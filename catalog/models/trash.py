"""The trash: rows stay where they are with all that hangs on them, and ordinary queries do not see them."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class InUse(models.Manager[M]):
    """Rows that are not in the trash. Their codes stay taken, so that a restore never collides."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(trashed_at__isnull=True)
