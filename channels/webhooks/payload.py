"""What one subscriber is told of an event: what the change feed of the API gives, as far as the owner may see it.

Never a value: type, number, product, its state and the number of its live revision. Who wants values reads them from
the API, with rights of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.access.reach import VIEW, sight
from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.events import told
from catalog.models import DomainEvent, Product
from catalog.products.state import is_part
from channels.access import CHANNEL
from channels.access import VIEW as VIEW_CHANNEL
from channels.models import Channel
from channels.models.webhook import Subscription
from governance.models import Standing
from pimhub.foundation.jsonvalue import JSON, canonical


class Reader:
    """The eyes of a subscription's owner, with its filters. Made for one batch of events: rights may change."""

    def __init__(self, subscription: Subscription, events: Sequence[DomainEvent]) -> None:
        self.subscription, self.owner = subscription, subscription.user
        self.sight = sight(VIEW, user=self.owner)
        ids = {e.product_id for e in events if e.product_id is not None}
        self.sight.learn(ids)
        self.families: dict[int, str] = dict(
            Product.everything.filter(pk__in=ids).values_list("pk", "family__code")  # one that is gone has none
        )
        rows = Standing.objects.filter(product_id__in=ids).values_list("product_id", "state", "live__number")
        self.standings: dict[int, tuple[str, int | None]] = {pk: (state, number) for pk, state, number in rows}
        self.channels: dict[str, str] = {}
        if any("channel" in e.data for e in events):
            self.channels = dict(Channel.objects.values_list("code", "scope__code"))

    @property
    def may(self) -> bool:
        """Whether the owner may be told anything at all."""
        return self.owner.is_active and self.owner.has_perm(VIEW)

    def body(self, event: DomainEvent) -> bytes | None:
        """The message; None when the event is not for this subscriber."""
        data = self._visible(event)
        if data is None or not self._wanted(event, data):
            return None
        state, revision = self.standings.get(event.product_id or 0, (None, None))
        entry = told(event) | {"data": data, "state": state, "revision": revision}
        return canonical({"type": event.type, "timestamp": event.created_at.isoformat(), "data": entry})

    def _visible(self, event: DomainEvent) -> dict[str, JSON] | None:
        """The event's data without keys that the owner does not reach; None when nothing of it is."""
        data: dict[str, Any] = dict(event.data)
        if "channel" in data and not self._sees_channel(data["channel"]):
            return None
        if event.type.startswith("alert.") and "channel" not in data and not self.sight.everything:
            return None
        pk = event.product_id
        if pk is None or self.sight.everything:
            return data
        if not self.sight.on(pk):
            return None
        if data.get("key") and not self.sight.shows(pk, data["key"]):
            return None
        if data.get("keys"):
            data["keys"] = [key for key in data["keys"] if self.sight.shows(pk, key)]
            if not data["keys"]:
                return None
        return data

    def _sees_channel(self, code: str) -> bool:
        if not self.owner.has_perm(VIEW_CHANNEL):
            return False
        reached = sight(VIEW_CHANNEL, user=self.owner).limited(CHANNEL)
        return reached is None or code in reached

    def _wanted(self, event: DomainEvent, data: dict[str, Any]) -> bool:
        row = self.subscription
        if row.types and not any(fits(kind, event.type) for kind in row.types):
            return False
        if row.families and self.families.get(event.product_id or 0) not in row.families:
            return False
        if row.states and self.standings.get(event.product_id or 0, ("", None))[0] not in row.states:
            return False
        return not row.scopes or self._concerns(data, row.scopes)

    def _concerns(self, data: dict[str, Any], scopes: Sequence[str]) -> bool:
        """Whether an event is about one of the scopes, or about all."""
        if "scope" in data:
            return data["scope"] in scopes
        if "channel" in data:
            return self.channels.get(data["channel"]) in scopes
        keys = data.get("keys") or ([data["key"]] if data.get("key") else [])
        return not keys or any(_scope_of(key) in (None, *scopes) for key in keys)


def fits(wanted: str, type: str) -> bool:
    """Whether a type of events is the wanted one, or below it: product.* is every product.…"""
    return type.startswith(wanted[:-1]) if wanted.endswith(".*") else type == wanted


def _scope_of(key: str) -> str | None:
    if is_part(key):
        return None
    try:
        return ValueKey.parse(key).scope
    except ValueProblem:
        return None
