"""Comparisons of sources and channels with us: started, followed, their gaps, and repairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, MOMENT, NUMBER, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import Source, User
from channels.access import reached
from channels.models import Channel, Gap, Reconciliation
from channels.reconcile import repair
from channels.reconcile.work import start, stop

VIEW, REPAIR = ("channels.view_channel",), ("channels.publish_channel",)
MOST = 5000  # gaps named one by one in a call; more by hop
RUN = thing(
    "*",
    id=NUMBER,
    source=maybe(TEXT),
    channel=maybe(TEXT),
    state=TEXT,
    percent=NUMBER,
    checked=NUMBER,
    in_sync=NUMBER,
    found=ANY,
    problem=TEXT,
    started=MOMENT,
    finished=maybe(MOMENT),
)
GAP = thing(
    "*",
    id=NUMBER,
    hop=TEXT,
    sku=TEXT,
    key=TEXT,
    theirs=TEXT,
    ours=TEXT,
    who=TEXT,
    product=maybe(TEXT),
    state=TEXT,
    note=TEXT,
)


class Runs(ApiView):
    """Comparisons tell of many products: who does not reach them all sees none."""

    resource = "reconciliations"
    rights = {"GET": VIEW, "POST": REPAIR}

    def query(self) -> QuerySet[Reconciliation]:
        rows = Reconciliation.objects.select_related("source", "channel").order_by()
        return rows if sight().everything else rows.none()

    def row(self, pk: int) -> Reconciliation:
        found = self.query().filter(pk=pk).first()
        if found is None:
            raise Problem(404, "not_found", "There is no such comparison.")
        return found


class ReconciliationList(Runs):
    """The comparisons, newest first. `POST` names a source or a channel; one that is under way is given back."""

    operations = {
        "GET": Op(query={**PAGING, "source": "a source", "channel": "a channel"}, answers={200: page_of(RUN)}),
        "POST": Op(body=thing("", source=TEXT, channel=TEXT), answers={202: RUN}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"source", "channel"} | params.PAGING)
        rows = self.query()
        for name in ("source", "channel"):
            if code := request.query_params.get(name):
                rows = rows.filter(**{f"{name}__code": code})
        return Response(page(request, rows, Order("pk", descending=True), lambda found: [shown(r) for r in found]))

    def post(self, request: Request) -> Response:
        params.only(request, ())
        given = _object(request, {"source", "channel"})
        if len(given) != 1 or not sight().everything:
            if sight().everything:
                raise Problem(422, "bad_form", "Name a source or a channel, and one of them only.")
            raise Problem(403, "forbidden", "A comparison tells of all products; your roles reach some of them only.")
        ((kind, code),) = given.items()
        user = cast(User, request.user)
        if kind == "channel":
            channel = reached(Channel.objects.filter(code=str(code))).first()
            if channel is None:
                raise Problem(422, "unknown_channel", f"There is no channel “{code}”.")
            run = start(channel=channel, user=user)
        else:
            source = Source.objects.filter(code=str(code)).first()
            if source is None:
                raise Problem(422, "unknown_source", f"There is no source “{code}”.")
            if not source.snapshot:
                raise Problem(409, "no_snapshot", f"The source {code} names no address of a snapshot. Add one first.")
            run = start(source=source, user=user)
        return Response(shown(self.row(run.pk)), status=202)


class ReconciliationDetail(Runs):
    """One comparison: how far it is, and how many gaps there are by the hop where they arose."""

    operations = {"GET": Op(answers={200: RUN})}

    def get(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        return Response(shown(self.row(pk)))


class ReconciliationStop(Runs):
    """End a comparison before its time; what was found until then stays."""

    operations = {"POST": Op(answers={200: RUN})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        stop(self.row(pk))
        return Response(shown(self.row(pk)))


class GapList(Runs):
    """The gaps of one comparison, narrowed by hop and state. They are kept for 30 days."""

    operations = {
        "GET": Op(query={**PAGING, "hop": "where it arose", "state": "open, asked …"}, answers={200: page_of(GAP)})
    }

    def get(self, request: Request, pk: int) -> Response:
        params.only(request, {"hop", "state"} | params.PAGING)
        rows = Gap.objects.filter(run=self.row(pk)).select_related("product").order_by()
        for name, known in (("hop", Gap.Hop.values), ("state", Gap.State.values)):
            if value := request.query_params.get(name):
                if value not in known:
                    raise Problem(422, f"unknown_{name}", f"There is no {name} “{value}”. Known: {', '.join(known)}.")
                rows = rows.filter(**{name: value})
        return Response(page(request, rows, Order("pk"), lambda found: [shown_gap(gap) for gap in found]))


class ReconciliationRepair(Runs):
    """Have open gaps repaired: those of one `hop`, or those with these `ids`. `way` is "repair" (the source's figure is
    taken, ours is sent to the channel) or "propose" (the source's figure becomes a proposal). Workers do it; what must
    be decided elsewhere stays open with a `note`."""

    operations = {
        "POST": Op(body=thing("", hop=TEXT, ids=array(NUMBER), way=TEXT), answers={202: thing("*", asked=NUMBER)})
    }

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        run = self.row(pk)
        given = _object(request, {"hop", "ids", "way"})
        way, ids = given.get("way", Gap.Way.REPAIR), given.get("ids")
        if way not in Gap.Way.values:
            raise Problem(422, "bad_way", f"way is one of {', '.join(Gap.Way.values)}.")
        if ("hop" in given) == ("ids" in given):
            raise Problem(422, "bad_form", "Say which: either a hop, or a list of ids.")
        if ids is not None:
            whole = isinstance(ids, list) and all(isinstance(i, int) and not isinstance(i, bool) for i in ids)
            if not whole or len(ids) > MOST:
                raise Problem(422, "bad_form", f"ids is a list of up to {MOST:,} whole numbers.")
            chosen = run.gaps.filter(pk__in=ids)
        else:
            if given["hop"] not in Gap.Hop.values:
                raise Problem(422, "unknown_hop", f"There is no such hop. Known: {', '.join(Gap.Hop.values)}.")
            chosen = run.gaps.filter(hop=given["hop"])
        return Response({"asked": repair.ask(chosen, user=cast(User, request.user), way=way)}, status=202)


def shown(run: Reconciliation) -> dict[str, Any]:
    return {
        "id": run.pk,
        "source": run.source.code if run.source else None,
        "channel": run.channel.code if run.channel else None,
        "state": run.state,
        "percent": 100 if run.state == Reconciliation.State.DONE else run.percent,
        "checked": run.checked,
        "in_sync": run.in_sync,
        "found": run.found,
        "problem": run.problem,
        "started": run.started_at,
        "finished": run.finished_at,
    }


def shown_gap(gap: Gap) -> dict[str, Any]:
    names = ("hop", "sku", "key", "theirs", "ours", "who", "state", "note")
    product = gap.product.code if gap.product else None
    return {"id": gap.pk, "product": product, **{name: getattr(gap, name) for name in names}}


def _object(request: Request, known: set[str]) -> dict[str, Any]:
    given = request.data
    if not isinstance(given, Mapping):
        raise Problem(422, "bad_form", "Send an object.")
    if strange := set(given) - known:
        name = str(min(strange, key=str))[:50]
        raise Problem(422, "unknown_field", f"There is no field “{name}”. Known: {', '.join(sorted(known))}.")
    return dict(given)
