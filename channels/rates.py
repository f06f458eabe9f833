"""Calls no faster than a channel takes them: asked before each call, corrected by what its answers say."""

from __future__ import annotations

import time

from channels.connectors.base import Rate
from channels.models import Channel, RateBucket

# A worker waits so long for its turn and then does something else; the product is due again in time.
PATIENCE = 1.0
TRIES = 50


class Wait(Exception):  # noqa: N818 - no error: a call has its turn later
    """The channel takes no further call for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the channel takes the next call in {seconds:.1f} s")
        self.seconds = seconds


def turn(channel: Channel, rate: Rate) -> None:
    """Return when a call may leave, having taken its place. Raises Wait when that is further off than PATIENCE."""
    while (pause := take(channel, rate)) > 0:
        if pause > PATIENCE:
            raise Wait(pause)
        time.sleep(pause)


def take(channel: Channel, rate: Rate) -> float:
    """0 when a call may leave now (it is counted then), else the seconds until one may."""
    for _ in range(TRIES):
        now = time.time()
        bucket, _ = RateBucket.objects.get_or_create(
            channel=channel,
            name=rate.name,
            defaults={"rate": rate.per_second, "burst": rate.burst, "tokens": rate.burst, "at": now},
        )
        # A clock that was set back gives nothing, and takes nothing away.
        free = min(bucket.burst, bucket.tokens + max(now - bucket.at, 0.0) * bucket.rate)
        if free < 1:
            return (1 - free) / bucket.rate
        if _set(bucket, tokens=free - 1, at=max(now, bucket.at)):
            return 0.0
    return 1 / rate.per_second  # many workers at once: one of them got it each time


def learn(channel: Channel, rate: Rate, *, throttled: bool, per_second: float | None) -> None:
    """What an answer says of the limit: its rate, or that we were too fast after all."""
    bucket = RateBucket.objects.filter(channel=channel, name=rate.name).first()
    if bucket is None:
        return
    if per_second and per_second != bucket.rate:
        RateBucket.objects.filter(pk=bucket.pk).update(rate=per_second)
    if throttled:
        _set(bucket, tokens=0.0, at=time.time())


def _set(bucket: RateBucket, *, tokens: float, at: float) -> bool:
    held = RateBucket.objects.filter(pk=bucket.pk, tokens=bucket.tokens, at=bucket.at)
    return bool(held.update(tokens=tokens, at=at))
