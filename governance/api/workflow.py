"""Submit, withdraw, request changes, approve: one address each, all the same beats."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import TEXT, Op, thing
from catalog.api.problems import Problem
from catalog.api.shapes import PRODUCT
from catalog.models import Product, User
from catalog.models.codes import code_key
from catalog.products.represent import Wanted, known_fields, represent
from governance.workflow import verbs


class Verb(ApiView):
    """One move of one product. The body may hold a "comment"."""

    resource = "products"
    rights = {"POST": ("catalog.view_product",)}  # the verb itself asks for its own right

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product = Product.everything.filter(code_key=code_key(code)).first()
        if product is None:
            raise Problem(404, "not_found", f"There is no product “{code[:100]}”.")
        given = request.data
        if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
            raise Problem(422, "bad_form", "Send an object of texts.")
        if strange := set(given) - {"comment", "content_hash"}:
            raise Problem(422, "unknown_field", f"There is no “{sorted(strange)[0]}” here.")
        assert isinstance(request.user, User)
        try:
            self.carry_out(product, request.user, given)
        except verbs.Refused as error:
            raise Problem(error.status, error.code, str(error)) from error
        (data,) = represent([product], Wanted(frozenset(known_fields())))
        return Response(data)

    operations = {"POST": Op(body=thing("", comment=TEXT), answers={200: PRODUCT})}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        raise NotImplementedError


class Submit(Verb):
    """Ask for review of the working copy as it is now."""

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        verbs.submit(product=product, user=user, comment=given.get("comment", ""))


class Withdraw(Verb):
    """Take the request for review back."""

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        verbs.withdraw(product=product, user=user, comment=given.get("comment", ""))


class RequestChanges(Verb):
    """Send it back, with a "comment" that says what must change."""

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        verbs.request_changes(product=product, user=user, comment=given.get("comment", ""))


class Approve(Verb):
    """Approve what was looked at: "content_hash" is the one that the reader saw; another one is a 409."""

    operations = {"POST": Op(body=thing("content_hash", content_hash=TEXT, comment=TEXT), answers={200: PRODUCT})}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        if not given.get("content_hash"):
            raise Problem(422, "content_hash_missing", "Send the content_hash of what you looked at.")
        comment = given.get("comment", "")
        verbs.approve(product=product, user=user, content_hash=given["content_hash"], comment=comment)
