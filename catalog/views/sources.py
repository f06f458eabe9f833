"""Where data comes from by itself: the sources, one of them with what came, and the door for signed calls."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from catalog.models import Source
from catalog.permissions import requires
from catalog.sources.collect import ask, inbox, receive_call
from catalog.sources.figures import figures
from pimhub.foundation import audit, signatures

MANAGE = "catalog.manage_sources"


class SourceForm(forms.ModelForm):  # type: ignore[type-arg] # no subscript at run time
    authorization = forms.CharField(
        required=False,
        max_length=2000,
        label="Authorization header",
        help_text="For an address. Left empty, it stays as it is; it is never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = Source
        fields = (
            "code",
            "label",
            "system",
            "kind",
            "delivers",
            "format",
            "address",
            "snapshot",
            "columns",
            "constants",
            "decimal_comma",
            "every_minutes",
            "expected_minutes",
            "owner",
            "enabled",
        )
        help_texts = {
            "address": "Where it is fetched, for the kind “fetched by address”.",
            "snapshot": "Where all of its figures can be had, to compare them with ours.",
            "columns": 'Our field → their column, such as {"sku": "Item no.", "available": "On hand"}.',
            "constants": 'What no column says, such as {"location": "main"}.',
            "every_minutes": "How often one looks, in minutes.",
            "expected_minutes": "Silent for longer, it counts as late.",
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if self.instance.pk:
            self.fields["code"].disabled = True
        for field in self.fields.values():
            kind = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = "form-check-input" if isinstance(field, forms.BooleanField) else kind

    def clean_columns(self) -> object:
        return self.cleaned_data["columns"] or {}

    def clean_constants(self) -> object:
        return self.cleaned_data["constants"] or {}


@requires("catalog.handle_rejects")
def source_list(request: HttpRequest) -> HttpResponse:
    """All sources with their figures."""
    rows = [{"source": s, "now": figures(s)} for s in Source.objects.select_related("system", "owner")]
    return render(request, "catalog/source_list.html", {"rows": rows, "may_manage": request.user.has_perm(MANAGE)})


@requires(MANAGE)
def source_new(request: HttpRequest) -> HttpResponse:
    """Set up a source."""
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        source = _save(form)
        if source.kind == Source.Kind.WEBHOOK:
            _new_secret(request, source)
        return redirect("source_detail", code=source.code)
    status = 422 if form.is_bound else 200
    return render(request, "catalog/source_form.html", {"form": form, "title": "New source"}, status=status)


def _save(form: SourceForm) -> Source:
    with transaction.atomic():
        source: Source = form.save(commit=False)
        if given := form.cleaned_data["authorization"]:
            source.credentials = source.credentials | {"authorization": given}
        source.save()
        audit.record("source.saved", f"source:{source.code}", fields=sorted(form.changed_data))
    return source


@requires(MANAGE)
def source_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One source: how it is set up, and what came."""
    source = get_object_or_404(Source.objects.select_related("system", "owner"), code=code)
    form = SourceForm(request.POST or None, instance=source)
    if request.method == "POST" and form.is_valid():
        _save(form)
        messages.success(request, "The source is saved.")
        return redirect("source_detail", code=code)
    context = {
        "source": source,
        "now": figures(source),
        "form": form,
        "folder": inbox(source),
        "hook": f"{settings.PIMHUB_PUBLIC_URL}/hooks/sources/{source.code}/",
        "deliveries": source.deliveries.all()[:50],
    }
    return render(request, "catalog/source_detail.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(MANAGE)
def source_fetch(request: HttpRequest, code: str) -> HttpResponse:
    """Have a worker look now."""
    ask(get_object_or_404(Source, code=code))
    messages.success(request, "A worker looks at the source now.")
    return redirect("source_detail", code=code)


@require_POST
@requires(MANAGE)
def source_secret(request: HttpRequest, code: str) -> HttpResponse:
    """A new secret; calls signed with the one before it are still believed until the next change."""
    _new_secret(request, get_object_or_404(Source, code=code, kind=Source.Kind.WEBHOOK))
    return redirect("source_detail", code=code)


def _new_secret(request: HttpRequest, source: Source) -> None:
    with transaction.atomic():
        held, made = source.credentials, signatures.new_secret()
        source.credentials = held | {"secret": made, "previous": held.get("secret", "")}
        source.save(update_fields=["credentials_encrypted"])
        audit.record("source.secret", f"source:{source.code}")
    messages.success(request, f"The secret for signing, shown once: {made}")


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
