"""The chaos wall: a channel that throttles, breaks, hangs, talks nonsense or is gone, when told to.

What is hit and how is decided by a seed, so that a run can be repeated exactly.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any, Final

MODES: Final = (
    "throttle",  # the vendor's own "too fast"; nothing happened
    "quota",  # the day's quota is used up (Google only); nothing happened
    "error500",  # the vendor's own 500; nothing happened
    "timeout_before",  # silence, then a closed connection; nothing happened
    "timeout_after",  # the call took effect, then silence and a closed connection
    "nonsense",  # an answer that is no answer of the vendor; nothing happened
    "unauthorized",  # the token is refused
    "down",  # the connection is closed at once
)
_FIELDS = frozenset({"channel", "mode", "count", "delay", "rate", "seed"})


@dataclass(slots=True)
class Plan:
    """`count` calls are hit (None: until switched off), each call with probability `rate`."""

    modes: tuple[str, ...]
    count: int | None = 1
    delay: float = 1.0
    rate: float = 1.0
    seed: int = 0
    hits: int = 0
    source: random.Random = field(default_factory=random.Random)

    def as_json(self) -> dict[str, Any]:
        return {
            "modes": self.modes,
            "left": None if self.count is None else self.count - self.hits,
            "delay": self.delay,
            "rate": self.rate,
            "seed": self.seed,
            "hits": self.hits,
        }


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens to one call. `pick` is a seeded number in [0, 1) for choices within the mode."""

    mode: str
    delay: float
    pick: float


class Chaos:
    """The plans per channel. In memory: a restart is calm again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: dict[str, Plan] = {}

    def plan(self, given: dict[str, Any], channels: frozenset[str]) -> dict[str, Any]:
        """Take `{channel, mode, count, delay, rate, seed}`; mode "off" ends it, a list is a mixture.

        Raises ValueError naming the field that is wrong.
        """
        unknown = set(given) - _FIELDS
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r}; use {', '.join(sorted(_FIELDS))}")
        channel, mode = given.get("channel"), given.get("mode")
        if channel not in channels:
            raise ValueError(f"channel must be one of {', '.join(sorted(channels))}, not {channel!r}")
        modes = tuple(mode) if isinstance(mode, list) else (mode,)
        if modes == ("off",):
            with self._lock:
                self._plans.pop(channel, None)
            return {}
        allowed = [name for name in MODES if name != "quota" or channel == "google"]
        for name in modes or ("nothing",):
            if name not in allowed:
                raise ValueError(f"mode must be off or of {', '.join(allowed)}, not {name!r}")
        plan = Plan(
            modes,
            count=_number(given, "count", 1, none=True, whole=True),
            delay=_number(given, "delay", 1.0) or 0.0,
            rate=_number(given, "rate", 1.0) or 0.0,
            seed=int(_number(given, "seed", 0, whole=True) or 0),
        )
        plan.source.seed(plan.seed)
        with self._lock:
            self._plans[channel] = plan
        return plan.as_json()

    def strike(self, channel: str) -> Blow | None:
        """The blow for the next call on the channel, None to serve it well."""
        with self._lock:
            plan = self._plans.get(channel)
            if plan is None:
                return None
            if plan.count is not None and plan.hits >= plan.count:
                del self._plans[channel]
                return None
            # Drawn in this order for every call, so that the seed alone decides.
            luck, mode, pick = plan.source.random(), plan.source.choice(plan.modes), plan.source.random()
            if luck >= plan.rate:
                return None
            plan.hits += 1
            return Blow(mode, plan.delay, pick)

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return {channel: plan.as_json() for channel, plan in self._plans.items()}

    def calm(self) -> None:
        with self._lock:
            self._plans.clear()


def _number(given: dict[str, Any], name: str, default: float, *, none: bool = False, whole: bool = False) -> Any:
    value = given.get(name, default)
    if value is None and none:
        return None
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value < 0:
        raise ValueError(f"{name} must be a number of at least 0, not {value!r}")
    return value


def nonsense(pick: float) -> tuple[str, bytes]:
    """(content type, body) of an answer with status 200 that means nothing."""
    answers = (
        ("text/html", b"<html><body><h1>Be right back</h1></body></html>"),
        ("application/json", b'{"data": {"productSet": {"prod'),
        ("application/json", b"[]"),
        ("application/json", b""),
        ("application/json", b'{"unexpected": true}'),
    )
    return answers[int(pick * len(answers))]
