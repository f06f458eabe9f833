"""The texts in use that AI wrote: those of one version of a prompt, and what becomes of a stale one."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import seen, sight
from catalog.models import User
from catalog.permissions import requires
from governance.copywriting.resting import CHANGE, CannotConfirm, confirm
from governance.copywriting.runs import USE
from governance.models import PromptVersion, TextOrigin
from governance.views.named import origins_named

SHOWN = 100


@requires(USE)
def version_texts(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Which products show a text of the version, in the order they were taken, a page at a time."""
    versions = PromptVersion.objects.select_related("template")
    version = get_object_or_404(versions, template__code=code, number=number)
    rows = seen(TextOrigin.objects.filter(draft__version=version, is_current=True), "product").order_by("pk")
    after = request.GET.get("after", "")
    if after.isdigit():
        rows = rows.filter(pk__gt=int(after))
    found = list(rows.select_related("product", "draft")[: SHOWN + 1])
    shown = [row for row in found[:SHOWN] if sight().shows(row.product_id, row.key)]
    context = {
        "version": version,
        "rows": origins_named(shown),
        "after": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "is_first": not after,
    }
    return render(request, "governance/copy_version_texts.html", context)


@require_POST
@requires(CHANGE)
def confirm_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Say of a stale text that it holds still, with the reason."""
    row = get_object_or_404(seen(TextOrigin.objects.select_related("product"), "product"), pk=pk)
    if not sight().shows(row.product_id, row.key):
        raise Http404
    user = cast(User, request.user)
    try:
        confirm(row, by=user, why=request.POST.get("why", ""))
        messages.success(request, "It is kept as right, with your reason.")
    except CannotConfirm as error:
        messages.error(request, str(error))
    if request.POST.get("from") == "product" or not user.has_perm(USE):
        return redirect("product_detail", code=row.product.code)
    return redirect("copy_home")
