"""`manage.py person (export | forget | reset-second-factor) USERNAME`: a person's data as one document, the person made
nobody, or let in by password alone after the phone was lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandParser

from catalog.change_sets import acting
from catalog.management.base import BadInput, PimhubCommand, user_named
from catalog.models import ChangeSet
from governance.people import CannotForget, export_person, forget_person, reset_second_factor


class Command(PimhubCommand):
    help = (
        "Export all that is kept of a person, make the person nobody (what was done stays, by number), "
        "or take the second factor away from who lost it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("export", "forget", "reset-second-factor"))
        parser.add_argument("username")
        parser.add_argument("--out", type=Path, help="the file for an export; without it, it is printed")
        parser.add_argument("--yes", action="store_true", help="forgetting cannot be undone: say that you mean it")

    def run(self, **options: Any) -> dict[str, Any]:
        user = user_named(options["username"])
        with acting(source=ChangeSet.Source.COMMAND):
            if options["what"] == "export":
                found = export_person(user)
                if options["out"] is None:
                    return found
                options["out"].write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
                return {"file": str(options["out"])}
            if options["what"] == "reset-second-factor":
                reset_second_factor(user)
                return {"reset": user.username}
            if not options["yes"]:
                raise BadInput(f"{user.username} would be made nobody for good. Say it again with --yes.")
            try:
                return {"forgotten": forget_person(user)}
            except CannotForget as error:
                raise BadInput(str(error)) from error

    def tell(self, result: dict[str, Any]) -> None:
        self.stdout.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
