"""The texts in use that one version of a prompt wrote."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalog.access.reach import seen, sight
from catalog.permissions import requires
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
