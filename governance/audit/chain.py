"""Keep facts, seal them in order, and prove that none was changed, lost or moved.

A seal is the SHA-256 of the seal before it and of all that the entry says. Entries are sealed after their
transaction, in one place at a time: a chain inside the transactions would make all of them wait for each other.
The head is kept apart, and nightly in the log, so that a chain cut short or made anew is found too.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.access import reach
from governance.models import AuditEntry, AuditHead
from pimhub.foundation.audit import Fact
from pimhub.foundation.bulk import update_objects
from pimhub.foundation.jsonvalue import canonical

BATCH = 1000
FIELDS = ("number", "at", "kind", "about", "user_id", "source", "data", "seal")


def keep(fact: Fact) -> None:
    """Add an entry, in the caller's transaction."""
    AuditEntry.objects.create(
        at=timezone.now(),
        kind=fact.kind,
        about=fact.about[:300],
        user_id=fact.user_id,
        source=fact.source,
        data=dict(fact.data),
    )


def seal_of(before: str, entry: dict[str, Any]) -> str:
    at: dt.datetime = entry["at"]
    told = [entry["number"], at.astimezone(dt.UTC).isoformat(), *(entry[name] for name in FIELDS[2:-1])]
    return hashlib.sha256(before.encode() + canonical(told)).hexdigest()


def readable(query: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """The entries but for those about products that the person acting does not reach."""
    if (codes := reach.codes()) is None:
        return query
    return query.filter(~Q(about__startswith="product:") | Q(about__in=codes))


def seal_all() -> int:
    """Number and seal what is committed, in order; how many."""
    count = 0
    while more := _seal_some():
        count += more
    return count


def _seal_some() -> int:
    with transaction.atomic():
        AuditHead.objects.get_or_create(pk=1)
        head = AuditHead.objects.select_for_update().get(pk=1)
        waiting = list(AuditEntry.objects.filter(number__isnull=True).order_by("pk")[:BATCH])
        for entry in waiting:
            head.number += 1
            entry.number = head.number
            head.seal = entry.seal = seal_of(head.seal, {name: getattr(entry, name) for name in FIELDS})
        update_objects(waiting, ["number", "seal"])
        if waiting:
            head.save()
    return len(waiting)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at which number."""

    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.number}: {self.what}"


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of a check: how many entries, the last seal, and every fault."""

    entries: int
    seal: str
    faults: tuple[Fault, ...]


def verify(*, anchor: tuple[int, str] | None = None) -> Proof:
    """Walk the whole chain. `anchor` is a number with its seal that was noted elsewhere before.

    After a broken entry the walk goes on from the seal that the entry has, so that each fault is told once.
    """
    faults = list(_early())
    count, before, last = 0, "", 0
    for entry in _entries():
        count += 1
        number = entry["number"]
        if number != last + 1:
            missing = f"{last + 1} to {number - 1}" if number > last + 2 else f"{last + 1}"
            faults.append(Fault(last + 1, f"missing: {missing}"))
        if seal_of(before, entry) != entry["seal"]:
            faults.append(Fault(number, "changed, or not what stood after the entry before it"))
        if anchor is not None and anchor[0] == number and anchor[1] != entry["seal"]:
            faults.append(Fault(number, "not what was noted: the chain was made anew"))
        before, last = entry["seal"], number
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    if (head.number, head.seal) != (last, before):
        faults.append(Fault(max(head.number, last), f"the chain ends at {last}, its head says {head.number}"))
    if anchor is not None and anchor[0] > last:
        faults.append(Fault(anchor[0], "missing: it was noted, and is not there"))
    return Proof(entries=count, seal=before, faults=tuple(faults))


def _early() -> Iterator[Fault]:
    for number in AuditEntry.objects.filter(number__lt=1).values_list("number", flat=True):
        yield Fault(number or 0, "a number that no entry gets")


def _entries() -> Iterator[dict[str, Any]]:
    rows = AuditEntry.objects.filter(number__gte=1).order_by("number").values(*FIELDS)
    yield from rows.iterator(chunk_size=2000)
