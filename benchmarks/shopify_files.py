"""Every Shopify CSV of a folder: dry run, apply, apply again, and its error file; buckets, seconds, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measure import Table

BUCKETS = ("created", "updated", "unchanged", "rejected", "merged")


def run(say: Callable[[str], None], *, folder: Path) -> Table:
    """Each file in an instance of its own, by the command line. Raises AssertionError where a promise is broken."""
    table = Table("files", say)
    for path in sorted(folder.glob("*.csv")):
        with tempfile.TemporaryDirectory(prefix="pimhub-files-") as home:
            table.add(path.name, **_file(path, home))
    return table


def _file(path: Path, home: str) -> dict[str, Any]:
    dry = _import(path, home, "--dry-run")
    if "refused" in dry:
        return dry
    applied, again = _import(path, home), _import(path, home)
    for report in (dry, applied, again):
        assert sum(report[b] for b in BUCKETS) == report["rows"], report
    assert [dry[b] for b in BUCKETS] == [applied[b] for b in BUCKETS], "the dry run foretold something else"
    assert (again["created"], again["updated"]) == (0, 0), "the second import changed something"
    if applied["rejected"]:
        assert applied["errors"], "rejected without a reason"
        errors = _import(Path(applied["error_file"]), home)
        assert (errors["created"], errors["updated"]) == (0, 0), "the unmended error file changed something"
        assert errors["rejected"] == applied["rejected"], "the unmended error file was taken"
    return {
        "rows": applied["rows"],
        **{b: applied[b] for b in BUCKETS},
        "products": applied["products"],
        "seconds": f"{dry['seconds']:.2f}/{applied['seconds']:.2f}/{again['seconds']:.2f}",
        "megabytes": applied["megabytes"],
    }


def _import(path: Path, home: str, *more: str) -> dict[str, Any]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PIMHUB_")} | {"PIMHUB_HOME": home}
    env["PIMHUB_LOG_LEVEL"] = "WARNING"
    command = [sys.executable, "manage.py", "import_products", str(path), "--json", *more]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=said)
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read().decode().strip()
    if process.returncode == 2:
        return {"refused": words}
    assert process.returncode == 0, words
    report: dict[str, Any] = orjson.loads(out)
    return report | {"megabytes": usage.ru_maxrss // 1024}
