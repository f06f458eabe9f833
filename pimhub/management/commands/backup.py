"""`manage.py backup DIR`: all data of this instance in one new folder, while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.change_sets import acting
from catalog.management.base import BadInput, PimhubCommand
from pimhub.backup import CannotBackUp, back_up


class Command(PimhubCommand):
    help = "Write database, pictures, files and keys to a new folder, with their hashes. Keep it as safe as the keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path)

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            with acting(source="command", reason="backup"):
                return back_up(options["dir"])
        except CannotBackUp as error:
            raise BadInput(str(error)) from error
        except OSError as error:
            raise BadInput(f"{options['dir']} cannot be written: {error.strerror}.") from error
