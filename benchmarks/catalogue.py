"""A catalogue of made-up goods in the instance at hand, imported and approved."""

from __future__ import annotations

from pathlib import Path

from benchmarks.goods import write_shopify
from catalog.change_sets import acting
from catalog.demo_people import ensure_people
from catalog.imports.run import start_run, work_through
from catalog.models import ChangeSet, User
from channels.demo.shop import ensure_channels
from governance.models import Standing
from governance.workflow import verbs


def imported_catalogue(home: Path, products: int) -> None:
    """The demo's people and channels, and so many products of three variants."""
    ensure_people()
    ensure_channels()
    path = home / "goods.csv"
    write_shopify(path, products)
    run = work_through(start_run(user=None, filename=path.name, chunks=[path.read_bytes()], apply=True))
    assert run.counts["products"] == products, run.problems.first()


def approved_catalogue(home: Path, products: int) -> None:
    """The same, all of it live."""
    imported_catalogue(home, products)
    author, reviewer = (User.objects.get(username=name) for name in ("merchandiser", "reviewer"))
    for standing in Standing.objects.select_related("product").iterator():
        with acting(user=author, source=ChangeSet.Source.COMMAND):
            verbs.submit(product=standing.product, user=author)
        with acting(user=reviewer, source=ChangeSet.Source.COMMAND):
            verbs.approve(product=standing.product, user=reviewer, content_hash=standing.content_hash)
