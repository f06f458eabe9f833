"""What governance shows on pages of the floors below."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from catalog.models import Product
from governance.models import Standing
from pimhub.foundation import panels
from pimhub.foundation.panels import Panel


def workflow_panel(request: HttpRequest, product: Product) -> Panel | None:
    standing = Standing.objects.select_related("live__approved_by", "requested_by").filter(product=product).first()
    if standing is None:
        return None
    last = product.review_steps.select_related("user").first()
    context = {
        "standing": standing,
        "last": last,
        "may_submit": request.user.has_perm("governance.submit_product"),
        "may_approve": request.user.has_perm("governance.approve_product"),
    }
    return Panel("Review", "governance/panel.html", context, order=10)


def review_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.approve_product"):
        return None
    count = Standing.objects.filter(state=Standing.State.IN_REVIEW).count()
    url = reverse("review_queue")
    return panels.entry(request, label="Review", url=url, icon="checkbox", order=30, count=count)


def audit_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.read_audit"):
        return None
    return panels.entry(request, label="Audit", url=reverse("audit_list"), icon="checks", order=90)


def people_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.manage_people"):
        return None
    return panels.entry(request, label="People", url=reverse("people_list"), icon="users", order=85)


def states_of(product_ids: Collection[int]) -> dict[int, str]:
    return dict(Standing.objects.filter(product_id__in=product_ids).values_list("product_id", "state"))


def plug_in() -> None:
    panels.states.add("governance.state", states_of)
    panels.panels.add("governance.workflow", workflow_panel)
    panels.nav.add("governance.review", review_entry)
    panels.nav.add("governance.audit", audit_entry)
    panels.nav.add("governance.people", people_entry)
