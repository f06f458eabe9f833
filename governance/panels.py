"""What governance shows on pages of the floors below."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from catalog.access.reach import seen, sight
from catalog.imports.doubts import doubts
from catalog.models import Product, User
from catalog.products.told import part_label
from governance import proposals, reminders
from governance.copywriting.checks import instruction_in
from governance.copywriting.resting import CHANGE
from governance.models import ContentScore, Draft, Embargo, Override, Proposal, SalePolicy, Standing, TextOrigin
from governance.revisions.pending import pending
from governance.sales import decide as sales
from governance.views.named import origins_named
from governance.workflow.base import in_review
from pimhub.foundation import panels
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.panels import Deed, Notice, Panel


def workflow_panel(request: HttpRequest, product: Product) -> Panel | None:
    standing = Standing.objects.select_related("live__approved_by", "requested_by").filter(product=product).first()
    if standing is None:
        return None
    last = product.review_steps.select_related("user").first()
    may_submit = request.user.has_perm("governance.submit_product")
    context = {
        "standing": standing,
        "last": last,
        "embargoes": Embargo.objects.filter(product=product).select_related("scope", "shown", "set_by"),
        "may_submit": may_submit,
        "renamed": may_submit and standing.state == Standing.State.APPROVED and bool(pending(standing).words),
        "may_approve": request.user.has_perm("governance.approve_product"),
    }
    return Panel("Review", "governance/panel.html", context, order=10)


def score_panel(request: HttpRequest, product: Product) -> Panel | None:
    """The points of each scope and language, with what is missing to the full."""
    rows = ContentScore.objects.filter(product=product).select_related("scope").order_by("scope_id", "locale")
    seen_rows = [r for r in rows if sight().shows(product.pk, f"name@{r.locale}#{r.scope.code}")]
    if not seen_rows:
        return None
    return Panel("Content score", "governance/score_panel.html", {"rows": seen_rows}, order=12)


def review_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.approve_product"):
        return None
    count = in_review()
    url = reverse("review_queue")
    return panels.entry(request, label="Review", url=url, icon="checkbox", order=30, count=count)


def due_notice(request: HttpRequest) -> Notice | None:
    """Reviews of the person that are due, until they put it away."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("governance.approve_product"):
        return None
    overdue, soon = reminders.counted(user)
    told = [f"{_reviews(overdue)} of yours {_are(overdue)} overdue."] if overdue else []
    told += [f"{_reviews(soon)} of yours {_are(soon)} due within a day."] if soon else []
    if not told:
        return None
    mine = f"{reverse('review_queue')}?whose=mine"
    return Notice(" ".join(told), mine, "See them", reverse("reminders_seen"))


def _reviews(count: int) -> str:
    return f"{count} review{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def audit_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.read_audit"):
        return None
    return panels.entry(request, label="Audit", url=reverse("audit_list"), icon="checks", order=90)


def people_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.manage_people"):
        return None
    return panels.entry(request, label="People", url=reverse("people_list"), icon="users", order=85)


def proposals_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("catalog.change_product"):
        return None
    count = seen(proposals.waiting(), "product")
    url = reverse("proposal_list")
    return panels.entry(request, label="Proposals", url=url, icon="inbox", order=28, count=count)


def copy_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("governance.use_ai"):
        return None
    count = seen(Draft.objects.filter(proposal__in=proposals.waiting()), "proposal__product")
    return panels.entry(request, label="Texts", url=reverse("copy_home"), icon="edit", order=27, count=count)


def texts_panel(request: HttpRequest, product: Product) -> Panel | None:
    """Where the texts of a product come from, and which of them went stale."""
    rows = TextOrigin.objects.filter(product=product, is_current=True)
    rows = rows.select_related("draft__version__template", "confirmed_by")
    shown = origins_named([row for row in rows if sight().shows(product.pk, row.key)])
    context = {
        "rows": shown,
        "product": product,
        "may_write": request.user.has_perm("governance.use_ai"),
        "may_confirm": request.user.has_perm(CHANGE),
    }
    return Panel("Texts by AI", "governance/texts_panel.html", context, order=14) if shown else None


def propose_instead(request: HttpRequest, product: Product, key: str) -> tuple[str, str] | None:
    query = urlencode({"product": product.code, "key": key})
    return f"{reverse('proposal_new')}?{query}", "Propose another value"


def proposals_panel(request: HttpRequest, product: Product) -> Panel | None:
    count = Proposal.objects.filter(product=product, state=Proposal.State.OPEN).count()
    context = {"count": count, "product": product}
    return Panel("Proposals", "governance/proposals_panel.html", context, order=15) if count else None


def overrides_panel(request: HttpRequest, product: Product) -> Panel | None:
    held = Override.objects.filter(product=product).select_related("owner", "set_by")
    shown = [row for row in held if sight().shows(product.pk, row.key)]
    rows = [{"row": row, "label": part_label(row.key)} for row in shown]
    context = {"rows": rows, "may": request.user.has_perm("catalog.change_product")}
    return Panel("Values over their owner's", "governance/overrides_panel.html", context, order=16) if shown else None


def sales_panel(request: HttpRequest, product: Product) -> Panel | None:
    """Sales of the product that need somebody's word, and whether they have it."""
    rows = [
        row
        for row in sales.of_product(product)
        if sight().shows(product.pk, f"offers.{row.price_list.code}.sale_price")
    ]
    context = {"rows": rows[:10], "more": max(len(rows) - 10, 0), "may": request.user.has_perm(sales.CONFIRM)}
    return Panel("Sales", "governance/sales_panel.html", context, order=17) if rows else None


def sales_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm(sales.CONFIRM):
        return None
    return panels.entry(
        request,
        label="Sales",
        url=reverse("sale_list"),
        icon="circle-check",
        order=31,
        count=sales.sales(),
        needs=SalePolicy.objects.all(),
    )


def write_texts(request: HttpRequest) -> Deed | None:
    if not request.user.has_perm("governance.use_ai"):
        return None
    return Deed(reverse("copy_run_new"), "Have texts written", "Have texts written for all")


def states_of(product_ids: Collection[int]) -> dict[int, str]:
    return dict(_STATES(product_ids))


_STATES = Compiled(
    lambda products: Standing.objects.filter(among("product_id", products)).values_list("product_id", "state")
)


def plug_in() -> None:
    panels.states.add("governance.state", states_of)
    panels.notices.add("governance.due", due_notice)
    panels.panels.add("governance.score", score_panel)
    panels.panels.add("governance.workflow", workflow_panel)
    panels.nav.add("governance.review", review_entry)
    panels.nav.add("governance.audit", audit_entry)
    panels.nav.add("governance.proposals", proposals_entry)
    panels.nav.add("governance.texts", copy_entry)
    panels.panels.add("governance.texts", texts_panel)
    panels.deeds.add("governance.texts", write_texts)
    doubts.add("governance.instructions", instruction_in)
    panels.instead.add("governance.proposals", propose_instead)
    panels.panels.add("governance.proposals", proposals_panel)
    panels.panels.add("governance.overrides", overrides_panel)
    panels.panels.add("governance.sales", sales_panel)
    panels.nav.add("governance.sales", sales_entry)
    panels.nav.add("governance.people", people_entry)
