"""Messages from channels: kept and answered at once, worked on later, each once.

A message never changes a product or a listing. It says where to look: the listing is read back, and what is read
decides. So a message that comes doubled, late or out of order does no harm, and an echo of our own call finds that
everything is as we sent it.
"""

from __future__ import annotations

import datetime as dt
import logging
import zlib
from collections.abc import Mapping
from typing import Any, cast

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog import events
from channels import connections
from channels.connectors.abilities import Heard, NotGenuine, PollsQueue, Receives, Told
from channels.connectors.registry import connectors
from channels.models import Channel, InboundEvent, InboundTally, Placement
from channels.publishing import bulk
from channels.webhooks.generic import StandardWebhooks
from pimhub.foundation import audit

logger = logging.getLogger("pimhub.inbound")

LARGEST = 2 * 1024 * 1024  # bytes of a body
BATCH = 200
KEPT = dt.timedelta(days=30)
TALLIES_KEPT = dt.timedelta(days=400)
S = InboundEvent.State


def receive(channel: Channel, headers: Mapping[str, str], raw: bytes, *, token: str = "") -> bool:
    """Check and keep a message; whether it is new. Raises NotGenuine, having counted it."""
    receiver = _receiver(channel)
    try:
        heard = receiver.verify_webhook(connections.connect(channel), headers, raw, token=token, now=timezone.now())
    except NotGenuine as error:
        _count(channel, "refused", problem=str(error))
        raise
    return keep(channel, heard, raw)


def keep(channel: Channel, heard: Heard, raw: bytes) -> bool:
    """A row for a genuine message, unless there is one; whether it is new."""
    with transaction.atomic():
        row, made = InboundEvent.objects.get_or_create(
            channel=channel,
            sender_id=heard.id,
            defaults={"topic": heard.topic, "body": zlib.compress(_of_use(channel, heard, raw)), "said_at": heard.at},
        )
        if not made:
            InboundEvent.objects.filter(pk=row.pk).update(repeats=F("repeats") + 1)
        _count(channel, "kept" if made else "repeated")
        events.ring("inbound")
    return made


def _of_use(channel: Channel, heard: Heard, raw: bytes) -> bytes:
    """The body where it leads to something of ours. Of orders and customers nothing is kept but the topic."""
    try:
        told = _reader(channel).read_webhook(heard.topic, raw)
    except (ValueError, KeyError, TypeError):
        return raw  # to be looked at by a person
    return raw if told.links or told.skus or told.ended else b""


def how(channel: Channel) -> str:
    """How a channel's messages are set up, in a sentence."""
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    return str(getattr(connector, "message_help", StandardWebhooks.message_help))


def _receiver(channel: Channel) -> Receives:
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    return cast(Receives, connector) if hasattr(connector, "verify_webhook") else StandardWebhooks()


def _reader(channel: Channel) -> Receives:
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    return cast(Receives, connector) if hasattr(connector, "read_webhook") else StandardWebhooks()


def _count(channel: Channel, what: str, *, problem: str = "") -> None:
    fields: dict[str, object] = {what: F(what) + 1} | ({"last_problem": problem[:200]} if problem else {})
    today: dict[str, Any] = {"channel": channel, "day": timezone.now().date()}
    if not InboundTally.objects.filter(**today).update(**fields):  # the first of the day
        InboundTally.objects.get_or_create(**today)
        InboundTally.objects.filter(**today).update(**fields)


# ---- later ---------------------------------------------------------------------------------------


def anything_waiting() -> bool:
    return InboundEvent.objects.filter(state=S.WAITING).exists()


def work_off() -> int:
    """Do what waiting messages ask for; how many there were. State and effect are one transaction, so a message that
    is worked on by two, or by one that dies, has its effect once."""
    ids = list(InboundEvent.objects.filter(state=S.WAITING).order_by("pk").values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        with transaction.atomic():
            if InboundEvent.objects.filter(pk=pk, state=S.WAITING).update(state=S.DONE, done_at=timezone.now()):
                _do(InboundEvent.objects.select_related("channel").get(pk=pk))
    return len(ids)


def _do(row: InboundEvent) -> None:
    if not row.raw:
        row.outcome = "about nothing of ours, so its body was not kept"
        row.save(update_fields=["outcome"])
        return
    try:
        told = _reader(row.channel).read_webhook(row.topic, row.raw)
    except (ValueError, KeyError, TypeError) as error:
        row.state, row.outcome = S.FAILED, f"It cannot be read: {error}"[:300]
        row.save(update_fields=["state", "outcome"])
        return
    if told.ended:
        row.outcome = _end(row.channel, told.ended)
    elif told.finished:
        bulk.wake(row.channel)
        events.ring("dispatch")
        row.outcome = "the file of calls is asked for"
    else:
        count = look_at(row.channel, told)
        row.outcome = f"products to be read back: {count}" if count else "about nothing of ours"
    row.save(update_fields=["outcome"])


def look_at(channel: Channel, told: Told) -> int:
    """Have the products that a message is about read back; how many."""
    about = Q(listings__sku__in=[sku for sku in told.skus if sku])
    for link in told.links:
        # An id may be kept with a query behind it.
        about |= Q(links__remote_id=link) | Q(links__remote_id__startswith=f"{link}?")
    found = Placement.objects.filter(about, channel=channel) if told.skus or told.links else Placement.objects.none()
    ids = sorted(set(found.values_list("pk", flat=True)))
    return Placement.objects.filter(pk__in=ids).update(check_at=timezone.now())


def _end(channel: Channel, why: str) -> str:
    """The channel takes no more calls: stop, and say so."""
    paused = Channel.objects.filter(pk=channel.pk, paused=False).update(
        paused=True, pause_reason=why, access_token_encrypted="", access_token_until=None
    )
    if paused:
        audit.record("channel.paused", f"channel:{channel.code}", reason=why)
        events.append(type="channel.paused", data={"channel": channel.code, "reason": why})
    return "the channel is paused"


# ---- queues --------------------------------------------------------------------------------------


def poll(channel: Channel) -> int:
    """Ask a channel's queue until it is empty; how many messages were new. What is kept is told to the queue only
    after it is committed, so a worker that dies in between reads it again."""
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    if not hasattr(connector, "queue_request"):
        return 0
    polls, new = cast(PollsQueue, connector), 0
    connection = connections.connect(channel)
    for _ in range(50):
        request = polls.queue_request(connection)
        if request is None:
            return new
        try:
            found = polls.read_queue(connections.send(channel, request, timeout=20.0))
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("a queue cannot be read", extra={"channel": channel.code, "problem": str(error)})
            return new
        if not found:
            return new
        new += sum(keep(channel, each.heard, each.raw) for each in found)
        connections.send(channel, polls.queue_done(connection, [each.receipt for each in found]), timeout=20.0)
    return new


def poll_all() -> int:
    return sum(poll(channel) for channel in Channel.objects.filter(paused=False))


def forget_old() -> int:
    """Drop messages and tallies that were kept long enough; how many."""
    now = timezone.now()
    InboundTally.objects.filter(day__lt=(now - TALLIES_KEPT).date()).delete()
    old = InboundEvent.objects.filter(received_at__lt=now - KEPT).exclude(state=S.WAITING)
    return old.delete()[0]
