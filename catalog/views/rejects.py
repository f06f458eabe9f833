"""Messages of sources that could not be taken: looked at, tried again, dropped."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from catalog.access.reach import own
from catalog.intake.again import drop, retry
from catalog.models import Reject, User
from catalog.permissions import requires

PAGE = 100
AT_ONCE = 5000


@requires("catalog.handle_rejects")
def reject_list(request: HttpRequest) -> HttpResponse:
    """The open ones by cause, and what a person does about them: all of a cause, or the chosen ones."""
    rows = own(Reject.objects.filter(state=Reject.State.OPEN))
    code = request.POST.get("code", "") or request.GET.get("code", "")
    if request.method == "POST":
        ids = [int(pk) for pk in request.POST.getlist("id") if pk.isdigit()]
        chosen = rows.filter(pk__in=ids) if ids else rows.filter(code=code)
        user = cast(User, request.user)
        if request.POST.get("do") == "drop":
            messages.success(request, f"{drop(chosen, user=user)} dropped.")
        else:
            done = retry(list(chosen.select_related("user").order_by("id")[:AT_ONCE]), user=user)
            words = f"{done['taken']} taken, {done['overtaken']} overtaken, {done['rejected']} refused again."
            messages.success(request, words)
        return redirect(f"{request.path}?code={code}")
    causes = list(rows.order_by().values("code").annotate(n=Count("id")).order_by("-n"))
    shown = rows.filter(code=code) if code else rows
    context = {"causes": causes, "code": code, "rows": shown[:PAGE], "more": shown.count() > PAGE}
    return render(request, "catalog/reject_list.html", context)
