"""The event log: appended with the change, numbered after commit, read by cursors.

Two kinds of listener. *Hooks* run inside the writing transaction and do no I/O (state, hash).
*Consumers* read numbered events by cursor, at least once, and can be replayed from any number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import DomainEvent, EventCursor, EventSequence, Product
from pimhub.foundation import bulk
from pimhub.foundation.documents import documents, table
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

BATCH = 500


@dataclass(frozen=True, slots=True)
class ProductDelta:
    """One product as a write left it. `changes`: {sku or "": {key: [old, new]}}.

    `content` is everything an approval covers (no prices, no stock), in canonical form; it may be empty where
    none of that changed.
    """

    product: Product
    created: bool
    changes: Mapping[str, Mapping[str, Sequence[JSON]]]
    content: Mapping[str, JSON]
    # What hooks have to add to the event of this write.
    told: dict[str, JSON] = field(default_factory=dict)

    @property
    def facets(self) -> list[str]:
        """Which parts changed: content, offer, stock."""
        found = set()
        for row in self.changes.values():
            for key in row:
                head = key.split(".", 1)[0]
                found.add({"offers": "offer", "stock": "stock"}.get(head, "content"))
        return sorted(found)


# What may change what is published of a product: {type of event: names of its data}. Whoever reads nothing but that
# is told of these alone, and of their data only what is named here. Higher floors add theirs.
outward: dict[str, frozenset[str]] = {
    "product.changed": frozenset({"facets"}),
    "product.trashed": frozenset(),
    "product.restored": frozenset(),
}

# All types there are: what each tells of. Higher floors add theirs.
types: dict[str, str] = {
    "product.created": "a product was created",
    "product.changed": "a product was edited, repriced or restocked: `keys` says what, `facets` of which kind",
    "product.trashed": "a product went to the trash",
    "product.restored": "a product came back from the trash",
}


def document() -> str:
    """Markdown: every type of events, for whoever follows the change feed or subscribes to webhooks."""
    rows = [(f"`{name}`", words, "yes" if name in outward else "") for name, words in sorted(types.items())]
    return f"# Events\n\n{table(('Type', 'Tells', 'May change what is published'), rows)}"


def known_types() -> set[str]:
    """What may be asked for: each type, and "product.*" for all of a kind."""
    return {*types, *(f"{name.partition('.')[0]}.*" for name in types)}


def of_types(wanted: Collection[str]) -> Q:
    """Events of these types, "product.*" standing for all of the kind."""
    kinds = {name.removesuffix("*") for name in wanted if name.endswith(".*")}
    return Q(type__in=[name for name in types if name in wanted or name.partition(".")[0] + "." in kinds])


def tells_outwards() -> Q:
    """Events of the types in `outward`; of edits only those of prices, stock, and who reaches the product."""
    moved = Q(data__facets__icontains="offer") | Q(data__facets__icontains="stock")
    return Q(type__in=set(outward) - {"product.changed"}) | Q(type="product.changed") & (
        moved | Q(data__keys__icontains='"categories"')
    )


Hook = Callable[[Sequence[ProductDelta]], None]
Consumer = Callable[[Sequence[DomainEvent]], None]

# Run inside the transaction of the write, in the order of registration.
hooks: Registry[Hook] = Registry("product hook")
consumers: Registry[Consumer] = Registry("event consumer")
# Rung after commit, one per queue of work: "derive", "imports", "dispatch". The roof plugs Celery in.
# Losing a ring only delays: the sweep looks too.
_bells: dict[str, Callable[[], None]] = {}


def on_ring(name: str, bell: Callable[[], None]) -> None:
    _bells[name] = bell


def ring(name: str) -> None:
    """Tell whoever listens, after the commit of the present transaction, that there is work of that kind."""
    if name in _bells:
        transaction.on_commit(_bells[name], robust=True)


def append(*, type: str, product: Product | None = None, data: JSON = None, change_set_id: UUID | None = None) -> None:
    """Append one event inside the caller's transaction, and ring after commit."""
    append_all([(type, product, data or {})], change_set_id=change_set_id)


def append_all(entries: Sequence[tuple[str, Product | None, JSON]], *, change_set_id: UUID | None = None) -> None:
    now = timezone.now()
    bulk.append(
        DomainEvent,
        ("number", "type", "product_id", "product_code", "data", "change_set_id", "created_at"),
        [
            (None, kind, product.pk if product else None, product.code if product else "", data, change_set_id, now)
            for kind, product, data in entries
        ],
    )
    ring("derive")


def told(event: DomainEvent) -> dict[str, JSON]:
    """A numbered event as the change feed and webhooks give it."""
    return {
        "number": event.number,
        "type": event.type,
        "product": event.product_code or None,
        "data": event.data,
        "change_set": str(event.change_set_id) if event.change_set_id else None,
        "at": event.created_at.isoformat(),
    }


def number_events(*, limit: int = 5000) -> int:
    """Give the next numbers to committed events, in one place at a time; how many were numbered.

    Numbers are given after commit because commits overtake one another: a sequence taken at
    insert would let a reader's cursor pass an event that commits late.
    """
    with transaction.atomic():
        EventSequence.objects.get_or_create(pk=1)
        sequence = EventSequence.objects.select_for_update().get(pk=1)
        waiting = list(DomainEvent.objects.filter(number__isnull=True).order_by("id")[:limit])
        for event in waiting:
            sequence.last += 1
            event.number = sequence.last
        bulk.update_objects(waiting, ["number"])
        if waiting:
            sequence.save(update_fields=["last"])
    return len(waiting)


def run_consumer(name: str) -> int:
    """Hand the next events to one consumer and move its cursor with what it did, in one transaction.

    The cursor row is locked, so two workers never hand out the same events at once.
    """
    with transaction.atomic():
        EventCursor.objects.get_or_create(consumer=name)
        cursor = EventCursor.objects.select_for_update().get(consumer=name)
        events = list(DomainEvent.objects.filter(number__gt=cursor.number).order_by("number")[:BATCH])
        if events:
            consumers.get(name)(events)
            cursor.number = events[-1].number or cursor.number
            cursor.save(update_fields=["number"])
    return len(events)


def derive() -> int:
    """Number what is committed and bring every consumer up to date; how many events were handled."""
    handled = 0
    while number_events():
        pass
    for name in consumers.names():
        while count := run_consumer(name):
            handled += count
    return handled


def plug_in() -> None:
    documents.add("events", document)
