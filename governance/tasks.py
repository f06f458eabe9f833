"""Doorbells of governance. Each may be rung twice, lost, or killed at any line."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from django.utils import timezone

from governance.audit.chain import seal_all, verify
from governance.copywriting import evaluation, origins, renewal, runs
from governance.digest import send_digests
from governance.ownership.overrides import end_due
from governance.reminders import remind
from governance.workflow.verbs import release_due

logger = logging.getLogger("pimhub.audit")


@shared_task(name="governance.sweep")
def sweep() -> None:
    """Let go live what waited for its time, take off overrides, remind of what is due; seal the audit."""
    release_due()
    end_due()
    remind()
    seal_all()
    origins.refresh_after_structure()
    renewal.renew_stale()
    if runs.waiting() or evaluation.waiting():
        write_copy.apply_async(expires=10)


@shared_task(name="governance.write_copy")
def write_copy() -> None:
    """A turn at each run of texts, and at versions being tried; rings again while there is more."""
    waiting = runs.waiting()
    seconds = runs.share_of_time(len(waiting))
    more = [runs.advance(run_id, seconds=seconds) for run_id in waiting]  # each gets its turn
    ends = time.monotonic() + runs.SLICE
    for trial in evaluation.waiting():
        while evaluation.advance(trial):
            if time.monotonic() > ends:
                more.append(True)
                break
    if any(more):
        write_copy.delay()


@shared_task(name="governance.send_digest")
def send_digest() -> None:
    """Write to whoever has something to decide, once a day."""
    send_digests(timezone.now().date())


@shared_task(name="governance.verify_audit")
def verify_audit() -> None:
    """Prove the audit, and note its head in the log: there it is out of reach of who may change the database."""
    proof = verify()
    about = {"entries": proof.entries, "anchor": f"{proof.entries}:{proof.seal}"}
    if proof.faults:
        logger.error("the audit was tampered with", extra=about | {"faults": [str(f) for f in proof.faults[:50]]})
    else:
        logger.info("the audit is whole", extra=about)
