"""`manage.py demo [--empty]`: people, channels and products to try PIMHub with. Runs once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from catalog import events
from catalog.change_sets import acting
from catalog.demo_people import LOGINS, ensure_people
from catalog.imports.run import confirm, start_run, work_through
from catalog.management.base import PimhubCommand
from catalog.models import ChangeSet, Product, User
from catalog.products.write import write_products
from catalog.setup import ensure_base
from channels.demo.erp import ensure_erp
from channels.demo.products import demo_changes
from channels.demo.shop import ensure_channels
from governance.copywriting.demo import ensure_prompts, ensure_provider

FURNITURE = Path(__file__).resolve().parents[2] / "demo/packt_furniture.csv"


class Command(PimhubCommand):
    help = "Load the demo data once; with --empty only people, channels and configuration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--empty", action="store_true")

    def run(self, **options: Any) -> dict[str, Any]:
        ensure_base()
        ensure_people()
        ensure_channels()
        if not options["empty"] and not Product.objects.exists():
            _load_products()
            ensure_erp(settings.PIMHUB_HOME)
        events.derive()
        return {"users": [login["name"] for login in LOGINS], "products": Product.objects.count()}


def _load_products() -> None:
    user = User.objects.get(username="merchandiser")
    with acting(user=user, source=ChangeSet.Source.SYSTEM, reason="demo products"):
        refused = [r for r in write_products(demo_changes()) if r.status == "rejected"]
    if refused:
        raise RuntimeError(f"the demo data does not pass the door: {refused[0].code}: {refused[0].errors[0].message}")
    with FURNITURE.open("rb") as file:
        run = start_run(user=user, filename=FURNITURE.name, chunks=iter(lambda: file.read(65536), b""))
    run = work_through(run)
    confirm(run)
    work_through(run)
    ensure_provider()
    ensure_prompts(author=User.objects.get(username="admin"), user=User.objects.get(username="reviewer"))
