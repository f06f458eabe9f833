"""`manage.py bench [NAME]`: figures of this machine, each beside a baseline measured in the same run."""

from __future__ import annotations

import importlib
import platform
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

# Name → what it needs to be told.
BENCHMARKS = {
    "import_rows": "products",
    "feed_items": "products",
    "assortment": "products",
    "pages": "products",
    "governance": "products",
    "intake": "products",
    "shopify": "products",
    "publishing": "products",
    "freshness": "products",
    "stock_freshness": "products",
    "webhooks": "products",
    "file_intake": "rows",
    "shopify_files": "folder",
    "prompt_versions": "products",
    "claims": "file",
    "mutations": "file",
}


class Command(BaseCommand):
    help = "Measure this machine in a throw-away instance: imports, feeds, pages, channels, webhooks, Shopify files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="one of them; without it, all but files")
        parser.add_argument("--products", type=int, help="how many made-up products of three variants each")
        parser.add_argument("--rows", type=int, help="how many lines the file has, for file_intake")
        parser.add_argument("--folder", type=Path, help="where the files lie, for shopify_files")
        parser.add_argument("--file", type=Path, help="labelled texts, a line each, for claims and mutations")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["name"] == "shopify_files" and not (options["folder"] and options["folder"].is_dir()):
            raise CommandError("Name the folder of the files: manage.py bench shopify_files --folder FOLDER")
        if BENCHMARKS.get(options["name"]) == "file" and not (options["file"] and options["file"].is_file()):
            raise CommandError(f"Name the file of labelled texts: manage.py bench {options['name']} --file FILE.jsonl")
        names = (
            [options["name"]] if options["name"] else [n for n, x in BENCHMARKS.items() if x in ("products", "rows")]
        )
        say = self.stderr.write if options["json"] else self.stdout.write
        say(f"Python {platform.python_version()}, {connection.vendor}")
        found = {}
        for name in names:
            needs = BENCHMARKS[name]
            given = {needs: options[needs]} if options[needs] else {}
            try:
                module = importlib.import_module(f"benchmarks.{name}")
            except ModuleNotFoundError as error:
                raise CommandError(
                    f"{error.name} is missing; benchmarks need the tools of `make setup-dev`."
                ) from error
            say(f"== {name}")
            found[name] = module.run(say, **given).rows
        if options["json"]:
            self.stdout.write(orjson.dumps(found).decode())
