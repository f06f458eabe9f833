"""What stands where on a channel: listings, what stands against them, and every call that was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import blobs
from catalog.access.reach import seen, sight
from catalog.api import params
from catalog.api.describe import FLAG, MOMENT, NUMBER, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.shapes import BY_KEY
from catalog.models import Product, Variant
from catalog.models.codes import code_key
from channels.api.channels import OfChannels
from channels.fields import STATES
from channels.models import ChannelIssue, Listing, Publication

ISSUE = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    sku=maybe(TEXT),
    source=TEXT,
    severity=TEXT,
    code=TEXT,
    message=TEXT,
    field=TEXT,
    key=TEXT,
    url=TEXT,
    first_seen=MOMENT,
    last_seen=MOMENT,
    cleared=maybe(MOMENT),
)
FACET = thing("*", desired=maybe(TEXT), accepted=maybe(TEXT), live=maybe(TEXT), refused=maybe(TEXT))
LISTING = thing(
    "*",
    product=TEXT,
    sku=maybe(TEXT),
    state={"type": "string", "enum": list(STATES)},
    revision=maybe(NUMBER),
    facets={"type": "object", "description": "hashes by facet", "additionalProperties": FACET},
    desired_at=maybe(MOMENT),
    accepted_at=maybe(MOMENT),
    live_at=maybe(MOMENT),
    lag_seconds=maybe({"type": "number"}),
    due=maybe(MOMENT),
    problem=maybe(TEXT),
    issues=array(ISSUE),
)
CALL = thing(
    "id product operation verdict",
    id=NUMBER,
    product=TEXT,
    operation=TEXT,
    number=NUMBER,
    carries=BY_KEY,
    revision=maybe(NUMBER),
    mapping=maybe(NUMBER),
    verdict=maybe(TEXT),
    message=TEXT,
    status=maybe(NUMBER),
    request_id=maybe(TEXT),
    milliseconds=maybe(NUMBER),
    created=MOMENT,
    finished=maybe(MOMENT),
    request={"description": "as it was sent, secrets redacted"},
    response={"description": "as it came back"},
)
OF_SKU = {"sku": "of these SKUs, parted by commas", "product": "code"}


class ListingList(OfChannels):
    """Remote items with what they should show (`desired`), what the channel took (`accepted`) and what was read back
    (`live`), as hashes by facet. `lag_seconds`: from wanted to seen live, or since it is wanted."""

    operations = {
        "GET": Op(query={**PAGING, **OF_SKU, "state": "parted by commas"}, answers={200: page_of(LISTING)}),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"state", "sku", "product"})
        rows = seen(Listing.objects.filter(placement__channel=self.channel(code)), "placement__product")
        rows = of_products(request, rows, own_rows=True)
        if states := params.names(request, "state", known=STATES):
            rows = rows.filter(state__in=states)
        issues = Prefetch("placement__issues", ChannelIssue.objects.filter(cleared_at=None), to_attr="open_issues")
        rows = rows.select_related("placement__product", "placement__revision").prefetch_related(issues)
        return Response(page(request, rows, Order("pk"), lambda found: [_listing(x) for x in found]))


class IssueList(OfChannels):
    """What stands against listings: open ones, or with `?cleared=true` those that were mended."""

    operations = {
        "GET": Op(
            query={
                **PAGING,
                **OF_SKU,
                "code": "parted by commas",
                "severity": "error or warning",
                "cleared": ("only mended ones", FLAG),
            },
            answers={200: page_of(ISSUE)},
        )
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"code", "severity", "sku", "product", "cleared"})
        rows = ChannelIssue.objects.filter(placement__channel=self.channel(code))
        rows = of_products(request, seen(rows, "placement__product"), own_rows=True)
        rows = rows.filter(cleared_at__isnull=not params.flag(request, "cleared"))
        if codes := params.names(request, "code"):
            rows = rows.filter(code__in=codes)
        if severities := params.names(request, "severity", known=("error", "warning")):
            rows = rows.filter(severity__in=severities)
        order = Order("pk", descending=True)
        return Response(page(request, rows.select_related("placement__product"), order, _visible_issues))


class PublicationList(OfChannels):
    """Calls that could change the channel, the newest first."""

    operations = {
        "GET": Op(query={**PAGING, **OF_SKU, "verdict": "parted by commas"}, answers={200: page_of(CALL)}),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"sku", "product", "verdict"})
        rows = Publication.objects.filter(placement__channel=self.channel(code))
        rows = of_products(request, seen(rows, "placement__product"))
        if verdicts := params.names(request, "verdict"):
            rows = rows.filter(verdict__in=verdicts)
        rows = rows.select_related("placement__product", "revision", "mapping")
        return Response(page(request, rows, Order("pk", descending=True), lambda found: [_call(x) for x in found]))


class PublicationDetail(OfChannels):
    """One call with what was sent and what came back; these only for whoever reaches all parts of products."""

    operations = {"GET": Op(answers={200: CALL})}

    def get(self, request: Request, code: str, pk: int) -> Response:
        params.only(request, ())
        rows = Publication.objects.filter(placement__channel=self.channel(code), pk=pk)
        row = seen(rows, "placement__product").select_related("placement__product", "revision", "mapping").first()
        if row is None:
            raise Problem(404, "not_found", f"{code} has no such publication.")
        told = _call(row)
        if sight().everything:
            told["request"] = blobs.get(row.request)
            told["response"] = blobs.get(row.response) if row.response else None
        return Response(told)


def of_products(request: Request, rows: QuerySet[Any], *, own_rows: bool = False) -> QuerySet[Any]:
    """Rows of the products or SKUs that the address names. With `own_rows`, of a SKU its own and the product's."""
    if "product" in request.query_params:
        rows = rows.filter(placement__product__code_key=code_key(request.query_params["product"]))
    if skus := params.names(request, "sku"):
        variants = Variant.everything.filter(sku_key__in={code_key(sku) for sku in skus})
        rows = rows.filter(placement__product__in=variants.values("product_id"))
        if own_rows:
            rows = rows.filter(Q(sku="") | Q(sku__in=variants.values("sku")))
    return rows


def _listing(row: Listing) -> dict[str, Any]:
    placement = row.placement
    live = row.state == Listing.State.LIVE
    end = row.verified_at if live else timezone.now()
    lag = (end - row.desired_at).total_seconds() if row.desired_at and end else None
    issues: Sequence[ChannelIssue] = placement.open_issues  # type: ignore[attr-defined]
    return {
        "product": placement.product.code,
        "sku": row.sku or None,
        "state": row.state,
        "revision": placement.revision.number if placement.revision else None,
        "facets": {facet: _facet(row, facet) for facet in sorted({*row.desired, *row.accepted, *row.verified})},
        "desired_at": row.desired_at,
        "accepted_at": row.accepted_at,
        "live_at": row.verified_at,
        "lag_seconds": max(round(lag, 3), 0) if lag is not None else None,
        "due": placement.due_at,
        "problem": placement.problem or None,
        "issues": _visible_issues([i for i in issues if i.sku in ("", row.sku)], placement.product),
    }


def _facet(row: Listing, facet: str) -> dict[str, str | None]:
    held: Mapping[str, Mapping[str, str]] = {
        "desired": row.desired,
        "accepted": row.accepted,
        "live": row.verified,
        "refused": row.refused,
    }
    return {name: hashes.get(facet) for name, hashes in held.items()}


def _visible_issues(rows: Sequence[ChannelIssue], product: Product | None = None) -> list[dict[str, Any]]:
    """Of problems, those of values that the reader sees."""
    found = [(row, product or row.placement.product) for row in rows]
    sight().learn([owner.pk for _, owner in found])
    return [_issue(row, owner) for row, owner in found if not row.key or sight().shows(owner.pk, row.key)]


def _issue(row: ChannelIssue, product: Product) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": product.code,
        "sku": row.sku or None,
        "source": row.source,
        "severity": row.severity,
        "code": row.code,
        "message": row.message,
        "field": row.field,
        "key": row.key,
        "url": row.url,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "cleared": row.cleared_at,
    }


def _call(row: Publication) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.placement.product.code,
        "operation": row.operation,
        "number": row.number,
        "carries": row.carries,
        "revision": row.revision.number if row.revision else None,
        "mapping": row.mapping.number if row.mapping else None,
        "verdict": row.verdict or None,
        "message": row.message,
        "status": row.status,
        "request_id": row.request_id or None,
        "milliseconds": row.milliseconds,
        "created": row.created_at,
        "finished": row.finished_at,
    }
