"""Doorbells of the channels."""

from __future__ import annotations

from celery import shared_task

from catalog import events
from channels import calls, health
from channels.alerts import tell, watch
from channels.feeds.build import refresh_feed as build_feed
from channels.feeds.build import stale_feeds, stale_formats
from channels.mapping import trial
from channels.publishing import bulk, rollout, shelf
from channels.publishing import dispatch as dispatching
from channels.reconcile import changes, repair
from channels.reconcile import look as looking
from channels.reconcile import work as reconciling
from channels.rendering.stock_rules import wake_flipped
from channels.webhooks import deliver as delivering
from channels.webhooks import inbound, notices

# A ring that nobody took up by then is not needed: all workers are at it, and the sweep rings again. Without an end,
# each sweep of a long backlog would add one more ring that keeps itself alive, and nothing else got a turn.
RING_FOR = 5


@shared_task(name="channels.dispatch")
def dispatch() -> None:
    """Work on due placements for one slice; rings again while there is more.

    First on what was just committed: a price that moved need not wait for a worker that is not publishing.
    """
    events.derive()
    if dispatching.dispatch():
        dispatch.apply_async(expires=RING_FOR)


@shared_task(name="channels.sweep")
def sweep() -> None:
    """Placements that are due although nobody rang."""
    wake_flipped()
    shelf.put_right()
    if dispatching.anything_due():
        dispatch.apply_async(expires=RING_FOR)
    trial.try_definitions()
    if trial.waiting():
        advance_trials.apply_async(expires=10)
    looking.schedule()
    for pk in rollout.waiting():
        rollout.advance(pk)
    if delivering.anything_due():
        deliver.apply_async(expires=10)
    if reconciling.waiting() or repair.anything_asked():
        advance_reconciliations.apply_async(expires=10)
    if inbound.anything_waiting() or looking.looks_due():
        listen.apply_async(expires=10)
    for channel in stale_feeds():
        refresh_feed.delay(channel.pk)
    for channel in health.unchecked():
        check_health.apply_async(args=(channel.pk,), expires=10)


@shared_task(name="channels.listen")
def listen() -> None:
    """Do what channels' messages ask for, and read back what they named; rings again while there is more."""
    worked = inbound.work_off()
    if looking.look() or worked == inbound.BATCH:
        listen.delay()


@shared_task(name="channels.watch")
def watch_all() -> None:
    """Measure what is watched, and tell whom it concerns."""
    watch.watch()
    tell.tell()


@shared_task(name="channels.poll")
def poll() -> None:
    """Ask the queues of channels that have one."""
    inbound.poll_all()


@shared_task(name="channels.deliver")
def deliver() -> None:
    """Tell subscribers for one slice, and owners of what was disabled; rings again while there is more."""
    more = delivering.deliver()
    notices.send_notices()
    if more:
        deliver.delay()


@shared_task(name="channels.tidy")
def tidy() -> None:
    """Forget what logs keep for a time only; write again to whom a mail could not be sent."""
    delivering.forget_old()
    inbound.forget_old()
    bulk.tidy()
    notices.send_notices()
    if calls.tidy() or reconciling.forget_old():
        tidy.delay()


@shared_task(name="channels.follow")
def follow() -> None:
    """Ask each channel that tells changes what changed there."""
    for channel in changes.channels_to_ask():
        changes.follow(channel)


@shared_task(name="channels.advance_trials")
def advance_trials() -> None:
    """A turn at each mapping that is being tried; rings again while there is more."""
    more = [trial.advance(pk) for pk in trial.waiting()]
    if any(more):
        advance_trials.delay()


@shared_task(name="channels.check_health")
def check_health(channel_id: int) -> None:
    """Ask a channel what it grants, unless another worker just did."""
    for channel in health.unchecked():
        if channel.pk == channel_id:
            health.check(channel)


@shared_task(name="channels.refresh_feed")
def refresh_feed(channel_id: int) -> None:
    """Build a feed anew, unless another worker just did."""
    for channel in stale_feeds():
        if channel.pk == channel_id:
            for kind in stale_formats(channel):
                build_feed(channel, kind)


@shared_task(name="channels.reconcile_all")
def reconcile_all() -> None:
    """Have sources, hub and channels compared, once a night."""
    reconciling.start_all()


@shared_task(name="channels.advance_reconciliations")
def advance_reconciliations() -> None:
    """A slice of each comparison, and of the repairs that were asked for; rings again while there is more."""
    runs = reconciling.waiting()
    more = [reconciling.advance(pk, seconds=reconciling.SECONDS / len(runs)) for pk in runs]
    if repair.work_off() or any(more):
        advance_reconciliations.delay()
