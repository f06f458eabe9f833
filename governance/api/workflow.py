"""Submit, withdraw, request changes, approve: one address each, all the same beats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import MOMENT, NUMBER, TEXT, TEXTS, Op, Schema, array, maybe, thing
from catalog.api.problems import Problem
from catalog.api.products import product_of
from catalog.api.shapes import PRODUCT
from catalog.models import Product, Scope, User
from catalog.products.represent import Wanted, known_fields, represent
from governance.workflow import verbs
from governance.workflow.base import Refused
from pimhub.foundation import moments

KEYS = {**array(TEXTS), "description": "only these changes: [[row, key], …]"}


LATER = {"live_at": maybe(MOMENT), "scope": maybe(TEXT)}


class Verb(ApiView):
    """One move of one product. The body may hold a "comment" and what `takes` names."""

    takes: ClassVar[Mapping[str, Schema]] = {}

    resource = "products"
    rights = {"POST": ("catalog.view_product",)}  # the verb itself asks for its own right

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product = product_of(code)
        given = request.data
        if not isinstance(given, dict):
            raise Problem(422, "bad_form", "Send an object.")
        if strange := set(given) - {"comment", *self.takes}:
            raise Problem(422, "unknown_field", f"There is no “{sorted(strange)[0]}” here.")
        for name, value in given.items():
            if (name == "comment" or self.takes[name] == TEXT) and not isinstance(value, str):
                raise Problem(422, "bad_form", f"{name} is a text.")
        assert isinstance(request.user, User)
        try:
            self.carry_out(product, request.user, given)
        except Refused as error:
            raise Problem(error.status, error.code, str(error)) from error
        (data,) = represent([product], Wanted(frozenset(known_fields())))
        return Response(data)

    def operation(self, method: str) -> Op | None:
        body = thing("", comment=TEXT, **self.takes)
        return Op(body=body, answers={200: PRODUCT}) if method == "POST" else None

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        raise NotImplementedError


class Plain(Verb):
    """A move that takes a comment and nothing else: the verb of this name."""

    verb: ClassVar[str]

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        getattr(verbs, self.verb)(product=product, user=user, comment=given.get("comment", ""))


class Submit(Plain):
    """Ask for review of the working copy as it is now."""

    verb = "submit"


class Withdraw(Plain):
    """Take the request for review back."""

    verb = "withdraw"


class RequestChanges(Plain):
    """Send it back, with a "comment" that says what must change."""

    verb = "request_changes"


class Approve(Verb):
    """Approve what was looked at: "content_hash" is the one that the reader saw; another one is a 409.

    With "live_at", it goes live then, in a "scope" or everywhere.
    """

    takes = {"content_hash": TEXT, "review_hash": TEXT, "keys": KEYS, **LATER}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        if not given.get("content_hash"):
            raise Problem(422, "content_hash_missing", "Send the content_hash of what you looked at.")
        verbs.approve(
            product=product,
            user=user,
            content_hash=given["content_hash"],
            review_hash=given.get("review_hash", ""),
            comment=given.get("comment", ""),
            keys=_keys(given["keys"]) if "keys" in given else None,
            live_at=_moment(given.get("live_at"), "live_at"),
            scope=_scope(given.get("scope")),
        )


def _keys(given: Any) -> list[tuple[str, str]]:
    pairs = given if isinstance(given, list) else [None]
    found = [(p[0], p[1]) for p in pairs if isinstance(p, list) and len(p) == 2]
    if len(found) != len(pairs) or not all(isinstance(text, str) for pair in found for text in pair):
        raise Problem(422, "bad_form", 'keys is a list of pairs: [["", "brand"], ["SKU", "size"]].')
    return found


class MakeLive(Verb):
    """Put an older "revision" live again, with a "comment" that says why."""

    takes = {"revision": NUMBER}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        number = given.get("revision")
        if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**31:
            raise Problem(422, "bad_form", "revision is the number of a revision.")
        verbs.make_live(product=product, user=user, number=number, comment=given.get("comment", ""))


class Archive(Plain):
    """Take it out of use, with a "comment" that says why: nothing of it is live or edited until it is reopened."""

    verb = "archive"


class Reopen(Plain):
    """Make an archived product a draft again."""

    verb = "reopen"


class Remark(Plain):
    """Say something about it: a "comment"."""

    verb = "remark"


class Assign(Verb):
    """Say who shall decide: "to" (a name, null takes it back) and "due" (a moment with its offset)."""

    takes = {"to": maybe(TEXT), "due": maybe(MOMENT)}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        name, due = given.get("to"), given.get("due")
        to = User.objects.filter(username=name, is_active=True).first() if isinstance(name, str) else None
        if name is not None and to is None:
            raise Problem(422, "unknown_user", "There is nobody of that name.", value=str(name)[:150])
        verbs.assign(product=product, user=user, to=to, due_at=_moment(due, "due"))


class HoldBack(Verb):
    """Show what is shown now until a moment ("until"), in a "scope" or everywhere; approvals wait for it."""

    takes = {"until": MOMENT, "scope": maybe(TEXT)}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        until = _moment(given.get("until"), "until")
        if until is None:
            raise Problem(422, "bad_form", "Say until when: “until” is missing.")
        verbs.hold_back(product=product, user=user, until=until, scope=_scope(given.get("scope")))


class Lift(Verb):
    """End an embargo of a "scope", or of everything, with a "comment" that says why."""

    takes = {"scope": maybe(TEXT)}

    def carry_out(self, product: Product, user: User, given: dict[str, Any]) -> None:
        verbs.lift(product=product, user=user, scope=_scope(given.get("scope")), comment=given.get("comment", ""))


def _moment(text: Any, name: str) -> dt.datetime | None:
    if text is None:
        return None
    if (moment := moments.exact(text)) is None:
        raise Problem(422, "bad_form", f"{name} is a moment with its offset, such as 2026-11-27T06:00:00+01:00.")
    return moment


def _scope(code: Any) -> Scope | None:
    if code is None:
        return None
    found = Scope.objects.filter(code=code).first() if isinstance(code, str) else None
    if found is None:
        raise Problem(422, "unknown_scope", f"There is no scope “{str(code)[:50]}”.")
    return found
