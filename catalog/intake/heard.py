"""When sources were heard of last, and how much of what they said was taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from catalog.models import Heard


@dataclass(slots=True)
class Count:
    taken: int = 0
    overtaken: int = 0
    rejected: int = 0
    at: dt.datetime | None = None

    def note(self, at: dt.datetime | None, *, applied: bool, rejected: bool) -> None:
        self.taken += applied
        self.rejected += rejected
        self.overtaken += not applied and not rejected
        if at is not None and not rejected:
            self.at = max(at, self.at or at)


def hear(source: str, counts: Mapping[tuple[str, str], Count]) -> None:
    """Note what came, by (kind, place). Places that nobody knows leave no row: their rejects do."""
    now = timezone.now()
    for (kind, place), count in sorted(counts.items(), key=lambda item: item[0]):
        if not count.taken and not count.overtaken:
            Heard.objects.filter(kind=kind, source=source, place=place).update(rejected=F("rejected") + count.rejected)
            continue
        row, _ = Heard.objects.get_or_create(kind=kind, source=source, place=place[:50], defaults={"last_at": now})
        given = {
            "last_at": now,
            "taken": F("taken") + count.taken,
            "overtaken": F("overtaken") + count.overtaken,
            "rejected": F("rejected") + count.rejected,
        }
        if count.at is not None and (row.source_at is None or row.source_at < count.at):
            given["source_at"] = count.at
        Heard.objects.filter(pk=row.pk).update(**given)


def hear_again(source: str, kind: str, *, place: str = "") -> None:
    """A source said that all is as it told before: of one place, or of all that it spoke of."""
    rows = Heard.objects.filter(source=source, kind=kind)
    (rows.filter(place=place) if place else rows).update(last_at=timezone.now())


def last_heard(kind: str, place: str) -> dt.datetime | None:
    """When any source last spoke of a price list or location."""
    found: dt.datetime | None = (
        Heard.objects.filter(kind=kind, place=place).order_by("-last_at").values_list("last_at", flat=True).first()
    )
    return found
