"""The published products: what headless shops, marketing, support and AI clients read. Drafts never."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import events
from catalog.access.reach import SCOPE, seen, sight
from catalog.api import params
from catalog.api.base import ApiView, etag_of
from catalog.api.describe import MOMENT, NUMBER, OBJECT, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.formats import ExactJSONRenderer
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.shapes import BY_KEY
from catalog.models import DomainEvent, Locale, Scope, Variant
from catalog.models.codes import code_key
from channels.published.linked import linked
from channels.published.read import Audience, published
from governance.models import Standing
from governance.revisions.embargo import shown_in

VARIANT = thing("sku values origins offers stock", sku=TEXT, gtin=maybe(TEXT), values=BY_KEY, origins=BY_KEY)
PRODUCT = thing(
    "code scope state revision content_hash values origins variants",
    code=TEXT,
    scope=TEXT,
    state={"type": "string", "enum": ["approved"]},
    revision=NUMBER,
    content_hash=TEXT,
    approved_by=maybe(TEXT),
    approved_at=MOMENT,
    family=TEXT,
    values=BY_KEY,
    origins={**BY_KEY, "description": "{value key: {origin, at, system}}; with a locale {attribute: {…, key}}"},
    labels={**BY_KEY, "description": "{attribute: {option: words}} as approved"},
    axes=array(OBJECT),
    categories=array(OBJECT),
    media=array(OBJECT),
    associations=BY_KEY,
    variants=array(VARIANT),
)
FEED = thing("*", after=NUMBER, url=TEXT)
LOCALE = {"locale": "resolve everything to one language, along its fallbacks: values by attribute, words as text"}
LIST = params.PAGING | {"locale", "code", "sku", "changed_after"}


class Published(ApiView):
    resource = "published"
    rights = {"GET": ("catalog.view_product",)}

    def audience(self, request: Request, scope: str) -> Audience:
        found = Scope.objects.filter(code=scope).first()
        reached = sight().limited(SCOPE)
        if found is None or (reached is not None and scope not in reached):
            raise Problem(404, "not_found", f"There is no scope “{scope[:50]}”.")
        locale = request.query_params.get("locale", "")
        audience = Audience.of(found, locale)
        if locale and not audience.languages.intersection(audience.chain):
            if not Locale.objects.filter(code=locale).exists():
                raise Problem(400, "bad_locale", f"There is no language “{locale[:20]}”.", parameter="locale")
            raise Problem(400, "bad_locale", f"{scope} is not written in {locale}.", parameter="locale")
        return audience


class PublishedList(Published):
    """What is live in a scope, in a steady order. `events` on the first page says from where to follow changes: go
    on with `/events/?after=…`, and read each product that it names again (404: it is not live any more)."""

    operations = {
        "GET": Op(
            query={
                **PAGING,
                **LOCALE,
                "code": "codes",
                "sku": "SKUs",
                "changed_after": ("only what an event after this number may have changed", {"type": "integer"}),
            },
            answers={200: {**page_of(PRODUCT), "properties": {**page_of(PRODUCT)["properties"], "events": FEED}}},
        )
    }

    def get(self, request: Request, scope: str) -> Response:
        params.only(request, LIST)
        audience = self.audience(request, scope)
        # Before anything is read: what is committed later has a higher number.
        number = DomainEvent.objects.aggregate(last=Max("number"))["last"] or 0
        rows = _selected(request, shown_in(audience.scope))
        found: dict[str, Any] = page(request, rows, Order("product_id"), lambda some: published(some, audience))
        tag = etag_of(found)  # that something else happened changes nothing here
        if "cursor" not in request.query_params:
            url = request.build_absolute_uri(f"/api/v1/events/?after={number}")
            found["events"] = {"after": number, "url": url}
        return Response(found, headers={"ETag": tag})


class PublishedDetail(Published):
    """What is live of one product in a scope; 404 while nothing is."""

    operations = {"GET": Op(query=LOCALE, answers={200: PRODUCT})}

    def get(self, request: Request, scope: str, code: str) -> Response:
        params.only(request, {"locale"})
        audience = self.audience(request, scope)
        rows = seen(shown_in(audience.scope), "product").filter(product__code_key=code_key(code))
        for told in published(list(rows), audience):
            return Response(told)
        raise Problem(404, "not_live", f"Nothing of “{code[:100]}” is live in {scope}.")


class LinkedRenderer(ExactJSONRenderer):
    media_type = "application/ld+json"


class PublishedLinked(Published):
    """What is live of one product in one language (`locale`) as JSON-LD, in the words of schema.org. A text that AI had
    a hand in is told under `subjectOf` as well, with its `digitalSourceType`."""

    renderer_classes = (LinkedRenderer, ExactJSONRenderer)  # type: ignore[assignment]
    operations = {"GET": Op(query={"locale": "the language; without it the first of the scope"}, answers={200: OBJECT})}

    def get(self, request: Request, scope: str, code: str) -> Response:
        params.only(request, {"locale"})
        audience = self.audience(request, scope)
        locale = request.query_params.get("locale") or _first_language(audience.scope)
        rows = seen(shown_in(audience.scope), "product").filter(product__code_key=code_key(code))
        for told in published(list(rows), Audience.of(audience.scope, locale)):
            return Response(linked(told, locale=locale))
        raise Problem(404, "not_live", f"Nothing of “{code[:100]}” is live in {scope}.")


def _first_language(scope: Scope) -> str:
    codes = sorted(scope.locales.values_list("code", flat=True))
    return "en_US" if "en_US" in codes or not codes else codes[0]


def _selected(request: Request, rows: QuerySet[Standing]) -> QuerySet[Standing]:
    rows = seen(rows, "product")
    if codes := params.names(request, "code"):
        rows = rows.filter(product__code_key__in={code_key(c) for c in codes})
    if skus := params.names(request, "sku"):
        variants = Variant.everything.filter(sku_key__in={code_key(s) for s in skus})
        rows = rows.filter(product__in=variants.values("product_id"))
    if "changed_after" in request.query_params:
        after = params.number(request, "changed_after", 0)
        # What has no number yet will get a higher one.
        later = Q(number__gt=after) | Q(number__isnull=True)
        told = DomainEvent.objects.filter(events.tells_outwards(), later)
        rows = rows.filter(product__in=told.values("product_id"))
    return rows
