"""Verdicts: what a connector says about a call. The publisher decides what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pimhub.foundation.jsonvalue import JSON


class Verdict(StrEnum):
    """What one call came to. HTTP status alone is never the verdict (`interpret` reads the body)."""

    ACCEPTED = "accepted"  # the channel took it; live is what is read back
    WORKING = "working"  # the channel took it and is at work: ask how it came out
    REJECTED = "rejected"  # the item's data is at fault: a person must change it
    THROTTLED = "throttled"  # wait `retry_after` seconds, nothing happened
    QUOTA = "quota"  # a day's quota is used up: the whole channel waits
    TRANSIENT = "transient"  # 5xx, connection refused: try again with backoff, nothing happened
    UNKNOWN = "unknown"  # sent, outcome not known: read back before anything else
    STALE = "stale"  # the channel's state is not what we thought: read back, plan anew
    SUPERSEDED = "superseded"  # the channel already holds something newer of ours
    GONE = "gone"  # the remote item no longer exists: forget its ids, plan anew
    AUTH = "auth"  # credentials or rights: stop the channel, tell its owner
    CONFIG = "config"  # unknown location, data source, publication: stop, tell its owner
    CONTRACT = "contract"  # we sent something illegal: our bug, do not retry


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem with one item, for the person who can mend it.

    `field` is a target field of the connector (the publisher turns it into the value key
    that feeds it); `sku` is empty for the product as a whole. `severity` is "error" (blocks)
    or "warning" (is shown, does not block).
    """

    code: str
    message: str
    field: str = ""
    sku: str = ""
    severity: str = "error"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    issues: tuple[Issue, ...] = ()
    # Remote ids learnt, e.g. {"product": "gid://…", "variant:SKU-1": "gid://…"}; merged into the links.
    links: Mapping[str, str] = field(default_factory=dict)
    # Links that turned out to be dead, by the same keys.
    dropped_links: tuple[str, ...] = ()
    retry_after: float | None = None  # seconds
    request_id: str = ""
    response: JSON = None  # decoded body, kept in the publication record


# One row of a channel: the SKU of a variant, or "" for the product itself.
Row = str
# {row: {facet: canonical body}}
Bodies = Mapping[Row, Mapping[str, JSON]]


@dataclass(frozen=True, slots=True)
class RemoteState:
    """What a channel really shows, in the same canonical bodies as `Rendered.bodies`.

    A row that is absent from `bodies` does not exist on the channel. `links` are the ids seen
    on the way, `issues` what the channel itself holds against the item.
    """

    bodies: Bodies
    links: Mapping[str, str] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    # Not visible yet although accepted (asynchronous processing): ask again later.
    pending: bool = False
    raw: JSON = None
    # Links that what was seen has ended.
    dropped_links: tuple[str, ...] = ()
