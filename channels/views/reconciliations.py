"""Comparisons of source, hub and channel: their trend, the gaps of one, and repairs."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import sight
from catalog.models import Source, User
from catalog.permissions import requires
from catalog.products.told import key_labels
from channels.access import reached
from channels.models import Channel, Gap, Reconciliation
from channels.reconcile import repair
from channels.reconcile.work import start, stop

PAGE = 200
MAY_REPAIR = "channels.publish_channel"


@requires("channels.view_channel")
def reconciliation_list(request: HttpRequest) -> HttpResponse:
    """The trend, and the choice of what to compare now."""
    if request.method == "POST":
        if not request.user.has_perm(MAY_REPAIR) or not sight().everything:
            return render(request, "403.html", status=403)
        kind, _, code = request.POST.get("what", "").partition(":")
        user = cast(User, request.user)
        if kind == "source":
            run = start(source=get_object_or_404(Source.objects.exclude(snapshot=""), code=code), user=user)
        else:
            run = start(channel=get_object_or_404(reached(Channel.objects.all()), code=code), user=user)
        return redirect("reconciliation_detail", pk=run.pk)
    runs = list(seen_runs().select_related("source", "channel")[:50])
    most = max((run.gaps_found for run in runs), default=0) or 1
    may = request.user.has_perm(MAY_REPAIR) and sight().everything
    context = {
        "runs": [{"run": run, "share": round(run.gaps_found * 100 / most)} for run in runs],
        "channels": reached(Channel.objects.all()) if may else (),
        "sources": Source.objects.exclude(snapshot="") if may else (),
        "blind": Source.objects.filter(snapshot="").exclude(delivers=Source.Delivers.ITEM).count(),
        "all": sight().everything,
        "may_repair": may,
    }
    return render(request, "channels/reconciliation_list.html", context)


def seen_runs() -> QuerySet[Reconciliation]:
    """Runs tell of many products: who does not reach them all sees none."""
    rows = Reconciliation.objects.all()
    return rows if sight().everything else rows.none()


@requires("channels.view_channel")
def reconciliation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The gaps of one comparison, by the hop where they arose. Polled while it works."""
    rows = seen_runs().select_related("source", "channel", "asked_by")
    run = get_object_or_404(rows, pk=pk)
    gaps = run.gaps.select_related("product", "repaired_by")
    hops = gaps.order_by().values_list("hop").annotate(n=Count("id")).order_by("hop")
    hop = request.GET.get("hop", "")
    chosen = gaps.filter(hop=hop) if hop in Gap.Hop.values else gaps
    context: dict[str, Any] = {
        "run": run,
        "hop": hop,
        "hop_label": Gap.Hop(hop).label if hop in Gap.Hop.values else "",
        "hops": [(value, Gap.Hop(value).label, n) for value, n in hops],
        "gaps": _with_words(chosen[:PAGE]),
        "shown": PAGE,
        "gap_count": chosen.count(),
        "open_count": chosen.filter(state=Gap.State.OPEN).exclude(hop=Gap.Hop.STRANGE).count(),  # that can be repaired
        "asked": gaps.filter(state=Gap.State.ASKED).count(),
        "kept": sum(n for _, n in hops),
        "working": run.state == Reconciliation.State.WORKING,
        "may_repair": request.user.has_perm(MAY_REPAIR),
    }
    htmx = getattr(request, "htmx", None)
    return render(request, f"channels/reconciliation_{'run' if htmx else 'detail'}.html", context)


def _with_words(gaps: QuerySet[Gap]) -> list[tuple[Gap, str]]:
    """Each with what people call its place."""
    rows = list(gaps)
    words = key_labels({gap.key for gap in rows if gap.key}, locale="en_US")
    return [(gap, words.get(gap.key, "the listing")) for gap in rows]


@require_POST
@requires("channels.publish_channel")
def reconciliation_repair(request: HttpRequest, pk: int) -> HttpResponse:
    """Repair or propose the chosen gaps, or all of one hop; or stop the comparison."""
    run = get_object_or_404(seen_runs(), pk=pk)
    if request.POST.get("do") == "stop":
        messages.success(request, "It is stopped. What was found until now stays." if stop(run) else "It is over.")
        return redirect("reconciliation_detail", pk=pk)
    ids = [int(x) for x in request.POST.getlist("gap") if x.isdigit()]
    hop = request.POST.get("hop", "")
    if not ids and hop not in Gap.Hop.values:
        messages.error(request, "Tick the gaps, or choose above where they arose to repair all of those.")
        return redirect("reconciliation_detail", pk=pk)
    chosen = run.gaps.filter(pk__in=ids) if ids else run.gaps.filter(hop=hop)
    way = Gap.Way.PROPOSE if request.POST.get("do") == "propose" else Gap.Way.REPAIR
    count = repair.ask(chosen, user=cast(User, request.user), way=way)
    if count <= repair.BATCH:  # at once, so that who asked sees what became of it; a worker would do the same
        repair.work_off()
    _tell(request, list(chosen.values_list("pk", flat=True)[: repair.BATCH]), count, way)
    return redirect(f"{request.path.removesuffix('repair/')}{f'?hop={hop}' if hop else ''}")


def _tell(request: HttpRequest, ids: list[int], count: int, way: str) -> None:
    if count > repair.BATCH:
        messages.success(request, f"{count:,} are being repaired. This page shows how far it is.")
        return
    rows = Gap.objects.filter(pk__in=ids)
    done = rows.exclude(state__in=(Gap.State.OPEN, Gap.State.ASKED)).count()
    left = rows.filter(state=Gap.State.OPEN).count()
    word = "proposed, for who decides in the inbox of proposals" if way == Gap.Way.PROPOSE else "put right"
    if done:
        messages.success(request, f"{done} {word}.")
    if left:
        messages.warning(request, f"{left} stay open: each says why, and who must act.")
