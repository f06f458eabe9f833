"""Imports: choose a file, see the dry run, apply it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import own
from catalog.access.tokens import SPEAK
from catalog.imports.run import confirm, error_file, resume, start_run
from catalog.models import ExternalSystem, ImportLine, ImportRun, Locale, User
from catalog.permissions import requires
from catalog.products.told import Teller

LARGEST = 200 * 1024 * 1024
SHOWN = 200


@requires("catalog.import_product")
def import_list(request: HttpRequest) -> HttpResponse:
    """All runs, and the form for the next one."""
    error = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        locale, system = str(request.POST.get("locale", "en_US")), str(request.POST.get("system", ""))
        if file is None:
            error = "Choose a file first."
        elif file.size is not None and file.size > LARGEST:
            error = f"The file has {file.size // 2**20} MB; at most {LARGEST // 2**20} are taken. Split it."
        elif not Locale.objects.filter(code=locale).exists():
            error = f"There is no language “{locale}”."
        elif system and not (request.user.has_perm(SPEAK) and ExternalSystem.objects.filter(code=system).exists()):
            error = "You may not import for another system, or there is none of that name."
        else:
            run = start_run(
                user=cast(User, request.user),
                filename=file.name or "file.csv",
                chunks=file.chunks(),
                locale=locale,
                bad_barcodes=str(request.POST.get("bad_barcodes", "reject")),
                empty_cells=str(request.POST.get("empty_cells", "keep")),
                decimals=str(request.POST.get("decimals", "")),
                system=system,
            )
            return redirect("import_detail", pk=run.pk)
    context = {
        "runs": own(ImportRun.objects.select_related("user"))[:50],
        "locales": Locale.objects.values_list("code", flat=True),
        "systems": ExternalSystem.objects.all() if request.user.has_perm(SPEAK) else (),
        "error": error,
    }
    return render(request, "catalog/import_list.html", context, status=422 if error else 200)


@requires("catalog.import_product")
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: what would happen or did, line by line. Polled while it works."""
    run = get_object_or_404(own(ImportRun.objects.select_related("user", "change_set")), pk=pk)
    bucket = request.GET.get("bucket", "")
    lines = run.lines.filter(bucket=bucket) if bucket in ImportLine.Bucket.values else run.lines.all()
    problems: dict[int, list[object]] = {}
    for problem in run.problems.all()[:5000]:
        problems.setdefault(problem.line, []).append(problem)
    shown = list(lines[:SHOWN])
    teller = Teller([x.changes for x in shown if x.bucket == ImportLine.Bucket.UPDATED], locale=run.locale)
    context = {
        "run": run,
        "working": run.state in (ImportRun.State.PLANNING, ImportRun.State.APPLYING),
        "buckets": [(value, label, run.counts.get(value, 0)) for value, label in ImportLine.Bucket.choices],
        "bucket": bucket,
        "lines": [
            {
                "line": x,
                "problems": problems.get(x.line, []),
                "changes": teller.tell(x.changes) if x.bucket == ImportLine.Bucket.UPDATED else [],
            }
            for x in shown
        ],
        "shown": SHOWN,
        "line_count": lines.count(),
        "has_errors": error_file(run) is not None,
    }
    template = "catalog/import_run.html" if getattr(request, "htmx", None) else "catalog/import_detail.html"
    return render(request, template, context)


@require_POST
@requires("catalog.import_product")
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply what the dry run showed."""
    run = get_object_or_404(own(ImportRun.objects.all()), pk=pk)
    try:
        confirm(run)
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("import_detail", pk=pk)


@require_POST
@requires("catalog.import_product")
def import_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with an import that stopped."""
    run = get_object_or_404(own(ImportRun.objects.all()), pk=pk)
    try:
        resume(run)
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("import_detail", pk=pk)


@requires("catalog.import_product")
def import_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rejected rows with their reasons, to mend and import again."""
    run = get_object_or_404(own(ImportRun.objects.all()), pk=pk)
    path = error_file(run)
    if path is None:
        raise Http404
    name = f"{Path(run.filename).stem}-errors.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
