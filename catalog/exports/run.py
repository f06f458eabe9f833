"""Export runs: products are read into a spool, then the spool is written as a table, in slices that may be killed.

One pass over the products tells their rows and which columns there are, so no key that appears meanwhile is lost. The
cursor moves with what was written before it; a worker that was killed leaves more bytes behind than count, and the
next one cuts them off. A worker that lost its lease finds the cursor moved and leaves off.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog import events
from catalog.access.reach import seen
from catalog.change_sets import acting
from catalog.exports.table import Row, Writer, columns_of, rows_of
from catalog.models import ChangeSet, ExportRun, Product, User
from catalog.plans.kinds.selection import check_selection, selected
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

logger = logging.getLogger("pimhub.exports")

S = ExportRun.State
CHUNK = 200  # products read at once
LINES = 1000  # rows written at once
SLICE_SECONDS = 5.0
LEASE = dt.timedelta(seconds=90)
TRIES = 3  # of a slice that ends with an error of ours; then a person has to look
KEPT = dt.timedelta(days=7)


def export_csv(path: Path, products: QuerySet[Product] | None = None) -> int:
    """Write products (all, unless some are chosen) to `path` (CSV, UTF-8 with BOM), whole or not at all; how many
    rows. For the columns see `table`."""
    chosen = seen(Product.objects.all() if products is None else products)
    ids = iter(list(chosen.order_by("pk").values_list("pk", flat=True)))
    draft, rows, count = path.with_name(f".{path.name}.part"), 0, 0
    names: set[str] = set()
    with tempfile.TemporaryFile() as spool:
        while some := list(islice(ids, CHUNK)):
            count += len(some)
            for row in rows_of(some):
                names |= row.keys()
                spool.write(orjson.dumps(row) + b"\n")
        spool.seek(0)
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = Writer(file, columns_of(names))
            writer.header()
            for line in spool:
                writer.line(orjson.loads(line))
                rows += 1
    draft.replace(path)
    audit.record("export", rows=rows, products=count, whole=products is None)
    return rows


# ---- in the background ----


class Overtaken(Exception):
    """Another worker went on with the run meanwhile."""


def start_run(*, user: User, select: Mapping[str, JSON], total: int) -> ExportRun:
    """Queue an export of what the person sees of a selection. Raises BadPlan for what is none."""
    check_selection(dict(select))
    run = ExportRun.objects.create(user=user, select=dict(select), total=total)
    events.ring("exports")
    return run


def waiting_runs() -> list[int]:
    """Runs that a worker may take up."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    found = ExportRun.objects.filter(free, state__in=(S.READING, S.WRITING))
    return list(found.order_by("pk").values_list("pk", flat=True))


def file_of(run: ExportRun) -> Path:
    return _room() / f"{run.pk}.csv"


def advance(run_id: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Work on a run for one slice if it is free; whether it wants another slice."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    open_ = ExportRun.objects.filter(free, pk=run_id, state__in=(S.READING, S.WRITING))
    if not open_.update(lease_until=now + LEASE):
        return False
    run = ExportRun.objects.select_related("user").get(pk=run_id)
    until = time.monotonic() + seconds
    with acting(user=run.user, source=ChangeSet.Source.PAGE):
        try:
            (_read if run.state == S.READING else _write)(run, until)
        except Overtaken:
            return True
        except Exception as error:
            logger.exception("an export stopped", extra={"run": run_id})
            _stumble(run, error)
    ExportRun.objects.filter(pk=run.pk).update(lease_until=None)
    return run.state in (S.READING, S.WRITING)


def work_through(run: ExportRun) -> ExportRun:
    """Work a run through in this process."""
    while advance(run.pk, seconds=math.inf):
        pass
    run.refresh_from_db()
    return run


def forget_old() -> None:
    """Files are for fetching, not for keeping: what an export said is not what there is."""
    for run in ExportRun.objects.filter(created_at__lt=timezone.now() - KEPT):
        file_of(run).unlink(missing_ok=True)
        _spool(run).unlink(missing_ok=True)
        _draft(run).unlink(missing_ok=True)
        run.delete()


def _read(run: ExportRun, until: float) -> None:
    """Products into the spool, in the order of their ids, until the time is over or all are there."""
    query = seen(selected(run.select)).order_by("pk").values_list("pk", flat=True)
    with _opened(_spool(run), run.place) as spool:
        while True:
            ids = list(query.filter(pk__gt=run.cursor)[:CHUNK])
            if not ids:
                break
            rows = list(rows_of(ids))
            spool.write(b"".join(orjson.dumps(row) + b"\n" for row in rows))
            names = set(run.columns).union(*rows)
            said = {"products": run.products + len(ids), "rows": run.rows + len(rows), "columns": sorted(names)}
            _move(run, cursor=ids[-1], place=_synced(spool), **said)
            if time.monotonic() > until:
                return
    _move(run, state=S.WRITING, cursor=0, place=0)


def _write(run: ExportRun, until: float) -> None:
    """The spool as a table, until the time is over or all is written."""
    if not file_of(run).exists() and not _written(run, until):
        return
    with transaction.atomic():
        _move(run, state=S.DONE, finished_at=timezone.now())
        audit.record("export", rows=run.rows, products=run.products, whole=not any(run.select.values()))
    _spool(run).unlink(missing_ok=True)


def _written(run: ExportRun, until: float) -> bool:
    """Whether all of it is."""
    with (
        _spool(run).open("rb") as spool,
        _opened(_draft(run), run.place) as raw,
        open(raw.fileno(), "w", encoding="utf-8", newline="", closefd=False) as file,
    ):
        writer = Writer(file, columns_of(run.columns))
        if run.place == 0:
            file.write("\ufeff")
            writer.header()
        spool.seek(run.cursor)
        while lines := list(islice(_lines(spool), LINES)):
            for line in lines:
                writer.line(line)
            file.flush()
            _move(run, cursor=spool.tell(), place=_synced(raw))
            if time.monotonic() > until:
                return False
        file.flush()
        _synced(raw)
    _draft(run).replace(file_of(run))
    return True


def _lines(spool: Any) -> Iterator[Row]:
    while line := spool.readline():  # not by iterating, which reads ahead of `tell`
        yield orjson.loads(line)


def _move(run: ExportRun, **fields: Any) -> None:
    """Keep what is done. Raises Overtaken when another worker did meanwhile."""
    ours = ExportRun.objects.filter(pk=run.pk, state=run.state, cursor=run.cursor)
    if not ours.update(**fields, failures=0, lease_until=timezone.now() + LEASE):
        raise Overtaken
    for name, value in fields.items():
        setattr(run, name, value)


def _stumble(run: ExportRun, error: Exception) -> None:
    """Try the slice again, a few times; then stop and say so."""
    ExportRun.objects.filter(pk=run.pk).update(failures=F("failures") + 1)
    run.refresh_from_db(fields=["failures"])
    if run.failures < TRIES:
        time.sleep(run.failures)  # what is passing, such as a busy database, gets a moment to pass
        return
    run.state, run.finished_at = S.STOPPED, timezone.now()
    run.problem = f"{type(error).__name__}: {error}"[:500]
    run.save(update_fields=["state", "problem", "finished_at"])


def _opened(path: Path, place: int) -> Any:
    """The file, open at `place`, without what a killed worker left behind that. Raises Overtaken while another worker
    has it open, who may have been thought dead."""
    file = path.open("r+b" if place else "a+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Overtaken from None
    file.truncate(place)
    file.seek(place)
    return file


def _synced(file: Any) -> int:
    """Where we are in the file, once all of it is on the disk."""
    os.fsync(file.fileno())
    return os.lseek(file.fileno(), 0, os.SEEK_CUR)


def _room() -> Path:
    room: Path = settings.PIMHUB_HOME / "exports"
    room.mkdir(exist_ok=True)
    return room


def _spool(run: ExportRun) -> Path:
    return _room() / f"{run.pk}.spool"


def _draft(run: ExportRun) -> Path:
    return _room() / f"{run.pk}.part"
