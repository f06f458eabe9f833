"""History of the small rows people edit, tied to the change set in which they changed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.dispatch import receiver
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from pimhub.foundation import actor


class InChangeSet(models.Model):
    """Base of every history table: the change set that wrote the row, when there was one."""

    change_set_id = models.UUIDField(null=True, blank=True, db_index=True)

    class Meta:
        abstract = True


def history(**options: Any) -> HistoricalRecords:
    """History as every configuration model keeps it."""
    return HistoricalRecords(bases=[InChangeSet], **options)


@receiver(pre_create_historical_record)
def _tie_to_change_set(sender: object, history_instance: Any, **kwargs: object) -> None:
    act = actor.current.get()
    if act is not None and act.change_set is not None:
        history_instance.change_set_id = act.change_set.pk
        history_instance.history_user = act.user
