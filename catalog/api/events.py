"""The change feed: every committed change, in order, without gaps, from any number still kept."""

from __future__ import annotations

from django.db.models import Min, Q
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import events
from catalog.access.reach import sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, MOMENT, NUMBER, OBJECT, TEXT, Op, array, maybe, thing
from catalog.api.paging import limit_of
from catalog.api.problems import Problem
from catalog.models import DomainEvent

LARGEST = 1000


EVENT = thing("*", number=NUMBER, type=TEXT, product=maybe(TEXT), data=OBJECT, change_set=maybe(TEXT), at=MOMENT)


class EventList(ApiView):
    """`?after=N` gives what came after number N (0: from the beginning). `next` is where to go on, also when
    nothing is new; a number that is no longer kept is 410, and says what to do."""

    resource = "events"
    rights = {"GET": ("catalog.view_product",)}
    operations = {
        "GET": Op(
            query={
                "after": ("the number of the last event you have", {"type": "integer", "minimum": 0}),
                "limit": ("up to 1,000", {"type": "integer", "minimum": 1, "maximum": LARGEST}),
                "type": "such as product.changed; several parted by commas",
                "product": "code",
            },
            answers={200: thing("*", results=array(EVENT), last=NUMBER, more=FLAG, next=TEXT)},
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"after", "limit", "type", "product"})
        after, limit = params.number(request, "after", 0), limit_of(request, LARGEST)
        oldest = DomainEvent.objects.aggregate(first=Min("number"))["first"]
        if oldest is not None and after + 1 < oldest:
            text = f"Events up to {oldest - 1} are no longer kept. Read the products afresh, then follow from now."
            raise Problem(410, "events_gone", text, oldest=oldest)
        # What is committed and not numbered yet would only come a moment later: number it now.
        events.number_events()
        rows = DomainEvent.objects.filter(number__gt=after).order_by("number")
        if (ids := sight().ids()) is not None:
            rows = rows.filter(Q(product_id__isnull=True) | Q(product_id__in=ids))
        if kinds := params.names(request, "type"):
            rows = rows.filter(type__in=kinds)
        if "product" in request.query_params:
            rows = rows.filter(product_code=request.query_params["product"])
        found = list(rows[:limit])
        results = [
            {
                "number": e.number,
                "type": e.type,
                "product": e.product_code or None,
                "data": e.data,
                "change_set": str(e.change_set_id) if e.change_set_id else None,
                "at": e.created_at.isoformat(),
            }
            for e in found
        ]
        last = found[-1].number if found else after
        query = request.query_params.copy()
        query["after"] = str(last)
        url = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        return Response({"results": results, "last": last, "more": len(found) == limit, "next": url})
