"""`manage.py verify_audit [--anchor NUMBER:SEAL]`: prove that the audit is whole."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from catalog.management.base import BadInput, PimhubCommand
from governance.audit.chain import seal_all, verify


class Command(PimhubCommand):
    help = "Walk the chain of audit entries; every changed, missing or moved one is named. Exit code 1 if any is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", default="", help="NUMBER:SEAL, noted before, that must still hold")

    def run(self, **options: Any) -> dict[str, Any]:
        number, _, seal = options["anchor"].partition(":")
        if options["anchor"] and not (number.isdigit() and seal):
            raise BadInput("Give an anchor as NUMBER:SEAL, as an earlier check printed it.")
        started = time.monotonic()
        seal_all()
        proof = verify(anchor=(int(number), seal) if seal else None)
        return {
            "entries": proof.entries,
            "anchor": f"{proof.entries}:{proof.seal}" if proof.entries else "",
            "faults": [{"number": fault.number, "what": fault.what} for fault in proof.faults],
            "seconds": round(time.monotonic() - started, 3),
            "exit_code": 1 if proof.faults else 0,
        }

    def tell(self, result: dict[str, Any]) -> None:
        for fault in result["faults"]:
            self.stdout.write(f"  {fault['number']}: {fault['what']}")
        state = f"{len(result['faults'])} faults" if result["faults"] else "whole"
        self.stdout.write(f"{result['entries']} entries, {state}. Note this anchor elsewhere: {result['anchor']}")
