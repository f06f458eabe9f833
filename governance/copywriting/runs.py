"""Runs: planned with an estimate, confirmed, written in slices by however many workers, paused, resumed, cancelled."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog import events
from catalog.models import Product, User
from governance.copywriting import batches, budget, pace, prompts
from governance.copywriting.facts import facts_of_all
from governance.copywriting.generate import claim, preview, write_item
from governance.copywriting.providers.base import CannotWrite
from governance.models import AiProvider, CopyItem, CopyRun, PromptVersion, ProviderCall
from pimhub.foundation import audit

logger = logging.getLogger("pimhub.copy")
R, I = CopyRun.State, CopyItem.State  # noqa: E741
SLICE = 15.0  # seconds
REST = 2.0  # seconds that a worker waits for a provider; for a longer rest the sweep comes back
AT_ONCE = 2  # texts of the offline writer: it only takes time from others
SAMPLE = 50  # products that an estimate looks at closely
ENDS = (R.CANCELLED, R.DONE)
USE = "governance.use_ai"


class CannotRun(Exception):
    """A run cannot be planned or moved. `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would do. `ready` of `products` have the facts that are asked for; `micros` at most, None unpriced."""

    products: int
    ready: int
    lacking: dict[str, int]  # fact → how many products lack it
    micros: int | None
    problem: str = ""


def plan(*, version: PromptVersion, locale: str, ids: Sequence[int], by: User, budget_micros: int = 0) -> CopyRun:
    """A run that nothing is done for yet. Raises CannotRun."""
    if version.state != PromptVersion.State.ACTIVE:
        raise CannotRun("version", "Only an active version can be run.")
    if not by.has_perm(USE):
        raise CannotRun("by", f"This needs the right {USE}.")
    if not ids:
        raise CannotRun("products", "No product is chosen.")
    with transaction.atomic():
        run = CopyRun.objects.create(version=version, locale=locale, requested_by=by, budget_micros=budget_micros)
        CopyItem.objects.bulk_create([CopyItem(run=run, product_id=pk) for pk in dict.fromkeys(ids)], batch_size=1000)
    return run


def estimate(run: CopyRun) -> Estimate:
    """Coverage of facts and the most it may cost, from a sample where there are many."""
    version = run.version
    ids = list(run.items.order_by("pk").values_list("product_id", flat=True))
    step = max(1, len(ids) // SAMPLE)
    sample = ids[::step][:SAMPLE]
    how, target = prompts.how_to_read(version, run.locale), version.template.key(run.locale)
    found = facts_of_all(sample, how, target=target, source=prompts.source_key(version.template, run.locale))
    lacking: Counter[str] = Counter()
    ready = micros = 0
    problem = ""
    for pk, facts in found.items():
        given = prompts.given_facts(version, facts).within(pk, run.requested_by)
        gone = prompts.missing(version, given)
        lacking.update(gone)
        ready += not gone
        if version.provider is not None and not gone:
            product = Product.objects.filter(pk=pk).first()
            asked = prompts.asked(version, given, locale=run.locale, name="product", product=product)
            try:
                price = budget.price_of(version.provider, version.model, timezone.now().date())
            except budget.NoPrice as error:
                problem = str(error)
                break
            tokens = int(str(asked.parameters["max_output_tokens"]))
            micros += budget.at_most(price, len(preview(version, asked).encode()), tokens)
    scale = len(ids) / max(1, len(sample))
    return Estimate(
        len(ids),
        round(ready * scale),
        {code: round(count * scale) for code, count in lacking.items()},
        None if problem else round(micros * scale),
        problem,
    )


def start(run: CopyRun, *, by: User, budget_micros: int | None = None, by_batch: bool = False) -> None:
    """Confirm a planned run, or go on with a paused or stopped one, with this budget. Raises CannotRun.

    `by_batch`: in files that the provider works off within a day; once it is so, it stays so.
    """
    if by_batch:
        provider = run.version.provider
        if provider is None or not provider.takes_batches:
            raise CannotRun("by_batch", "This writer takes no batches.")
        CopyRun.objects.filter(pk=run.pk, state=R.PLANNED).update(by_batch=True)
    _move(run, (R.PLANNED, R.PAUSED, R.STOPPED), R.RUNNING, by, budget_micros=budget_micros)
    events.ring("copy")


def pause(run: CopyRun, *, by: User) -> None:
    """What is being written ends; nothing new is begun. Raises CannotRun."""
    _move(run, (R.RUNNING,), R.PAUSED, by)


def cancel(run: CopyRun, *, by: User) -> None:
    """Nothing more is written, and batches that are out are given up; drafts that are there stay. Raises CannotRun."""
    _move(run, (R.PLANNED, R.RUNNING, R.PAUSED, R.STOPPED), R.CANCELLED, by)
    events.ring("copy")


def _move(run: CopyRun, before: Sequence[str], after: str, by: User, *, budget_micros: int | None = None) -> None:
    with transaction.atomic():
        row = CopyRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if row.state not in before:
            raise CannotRun("state", f"The run is {row.get_state_display()}.")
        if not by.has_perm(USE):
            raise CannotRun("by", f"This needs the right {USE}.")
        row.state, row.problem = after, ""
        row.finished_at = timezone.now() if after in ENDS else None
        if budget_micros is not None:
            row.budget_micros = budget_micros
        row.save(update_fields=["state", "problem", "finished_at", "budget_micros"])
        audit.record(f"copy.{after}", f"copy_run:{row.pk}", by=by.pk)
    run.refresh_from_db()


def waiting() -> list[UUID]:
    """Runs that go on, and those that do not and have something out."""
    wanted = Q(state=R.RUNNING) | Q(state__in=(R.PAUSED, R.STOPPED, R.CANCELLED), pk__in=batches.out().values("run"))
    return list(CopyRun.objects.filter(wanted).order_by("created_at").values_list("pk", flat=True))


def advance(run_id: UUID, *, seconds: float = SLICE) -> bool:
    """Write texts of a run for a slice of time; whether there is more to do now. Any number of workers may."""
    ends = time.monotonic() + seconds
    _reclaim(run_id)
    while time.monotonic() < ends:
        run = CopyRun.objects.filter(pk=run_id).first()
        if run is None or run.state != R.RUNNING:
            return _look_after(run)
        if run.by_batch and run.version.provider is not None:
            return _advance_batches(run)
        wait = pace.rest(run.version.provider)
        if 0 < wait <= REST:
            time.sleep(wait)
        item = _next(run) if wait <= REST else None
        if item is None:
            return _settle(run)
        try:
            write_item(item)
        except CannotWrite as error:
            _stop(run, error)
            return False
    return True


def _look_after(run: CopyRun | None) -> bool:
    """What is out of a run that does not go on; the sweep comes back to it."""
    if run is not None and run.version.provider is not None:
        try:
            batches.look_after(run)
        except CannotWrite as error:
            logger.warning("a batch cannot be looked at", extra={"run": str(run.pk), "problem": str(error)})
    return False


def _advance_batches(run: CopyRun) -> bool:
    """The sweep comes back to look at what is out."""
    try:
        batches.advance(run)
    except CannotWrite as error:
        if error.ends:
            _stop(run, error)
        return False
    return _settle(run)


def share_of_time(count: int) -> float:
    """Seconds for each of so many runs in one task: all together stay far below a task's limit."""
    return max(1.0, min(SLICE, 60.0 / max(1, count)))


def _next(run: CopyRun) -> CopyItem | None:
    """A due text that no other worker has; None when as many are being written as the provider allows at once."""
    provider = run.version.provider
    # Only of living workers: what a dead one left in a cancelled run must not hold the provider for good. What is out
    # in a batch keeps no worker.
    alive = CopyItem.objects.filter(state=I.CALLING, leased_until__gt=timezone.now(), run__by_batch=False)
    if alive.filter(run__version__provider=provider).count() >= (provider.now_at_once if provider else AT_ONCE):
        return None
    due = run.items.filter(state=I.WAITING).filter(Q(due_at=None) | Q(due_at__lte=timezone.now()))
    for pk in due.order_by("pk").values_list("pk", flat=True)[:20]:
        if item := claim(pk):
            return CopyItem.objects.select_related(
                "product", "run__version__template__attribute", "run__version__provider", "run__requested_by"
            ).get(pk=item.pk)
    return None


def _reclaim(run_id: UUID) -> None:
    """Texts whose worker died are tried anew. The call may have been billed: what was reserved stays booked."""
    with transaction.atomic():
        dead = CopyItem.objects.select_for_update().filter(
            run_id=run_id, state=I.CALLING, leased_until__lt=timezone.now()
        )
        for item in dead:
            ProviderCall.objects.filter(item=item, outcome="sent").update(outcome="lost", ended_at=timezone.now())
            item.state, item.leased_until = I.WAITING, None
            item.save(update_fields=["state", "leased_until"])


def _settle(run: CopyRun) -> bool:
    """Whether the run has more to do later; when all is written it is done."""
    if run.items.filter(state__in=(I.WAITING, I.CALLING)).exists():
        return False  # not due yet, or with another worker: the sweep comes back
    CopyRun.objects.filter(pk=run.pk, state=R.RUNNING).update(state=R.DONE, finished_at=timezone.now())
    return False


def _stop(run: CopyRun, error: CannotWrite) -> None:
    """End a run whose every further call would fail the same way; its provider's owner is told on the page."""
    CopyRun.objects.filter(pk=run.pk, state=R.RUNNING).update(state=R.STOPPED, problem=str(error)[:500])
    provider = run.version.provider
    if provider is not None and error.code in ("quota", "credentials", "no_such_model"):
        AiProvider.objects.filter(pk=provider.pk).update(is_paused=True, problem=str(error)[:500])


def counts(run: CopyRun) -> dict[str, int]:
    found = Counter(run.items.values_list("state", flat=True))
    return {state: found.get(state, 0) for state in I.values}
