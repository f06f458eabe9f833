"""Revisions: what was approved, compared with each other and with the working copy."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, MOMENT, NUMBER, PAGING, TEXT, TEXTS, Op, Schema, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.products import product_of
from catalog.api.shapes import CHANGES
from catalog.products.state import difference
from governance.models import ReviewStep, Revision, Standing
from governance.revisions.pending import named_differently, pending, visible
from governance.revisions.read import flat, read_all
from governance.workflow.policies import told

ABOUT: dict[str, Schema] = {
    "number": NUMBER,
    "live": FLAG,
    "content_hash": TEXT,
    "requested_by": maybe(TEXT),
    "approved_by": maybe(TEXT),
    "approved_at": MOMENT,
    "comment": TEXT,
}
ROWS: Schema = {"type": "object", "description": "{SKU or empty: {key: value}}"}
WORDS: Schema = {"type": "object", "description": "{what: [live, new]} of names and pictures"}
BOTH = thing("*", changes=CHANGES, words=WORDS)


def about(revision: Revision, live_id: int | None) -> dict[str, Any]:
    return {
        "number": revision.number,
        "live": revision.pk == live_id,
        "content_hash": revision.content_hash,
        "requested_by": revision.requested_by.username if revision.requested_by else None,
        "approved_by": revision.approved_by.username if revision.approved_by else None,
        "approved_at": revision.approved_at,
        "comment": revision.comment,
    }


class Revisions(ApiView):
    """What was approved of the product in the address."""

    resource = "products"
    rights = {"GET": ("catalog.view_product",)}

    def standing(self, code: str) -> Standing:
        return Standing.objects.select_related("product", "live").get(product=product_of(code))

    def revision(self, standing: Standing, number: int) -> Revision:
        rows = Revision.objects.select_related("requested_by", "approved_by")
        found = rows.filter(product_id=standing.product_id, number=number).first()
        if found is None:
            raise Problem(404, "not_found", f"{standing.product.code} has no revision {number}.")
        return found


class RevisionList(Revisions):
    """All revisions, the newest first."""

    operations = {"GET": Op(query=PAGING, answers={200: page_of(thing("*", **ABOUT))})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING)
        standing = self.standing(code)
        rows = Revision.objects.filter(product_id=standing.product_id).select_related("requested_by", "approved_by")
        order = Order("pk", descending=True)
        return Response(page(request, rows, order, lambda found: [about(r, standing.live_id) for r in found]))


class RevisionDetail(Revisions):
    """One revision with its content: {row: {key: value}}, the names it shows, and who wrote each value."""

    operations = {
        "GET": Op(answers={200: thing("*", **ABOUT, content=ROWS, words={"type": "object"}, provenance=ROWS)}),
    }

    def get(self, request: Request, code: str, number: int) -> Response:
        params.only(request, ())
        standing = self.standing(code)
        revision = self.revision(standing, number)
        document = read_all([revision])[revision.pk]
        data = about(revision, standing.live_id)
        data |= {"content": visible(revision.product_id, flat(document)), "words": document.context().words()}
        data |= {"provenance": visible(revision.product_id, document.provenance)}
        return Response(data)


class RevisionCompare(Revisions):
    """What differs from one revision to another: {row: {key: [there, here]}}."""

    operations = {"GET": Op(answers={200: BOTH})}

    def get(self, request: Request, code: str, number: int, other: int) -> Response:
        params.only(request, ())
        standing = self.standing(code)
        first, second = self.revision(standing, number), self.revision(standing, other)
        documents = read_all([first, second])
        old, new = documents[first.pk], documents[second.pk]
        words = named_differently(old.context(), new.context())
        return Response({"changes": visible(standing.product_id, difference(flat(old), flat(new))), "words": words})


class Review(Revisions):
    """What an approval would make live, and the two hashes that bind the decision to it."""

    operations = {
        "GET": Op(
            answers={
                200: thing(
                    "*",
                    state=TEXT,
                    live_revision=maybe(NUMBER),
                    content_hash=TEXT,
                    review_hash=TEXT,
                    requested_by=maybe(TEXT),
                    assigned_to=maybe(TEXT),
                    due=maybe(MOMENT),
                    changes=CHANGES,
                    needs=array(thing("*", policy=TEXT, needs=TEXT, reason=TEXT, keys=array(TEXTS), agreed=TEXTS)),
                    words=WORDS,
                    authors=array(thing("*", row=TEXT, key=TEXT, actor=TEXT, source=TEXT, entry=NUMBER)),
                )
            }
        )
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        standing = self.standing(code)
        now = pending(standing)
        return Response(
            {
                "state": standing.state,
                "live_revision": standing.live.number if standing.live else None,
                "content_hash": standing.content_hash,
                "review_hash": now.review_hash,
                "requested_by": standing.requested_by.username if standing.requested_by else None,
                "assigned_to": standing.assigned_to.username if standing.assigned_to else None,
                "due": standing.due_at,
                "changes": visible(standing.product_id, now.changes),
                "needs": told(standing.product, now),
                "words": now.words,
                "authors": [
                    {
                        "row": row,
                        "key": key,
                        "actor": entry.change_set.actor,
                        "source": entry.change_set.source,
                        "entry": entry.pk,
                    }
                    for (row, key), entry in now.authors().items()
                ],
            }
        )


STEP = thing(
    "*",
    verb=TEXT,
    by=maybe(TEXT),
    from_state=TEXT,
    to_state=TEXT,
    comment=TEXT,
    details={"type": "object"},
    revision=maybe(NUMBER),
    at=MOMENT,
)


class StepList(Revisions):
    """What was said and decided, the newest first."""

    operations = {"GET": Op(query=PAGING, answers={200: page_of(STEP)})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING)
        rows = ReviewStep.objects.filter(product=product_of(code)).select_related("user", "revision")
        return Response(page(request, rows, Order("pk", descending=True), lambda found: [step(s) for s in found]))


def step(row: ReviewStep) -> dict[str, Any]:
    return {
        "verb": row.verb,
        "by": row.user.username if row.user else None,
        "from_state": row.from_state,
        "to_state": row.to_state,
        "comment": row.comment,
        "details": row.details,
        "revision": row.revision.number if row.revision else None,
        "at": row.created_at,
    }
