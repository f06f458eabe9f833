"""Comparisons of source, hub and channel: their trend, the gaps of one, and repairs."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import sight
from catalog.models import Source, User
from catalog.permissions import requires
from channels.access import reached
from channels.models import Channel, Gap, Reconciliation
from channels.reconcile.three import repair, with_channel, with_source

PAGE = 200


@requires("channels.view_channel")
def reconciliation_list(request: HttpRequest) -> HttpResponse:
    """The trend, and the choice of what to compare now."""
    if request.method == "POST":
        if not request.user.has_perm("channels.publish_channel"):
            return render(request, "403.html", status=403)
        kind, _, code = request.POST.get("what", "").partition(":")
        if kind == "source":
            run = with_source(get_object_or_404(Source.objects.select_related("system", "owner"), code=code))
        else:
            run = with_channel(get_object_or_404(reached(Channel.objects.all()), code=code))
        return redirect("reconciliation_detail", pk=run.pk)
    runs = list(_seen()[:50])
    most = max((run.gaps_found for run in runs), default=0) or 1
    context = {
        "runs": [{"run": run, "share": round(run.gaps_found * 100 / most)} for run in runs],
        "channels": reached(Channel.objects.all()),
        "sources": Source.objects.exclude(snapshot=""),
        "may_repair": request.user.has_perm("channels.publish_channel"),
    }
    return render(request, "channels/reconciliation_list.html", context)


def _seen() -> QuerySet[Reconciliation]:
    """Runs tell of many products: who does not reach them all sees none."""
    rows = Reconciliation.objects.select_related("source", "channel")
    return rows if sight().everything else rows.none()


@requires("channels.view_channel")
def reconciliation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The gaps of one comparison, by the hop where they arose."""
    run = get_object_or_404(_seen(), pk=pk)
    hop = request.GET.get("hop", "")
    gaps = run.gaps.select_related("product", "repaired_by")
    hops = gaps.order_by().values_list("hop").annotate(n=Count("id"))
    context = {
        "run": run,
        "hop": hop,
        "hops": [(value, Gap.Hop(value).label, n) for value, n in hops],
        "gaps": (gaps.filter(hop=hop) if hop else gaps)[:PAGE],
        "may_repair": request.user.has_perm("channels.publish_channel"),
    }
    return render(request, "channels/reconciliation_detail.html", context)


@require_POST
@requires("channels.publish_channel")
def reconciliation_repair(request: HttpRequest, pk: int) -> HttpResponse:
    """Repair the chosen gaps, or all of one hop."""
    run = get_object_or_404(_seen(), pk=pk)
    ids = [int(x) for x in request.POST.getlist("gap") if x.isdigit()]
    gaps = run.gaps.filter(state=Gap.State.OPEN).select_related("run__source__system", "run__channel")
    chosen = gaps.filter(pk__in=ids) if ids else gaps.filter(hop=request.POST.get("hop", ""))
    rows = list(chosen[:5000])
    count = repair(rows, user=cast(User, request.user))
    left = len(rows) - count
    messages.success(request, f"{count} repaired." + (f" {left} wait for whoever must act." if left else ""))
    return redirect("reconciliation_detail", pk=pk)
