"""`manage.py export_products --out FILE`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.exports.run import export_csv
from catalog.management.base import BadInput, PimhubCommand
from catalog.products.wire import BadForm, load_json
from catalog.search.filters import BadFilter
from catalog.search.select import select


class Command(PimhubCommand):
    help = "Write products to a CSV file, a row per variant."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--filter", help="only those that fulfil it: JSON of the filter language (docs/api.md)")
        parser.add_argument("--search", default="", help="only those that have all of these words")

    def run(self, **options: Any) -> dict[str, Any]:
        started = time.monotonic()
        try:
            chosen = select([load_json(options["filter"])] if options["filter"] else [], options["search"])
            rows = export_csv(options["out"], chosen)
        except (BadFilter, BadForm) as error:
            raise BadInput(f"--filter cannot be read: {error}") from error
        except OSError as error:
            raise BadInput(f"{options['out']} cannot be written: {error.strerror}.") from error
        return {"rows": rows, "seconds": round(time.monotonic() - started, 3)}
