"""`manage.py document [NAME] [--out FOLDER]`: how this instance is set up, as readable pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.management.base import BadInput, PimhubCommand
from pimhub.foundation.documents import documents


class Command(PimhubCommand):
    help = "Print who owns which values and how channels are filled, as Markdown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="one page; without it, all")
        parser.add_argument("--out", type=Path, help="a folder for a file a page")

    def run(self, **options: Any) -> dict[str, Any]:
        name, folder = options["name"], options["out"]
        if name and name not in documents:
            raise BadInput(f"There is no page “{name}”. There are {', '.join(documents.names())}.")
        pages = {each: documents.get(each)() for each in ([name] if name else documents.names())}
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for each, text in pages.items():
                    (folder / f"{each}.md").write_text(text, encoding="utf-8")
            except OSError as error:
                raise BadInput(f"{folder} cannot be written: {error.strerror}.") from error
        return {"pages": pages, "folder": str(folder) if folder else None}

    def tell(self, result: dict[str, Any]) -> None:
        if result["folder"]:
            self.stdout.write(f"{len(result['pages'])} pages are in {result['folder']}.")
            return
        for text in result["pages"].values():
            self.stdout.write(text)
