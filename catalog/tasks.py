"""Doorbells of the catalogue. Each may be rung twice, lost, or killed at any line."""

from __future__ import annotations

from celery import shared_task

from catalog import events
from catalog.api import idempotency
from catalog.exports import run as exports
from catalog.imports import run as imports
from catalog.intake import again
from catalog.media import ingest
from catalog.models import Source
from catalog.plans import run as plans
from catalog.sign_in import sessions
from catalog.sources import collect
from catalog.sources import work as sources
from catalog.structure import recompute


@shared_task(name="catalog.derive")
def derive() -> None:
    """Number new events and bring every consumer up to date. What they find rings for itself."""
    events.derive()


@shared_task(name="catalog.advance_imports")
def advance_imports() -> None:
    """One slice of each waiting import; rings again while there is more."""
    more = [imports.advance(run_id) for run_id in imports.waiting_runs()]
    if any(more):
        advance_imports.delay()


@shared_task(name="catalog.advance_exports")
def advance_exports() -> None:
    """One slice of each waiting export; rings again while there is more."""
    more = [exports.advance(run_id) for run_id in exports.waiting_runs()]
    if any(more):
        advance_exports.delay()


@shared_task(name="catalog.recompute")
def recompute_families() -> None:
    """A turn at each family whose products are derived anew; rings again while there is more."""
    more = [recompute.advance(pk) for pk in recompute.waiting()]
    if any(more):
        recompute_families.delay()


@shared_task(name="catalog.advance_plans")
def advance_plans() -> None:
    """A turn at each plan that is being worked out or applied; rings again while there is more."""
    more = [plans.advance(plan_id) for plan_id in plans.waiting()]
    if any(more):
        advance_plans.delay()


@shared_task(name="catalog.retry_rejects")
def retry_rejects() -> None:
    """Try again what could not be taken and seems mended; rings again while there is more."""
    if again.retry_mended():
        retry_rejects.delay()


@shared_task(name="catalog.advance_sources")
def advance_sources() -> None:
    """Look at sources that are due and work at what came; rings again while there is more."""
    for source in collect.due(*collect.REMOTE):
        fetch_source.apply_async(args=(source.pk,), expires=60)
    if sources.turn():
        advance_sources.delay()


@shared_task(name="catalog.fetch_source")
def fetch_source(source_id: int) -> None:
    """Ask another's server for what a source has, unless another worker just does."""
    for source in collect.due(*collect.REMOTE):
        if source.pk == source_id:
            collect.collect(source)


@shared_task(name="catalog.sweep")
def sweep() -> None:
    """What a lost ring left behind."""
    events.derive()
    if imports.waiting_runs():
        advance_imports.delay()
    if exports.waiting_runs():
        advance_exports.apply_async(expires=10)
    if plans.waiting():
        advance_plans.apply_async(expires=10)
    if recompute.waiting():
        recompute_families.apply_async(expires=10)
    if ingest.anything_due():
        fetch_media.apply_async(expires=10)
    if collect.due(Source.Kind.FOLDER, *collect.REMOTE) or sources.waiting():
        advance_sources.apply_async(expires=10)
    if again.mended().exists():
        retry_rejects.apply_async(expires=10)


@shared_task(name="catalog.tidy")
def tidy() -> None:
    """Forget answers that were kept long enough for calls to be repeated, sessions that are over, exported files."""
    idempotency.forget_old()
    exports.forget_old()
    sessions.forget_old()


@shared_task(name="catalog.fetch_media")
def fetch_media() -> None:
    """Fetch pictures by their addresses for a slice; rings again while more is due."""
    if ingest.fetch_due():
        fetch_media.delay()
