"""Sales that wait for somebody's word: regular price beside sale price, approved together or refused with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from catalog.access.reach import seen, sight
from catalog.models import Offer, User
from catalog.permissions import requires
from governance.models import SaleDecision, SalePolicy
from governance.sales import decide as sales
from governance.sales.windows import windows

SHOWN = 100
STATES = {"waiting": "waiting", "approved": "approved", "refused": "refused"}


@requires(sales.CONFIRM)
def sale_list(request: HttpRequest) -> HttpResponse:
    """What waits, what begins first at the top; a decision is bound to what the list showed."""
    state = request.GET.get("state", "")
    state = state if state in STATES else "waiting"
    if request.method == "POST":
        _decide(request)
        return redirect(f"{reverse('sale_list')}?{urlencode({'state': state})}")
    query = sales.sales(state)
    context = {
        "rows": _told(query[:SHOWN], cast(User, request.user)),
        "count": query.count(),
        "shown": SHOWN,
        "state": state,
        "choices": [(name, words, sales.sales(name).count()) for name, words in STATES.items()],
        "asked": SalePolicy.objects.exists(),
        "now": timezone.now(),
    }
    return render(request, "governance/sale_list.html", context)


def _told(found: Iterable[Offer], user: User) -> list[dict[str, Any]]:
    sees = sight(sales.CONFIRM)
    rows = [r for r in found if sees.shows(r.variant.product_id, f"offers.{r.price_list.code}.sale_price")]
    asking = windows({r.price_list_id for r in rows}).policies
    about = {p.pk: {"who": sales.approvers(p), "may": sales.may_decide(p, user)} for p in set(asking.values())}
    words = SaleDecision.objects.filter(variant__in={r.variant_id for r in rows}).select_related("decided_by")
    newest = {(w.variant_id, w.price_list_id): w for w in reversed(words)}
    return [
        {
            "row": row,
            "off": round((row.price - row.sale_price) * 100 / row.price) if row.price and row.sale_price else None,
            "window": sales.window_of(row),
            "word": newest.get((row.variant_id, row.price_list_id)),
            **about[asking[row.price_list_id].pk],
        }
        for row in rows
    ]


def _decide(request: HttpRequest) -> None:
    """The ticked ones, each bound to its window as it was shown."""
    picked = (text.partition(" ") for text in request.POST.getlist("pick"))
    ticked = [(pk, window) for pk, _, window in picked if pk.isdigit()]
    rows = Offer.objects.filter(pk__in=[int(pk) for pk, _ in ticked]).select_related("variant__product", "price_list")
    found = seen(rows, "variant__product", sales.CONFIRM).in_bulk()
    approve, comment = request.POST.get("do") == "approve", str(request.POST.get("comment", ""))
    done, refused = 0, []
    for pk, window in ticked:
        if (offer := found.get(int(pk))) is None:
            continue
        try:
            sales.decide(offer=offer, window=window, user=cast(User, request.user), approve=approve, comment=comment)
            done += 1
        except sales.CannotDecide as error:
            refused.append(str(error))
    if not ticked:
        messages.error(request, "Tick the sales to decide.")
    if done:
        how = "approved" if approve else "refused"
        messages.success(request, f"{done} {'sale is' if done == 1 else 'sales are'} {how}.")
    if refused:
        more = f" And {len(refused) - 3} more." if len(refused) > 3 else ""
        messages.error(request, " ".join(dict.fromkeys(refused[:3])) + more)
