"""Subscriptions to events: made, changed, paused, rotated, replayed, tested; and the log of what was sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import (
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    PAGING,
    TEXT,
    TEXTS,
    Op,
    Schema,
    maybe,
    page_of,
    thing,
)
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import User
from channels.models import Delivery, Subscription
from channels.webhooks import subscriptions
from channels.webhooks.subscriptions import Wrong

MANAGE = ("channels.manage_webhooks", "catalog.view_product")
FIELDS: dict[str, Schema] = {
    "name": TEXT,
    "url": TEXT,
    "types": TEXTS,
    "scopes": TEXTS,
    "families": TEXTS,
    "states": TEXTS,
}
WEBHOOK = thing(
    "id name url owner types scopes families states state cursor behind",
    **{"id": NUMBER, **FIELDS},
    owner=TEXT,
    state=TEXT,
    cursor={**NUMBER, "description": "number of the last event that is done with"},
    behind={**NUMBER, "description": "events after it"},
    disabled_reason=TEXT,
    retry_at=maybe(MOMENT),
    failing_since=maybe(MOMENT),
    last_success_at=maybe(MOMENT),
    secret={**TEXT, "description": "only in the answer that makes it"},
)
DELIVERY = thing(
    "id webhook_id type attempt at",
    id=NUMBER,
    webhook_id=TEXT,
    number=maybe(NUMBER),
    type=TEXT,
    attempt=NUMBER,
    at=MOMENT,
    status=maybe(NUMBER),
    milliseconds=maybe(NUMBER),
    problem=TEXT,
    digest={**TEXT, "description": "SHA-256 of the body"},
    size=NUMBER,
    headers=OBJECT,
    answer=OBJECT,
)


def shown(row: Subscription) -> dict[str, Any]:
    names = ("name", "url", "types", "scopes", "families", "states", "state", "cursor")
    found = {"id": row.pk} | {name: getattr(row, name) for name in names}
    return found | {
        "owner": row.user.username,
        "behind": subscriptions.behind(row),
        "disabled_reason": row.disabled_reason,
        "retry_at": row.retry_at,
        "failing_since": row.failing_since,
        "last_success_at": row.last_success_at,
    }


def shown_delivery(row: Delivery) -> dict[str, Any]:
    names = ("webhook_id", "number", "type", "attempt", "status", "milliseconds", "problem", "digest", "size")
    found = {"id": row.pk} | {name: getattr(row, name) for name in names}
    return found | {"at": row.started_at or row.created_at, "headers": row.headers, "answer": row.answer}


class Webhooks(ApiView):
    resource = "webhooks"
    rights = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), MANAGE)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Wrong):
            errors = [{"key": exc.field, "code": "invalid", "message": str(exc)}]
            exc = Problem(422, "invalid", str(exc), errors=errors)
        return super().handle_exception(exc)

    def row(self, pk: int) -> Subscription:
        found = subscriptions.visible().filter(pk=pk).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no webhook {pk}.")
        return found


class WebhookList(Webhooks):
    """`GET` one's own subscriptions (all, for whoever reaches everything). `POST` makes one, which begins with the
    next event, or after event `after`; its secret is in this answer and nowhere else."""

    keeps_secret = True
    operations = {
        "GET": Op(query=PAGING, answers={200: page_of(WEBHOOK)}),
        "POST": Op(body=thing("name url", **FIELDS, after=NUMBER), answers={201: WEBHOOK}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, params.PAGING)
        rows = page(request, subscriptions.visible(), Order("pk"), lambda found: [shown(r) for r in found])
        return Response(rows)

    def post(self, request: Request) -> Response:
        params.only(request, ())
        given = _object(request, {*FIELDS, "after"})
        for field in ("name", "url"):
            if field not in given:
                raise Wrong(field, f"{field} is missing.")
        row, secret = subscriptions.create(user=cast(User, request.user), **given)
        response = Response(shown(row) | {"secret": secret}, status=201)
        response["Location"] = request.build_absolute_uri(f"{request.path}{row.pk}/")
        return response


class WebhookDetail(Webhooks):
    """One subscription. `PATCH` also takes {"paused": true or false}; false sets a disabled one going again."""

    operations = {
        "GET": Op(answers={200: WEBHOOK}),
        "PATCH": Op(body=thing("", **FIELDS, paused=FLAG), answers={200: WEBHOOK}),
        "DELETE": Op(answers={204: None}),
    }

    def get(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        return Response(shown(self.row(pk)))

    def patch(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        row, given = self.row(pk), _object(request, {*FIELDS, "paused"})
        paused = given.pop("paused", None)
        if paused not in (None, True, False):
            raise Wrong("paused", "paused is true or false.")
        if given:
            subscriptions.change(row, **given)
        if paused is not None:
            (subscriptions.pause if paused else subscriptions.resume)(row)
        return Response(shown(self.row(pk)))

    def delete(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        subscriptions.remove(self.row(pk))
        return Response(status=204)


class WebhookRotate(Webhooks):
    """A new secret; messages carry signatures by both for `overlap` seconds (a day, if not said)."""

    keeps_secret = True
    operations = {"POST": Op(body=thing("", overlap=NUMBER), answers={200: WEBHOOK})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        row = self.row(pk)
        overlap = _object(request, {"overlap"}).get("overlap", int(subscriptions.OVERLAP.total_seconds()))
        longest = int(subscriptions.LONGEST_OVERLAP.total_seconds())
        if isinstance(overlap, bool) or not isinstance(overlap, int) or not 0 <= overlap <= longest:
            raise Wrong("overlap", "overlap is a number of seconds, up to 30 days.")
        secret = subscriptions.rotate(row, overlap=dt.timedelta(seconds=overlap))
        return Response(shown(self.row(pk)) | {"secret": secret})


class WebhookReplay(Webhooks):
    """Tell again what came after event `after`, under the same message ids; a later number passes events over."""

    operations = {"POST": Op(body=thing("after", after=NUMBER), answers={200: WEBHOOK})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        row = self.row(pk)
        given = _object(request, {"after"})
        if "after" not in given:
            raise Wrong("after", "after is missing: the number of the last event that you have.")
        subscriptions.replay(row, after=given["after"])
        return Response(shown(self.row(pk)))


class WebhookTest(Webhooks):
    """Have a test message sent; how it went is in the deliveries a moment later."""

    operations = {"POST": Op(body=thing(""), answers={202: DELIVERY})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        return Response(shown_delivery(subscriptions.ask_for_test(self.row(pk))), status=202)


class DeliveryList(Webhooks):
    """What was sent, newest first: `?number=` narrows it to one event. Rows stay for 30 days."""

    rights = {"GET": MANAGE}
    operations = {"GET": Op(query={**PAGING, "number": "of an event"}, answers={200: page_of(DELIVERY)})}

    def get(self, request: Request, pk: int) -> Response:
        params.only(request, {"number"} | params.PAGING)
        query = Delivery.objects.filter(subscription=self.row(pk))
        if "number" in request.query_params:
            query = query.filter(number=params.number(request, "number", 0))
        order = Order("pk", descending=True)
        return Response(page(request, query, order, lambda rows: [shown_delivery(r) for r in rows]))


def _object(request: Request, known: set[str]) -> dict[str, Any]:
    given = request.data
    if not isinstance(given, Mapping):
        raise Problem(422, "bad_form", "Send an object.")
    for name in given:
        if name not in known:
            raise Wrong(str(name)[:50], f"There is no field “{str(name)[:50]}”. Known: {', '.join(sorted(known))}.")
    return dict(given)
