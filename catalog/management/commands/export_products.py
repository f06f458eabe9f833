"""`manage.py export_products --out FILE`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.exports.run import export_csv
from catalog.management.base import BadInput, PimhubCommand


class Command(PimhubCommand):
    help = "Write all products to a CSV file, a row per variant."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        started = time.monotonic()
        try:
            rows = export_csv(options["out"])
        except OSError as error:
            raise BadInput(f"{options['out']} cannot be written: {error.strerror}.") from error
        return {"rows": rows, "seconds": round(time.monotonic() - started, 3)}
