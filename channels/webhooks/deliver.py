"""Bring subscribers up to date: each event after the cursor, in order, until the receiver has it.

1 claim a subscription · 2 take the next events · 3 pass over what is not for it, send the others one by one · 4 move
the cursor with each success, fenced by the lease. Killed at any line, the next worker begins with the first event that
is not done with, under the same message id.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import random
import secrets
import time

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import DomainEvent
from channels.models.webhook import Delivery, Subscription
from channels.webhooks.payload import Reader
from channels.webhooks.subscriptions import Wrong, check_address, last_number
from pimhub.foundation import audit, http, signatures
from pimhub.foundation.jsonvalue import canonical

SLICE_SECONDS = 5.0
TURN_SECONDS = 4.0  # then another subscription has its turn
BATCH = 200
TIMEOUT = 15.0  # seconds for one call, as the specification advises
LEASE = dt.timedelta(seconds=60)
# Seconds until the next try, up to the last one again and again.
BACKOFF = (5, 30, 120, 300, 900, 1800, 3600)
PATIENCE = dt.timedelta(days=3)
LONGEST_WAIT = dt.timedelta(days=1)  # that a receiver may ask for
KEPT = dt.timedelta(days=30)  # rows of the log


class LeaseLost(Exception):
    """Somebody changed the subscription, or another worker took over."""


def deliver(*, seconds: float = SLICE_SECONDS) -> bool:
    """Work until nothing is due or the slice is over; whether something is still due."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ids = list(_due().order_by("retry_at", "pk").values_list("pk", flat=True)[:100])
        tests = list(_tests().values_list("pk", flat=True)[:20])
        worked = [send_test(pk) for pk in tests]
        worked += [turn(pk) for pk in ids if time.monotonic() < until]
        if not any(worked):
            return False
    return anything_due()


def anything_due() -> bool:
    return _tests().exists() or _due().exists()


def _due() -> QuerySet[Subscription]:
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    ready = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
    return Subscription.objects.filter(free, ready, paused=False, disabled_at__isnull=True, cursor__lt=last_number())


def _tests() -> QuerySet[Delivery]:
    return Delivery.objects.filter(number__isnull=True, started_at__isnull=True)


def turn(pk: int) -> bool:
    """Some events of one subscription, if it is due and free; whether it was."""
    token = secrets.token_hex(16)
    if not _due().filter(pk=pk).update(lease_token=token, lease_until=timezone.now() + LEASE):
        return False
    row = Subscription.objects.select_related("user").get(pk=pk)
    row.lease_token = token  # as claimed, whatever became of it meanwhile
    try:
        _work(row)
        _update(row, lease_token="", lease_until=None)
    except LeaseLost:
        return True
    return True


def _work(row: Subscription) -> None:
    until = time.monotonic() + TURN_SECONDS
    events = list(DomainEvent.objects.filter(number__gt=row.cursor).order_by("number")[:BATCH])
    if events and events[0].number != row.cursor + 1:
        _disable(
            row,
            f"Events {row.cursor + 1} to {(events[0].number or 0) - 1} are no longer kept. Read the products "
            "afresh, then replay from now.",
        )
        return
    reader = Reader(row, events)
    if not reader.may:
        _disable(row, "Its owner may not see products any more.")
        return
    done = row.cursor
    for event in events:
        body = reader.body(event)
        if body is not None:
            if time.monotonic() > until:
                break
            if not _tell(row, event, body):
                return
        done = event.number or done
    if done > row.cursor:
        _update(row, cursor=done)


def message_id(row: Subscription, number: int) -> str:
    """The same event has the same id for the same subscriber, whoever sends it and however often."""
    return f"msg_{row.key}_{number}"


def _tell(row: Subscription, event: DomainEvent, body: bytes) -> bool:
    """One try; whether the receiver took it. Either way the subscription says so."""
    assert event.number is not None
    made = Delivery(
        subscription=row,
        webhook_id=message_id(row, event.number),
        number=event.number,
        type=event.type,
        attempt=row.attempts + 1,
    )
    response = _call(row, made, body)
    _finish(made, response)
    if not made.ok:
        _failed(row, made, response)
        return False
    now = timezone.now()
    row.cursor, row.attempts, row.failing_since = event.number, 0, None
    _update(
        row,
        cursor=event.number,
        attempts=0,
        failing_since=None,
        retry_at=None,
        last_success_at=now,
        lease_until=now + LEASE,
    )
    return True


def _failed(row: Subscription, made: Delivery, response: http.Response) -> None:
    now = timezone.now()
    since = row.failing_since or now
    wait = dt.timedelta(seconds=BACKOFF[min(row.attempts, len(BACKOFF) - 1)] * random.uniform(0.9, 1.2))  # noqa: S311
    asked = retry_after(response.headers.get("retry-after", ""), now=now)
    assert made.number is not None
    _update(
        row,
        cursor=made.number - 1,  # what came before it is done with, or not for this subscriber
        attempts=row.attempts + 1,
        failing_since=since,
        retry_at=now + max(wait, min(asked, LONGEST_WAIT)),
    )
    if response.status == 410:
        _disable(row, "The receiver answered that it is gone for good (410).")
    elif now - since >= PATIENCE:
        _disable(row, f"It failed for {PATIENCE.days} days; at last: {made.problem}")


def retry_after(text: str, *, now: dt.datetime) -> dt.timedelta:
    """What a Retry-After header asks for (RFC 9110, 10.2.3); nothing when it cannot be read."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return dt.timedelta(seconds=int(text))
    try:
        return max(email.utils.parsedate_to_datetime(text) - now, dt.timedelta(0))
    except (ValueError, TypeError):
        return dt.timedelta(0)


def _disable(row: Subscription, reason: str) -> None:
    with transaction.atomic():
        _update(row, disabled_at=timezone.now(), disabled_reason=reason[:500], notice_due=True)
        audit.record("webhook.disabled", f"webhook:{row.pk}", reason=reason[:500])


def _update(row: Subscription, **fields: object) -> None:
    """Change the row while the lease is ours. Raises LeaseLost."""
    if not Subscription.objects.filter(pk=row.pk, lease_token=row.lease_token).update(**fields):
        raise LeaseLost


# ---- one call ------------------------------------------------------------------------------------


def send_test(pk: int) -> bool:
    """Send a test message that was asked for; whether it was still to be sent."""
    if not _tests().filter(pk=pk).update(started_at=timezone.now()):
        return False
    made = Delivery.objects.select_related("subscription__user").get(pk=pk)
    text = "A test message of PIMHub."
    body = canonical({"type": made.type, "timestamp": made.created_at.isoformat(), "data": {"message": text}})
    _finish(made, _call(made.subscription, made, body))
    return True


def _call(row: Subscription, made: Delivery, body: bytes) -> http.Response:
    """Note the try, then make it."""
    now = timezone.now()
    signed = signatures.headers(_keys(row, now), id=made.webhook_id, at=now, body=body)
    plain = {"content-type": "application/json"}
    made.digest, made.size = hashlib.sha256(body).hexdigest(), len(body)
    made.headers = plain | signed | {signatures.SIGNATURE: "[secret]"}
    made.started_at = now
    made.save()
    try:
        url = check_address(row.url)  # what may be called can change after an address was entered
    except Wrong as wrong:
        return http.Response(0, error=str(wrong), sent=False)
    request = http.Request(
        "POST", url, headers=plain | signed, body=body, secret_headers=frozenset({signatures.SIGNATURE})
    )
    return http.send(request, timeout=TIMEOUT, max_bytes=64 * 1024, allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS)


def _keys(row: Subscription, now: dt.datetime) -> list[bytes]:
    keys = [signatures.key_of(row.secret)]
    if row.previous_encrypted and row.previous_until is not None and row.previous_until > now:
        keys.append(signatures.key_of(row.previous_secret))
    return keys


def _finish(made: Delivery, response: http.Response) -> None:
    made.finished_at = timezone.now()
    assert made.started_at is not None
    made.milliseconds = int((made.finished_at - made.started_at).total_seconds() * 1000)
    made.status = response.status or None
    made.answer = {k: v[:200] for k, v in response.headers.items() if k in ("content-type", "retry-after", "location")}
    if 300 <= response.status < 400:
        made.problem = f"Answered {response.status}: redirects are not followed. Enter the final address."
    elif not made.ok:
        made.problem = (response.error or f"Answered {response.status}.")[:500]
    made.save()


def forget_old() -> int:
    """Drop rows of the log that were kept long enough; how many."""
    return Delivery.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
