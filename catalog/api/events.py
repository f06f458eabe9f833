"""The change feed: every committed change, in order, without gaps, from any number still kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Min, Q
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import events
from catalog.access import scopes
from catalog.access.reach import sight
from catalog.api import params
from catalog.api.authentication import Credentials
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, MOMENT, NUMBER, OBJECT, TEXT, Op, array, maybe, thing
from catalog.api.paging import limit_of
from catalog.api.problems import Problem
from catalog.models import Category, DomainEvent, EventSequence, JournalEntry
from pimhub.foundation.jsonvalue import JSON

LARGEST = 1000
WINDOW = 20_000  # numbers looked through in one call where few of them are told


EVENT = thing("*", number=NUMBER, type=TEXT, product=maybe(TEXT), data=OBJECT, change_set=maybe(TEXT), at=MOMENT)


class EventList(ApiView):
    """`?after=N` gives what came after number N (0: from the beginning). `next` is where to go on, also when
    nothing is new; a number that is no longer kept is 410, and says what to do.

    A token for `published:read` alone is told of what may change the published products, and of no edits."""

    resource = "events"
    also = ("published",)
    rights = {"GET": ("catalog.view_product",)}
    operations = {
        "GET": Op(
            query={
                "after": ("the number of the last event you have", {"type": "integer", "minimum": 0}),
                "limit": ("up to 1,000", {"type": "integer", "minimum": 1, "maximum": LARGEST}),
                "type": "such as product.changed, or product.* for all of a kind; several parted by commas",
                "product": "code",
            },
            answers={200: thing("*", results=array(EVENT), last=NUMBER, more=FLAG, next=TEXT)},
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"after", "limit", "type", "product"})
        after, limit = params.number(request, "after", 0), limit_of(request, LARGEST)
        # What is committed and not numbered yet would only come a moment later: number it now.
        events.number_events()
        newest = EventSequence.objects.get(pk=1).last
        oldest = DomainEvent.objects.aggregate(first=Min("number"))["first"] or newest + 1
        if after + 1 < oldest:
            text = f"Events up to {oldest - 1} are no longer kept. Read the products afresh, then follow from now."
            raise Problem(410, "events_gone", text, oldest=oldest)
        if after > newest:  # what comes next here would get numbers that the reader believes to have
            text = (
                f"There is no event {after} yet; the last one is {newest}. Is your number from before a backup was "
                "restored, or of another instance? Read the products afresh, then follow from now."
            )
            raise Problem(410, "events_ahead", text, newest=newest)
        drafts = _may_read_drafts(request)
        end = newest if drafts else min(newest, after + WINDOW)
        rows = DomainEvent.objects.filter(number__gt=after, number__lte=end).order_by("number")
        rows = rows if drafts else rows.filter(events.tells_outwards())
        if (ids := sight().ids()) is not None:
            moved = Q(data__keys__icontains='"categories"')
            rows = rows.filter(Q(product_id__isnull=True) | Q(product_id__in=ids) | moved)
        if kinds := params.names(request, "type", known=events.known_types()):
            rows = rows.filter(events.of_types(kinds))
        if "product" in request.query_params:
            rows = rows.filter(product_code=request.query_params["product"])
        found = list(rows[:limit])
        foreign = _foreign(found)
        results = [_told(e, drafts=drafts) for e in found if e.pk not in foreign]
        full = len(found) == limit
        last = after
        if full or (found and drafts):
            last = found[-1].number or after
        elif not drafts:
            last = max(after, end)  # of what lies between, nothing is told
        query = request.query_params.copy()
        query["after"] = str(last)
        url = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        return Response({"results": results, "last": last, "more": full or end < newest, "next": url})


def _may_read_drafts(request: Request) -> bool:
    """Whether the caller may know that somebody edits something."""
    token = request.auth if isinstance(request.auth, Credentials) else None
    return token is None or scopes.allow(token.scopes, resource="events", verb=scopes.READ)


def _told(event: DomainEvent, *, drafts: bool) -> dict[str, Any]:
    told = events.told(event)
    if not drafts:
        data: Mapping[str, JSON] = event.data
        told |= {"data": {k: v for k, v in data.items() if k in events.outward[event.type]}, "change_set": None}
    return told


def _foreign(found: Sequence[DomainEvent]) -> set[int]:
    """Of events that moved products between categories, those of products that the reader never reached.

    A product that leaves the reader's categories is told of once more: who follows must take it away.
    """
    reached = sight()
    if reached.ids() is None:
        return set()
    ids = {e.product_id for e in found if e.product_id}
    reached.learn(ids)
    away = [e for e in found if e.product_id and not reached.on(e.product_id)]
    acts = {e.change_set_id for e in away}
    entries = JournalEntry.objects.filter(change_set_id__in=acts, product_id__in={e.product_id for e in away}, sku="")
    before: dict[tuple[UUID | None, int | None], list[str]] = {
        (act, product): changes["categories"][0] or []
        for act, product, changes in entries.values_list("change_set_id", "product_id", "changes")
        if "categories" in changes
    }
    named = {code for codes in before.values() for code in codes}
    places = dict(Category.objects.filter(code__in=named).values_list("code", "pk"))
    return {
        e.pk
        for e in away
        if not reached.at([places[c] for c in before.get((e.change_set_id, e.product_id), ()) if c in places])
    }
