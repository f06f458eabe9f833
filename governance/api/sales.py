"""Sales that need somebody's word: the policies that ask for it as rows, what waits, and the word itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen, sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import MOMENT, NUMBER, PAGING, TEXT, Op, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.resources import BulkResourceList, Resource, ResourceDetail, Row
from catalog.api.settings import slugs
from catalog.change_sets import current_act
from catalog.models import Offer, PriceList, User
from catalog.products.state import amount_text
from governance.models import SalePolicy
from governance.sales import decide as sales

MANAGE = "governance.manage_policies"
SHAPE = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    sku=TEXT,
    price_list=TEXT,
    currency=TEXT,
    price=maybe(TEXT),
    sale_price=TEXT,
    sale_from=maybe(MOMENT),
    sale_to=maybe(MOMENT),
    window={**TEXT, "description": "what a decision is bound to: send it back with yours"},
)


class SalePolicyRow(Row):
    fixed = ("code", "price_list")
    price_list = slugs(PriceList, required=False, allow_null=True)
    approvers = serializers.SlugRelatedField(
        slug_field="username", many=True, required=False, queryset=User.objects.filter(is_active=True)
    )
    roles = serializers.SlugRelatedField(slug_field="name", many=True, required=False, queryset=Group.objects.all())

    class Meta:
        model = SalePolicy
        fields = ("code", "price_list", "approvers", "roles", "reason")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        held = {n: list(getattr(self.instance, n).all()) if self.instance else [] for n in ("approvers", "roles")}
        if not any((held | given)[name] for name in held):
            raise serializers.ValidationError({"approvers": ["Name at least one person or role that approves sales."]})
        others = SalePolicy.objects.exclude(pk=self.instance.pk) if self.instance else SalePolicy.objects.all()
        price_list = given.get("price_list", self.instance.price_list if self.instance else None)
        if other := others.filter(price_list=price_list).first():
            message = f"Policy {other.code} is about {price_list or 'all price lists'}. Change that one."
            raise serializers.ValidationError({"price_list": [message]})
        return given

    def keep(self, row: SalePolicy, apart: Mapping[str, Any]) -> None:
        row.set_by = current_act().user
        super().keep(row, apart)


class SalePolicies(Resource):
    resource = "policies"
    rights = {"GET": ("catalog.view_product",), **dict.fromkeys(("POST", "PATCH", "DELETE"), (MANAGE,))}
    serializer_class = SalePolicyRow

    def rows(self) -> QuerySet[SalePolicy]:
        return SalePolicy.objects.select_related("price_list").prefetch_related("approvers", "roles")


class SalePolicyList(SalePolicies, BulkResourceList):
    """Price lists whose sales are shown when one of `approvers`, or somebody of `roles`, has approved them.

    Without a `price_list`: all that have no policy of their own.
    """


class SalePolicyDetail(SalePolicies, ResourceDetail):
    pass


def shown(row: Offer) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.variant.product.code,
        "sku": row.variant.sku,
        "price_list": row.price_list.code,
        "currency": row.price_list.currency.code,
        "price": amount_text(row.price),
        "sale_price": amount_text(row.sale_price),
        "sale_from": row.sale_from,
        "sale_to": row.sale_to,
        "window": sales.window_of(row),
    }


def rows_of(rows: Sequence[Offer]) -> list[dict[str, Any]]:
    """As shown, but for prices that the person acting does not see."""
    sees = sight(sales.CONFIRM)
    return [shown(r) for r in rows if sees.shows(r.variant.product_id, f"offers.{r.price_list.code}.sale_price")]


class SaleList(ApiView):
    """Sales that are on or to come, where a policy asks for a word; `?state=`: waiting if nothing else is said."""

    resource = "offers"
    rights = {"GET": (sales.CONFIRM,)}
    operations = {
        "GET": Op(query={**PAGING, "state": "waiting, approved or refused"}, answers={200: page_of(SHAPE)}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"state"} | params.PAGING)
        state = params.choice(request, "state", ("waiting", "approved", "refused"), "waiting")
        return Response(page(request, sales.sales(state).order_by(), Order("pk"), rows_of))


class SaleDecide(ApiView):
    """Approve a sale, or refuse it with a "comment" that says why. "window" is the one that the reader saw; a sale
    that was changed since is a 409."""

    resource = "offers"
    rights = {"POST": (sales.CONFIRM,)}
    approve = True
    operations = {"POST": Op(body=thing("window", window=TEXT, comment=TEXT), answers={200: SHAPE})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        rows = Offer.objects.select_related("variant__product", "price_list__currency").filter(pk=pk)
        row = seen(rows, "variant__product", sales.CONFIRM).first()
        if row is None:
            raise Problem(404, "not_found", f"There is no offer {pk}.")
        given = request.data
        if not isinstance(given, dict) or not all(isinstance(given.get(n, ""), str) for n in ("window", "comment")):
            raise Problem(422, "bad_form", "Send an object; window and comment are texts.")
        if strange := set(given) - {"window", "comment"}:
            raise Problem(422, "unknown_field", f"There is no “{sorted(strange)[0]}” here.")
        assert isinstance(request.user, User)
        try:
            sales.decide(
                offer=row,
                window=given.get("window", ""),
                user=request.user,
                approve=self.approve,
                comment=given.get("comment", ""),
            )
        except sales.CannotDecide as error:
            raise Problem(error.status, error.code, str(error)) from error
        return Response(shown(row))


class SaleApprove(SaleDecide):
    pass


class SaleRefuse(SaleDecide):
    """Refuse it, with a "comment" that says why: its regular price is shown."""

    approve = False
