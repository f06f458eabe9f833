"""Import runs: a file is surveyed, planned (dry run), confirmed and applied, in slices that may be killed.

The cursor counts products that are finished. One transaction writes a batch of products, their lines and the
new cursor, so a killed worker leaves whole batches behind and the next one goes on after them. A worker that
lost its lease finds the cursor moved and takes its own batch back.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting, current_act
from catalog.imports import again
from catalog.imports.error_file import write_error_file
from catalog.imports.formats.base import ParsedProduct, Reading, ReadOptions, detect
from catalog.imports.known import Known
from catalog.imports.merge import merged
from catalog.imports.outcome import LineOutcome, outcomes
from catalog.imports.problems import FileRefused, RowError
from catalog.imports.readers.csv import open_table
from catalog.imports.resolve import Resolver
from catalog.models import ChangeSet, ImportLine, ImportProblem, ImportRun, MediaLink, User
from catalog.models.codes import code_key
from catalog.products.application import shown
from catalog.products.changes import ChangeError, MediaChange, ProductChange
from catalog.products.write import WriteResult, write_products
from pimhub.foundation.bulk import append
from pimhub.foundation.jsonvalue import JSON

logger = logging.getLogger("pimhub.imports")

S = ImportRun.State
SLICE_SECONDS = 5.0
LEASE = dt.timedelta(seconds=90)
BATCH = 100  # products a transaction
FAMILY = "default"
BUCKETS = [b.value for b in ImportLine.Bucket]
TRIES = 3  # of a slice that ends with an error of ours; then a person has to look


class Overtaken(Exception):
    """Another worker went on with the run meanwhile; what we were about to write is taken back."""


def start_run(
    *,
    user: User | None,
    filename: str,
    chunks: Iterable[bytes],
    locale: str = "en_US",
    bad_barcodes: str = "reject",
    empty_cells: str = "keep",
    decimals: str = "",
    form: str = "",
    system: str = "",
    apply: bool = False,
) -> ImportRun:
    """Keep the file and queue its dry run; with `apply`, the import itself.

    `empty_cells` "clear": of a table with our columns, an empty cell empties its value. `decimals`: "." or ",".
    `form` is the code of the format that the file must have; "" is found out.
    `system` is the code of the one that the file comes from: what it owns, the file may write.
    """
    options = {
        "bad_barcodes": bad_barcodes,
        "empty_cells": empty_cells,
        "decimals": decimals,
        "form": form,
        "system": system,
    }
    run = ImportRun.objects.create(user=user, filename=Path(filename).name[:255], locale=locale, options=options)
    path = settings.PIMHUB_HOME / "imports" / f"{run.pk}.csv"
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        os.fsync(file.fileno())
    run.path = path.name
    run.state = S.APPLYING if apply else S.PLANNING
    run.started_at = timezone.now() if apply else None
    run.save(update_fields=["path", "state", "started_at"])
    events.ring("imports")
    return run


def confirm(run: ImportRun) -> None:
    """Ask for a planned run to be applied. Raises ValueError when it is not planned."""
    moved = ImportRun.objects.filter(pk=run.pk, state=S.PLANNED).update(
        state=S.APPLYING, cursor=0, counts={}, started_at=timezone.now(), lease_until=None
    )
    if not moved:
        run.refresh_from_db()
        raise ValueError(f"“{run.filename}” is {run.get_state_display()}; only a finished dry run can be applied.")
    events.ring("imports")


def waiting_runs() -> list[int]:
    """Runs that a worker may take up."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    return list(
        ImportRun.objects.filter(free, state__in=(S.PLANNING, S.APPLYING)).order_by("pk").values_list("pk", flat=True)
    )


def resume(run: ImportRun) -> None:
    """Go on with a run that stopped at an error of ours. Raises ValueError when it did not stop."""
    moved = ImportRun.objects.filter(pk=run.pk, state=S.STOPPED).update(
        state=S.APPLYING if run.started_at else S.PLANNING, failures=0, refusal="", lease_until=None, finished_at=None
    )
    if not moved:
        run.refresh_from_db()
        raise ValueError(f"“{run.filename}” is {run.get_state_display()}; there is nothing to go on with.")
    events.ring("imports")


def advance(run_id: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Work on a run for one slice if it is free; whether it wants another slice."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    if not ImportRun.objects.filter(free, pk=run_id, state__in=(S.PLANNING, S.APPLYING)).update(
        lease_until=now + LEASE
    ):
        return False
    run = ImportRun.objects.select_related("user", "change_set").get(pk=run_id)
    source = ChangeSet.Source.IMPORT
    system = str(run.options.get("system", ""))
    with acting(user=run.user, source=source, reason=run.filename, system=system, change_set=run.change_set):
        try:
            more = _slice(run, seconds=seconds)
        except FileRefused as refusal:
            _refuse(run, refusal.message)
            more = False
        except Overtaken:
            return True
        except Exception as error:
            logger.exception("an import stopped", extra={"run": run_id})
            more = _stumble(run, error)
    ImportRun.objects.filter(pk=run.pk).update(lease_until=None)
    return more


def error_file(run: ImportRun) -> Path | None:
    """The rejected rows with their reasons, ready to be mended; None when no row was rejected."""
    path: Path = settings.PIMHUB_HOME / "imports" / f"{run.pk}-errors.csv"
    return path if path.exists() else None


def _slice(run: ImportRun, *, seconds: float) -> bool:
    """Go on from the cursor for about so long; whether more is left."""
    begun = time.monotonic()
    reading = _open(run)
    if run.cursor == 0:
        ImportLine.objects.filter(run=run).delete()
        ImportProblem.objects.filter(run=run).delete()
    books = _Books(run)
    used = {code_key(sku) for sku in run.lines.exclude(sku="").values_list("sku", flat=True).iterator()}
    products = reading.products(skip=run.cursor, made_skus=used)
    batch = list(islice(products, BATCH))
    # Finding the place in a large file takes a while; a slice is worth it.
    until = time.monotonic() + max(seconds, 2 * (time.monotonic() - begun))
    while batch:
        _carefully(run, batch, books)
        if time.monotonic() > until and run.cursor < run.total:
            return True
        batch = list(islice(products, BATCH))
    _finish(run, reading)
    return False


class _Books:
    """The resolver of a slice; opened anew when a batch was taken back, as it may know what is gone."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.reopen()

    def reopen(self) -> None:
        self.resolver = Resolver(family=FAMILY, locale=self.run.locale, dry_run=self.run.state == S.PLANNING)


def _carefully(run: ImportRun, batch: list[ParsedProduct], books: _Books) -> None:
    """A batch at once; if that fails, product by product, so that one product we cannot handle stops no other."""
    cursor, counts = run.cursor, dict(run.counts)
    try:
        _batch(run, batch, books.resolver)
    except (OperationalError, InterfaceError, Overtaken):
        raise  # the database, not the data
    except Exception as error:
        logger.exception("a batch of an import failed", extra={"run": run.pk, "cursor": cursor})
        run.cursor, run.counts = cursor, counts
        books.reopen()
        if len(batch) == 1:
            _batch(run, batch, books.resolver, broken=error)
            return
        for product in batch:
            _carefully(run, [product], books)


def _open(run: ImportRun) -> Reading:
    path = settings.PIMHUB_HOME / "imports" / run.path
    table = open_table(path, name=run.filename)
    form = detect(table.headers, named=str(run.options.get("form", "")))
    reading = form.read(table, _options(run))
    run.format, run.total, run.rows = form.code, reading.product_count, reading.rows
    run.notes = [
        *({"line": w.line, "message": w.message} for w in reading.warnings),
        *(
            {"line": 1, "message": f"The column “{c.name}” is not imported ({c.filled} filled cells)."}
            for c in reading.ignored_columns
        ),
    ]
    run.lease_until = timezone.now() + LEASE  # reading a large file through took a while
    run.save(update_fields=["format", "total", "rows", "notes", "lease_until"])
    return reading


def _options(run: ImportRun) -> ReadOptions:
    return ReadOptions(
        locale=run.locale,
        bad_barcodes="empty" if run.options.get("bad_barcodes") == "empty" else "reject",
        empty_cells="clear" if run.options.get("empty_cells") == "clear" else "keep",
        decimal_separator=run.options["decimals"] if run.options.get("decimals") in (".", ",") else None,
        family=FAMILY,
        catalogue=Known(locale=run.locale),
    )


def _batch(run: ImportRun, batch: list[ParsedProduct], resolver: Resolver, *, broken: Exception | None = None) -> None:
    """Write a batch of products, then note what became of their lines and move the cursor."""
    wanted = [p for p in batch if not p.nothing_to_write]
    with transaction.atomic():
        results = {id(p): _broken(p, broken) for p in wanted} if broken else _written(wanted, resolver)
        found = [o for p in batch for o in outcomes(p, results.get(id(p)))]
        _note(run, found)
        before, run.cursor = run.cursor, run.cursor + len(batch)
        run.counts = _added(run.counts, found, results)
        run.change_set = current_act().change_set  # a resumed run continues it
        ours = ImportRun.objects.filter(pk=run.pk, state=run.state, cursor=before)
        if not ours.update(
            cursor=run.cursor,
            counts=run.counts,
            lease_until=timezone.now() + LEASE,
            change_set=run.change_set,
            failures=0,
        ):
            raise Overtaken


def _written(wanted: list[ParsedProduct], resolver: Resolver) -> dict[int, WriteResult]:
    changes = merged(wanted, resolver.changes(wanted))
    changes = [_with_known_media(p, c) for p, c in zip(wanted, changes, strict=True)]
    known = again.recognised(changes)
    new = [c for c, same in zip(changes, known, strict=True) if same is None]
    written = write_products(new, partial=True, dry_run=resolver.dry_run, reference=resolver.reference)
    if not resolver.dry_run:
        again.remember(zip(new, written, strict=True))
    fresh = iter(written)
    results = [same or next(fresh) for same in known]
    for product, result in zip(wanted, results, strict=True):
        if product.media_adds and not product.change.variants and result.errors:
            result.errors = [_nowhere(e, product) for e in result.errors]
        if product.as_of is not None:
            result.errors = [_overtaken(e) for e in result.errors]
    return dict(zip(map(id, wanted), results, strict=True))


def _nowhere(error: ChangeError, product: ParsedProduct) -> ChangeError:
    """Rows that only add to a product, where there is none."""
    if error.code != "no_variant":
        return error
    message = (
        f"There is no product “{product.change.code}” that these rows could add to. "
        "Import the file with the product first, or correct the handle."
    )
    return replace(error, key="code", code="unknown_product", message=message)


def _now(value: JSON) -> str:
    return f"“{shown(value)}”" if value not in (None, "", []) else "empty"


def _overtaken(error: ChangeError) -> ChangeError:
    """What somebody changed after the table was exported, and the table says otherwise."""
    if error.code != "conflict":
        return error
    message = (
        f"Somebody changed this after the file was exported: it is {_now(error.current)} now. "
        "Take that over into the file, or empty the cell “as_of” to replace it."
    )
    return replace(error, message=message)


def _broken(product: ParsedProduct, error: Exception) -> WriteResult:
    message = (
        f"PIMHub could not import this product, by a fault of its own ({type(error).__name__}). It is in the log; "
        "please report it. The other products are not concerned."
    )
    refused = ChangeError(key="", code="internal_error", message=message)
    return WriteResult(code=product.change.code, status="rejected", errors=[refused])


def _with_known_media(product: ParsedProduct, change: ProductChange) -> ProductChange:
    """A file that shows only some pictures adds them to those the product has."""
    if not product.media_adds or change.media is None:
        return change
    held = MediaLink.objects.filter(product__code_key=code_key(product.change.code)).select_related("asset", "variant")
    known = [
        MediaChange(
            url=x.asset.source_url,
            sha256=x.asset.sha256 if not x.asset.source_url else "",
            alt=x.alt,
            sku=x.variant.sku if x.variant else "",
        )
        for x in held
    ]
    new = {m.url for m in change.media}
    return replace(change, media=(*(m for m in known if m.url not in new), *change.media))


def _note(run: ImportRun, found: list[LineOutcome]) -> None:
    append(
        ImportLine,
        ("run_id", "line", "bucket", "product_code", "sku", "changes"),
        [(run.pk, o.line, str(o.bucket), o.product, o.sku, o.changes) for o in found],
    )
    append(
        ImportProblem,
        ("run_id", "line", "column", "value", "code", "message", "warning"),
        [
            (run.pk, e.line, e.column[:255], e.value, e.code[:50], e.message, warning)
            for o in found
            for warning, errors in ((False, o.errors), (True, o.warnings))
            for e in errors
        ],
    )


def _added(counts: dict[str, int], found: list[LineOutcome], results: dict[int, WriteResult]) -> dict[str, int]:
    total = Counter(counts)
    total.update(o.bucket for o in found)
    accepted = [r for r in results.values() if r.status != "rejected"]
    total["products"] += len(accepted)
    total["variants"] += sum(o.role == "variant" and o.bucket != "rejected" for o in found)
    total["warnings"] += sum(len(o.warnings) for o in found)
    return {**dict.fromkeys(BUCKETS, 0), **total}


def _finish(run: ImportRun, reading: Reading) -> None:
    problems: dict[int, list[RowError]] = {}
    for p in ImportProblem.objects.filter(run=run, warning=False):
        problems.setdefault(p.line, []).append(RowError(p.line, p.column, p.value, p.code, p.message))
    path = settings.PIMHUB_HOME / "imports" / f"{run.pk}-errors.csv"
    rejected = set(run.lines.filter(bucket=ImportLine.Bucket.REJECTED).values_list("line", flat=True))
    if rejected:
        write_error_file(path, reading, {line: problems.get(line, []) for line in rejected})
    else:
        path.unlink(missing_ok=True)
    run.counts = {**dict.fromkeys(BUCKETS, 0), "products": 0, "variants": 0, "warnings": 0, **run.counts}
    run.state = S.PLANNED if run.state == S.PLANNING else S.APPLIED
    run.finished_at = timezone.now()
    run.save(update_fields=["counts", "state", "finished_at"])


def _refuse(run: ImportRun, message: str) -> None:
    run.state, run.refusal, run.finished_at = S.REFUSED, message, timezone.now()
    run.save(update_fields=["state", "refusal", "finished_at"])


def _stumble(run: ImportRun, error: Exception) -> bool:
    """Try the slice again, a few times; then stop and say so. Whether another slice is wanted."""
    ImportRun.objects.filter(pk=run.pk).update(failures=F("failures") + 1)
    run.refresh_from_db(fields=["failures", "cursor", "total"])
    if run.failures < TRIES:
        time.sleep(run.failures)  # what is passing, such as a busy database, gets a moment to pass
        return True
    run.state, run.finished_at = S.STOPPED, timezone.now()
    run.refusal = (
        f"The import stopped after {run.cursor} of {run.total} products at an error of PIMHub "
        f"({type(error).__name__}: {error}). What was finished before stays. Go on with it when the cause is "
        "mended; the log has the details."
    )
    run.save(update_fields=["state", "refusal", "finished_at"])
    return False


def work_through(run: ImportRun) -> ImportRun:
    """Work a run through in this process, as commands do; the run as it ends."""
    while advance(run.pk, seconds=math.inf):
        pass
    run.refresh_from_db()
    return run
