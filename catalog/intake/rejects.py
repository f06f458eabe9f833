"""Messages that could not be taken are kept; `again.py` tries them again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone

from catalog import change_sets
from catalog.intake.messages import ITEM, PLACE, Message
from catalog.models import Reject, User
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError
from pimhub.foundation import moments
from pimhub.foundation.among import among
from pimhub.foundation.jsonvalue import JSON, digest

OPEN = Reject.State.OPEN
HEAD = {"sku", "price_list", "location", "currency", "sequence", "at"}
# What no correction elsewhere mends: who sent it may not write it.
NOT_KEPT = {"forbidden", "internal_error"}
BATCH = 500
Place = tuple[str, str, str, str]  # kind, SKU key, place, fields


def settle(messages: Sequence[Message], found: Sequence[tuple[bool, Sequence[ChangeError]]], *, source: str) -> None:
    """Keep what was refused, and close what is not the newest any more. `found`: (applied, errors) of each."""
    bad = [(m.kind, m.line, errors) for m, (_, errors) in zip(messages, found, strict=True) if errors]
    keep(bad, source=source)
    good = [m for m, (applied, _) in zip(messages, found, strict=True) if applied]
    if not good:
        return
    newest: dict[tuple[str, str, str], Message] = {(m.kind, code_key(m.sku), m.place): m for m in good}
    rows = Reject.objects.filter(among("sku_key", {key for _, key, _ in newest}), state=OPEN, source=source)
    over = [r.pk for r in rows if (m := newest.get((r.kind, r.sku_key, r.place))) and not _newer(r, m)]
    if over:
        Reject.objects.filter(pk__in=over, state=OPEN).update(state=Reject.State.OVERTAKEN, closed_at=timezone.now())


def settle_items(codes: Iterable[str], *, source: str) -> None:
    """Close what was refused of these items: they came again since, and were taken."""
    keys = {code_key(code) for code in codes}
    rows = Reject.objects.filter(state=OPEN, source=source, kind=ITEM, sku_key__in=keys)
    rows.update(state=Reject.State.OVERTAKEN, closed_at=timezone.now())


def keep(found: Iterable[tuple[str, Any, Sequence[ChangeError]]], *, source: str) -> None:
    """Keep lines with what is wrong with them: (kind, line as it was sent, errors)."""
    user = change_sets.current_act().user
    rows: dict[Place, Reject] = {}
    counts: dict[Place, int] = {}
    for kind, line, errors in found:
        if errors[0].code in NOT_KEPT:
            continue
        row = _row(kind, line, errors, source=source, user=user)
        where = row.kind, row.sku_key, row.place, row.fields
        counts[where] = counts.get(where, 0) + 1
        if where not in rows or not _older(row, rows[where]):
            rows[where] = row
    if not rows:
        return
    held = {
        (r.kind, r.sku_key, r.place, r.fields): r
        for r in Reject.objects.filter(state=OPEN, source=source, sku_key__in={w[1] for w in rows})
    }
    now = timezone.now()
    for where, row in rows.items():
        row.times, row.first_at, row.last_at = counts[where], now, now
        if (known := held.get(where)) is None:
            continue
        said: dict[str, Any] = {"times": F("times") + row.times, "last_at": now}
        if not _older(row, known):
            said |= {n: getattr(row, n) for n in ("line", "sequence", "at", "code", "errors", "user")}
        Reject.objects.filter(pk=known.pk).update(**said)
    # Somebody else may keep the same thing at this very moment: one row is enough.
    fresh = [row for where, row in rows.items() if where not in held]
    Reject.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=BATCH)


def _row(kind: str, line: Any, errors: Sequence[ChangeError], *, source: str, user: User | None) -> Reject:
    given: Mapping[str, Any] = line if isinstance(line, dict) else {}
    names = ("code", "family") if kind == ITEM else ("sku", PLACE[kind])
    sku, place = (v if isinstance(v := given.get(n), str) else "" for n in names)
    sequence = given.get("sequence")
    system, _, code = sku.partition(":")
    # What names nothing is told apart by its words: two such lines are two things to mend.
    key = code_key(sku)[:255] if sku else "?" + digest(_plain(line))[:40]
    return Reject(
        kind=kind,
        source=source,
        sku=sku[:255],
        sku_key=key,
        foreign=code_key(code)[:255] if system else "",
        place=place[:255],
        fields=",".join(sorted(str(k) for k in given.keys() - HEAD))[:200],
        line=_plain(line),
        sequence=sequence if type(sequence) is int and abs(sequence) < 2**63 else None,
        at=_moment(given.get("at")),
        code=errors[0].code[:50],
        errors=told(errors),
        user=user,
    )


def told(errors: Sequence[ChangeError]) -> list[dict[str, JSON]]:
    return [{"key": e.key, "code": e.code, "message": e.message} for e in errors]


def _plain(value: Any) -> JSON:
    """A line as JSON holds it: exact decimals as text."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _moment(given: Any) -> dt.datetime | None:
    return moments.exact(given)


def _older(row: Reject, other: Reject) -> bool:
    if row.sequence is not None and other.sequence is not None:
        return row.sequence < other.sequence
    return row.at is not None and other.at is not None and row.at < other.at


def _newer(row: Reject, message: Message) -> bool:
    """Whether a reject is newer than a message of the same source that was taken."""
    if row.sequence is not None and message.sequence is not None:
        return row.sequence > message.sequence
    return row.at is not None and message.at is not None and row.at > message.at
