"""How texts fare, for whoever answers for the prompts."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from catalog.models import User
from catalog.permissions import requires
from governance.copywriting import budget, seeds
from governance.copywriting.figures import BY, Figures, figures
from governance.copywriting.haste import FLOOR
from governance.models import Proposal
from governance.views.copy import MANAGE

DAYS = (7, 30, 90, 365)


@requires(MANAGE)
def copy_figures(request: HttpRequest) -> HttpResponse:
    """Acceptance, edits, flags, costs, stale texts and caught seeds; and how many drafts are seeded."""
    if request.method == "POST":
        try:
            seeds.set_percent(int(request.POST.get("percent") or 0), by=cast(User, request.user))
            messages.success(request, "It holds for drafts that are opened from now on.")
        except ValueError as error:
            messages.error(request, f"{error}")
        return redirect("copy_figures")
    by = request.GET.get("by", "version")
    days = request.GET.get("days", "90")
    by, since = by if by in BY else "version", int(days) if days.isdigit() and int(days) in DAYS else 90
    rows = figures(by, since=timezone.now() - dt.timedelta(days=since))
    # Whoever looks by version is told as well: it is no question that one comes upon.
    reviewers = rows if by == "reviewer" else figures("reviewer", since=timezone.now() - dt.timedelta(days=since))
    context = {
        "hasty": [row for row in reviewers if row.haste.is_warned],
        "floor": FLOOR,
        "rows": [_told(row) for row in rows],
        "by": by,
        "label": BY[by],
        "groups": BY.items(),
        "days": since,
        "spans": DAYS,
        "percent": seeds.percent(),
        "most": seeds.MOST,
        "enough": seeds.ENOUGH,
    }
    return render(request, "governance/copy_figures.html", context)


def _told(row: Figures) -> dict[str, Any]:
    whys = dict(Proposal.Why.choices)
    return {
        "row": row,
        "rejected": [(whys.get(why, why), count) for why, count in row.rejected.most_common()],
        "cost": budget.money(row.cost) if row.cost is not None else "",
    }
