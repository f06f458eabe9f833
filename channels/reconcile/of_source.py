"""A source and us: each figure of its snapshot compared with ours, then ours that the snapshot does not know.

The cursor counts bytes of the snapshot, and beyond its end keys of our rows. Which figures the snapshot told of is kept
in a small database beside it on the disk, so that memory stays flat and a killed worker loses nothing.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from catalog.intake.messages import OFFER, Message, read
from catalog.intake.take import in_our_codes
from catalog.models import Delivery, HeldPrice, Offer, Reject, Source, StockLevel, Variant
from catalog.models.codes import code_key
from catalog.products.reference import load_reference
from catalog.products.wire import BadForm
from catalog.sources import snapshot
from catalog.sources.rows import BadFile, Profile, readable, rows
from channels.models import Gap, Reconciliation
from channels.reconcile.step import Step, text
from governance.models import Override

BATCH = 1000
H = Gap.Hop


def folder(run: Reconciliation) -> Path:
    return Path(settings.PIMHUB_HOME) / "reconciliations" / str(run.pk)


def step(run: Reconciliation) -> Step:
    """Compare the next lines, or our next rows. Raises BadFile."""
    source, profile = _source(run), Profile.of(_source(run))
    if source.delivers == Source.Delivers.ITEM:
        raise BadFile("Items are not compared: only prices and stock have figures.")
    path = folder(run) / "snapshot"
    if not path.exists():
        if run.cursor:
            raise BadFile("The snapshot is gone from the disk. Compare anew.")
        snapshot.fetch(source, path)
    told = readable(path, profile)
    size = told.stat().st_size
    if run.cursor >= size and run.checked:
        return _absent(run, source, size)
    found = list(itertools.islice(rows(told, profile, start=run.cursor), BATCH))
    messages, gaps = _read(run, source, [(line, error) for _, line, error in found])
    _remember(run, messages)
    wrong = _gaps(run, source, messages)
    off = {(g.sku, (g.line or {}).get("location"), (g.line or {}).get("price_list")) for g in wrong}
    cursor = found[-1][0] if len(found) == BATCH else size
    if not found and not run.checked:
        raise BadFile("The snapshot is empty. Without a line in it, nothing can be compared.")
    return Step(cursor, size, len(found), len(messages) - len(off), gaps + wrong)


def _source(run: Reconciliation) -> Source:
    assert run.source is not None
    return run.source


def _owner(source: Source) -> str:
    return str(source.owner.display_name) if source.owner else f"who answers for {source.system}"


def _read(
    run: Reconciliation, source: Source, lines: Sequence[tuple[Any, BadForm | None]]
) -> tuple[list[Message], list[Gap]]:
    """The lines as messages in our codes; what cannot be read is a gap of its own."""
    found, gaps = [], []
    for line, error in lines:
        try:
            if error is not None:
                raise error
            found.append(read(source.delivers, line))
        except BadForm as problem:
            sku = line.get("sku", "") if isinstance(line, dict) else ""
            said = problem.errors[0].message
            gaps.append(
                Gap(
                    run=run,
                    hop=H.UNREADABLE,
                    sku=str(sku)[:255],
                    theirs=said[:500],
                    who=_owner(source),
                    line=plain(line),
                )
            )
    return in_our_codes(found, load_reference()), gaps


def _gaps(run: Reconciliation, source: Source, messages: Sequence[Message]) -> list[Gap]:
    keys = {code_key(m.sku) for m in messages}
    model: Any = Offer if source.delivers == OFFER else StockLevel
    place = "price_list" if source.delivers == OFFER else "location"
    held = {
        (row.variant.sku_key, getattr(row, place).code): row
        for row in model.objects.filter(variant__sku_key__in=keys).select_related("variant", place)
    }
    products = dict(Variant.objects.filter(sku_key__in=keys).values_list("sku_key", "product_id"))
    why = _Why(source, keys, set(products.values()))
    gaps = []
    for message in messages:
        row = held.get((code_key(message.sku), message.place))
        for name, theirs in message.said():
            ours = getattr(row, name) if row is not None else None
            if ours == theirs:
                continue
            key = f"offers.{message.place}.{name}" if message.offer else f"stock.{message.place}.available"
            hop, who = why.of(message, key, row)
            gap = Gap(run=run, hop=hop, sku=message.sku, key=key, ours=text(ours), theirs=text(theirs), who=who)
            gap.line, gap.product_id = plain(message.line), products.get(code_key(message.sku))
            gaps.append(gap)
    return gaps


class _Why:
    """Where on its way in a figure was left."""

    def __init__(self, source: Source, keys: set[str], products: set[int]) -> None:
        self.source = source
        self.owner = _owner(source)
        rejects = Reject.objects.filter(state=Reject.State.OPEN, source=source.system.code, sku_key__in=keys)
        self.refused = {(r.sku_key, r.place) for r in rejects}
        holds = HeldPrice.objects.filter(variant__sku_key__in=keys, confirmed__isnull=True)
        self.held = {
            (key, f"offers.{place}.{name}")
            for key, place, name in holds.values_list("variant__sku_key", "price_list__code", "field")
        }
        overrides = Override.objects.filter(product_id__in=products).select_related("set_by")
        self.overridden = {(code_key(o.sku), o.key): o for o in overrides}
        self.waiting = source.deliveries.filter(state=Delivery.State.WORKING).exists()

    def of(self, message: Message, key: str, row: Offer | StockLevel | None) -> tuple[str, str]:
        sku = code_key(message.sku)
        if (sku, message.place) in self.refused:
            return H.REFUSED, self.owner
        if (sku, key) in self.held:
            return H.HELD, "who may confirm prices"
        if layer := self.overridden.get((sku, key)):
            return H.OVERRIDDEN, layer.set_by.display_name if layer.set_by else "who set it"
        if self.waiting:
            return H.WAITING, "nobody, it is on its way"
        if row is not None and row.received_at is not None and row.source == self.source.system.code:
            known = row.source_sequence is None or message.sequence is None or message.sequence > row.source_sequence
            return (H.LOST, self.owner) if known else (H.WRITTEN, "who changed it here")
        return (H.WRITTEN, "who changed it here") if row is not None else (H.LOST, self.owner)


# ---- what the snapshot does not know ----


def _book(run: Reconciliation) -> closing[sqlite3.Connection]:
    held = sqlite3.connect(folder(run) / "told.sqlite3", timeout=20)
    held.execute("CREATE TABLE IF NOT EXISTS told (sku TEXT, place TEXT, PRIMARY KEY (place, sku)) WITHOUT ROWID")
    return closing(held)


def _remember(run: Reconciliation, messages: Sequence[Message]) -> None:
    with _book(run) as held, held:
        pairs = [(code_key(m.sku), m.place) for m in messages]
        held.executemany("INSERT OR IGNORE INTO told (sku, place) VALUES (?, ?)", pairs)


def _absent(run: Reconciliation, source: Source, size: int) -> Step:
    """Our figures of the source, at places that the snapshot speaks of, for SKUs that it does not."""
    model: Any = Offer if source.delivers == OFFER else StockLevel
    place, name = ("price_list", "price") if source.delivers == OFFER else ("location", "available")
    with _book(run) as held:
        places = [row[0] for row in held.execute("SELECT DISTINCT place FROM told")]
        found = model.objects.filter(source=source.system.code, pk__gt=run.cursor - size)
        found = found.filter(**{f"{place}__code__in": places, "variant__product__trashed_at": None})
        batch = list(found.select_related("variant", place).order_by("pk")[:BATCH])
        gaps = list(_unknown(run, source, held, [(row, getattr(row, place).code) for row in batch], name))
    cursor = size + batch[-1].pk if batch else run.cursor
    return Step(cursor, checked=len(gaps), gaps=gaps, over=len(batch) < BATCH)


def _unknown(
    run: Reconciliation, source: Source, held: sqlite3.Connection, batch: Sequence[tuple[Any, str]], name: str
) -> Iterator[Gap]:
    for row, place in batch:
        if held.execute("SELECT 1 FROM told WHERE place = ? AND sku = ?", (place, row.variant.sku_key)).fetchone():
            continue
        key = f"offers.{place}.{name}" if source.delivers == OFFER else f"stock.{place}.{name}"
        ours = text(getattr(row, name))
        about = {"sku": row.variant.sku, "product_id": row.variant.product_id}
        yield Gap(run=run, hop=H.ABSENT, key=key, ours=ours, theirs="", who=_owner(source), **about)


def plain(line: Any) -> Any:
    """A line as JSON holds it."""
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in line.items()} if isinstance(line, dict) else None
