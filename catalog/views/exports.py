"""Exports that are written in the background: how far they are, and their files."""

from __future__ import annotations

from typing import cast

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from catalog.exports.run import KEPT, file_of
from catalog.models import ExportRun, User
from catalog.permissions import requires
from catalog.views.again import asks_again


@requires("catalog.export_product")
def export_list(request: HttpRequest) -> HttpResponse:
    """One's own exports: what a file holds is what its owner may see."""
    runs = ExportRun.objects.filter(user=cast(User, request.user))[:50]
    return render(request, "catalog/export_list.html", {"runs": runs, "days": KEPT.days})


@requires("catalog.export_product")
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One export. Polled while it works."""
    run = get_object_or_404(ExportRun, pk=pk, user=request.user)
    working = run.state in (ExportRun.State.READING, ExportRun.State.WRITING)
    context = {"run": run, "working": working, "days": KEPT.days}
    template = "catalog/export_run.html" if getattr(request, "htmx", None) else "catalog/export_detail.html"
    return render(request, template, context)


@requires("catalog.export_product")
@asks_again
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of a finished export."""
    run = get_object_or_404(ExportRun, pk=pk, user=request.user, state=ExportRun.State.DONE)
    path = file_of(run)
    if not path.exists():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename="products.csv", content_type="text/csv")
