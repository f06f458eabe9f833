"""Calls no faster than a channel takes them: asked before each call, corrected by what its answers say."""

from __future__ import annotations

import time

from channels.connectors.abilities import Budget, Rate
from channels.models import Channel, RateBucket

# A worker waits so long for its turn and then does something else; the product is due again in time.
PATIENCE = 1.0
TRIES = 50
# Of a limit that is learnt from refusals: never below a call in ten seconds, and the full rate again after ten minutes.
SLOWEST = 0.1
RECOVERY = 600.0
# A call may come there sooner after the one before than it left: so many seconds' worth of calls, or a quarter of the
# burst, is never spent.
JITTER = 0.2
PAUSE = 10.0  # seconds without a call after a refusal; such limits are per minute


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
        rested = max(now - bucket.at, 0.0)
        speed = bucket.rate
        if rate.learns:
            speed = min(rate.per_second, speed + rate.per_second * rested / RECOVERY)
        free = min(bucket.burst, bucket.tokens + rested * bucket.rate)
        cost = min(rate.cost, bucket.burst)  # a call dearer than all there can be goes when the bucket is full
        needed = min(cost + min(JITTER * bucket.rate, bucket.burst / 4), bucket.burst)
        if free < needed:
            return (needed - free) / bucket.rate
        if _set(bucket, tokens=free - cost, at=max(now, bucket.at), rate=speed):
            return 0.0
    return 1 / rate.per_second  # many workers at once: one of them got it each time


def learn(channel: Channel, rate: Rate, *, throttled: bool, per_second: float | None) -> None:
    """What an answer says of the limit: its rate, or that we were too fast after all.

    Calls that were under way together are refused together: they halve a learnt rate once.
    """
    if not throttled and not per_second:
        return
    bucket = RateBucket.objects.filter(channel=channel, name=rate.name).first()
    if bucket is None:
        return
    if per_second and per_second != bucket.rate:
        RateBucket.objects.filter(pk=bucket.pk).update(rate=per_second)
    if throttled and not rate.learns:
        _set(bucket, tokens=0.0, at=time.time())
    elif throttled and bucket.tokens >= 0:
        slower = max(bucket.rate / 2, SLOWEST)
        # Below zero by what the pause would bring back.
        _set(bucket, tokens=-slower * PAUSE, at=time.time(), rate=slower)


def settle(channel: Channel, rate: Rate, budget: Budget) -> None:
    """Correct the bucket by what an answer tells of it: its size, its rate, what the call took, and what is left.

    Calls of others that are on their way are counted here and not yet there, so of the two figures the smaller holds.
    """
    for _ in range(TRIES):
        bucket = RateBucket.objects.filter(channel=channel, name=rate.name).first()
        if bucket is None:
            return
        if bucket.burst != budget.maximum:
            RateBucket.objects.filter(pk=bucket.pk).update(burst=budget.maximum)
        now = max(time.time(), bucket.at)
        spent = rate.cost if budget.cost is None else budget.cost
        free = bucket.tokens + (now - bucket.at) * budget.per_second + rate.cost - spent
        # A bucket that turns out larger than was thought is as full as the answer says.
        if budget.maximum > bucket.burst:
            free = budget.available
        if _set(bucket, tokens=max(min(free, budget.available), 0.0), at=now, rate=budget.per_second):
            return


def _set(bucket: RateBucket, *, tokens: float, at: float, rate: float | None = None) -> bool:
    held = RateBucket.objects.filter(pk=bucket.pk, tokens=bucket.tokens, at=bucket.at)
    return bool(held.update(tokens=tokens, at=at, rate=bucket.rate if rate is None else rate))
