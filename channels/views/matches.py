"""What a channel had before we came, and what becomes of it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import seen
from catalog.models import User
from catalog.permissions import requires
from channels import overview
from channels.access import PUBLISH, VIEW
from channels.models import Match
from channels.publishing import meeting
from channels.views.operate import PAGE, channel_of, context_of, page_of

S = Match.State


@requires(VIEW)
def match_list(request: HttpRequest, code: str) -> HttpResponse:
    """Products that the channel has already, each with what it is and what speaks against it."""
    channel = channel_of(code)
    open_ = overview.open_matches(channel).select_related("placement__product", "placement__channel")
    rows, after = page_of(request, open_)
    settled = Match.objects.filter(placement__channel=channel, state__in=(S.TAKEN, S.LEFT, S.ANEW))
    settled = seen(settled, "placement__product").select_related("placement__product", "decided_by")
    context = context_of(
        request,
        channel,
        rows=[_shown(row) for row in rows],
        next_after=after,
        settled=settled.order_by("-decided_at")[:PAGE],
        tab="matches",
    )
    return render(request, "channels/matches.html", context)


def _shown(row: Match) -> dict[str, Any]:
    found = meeting.found_in(row)
    return {
        "row": row,
        "found": [{"each": f, "skus": [v.sku for v in f.variants]} for f in found],
        "only": found[0].id if len(found) == 1 else "",
        "no_second": meeting.cannot_be_twice(row),
    }


@require_POST
@requires(PUBLISH)
def match_answer(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """One answer for one product."""
    channel = channel_of(code, PUBLISH)
    rows = seen(Match.objects.filter(placement__channel=channel), "placement__product", right=PUBLISH)
    match = get_object_or_404(rows.select_related("placement__channel", "placement__product"), pk=pk)
    user, do, name = cast(User, request.user), request.POST.get("do", ""), match.placement.product.code
    try:
        if do == "take":
            meeting.take_over(match=match, which=request.POST.get("which", ""), user=user)
            told = f"{name} is taken over. Nothing is sent before what differs is answered in the drift inbox."
        elif do == "leave":
            meeting.leave(match=match, user=user)
            told = f"{name} is left as it is on {channel.label}."
        elif do == "anew":
            meeting.make_anew(match=match, user=user)
            told = f"{name} is made a second time."
        elif do == "look":
            meeting.look_again(match=match)
            told = f"{channel.label} is asked once more what it has of {name}."
        else:
            raise Http404
        messages.success(request, told)
    except meeting.CannotAnswer as error:
        messages.error(request, str(error))
    return redirect("channel_matches", code=code)
