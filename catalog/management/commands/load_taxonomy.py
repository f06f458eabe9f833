"""`manage.py load_taxonomy FOLDER`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.change_sets import acting
from catalog.management.base import BadInput, PimhubCommand
from catalog.models import ChangeSet
from catalog.structure import taxonomy


class Command(PimhubCommand):
    help = "Load a release of Shopify's product taxonomy as category tree, attributes and options."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the dist folder of the release")

    def run(self, **options: Any) -> dict[str, Any]:
        started = time.monotonic()
        try:
            with acting(source=ChangeSet.Source.COMMAND, reason="Shopify product taxonomy"):
                made = taxonomy.load(options["folder"])
        except taxonomy.BadFolder as error:
            raise BadInput(str(error)) from error
        return {**made, "seconds": round(time.monotonic() - started, 3)}
