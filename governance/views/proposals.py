"""The inbox of proposals: old beside new, taken or turned down; and the form to make one."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import CHANGE, seen, sight
from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import Attribute, Product, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products.load import load_states
from catalog.products.options import codes_for
from catalog.products.state import flatten
from governance import proposals
from governance.models import Override, Proposal
from governance.ownership import overrides
from governance.people import who_may
from governance.views.named import codes_in, key_named, names_of
from governance.views.review import told_changes

SHOWN = 50


@requires("catalog.view_product")
def proposal_list(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first; whoever may change products decides."""
    open_ones = seen(proposals.waiting(), "product")
    rows = open_ones.select_related("product", "proposed_by", "assigned_to", "draft")
    if request.GET.get("whose") == "mine":
        rows = rows.filter(assigned_to=cast(User, request.user))
    if code := request.GET.get("product", ""):
        rows = rows.filter(product__code_key=code_key(code))
    layers = seen(Override.objects.select_related("product", "set_by", "owner"), "product")
    query = seen(Proposal.objects.exclude(state=Proposal.State.OPEN), "product").order_by("-decided_at")
    decided = list(query.select_related("product", "proposed_by", "decided_by")[:10])
    names = names_of(codes_in(row.key for row in decided))
    context = {
        "rows": [_row(row) for row in rows[:SHOWN] if sight().shows(row.product_id, row.key)],
        "count": open_ones.count(),
        "mine": open_ones.filter(assigned_to=cast(User, request.user)).count(),
        "whose": request.GET.get("whose", ""),
        "people": who_may("catalog.change_product"),
        "layers": [r for r in layers[:SHOWN] if sight().shows(r.product_id, r.key)],
        "shown": SHOWN,
        "whys": Proposal.Why.choices,
        "may_decide": request.user.has_perm("catalog.change_product"),
        "decided": [(row, key_named(row.key, names)) for row in decided],
    }
    return render(request, "governance/proposal_list.html", context)


def _row(row: Proposal) -> dict[str, Any]:
    (changed,) = told_changes({row.sku: {row.key: [row.base, row.value]}}) or [{"told": None}]
    return {"row": row, "told": changed["told"]}


@requires("catalog.change_product")
def proposal_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it, or turn it down with a reason."""
    row = get_object_or_404(seen(Proposal.objects.select_related("product"), "product"), pk=pk)
    if request.method == "POST":
        user, comment = cast(User, request.user), str(request.POST.get("comment", ""))
        try:
            if request.POST.get("do") == "accept":
                proposals.accept(proposal=row, user=user, comment=comment)
                messages.success(request, f"{row.key} of {row.product.code} is written as proposed.")
            elif request.POST.get("do") == "assign":
                chosen = request.POST.get("to", "")
                to = get_object_or_404(User, pk=int(chosen)) if chosen.isdigit() else None
                proposals.assign(proposal=row, to=to)
                messages.success(request, f"{to.display_name} shall decide." if to else "It is nobody's now.")
            else:
                proposals.reject(proposal=row, user=user, why=str(request.POST.get("why", "")), comment=comment)
                messages.success(request, f"The proposal for {row.key} of {row.product.code} is turned down.")
        except proposals.CannotDecide as error:
            messages.error(request, str(error))
    return redirect("proposal_list")


@require_POST
@requires("catalog.change_product")
def override_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a value off that was set over its owner's."""
    row = get_object_or_404(seen(Override.objects.select_related("product", "owner"), "product", CHANGE), pk=pk)
    if not sight(CHANGE).shows(row.product_id, row.key):
        raise Http404
    if overrides.end(row):
        messages.success(request, f"{row.key} of {row.product.code} is as its owner says.")
    else:
        messages.error(request, f"{row.key} of {row.product.code} cannot be written now. It is tried again in an hour.")
    return redirect("product_detail", code=row.product.code)


@requires("catalog.view_product")
def proposal_new(request: HttpRequest) -> HttpResponse:
    """Propose another value for `?key=` of `?product=`, or of its variant `?sku=`."""
    product = get_object_or_404(seen(Product.objects.all()), code_key=code_key(request.GET.get("product", "")))
    key, sku = request.GET.get("key", ""), request.GET.get("sku", "")
    if not sight().shows(product.pk, key):
        raise Http404
    try:
        attribute = get_object_or_404(Attribute, code=ValueKey.parse(key).attribute)
    except ValueProblem:
        attribute = get_object_or_404(Attribute, code="")
    state = load_states(ids=[product.pk], lock=False)[product.code_key]
    spec, kind = attribute.spec(), type_of(attribute.type)
    now = kind.export(flatten(state).get(sku, {}).get(key), spec)
    typed, problem = str(request.POST.get("value", now)), ""
    if request.method == "POST":
        try:
            value = kind.parse(typed, spec) if typed.strip() else None
            value = codes_for(attribute, value) if kind.has_options else value
            made = proposals.propose(
                product=product, wanted={sku: {key: value}}, reason=str(request.POST.get("reason", ""))
            )
            if made:
                messages.success(request, "It is proposed. Whoever may change the product will look at it.")
                return redirect("product_detail", code=product.code)
            problem = "That is what it says already."
        except (ValueProblem, proposals.CannotPropose) as error:
            problem = str(error)
    context = {
        "product": product,
        "key": key,
        "sku": sku,
        "label": attribute.label(),
        "now": now,
        "typed": typed,
        "reason": request.POST.get("reason", ""),
        "problem": problem,
        "long": kind.widget in ("textarea", "rich_text", "table"),
    }
    return render(request, "governance/proposal_new.html", context, status=422 if problem else 200)
