"""The whole proof of the texts that AI had a hand in: one file per product."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, NUMBER, OBJECT, TEXT, Op, array, thing
from catalog.api.problems import Problem
from catalog.api.products import product_of
from catalog.models import Product, User
from governance.api.proposals import proof_of, shown
from governance.copywriting.provenance import origins_of_all, within
from governance.copywriting.resting import CHANGE, CannotConfirm, confirm
from governance.models import ProviderCall, Revision, TextOrigin

PROOF = ("draft__proposal__product", "draft__proposal__proposed_by", "draft__proposal__decided_by")
VERSION = ("draft__version__template", "draft__version__author", "draft__version__activated_by", "draft__call")
CONFIRMED = "confirmed_by"
TEXT_SHAPE = thing(
    "*",
    key=TEXT,
    sku=TEXT,
    origin=TEXT,
    is_current={"type": "boolean"},
    stale=ANY,
    rests_on=array(TEXT),
    confirmed={
        "type": ["object", "null"],
        "description": "who said last of the stale text that it holds: by, at, why",
    },
    prompt={**OBJECT, "description": "the version's wording, rules, author and who made it active"},
    proof={**OBJECT, "description": "facts and their hash, sentences, claims, rules that judged it"},
    call={
        **OBJECT,
        "description": "provider, model, tokens, cost, and the bodies for who sees all of the product",
    },
    decision={**OBJECT, "description": "who asked, who took it, when, and how much was edited"},
    revisions=array(thing("number", number=NUMBER, approved_by=TEXT, approved_at=TEXT)),
)
SHAPE = thing("*", product=TEXT, texts=array(TEXT_SHAPE))


class ProductTexts(ApiView):
    """Each text of the product that AI wrote: facts, prompt, checks, reviewer, times, cost, and where it went live."""

    resource = "proposals"
    rights = {"GET": ("catalog.view_product",)}
    operations = {"GET": Op(answers={200: SHAPE})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product = product_of(code)
        answer = Response({"product": product.code, "texts": texts_of(product)})
        answer["Content-Disposition"] = f'inline; filename="{product.pk}-texts.json"'
        return answer


class ConfirmText(ApiView):
    """A stale text of the product holds still: {"key", "sku": of a variant's, "why"}. What it rests on may be as it
    was when the text was written, or as it is now; an edit, or another change of the facts, is looked at anew."""

    resource = "proposals"
    rights = {"POST": (CHANGE,)}
    operations = {"POST": Op(body=thing("key why", key=TEXT, sku=TEXT, why=TEXT), answers={200: TEXT_SHAPE})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product, given = product_of(code), request.data
        names = ("key", "sku", "why")
        if not isinstance(given, dict) or not all(isinstance(given.get(name, ""), str) for name in names):
            raise Problem(422, "bad_form", "Send an object of key, sku and why; each is a text.")
        rows = TextOrigin.objects.filter(product=product, is_current=True, sku=given.get("sku", ""))
        row = rows.filter(key=given.get("key", "")).first()
        if row is None or not sight().shows(product.pk, row.key):
            raise Problem(404, "not_found", f"No text by AI is in use at “{given.get('key', '')}”.")
        assert isinstance(request.user, User)
        try:
            confirm(row, by=request.user, why=given.get("why", ""))
        except CannotConfirm as error:
            raise Problem(409 if given.get("why", "").strip() else 422, "cannot_confirm", str(error)) from error
        told = (each for each in texts_of(product) if each["is_current"])
        return Response(next(each for each in told if (each["key"], each["sku"]) == (row.key, row.sku)))


def texts_of(product: Product) -> list[dict[str, Any]]:
    """The texts of the product, those of former revisions included, that the person acting sees."""
    rows = TextOrigin.objects.filter(product=product).select_related(*PROOF, *VERSION, CONFIRMED)
    revisions = list(Revision.objects.filter(product=product).select_related("approved_by").order_by("number"))
    went: dict[int, list[Revision]] = {}
    for number, origins in origins_of_all(revisions).items():
        for origin in origins.values():
            went.setdefault(origin.pk, []).extend(r for r in revisions if r.pk == number)
    return [_told(row, went.get(row.pk, [])) for row in rows if sight().shows(product.pk, row.key)]


def _told(row: TextOrigin, revisions: list[Revision]) -> dict[str, Any]:
    draft = row.draft
    version, proposal = draft.version, shown(draft.proposal)
    return {
        "key": row.key,
        "sku": row.sku,
        "origin": row.kind,
        "is_current": row.is_current,
        "stale": within(draft, row.product_id, row.stale),
        "rests_on": sorted(within(draft, row.product_id, row.rests)),
        "confirmed": {"by": row.confirmed_by.username, "at": row.confirmed_at, "why": row.confirmed_why}
        if row.confirmed_by
        else None,
        "prompt": {
            "code": version.template.code,
            "version": version.number,
            "instructions": version.instructions,
            "parameters": version.parameters,
            "rules": version.packs,
            "author": version.author.username if version.author else None,
            "active_by": version.activated_by.username if version.activated_by else None,
        },
        "proof": proof_of(draft),
        "call": _call(draft.call) if draft.call else None,
        "decision": {
            **{name: proposal[name] for name in ("by", "state", "comment", "decided_by", "created", "decided")},
            "edited_words": draft.edited_words,
            "edited_characters": draft.edited_characters,
        },
        "revisions": [
            {
                "number": each.number,
                "approved_by": each.approved_by.username if each.approved_by else None,
                "approved_at": each.approved_at,
            }
            for each in revisions
        ],
    }


def _call(call: ProviderCall) -> dict[str, Any]:
    told = {
        "provider": call.provider,
        "model": call.model,
        "answered_model": call.answered_model,
        "request_id": call.request_id,
        "outcome": call.outcome,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cost_micros": call.cost_micros,
        "asked_by": call.asked_by.username if call.asked_by else None,
        "started": call.started_at,
        "ended": call.ended_at,
    }
    if sight().reaches is None:  # the bodies hold all facts
        told |= {"request": call.request, "response": call.response}
    return told
