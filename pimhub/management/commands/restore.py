"""`manage.py restore DIR`: a backup becomes this instance, whose home and database must be empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandParser

from catalog.change_sets import acting
from catalog.management.base import PimhubCommand, prepare_database
from channels.models import Channel
from pimhub.foundation import audit
from pimhub.restore import CannotRestore, restore


class Command(PimhubCommand):
    help = "Fill an empty instance from a backup. Its channels are paused until a person resumes each of them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Unlike all others it must not touch the database before: it is to be empty."""
        try:
            result = restore(options["dir"])
        except CannotRestore as error:
            self._end(2, str(error))
        prepare_database()  # what is older than this version is brought up to it
        Channel.objects.update(paused=True, environment="")  # also where the backup was too old to say
        result["channels_paused"] = list(Channel.objects.values_list("code", flat=True))
        with acting(source="command", reason="restore"):
            audit.record("restore", made=result["created"], environment=result["environment"])
        if options["json"]:
            self.stdout.write(orjson.dumps(result, default=str).decode())
            return
        self.tell(result)
        for code in result["channels_paused"]:
            self.stdout.write(f"{code} is paused: resume it on its page if this instance takes over.")
        for variable in result["keys_elsewhere"]:
            self.stdout.write(f"The keys of {variable} were not in the backup: set it as it was.")
