"""`manage.py import_products FILE`: the whole import, or its dry run, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.imports.formats.base import FORMATS
from catalog.imports.run import error_file, start_run, work_through
from catalog.management.base import BadInput, PimhubCommand, user_named
from catalog.models import ExternalSystem, ImportRun

SHOWN_ERRORS = 1000


class Command(PimhubCommand):
    help = "Import a product file. Rejected rows do not stop it: they end in the error file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--profile", default="", help="the file must be read as “shopify” or as “table”")
        parser.add_argument("--locale", default="en_US", help="the language of the file's texts")
        parser.add_argument("--bad-barcodes", choices=("reject", "empty"), default="reject")
        parser.add_argument("--empty-cells", choices=("keep", "clear"), default="keep", help="of a table")
        parser.add_argument("--decimals", choices=("", ".", ","), default="", help="of a table: how it writes them")
        parser.add_argument("--system", default="", help="code of the system that the file comes from")
        parser.add_argument("--as", dest="user", default="", help="the person who imports")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def run(self, **options: Any) -> dict[str, Any]:
        started = time.monotonic()
        path: Path = options["file"]
        if options["profile"] and options["profile"] not in FORMATS:
            known = ", ".join(FORMATS.names())
            raise BadInput(f"There is no import profile “{options['profile']}”. Known: {known}.")
        if options["system"] and not ExternalSystem.objects.filter(code=options["system"]).exists():
            raise BadInput(f"There is no system “{options['system']}”. Register it first.")
        run = start_run(
            user=user_named(options["user"]) if options["user"] else None,
            filename=path.name,
            chunks=_chunks(path),
            locale=options["locale"],
            bad_barcodes=options["bad_barcodes"],
            empty_cells=options["empty_cells"],
            decimals=options["decimals"],
            form=options["profile"],
            system=options["system"],
            apply=not options["dry_run"],
        )
        run = work_through(run)
        if run.state == ImportRun.State.STOPPED:
            self._end(1, run.refusal)
        if run.state == ImportRun.State.REFUSED:
            raise BadInput(run.refusal)
        return _report(run, time.monotonic() - started)

    def tell(self, result: dict[str, Any]) -> None:
        buckets = ", ".join(f"{result[b]} {b}" for b in ("created", "updated", "unchanged", "rejected", "merged"))
        self.stdout.write(f"{result['rows']} rows: {buckets}.")
        for error in result["errors"][:20]:
            where = f"line {error['line']}" + (f", {error['column']}" if error["column"] else "")
            self.stdout.write(f"  {where}: {error['message']}")
        if len(result["errors"]) > 20:
            self.stdout.write(f"  … and {len(result['errors']) - 20} more.")
        if result["error_file"]:
            self.stdout.write(f"The rejected rows, with reasons: {result['error_file']}")


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(1024 * 1024):
                yield chunk
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error


def _report(run: ImportRun, seconds: float) -> dict[str, Any]:
    problems = run.problems.filter(warning=False)
    path = error_file(run)
    return {
        "run": run.pk,
        "state": run.state,
        "format": run.format,
        "rows": run.rows,
        **{b: run.counts[b] for b in ("created", "updated", "unchanged", "rejected", "merged")},
        "products": run.counts["products"],
        "variants": run.counts["variants"],
        "errors": list(problems.values("line", "column", "value", "code", "message")),
        "warnings": list(
            run.problems.filter(warning=True).values("line", "column", "value", "code", "message")[:SHOWN_ERRORS]
        ),
        "notes": run.notes,
        "error_file": str(path) if path else None,
        "change_set": str(run.change_set_id) if run.change_set_id else None,
        "seconds": round(seconds, 3),
    }
