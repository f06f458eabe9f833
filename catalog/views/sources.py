"""Where data comes from by itself: the sources, one of them with what came, and the door for signed calls."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from catalog.access.reach import own
from catalog.models import ExternalSystem, Heard, Reject, Source
from catalog.permissions import requires
from catalog.sources import sftp
from catalog.sources.collect import ask, inbox, receive_call
from catalog.sources.figures import figures
from catalog.views.again import asks_again
from catalog.views.source_form import SourceForm
from pimhub.foundation import audit, signatures
from pimhub.foundation.sftp import fingerprint

MANAGE = "catalog.manage_sources"
SHOWN = 50


@requires("catalog.handle_rejects")
def source_list(request: HttpRequest) -> HttpResponse:
    """All sources with their figures."""
    rows = [{"source": s, "now": figures(s)} for s in Source.objects.select_related("system", "owner")]
    rejects = own(Reject.objects.filter(state=Reject.State.OPEN)).count()
    context = {"rows": rows, "rejects": rejects, "may_manage": request.user.has_perm(MANAGE)}
    return render(request, "catalog/source_list.html", context)


@requires(MANAGE)
@asks_again
def source_new(request: HttpRequest) -> HttpResponse:
    """Set up a source."""
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        source = form.keep()
        if source.kind == Source.Kind.WEBHOOK:
            return _detail(request, source, secret=_new_secret(source))
        messages.success(request, "The source is saved. A worker looks at it in a moment.")
        return redirect("source_detail", code=source.code)
    context = {"form": form, "title": "New source", "system_missing": not ExternalSystem.objects.exists()}
    return render(request, "catalog/source_form.html", context, status=422 if form.is_bound else 200)


@requires(MANAGE)
@asks_again
def source_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change how a source is set up."""
    source = _named(code)
    form = SourceForm(request.POST or None, instance=source)
    if request.method == "POST" and form.is_valid():
        form.keep()
        messages.success(request, "The source is saved.")
        return redirect("source_detail", code=code)
    context = {"form": form, "title": "Change", "source": source}
    return render(request, "catalog/source_form.html", context, status=422 if form.is_bound else 200)


def _named(code: str) -> Source:
    return get_object_or_404(Source.objects.select_related("system", "owner"), code=code)


@requires(MANAGE)
def source_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One source: how it is doing, and what came."""
    return _detail(request, _named(code))


def _detail(request: HttpRequest, source: Source, *, secret: str = "") -> HttpResponse:
    context = {
        "source": source,
        "now": figures(source),
        "secret": secret,
        "folder": inbox(source),
        "hook": f"{settings.PIMHUB_PUBLIC_URL}/hooks/sources/{source.code}/",
        "shown_key": fingerprint(source.shown_key) if source.shown_key else "",
        "host_key": fingerprint(source.host_key) if source.host_key else "",
        "deliveries": source.deliveries.all()[:SHOWN],
        "more": source.deliveries.count() > SHOWN,
        "heard": Heard.objects.filter(source=source.system.code, kind=source.delivers).order_by("place"),
    }
    return render(request, "catalog/source_detail.html", context)


@require_POST
@requires(MANAGE)
def source_fetch(request: HttpRequest, code: str) -> HttpResponse:
    """Have a worker look now."""
    source = _named(code)
    if source.enabled:
        ask(source)
        messages.success(request, "A worker looks at the source now. What it finds appears here in a moment.")
    else:
        messages.error(request, "The source is switched off. Switch it on first, under Change.")
    return redirect("source_detail", code=code)


@require_POST
@requires(MANAGE)
@asks_again
def source_secret(request: HttpRequest, code: str) -> HttpResponse:
    """A new secret; calls signed with the one before it are still believed until the next change."""
    source = get_object_or_404(Source.objects.select_related("system", "owner"), code=code, kind=Source.Kind.WEBHOOK)
    return _detail(request, source, secret=_new_secret(source))


@require_POST
@requires(MANAGE)
@asks_again
def source_confirm(request: HttpRequest, code: str) -> HttpResponse:
    """A person compared the server's key: from now on it is told the password."""
    source = get_object_or_404(Source, code=code, kind=Source.Kind.SFTP)
    try:
        sftp.confirm(source, request.POST.get("key", ""))
    except ValueError as error:
        messages.error(request, str(error))
    else:
        audit.record("source.key_confirmed", f"source:{source.code}", key=fingerprint(source.host_key))
        messages.success(request, "The key is confirmed. A worker looks at the source now.")
    return redirect("source_detail", code=code)


def _new_secret(source: Source) -> str:
    with transaction.atomic():
        held, made = source.credentials, signatures.new_secret()
        source.credentials = held | {"secret": made, "previous": held.get("secret", "")}
        source.save(update_fields=["credentials_encrypted"])
        audit.record("source.secret", f"source:{source.code}")
    return made


@csrf_exempt
@login_not_required
def source_hook(request: HttpRequest, code: str) -> HttpResponse:
    """Take a signed call: 202 when it is kept, 401 when it cannot be believed."""
    source = Source.objects.filter(code=code, kind=Source.Kind.WEBHOOK, enabled=True).first()
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if source is None:
        raise Http404
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        delivery = receive_call(source, headers, request.body)
    except signatures.BadSignature as error:
        return JsonResponse({"code": "bad_signature", "detail": str(error)}, status=401)
    return JsonResponse({"delivery": delivery.pk, "state": delivery.state}, status=202)
