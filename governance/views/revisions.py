"""The revisions of a product: compared, put live again; and the product put out of use."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.access.reach import seen
from catalog.models import User
from catalog.permissions import requires
from catalog.products.state import difference
from governance.models import Revision, Standing
from governance.revisions.pending import named_differently, visible
from governance.revisions.read import flat, read_all
from governance.views.later import later, later_context
from governance.views.review import told_changes, told_names
from governance.workflow import verbs
from governance.workflow.base import Refused

SHOWN = 100


@requires("catalog.view_product")
def product_revisions(request: HttpRequest, product_id: int) -> HttpResponse:
    """All that was approved, two of them side by side, and the way back."""
    standing = get_object_or_404(
        seen(Standing.objects.select_related("product", "live"), "product"), product_id=product_id
    )
    status = 200
    if request.method == "POST":
        status = _carry_out(request, standing)
        if status == 200:
            return redirect("product_revisions", product_id=product_id)
        standing.refresh_from_db()
    rows = Revision.objects.filter(product_id=product_id).select_related("approved_by", "requested_by")
    revisions = list(rows.order_by("-number")[:SHOWN])
    context: dict[str, Any] = {
        "standing": standing,
        "product": standing.product,
        "revisions": revisions,
        "may_approve": request.user.has_perm("governance.approve_product"),
        "may_archive": request.user.has_perm("governance.archive_product"),
        "steps": standing.product.review_steps.select_related("user", "revision")[:SHOWN],
        **later_context(request, standing),
        **_compared(request, revisions),
    }
    return render(request, "governance/revisions.html", context, status=status)


def _carry_out(request: HttpRequest, standing: Standing) -> int:
    """Do what was asked; the HTTP status it came to."""
    user, given = cast(User, request.user), request.POST
    product, comment = standing.product, str(given.get("comment", ""))
    try:
        if given.get("do") == "make_live":
            number = int(given["number"]) if given.get("number", "").isdigit() else 0
            verbs.make_live(product=product, user=user, number=number, comment=comment)
            messages.success(request, f"Revision {number} of {product.code} is live again.")
        elif given.get("do") == "hold_back":
            until, scope = later(request)
            if until is None:
                raise Refused("no_moment", "Say until when.", 422)
            verbs.hold_back(product=product, user=user, until=until, scope=scope)
            messages.success(request, f"{product.code} is held back until {until:%Y-%m-%d %H:%M} {until.tzinfo}.")
        elif given.get("do") == "lift":
            verbs.lift(product=product, user=user, scope=later(request)[1], comment=comment)
            messages.success(request, f"{product.code} goes live now.")
        elif given.get("do") == "archive":
            verbs.archive(product=product, user=user, comment=comment)
            messages.success(request, f"{product.code} is archived. Nothing of it is live any more.")
        elif given.get("do") == "reopen":
            verbs.reopen(product=product, user=user, comment=comment)
            messages.success(request, f"{product.code} is a draft again.")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return refusal.status
    return 200


def _compared(request: HttpRequest, revisions: list[Revision]) -> dict[str, Any]:
    by_number = {str(r.number): r for r in revisions}
    newest = revisions[:2]
    first = by_number.get(request.GET.get("from", "")) or (newest[-1] if len(newest) == 2 else None)
    second = by_number.get(request.GET.get("to", "")) or (newest[0] if len(newest) == 2 else None)
    if first is None or second is None:
        return {"first": None, "second": None}
    documents = read_all([first, second])
    old, new = documents[first.pk], documents[second.pk]
    changes = visible(first.product_id, difference(flat(old), flat(new)))
    names = named_differently(old.context(), new.context())
    return {"first": first, "second": second, "rows": told_changes(changes), "names": told_names(names)}
