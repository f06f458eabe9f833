"""Messages that a channel sends only while it is asked to: what is asked for, where it goes, and asking again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from channels.connectors.base import Connection
from pimhub.foundation.http import Request, Response


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One subscription as the channel holds it."""

    id: str
    topic: str
    address: str


class KeepsSubscriptions(Protocol):
    """A connector whose channel holds our app's subscriptions, and can be asked for them."""

    def needed_topics(self, connection: Connection) -> Mapping[str, str]:
        """{topic: what its messages are for}."""
        ...

    def subscriptions_request(self, connection: Connection) -> Request: ...

    def read_subscriptions(self, response: Response) -> Sequence[Subscribed]:
        """Raises ValueError with the channel's words."""
        ...

    def subscribe_request(self, topic: str, address: str, connection: Connection) -> Request: ...

    def aim_request(self, subscribed: Subscribed, address: str, connection: Connection) -> Request:
        """Have it send to another address."""
        ...

    def check_subscribed(self, response: Response) -> None:
        """Raises ValueError with the channel's words when it did not take one of the two above."""
        ...
