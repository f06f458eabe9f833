"""Products: read, written one by one, moved to the trash and back, copied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen
from catalog.api import bulk, params
from catalog.api.base import ApiView, etag_of
from catalog.api.describe import FLAG, PAGING, TEXT, Op, Schema, lines_of, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem, refused, told
from catalog.api.product_lines import POLICIES, Products
from catalog.api.shapes import CHANGES, PRODUCT, PRODUCT_IN
from catalog.models import Product, User
from catalog.models.codes import code_key
from catalog.products import copying, trash
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.load import row_of
from catalog.products.represent import INCLUDES, Wanted, known_fields, represent
from catalog.products.uses import InUse
from catalog.products.wire import load_json, read_product
from catalog.products.write import WriteResult, write_product, write_products
from catalog.search import filters, text
from catalog.search.select import conditions_of, select, view_of

SORTS = {
    "created": Order("pk"),
    "-created": Order("pk", descending=True),
    "code": Order("code_key"),
    "-code": Order("code_key", descending=True),
    "updated": Order("updated_at"),
    "-updated": Order("updated_at", descending=True),
    "rank": Order("rank"),
}
SHAPE = frozenset({"fields", "include", "keys"})
LIST = SHAPE | params.PAGING | {"q", "filter", "view", "sort", "family", "category", "sku", "gtin", "code", "trashed"}


SHAPE_QUERY: dict[str, str | tuple[str, Schema]] = {
    "fields": "only these, parted by commas",
    "include": f"also {', '.join(INCLUDES)}",
    "keys": "only the values under these keys or attributes",
}
DRY: dict[str, str | tuple[str, Schema]] = {"dry_run": ("say what would change, and write nothing", FLAG)}
LIST_QUERY = {
    **SHAPE_QUERY,
    **PAGING,
    "q": "words: name, code, SKU, GTIN",
    "filter": "JSON of the filter language",
    "view": ("a saved view", {"type": "integer"}),
    "sort": ("rank: what fits the words of q best, first", {"type": "string", "enum": list(SORTS)}),
    "family": "codes",
    "category": "codes; with all below",
    "sku": "SKUs",
    "gtin": "GTINs",
    "code": "codes",
    "trashed": ("true: what is in the trash", FLAG),
}
OUTCOME = thing("code result changes errors", code=TEXT, result=TEXT, changes=CHANGES)
PRODUCT_OR_OUTCOME = {"anyOf": [PRODUCT, OUTCOME]}
NAMES = {"type": "object", "additionalProperties": TEXT}
ON_ERROR = {"type": "string", "enum": list(POLICIES)}


def wanted(request: Request) -> Wanted:
    """What the reader wants of a product: `fields`, `include` and `keys`."""
    fields = params.names(request, "fields", known=[*known_fields(), *INCLUDES])
    includes = params.names(request, "include", known=INCLUDES) | (fields & frozenset(INCLUDES))
    own = fields & frozenset(known_fields()) if fields else frozenset(known_fields())
    return Wanted(fields=own, includes=includes, keys=params.names(request, "keys"))


def selection(request: Request) -> QuerySet[Product]:
    """The products that the address asks for; one may come back to it with a cursor."""
    query = request.query_params
    conditions: list[Any] = []
    if "view" in query:
        assert isinstance(request.user, User)
        view = view_of(request.user, params.number(request, "view", 0))
        if view is None:
            raise Http404("There is no such view.")
        conditions += conditions_of(view)
    if given := query.get("filter"):
        conditions.append(load_json(given))
    for name in ("family", "sku", "gtin", "code"):
        if name in query:
            conditions.append({"field": name, "op": "in", "value": query[name].split(",")})
    if "category" in query:
        conditions.append({"field": "category", "op": "in children", "value": query["category"].split(",")})
    if (trashed := params.flag(request, "trashed")) is not None:
        conditions.append({"field": "trashed", "value": trashed})
    try:
        return select(conditions, query.get("q", ""))
    except filters.BadFilter as error:
        raise Problem(400, error.code, str(error), parameter="filter", path=error.path) from error


class ProductList(ApiView):
    """`GET` a page of products. `PATCH` NDJSON: a product a line, see `bulk`. `POST` creates one."""

    resource = "products"
    rights = {
        "GET": ("catalog.view_product",),
        "POST": ("catalog.add_product",),
        "PATCH": ("catalog.change_product",),
    }
    streams = frozenset({"PATCH"})
    operations = {
        "GET": Op(query=LIST_QUERY, answers={200: page_of(PRODUCT)}),
        "POST": Op(query=SHAPE_QUERY | DRY, body=PRODUCT_IN, answers={201: PRODUCT, 200: OUTCOME}),
        "PATCH": lines_of(PRODUCT_IN, on_error=("what a bad line stops", ON_ERROR), **DRY),
    }

    def get(self, request: Request) -> Response:
        params.only(request, LIST)
        order = SORTS[params.choice(request, "sort", SORTS, "-created")]
        what, query = wanted(request), selection(request)
        if order.column == "rank":
            query = text.ranked(query, _words(request))
        return Response(page(request, query, order, lambda rows: represent(rows, what)))

    def post(self, request: Request) -> Response:
        """Create one product; its code may be left to the family's pattern."""
        params.only(request, SHAPE | {"dry_run"})
        change = read_product(request.data)
        if change.code and Product.everything.filter(code_key=code_key(change.code)).exists():
            raise refused([ChangeError("code", "exists", f"There is a product {change.code}. Use PATCH to change it.")])
        return written(request, change)

    def patch(self, request: Request) -> Any:
        bulk.require_lines(request)
        params.only(request, {"on_error", "dry_run"})
        return bulk.answer(request, Products(request))


def _words(request: Request) -> str:
    """What is looked for. Raises Problem where nothing is."""
    words = request.query_params.get("q", "")
    if not text.words_of(words):
        raise Problem(400, "bad_sort", "sort=rank is for what “q” looks for. Send words as q.", parameter="sort")
    return words


class ProductDetail(ApiView):
    """One product, by code."""

    resource = "products"
    rights = {
        "GET": ("catalog.view_product",),
        "PATCH": ("catalog.change_product",),
        "DELETE": ("catalog.delete_product",),
    }
    operations = {
        "GET": Op(query=SHAPE_QUERY, answers={200: PRODUCT}),
        "PATCH": Op(
            query=SHAPE_QUERY | DRY, body=PRODUCT_IN, answers={200: PRODUCT_OR_OUTCOME, 201: PRODUCT}, if_match=True
        ),
        "DELETE": Op(query={"force": ("also while it is in use", FLAG)}, answers={204: None}, if_match=True),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, SHAPE)
        return shown(request, product_of(code))

    def patch(self, request: Request, code: str) -> Response:
        """Merge per value key; creates a product of that code where there is none."""
        params.only(request, SHAPE | {"dry_run"})
        change = read_product(request.data, code=code)
        if request.headers.get("If-Match", "").strip():
            now = Product.everything.filter(code_key=code_key(code)).values_list("version", flat=True).first()
            if now is None:
                raise Problem(412, "not_there", f"There is no product {code}, so If-Match cannot hold.")
            change = replace(change, version=expected_version(request, now=now))
        return written(request, change)

    def delete(self, request: Request, code: str) -> Response:
        """Move it to the trash. Refused (409) while it is in use, naming where; `?force=true` does it all the same."""
        params.only(request, {"force"})
        product = product_of(code)
        version = expected_version(request, now=product.version)
        if version is not None and version != product.version:
            raise Problem(412, "version_changed", f"{product.code} is at version {product.version} now.")
        try:
            trash.trash_product(product=product, force=params.flag(request, "force") is True)
        except InUse as error:
            raise Problem(409, "in_use", str(error), uses=[use.told() for use in error.uses]) from error
        return Response(status=204)


class ProductRestore(ApiView):
    """Bring a product back from the trash, with all that hung on it."""

    resource = "products"
    rights = {"POST": ("catalog.delete_product",)}
    operations = {"POST": Op(query=SHAPE_QUERY, answers={200: PRODUCT})}

    def post(self, request: Request, code: str) -> Response:
        product = product_of(code)
        if product.trashed_at is None:
            raise Problem(409, "not_in_trash", f"{product.code} is not in the trash.")
        return written(request, ProductChange(code=product.code, trashed=False))


class ProductCopy(ApiView):
    """A new product like this one: {"code", "skus": {old SKU: new SKU}}; both may be left to the family's patterns."""

    resource = "products"
    rights = {"POST": ("catalog.add_product",)}
    operations = {
        "POST": Op(query=SHAPE_QUERY, body=thing("", code=TEXT, skus=NAMES), answers={201: PRODUCT}),
    }

    def post(self, request: Request, code: str) -> Response:
        given = request.data if isinstance(request.data, dict) else {}
        skus = given.get("skus", {})
        if not isinstance(given.get("code", ""), str) or not isinstance(skus, dict):
            raise Problem(422, "bad_form", '“code” is text, “skus” an object {"old SKU": "new SKU"}.')
        if not all(isinstance(v, str) for v in skus.values()):
            raise Problem(422, "bad_form", "The new SKUs are texts.")
        change = copying.copy_of(product_of(code), code=given.get("code", ""), skus=skus)
        return written(request, change)


def product_of(code: str) -> Product:
    """The product, in the trash or not, where the person asking reaches it. Raises Problem."""
    product = seen(Product.everything.filter(code_key=code_key(code))).first()
    if product is None:
        raise Problem(404, "not_found", f"There is no product “{code[:100]}”.")
    return product


def expected_version(request: Request, *, now: int) -> int | None:
    """The version in an `If-Match` header, as this API hands it out: "12.abc…" → 12. Of several tags the one that
    holds `now`, if any does; None for any version."""
    header = request.headers.get("If-Match", "").strip()
    tags = [tag.strip().removeprefix("W/").strip('"').split(".")[0] for tag in header.split(",")]
    if not header or "*" in tags:
        return None
    versions = [int(number) for number in tags if number.isascii() and number.isdigit() and len(number) < 10]
    if not versions:
        raise Problem(412, "unknown_etag", "This If-Match is not the ETag of a product. Read it again.")
    return now if now in versions else versions[0]


def shown(request: Request, product: Product, *, status: int = 200) -> Response:
    (data,) = represent([product], wanted(request))
    response = Response(data, status=status)
    response["ETag"] = tag(product.version, data)
    return response


def tag(version: int, data: Any) -> str:
    return f'"{version}.{etag_of(data).strip(chr(34))[:16]}"'


def written(request: Request, change: ProductChange) -> Response:
    """Write one product and show it; with `?dry_run=true`, what would change."""
    if params.flag(request, "dry_run"):
        (result,) = write_products([change], dry_run=True)
        if result.status == "rejected":
            raise refused(result.errors)
        return Response(outcome(result))
    result = write_product(change)
    if result.status == "rejected":
        raise refused(result.errors)
    assert result.product_id
    product = row_of(result.product_id)
    response = shown(request, product, status=201 if result.status == "created" else 200)
    if result.status == "created":
        response["Location"] = request.build_absolute_uri(f"/api/v1/products/{product.code}/")
    if result.dropped:
        response.data["left_out"] = [told(e) for e in result.dropped]
    if result.held:
        response.data["held"] = [{"sku": s, "key": k, "reason": r} for s, k, r in result.held]
    return response


def outcome(result: WriteResult) -> dict[str, Any]:
    """What a dry run says: the status it would have, and the changes by row and key."""
    return {
        "code": result.code,
        "result": result.status,
        "changes": result.changes,
        "errors": [told(e) for e in result.errors],
        "held": [{"sku": s, "key": k, "reason": r} for s, k, r in result.held],
    }
