"""Webhooks: who is told of events, where, and how it went."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from catalog import events
from catalog.models import DomainEvent, Family, Scope, User
from catalog.permissions import requires
from catalog.views.again import asks_again
from channels.models import Delivery, Subscription
from channels.webhooks import subscriptions
from channels.webhooks.subscriptions import Wrong
from governance.models import Standing

MANAGE = ("channels.manage_webhooks", "catalog.view_product")
PAGE = 50


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="Who is told, and what for.")
    url = forms.CharField(max_length=1000, label="Address", help_text="Begins with https://.")
    types = forms.CharField(
        required=False,
        label="Types of events",
    )
    scopes = forms.MultipleChoiceField(required=False, label="Only about", widget=forms.CheckboxSelectMultiple)
    families = forms.CharField(
        required=False, label="Only products of the families", help_text="Codes, parted by commas. Empty: all."
    )
    states = forms.MultipleChoiceField(
        required=False,
        label="Only products that are",
        widget=forms.CheckboxSelectMultiple,
        choices=list(Standing.State.choices),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = [(s.code, s.label or s.code) for s in Scope.objects.all()]
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = scopes
        kinds = ", ".join(sorted(name for name in events.known_types() if name.endswith(".*")))
        self.fields["types"].help_text = f"Parted by commas: {kinds}, or single ones such as revision.live. Empty: all."
        if not Family.objects.exists():
            del self.fields["families"]

    def clean_types(self) -> list[str]:
        return _parted(self.cleaned_data["types"])

    def clean_families(self) -> list[str]:
        return _parted(self.cleaned_data["families"])

    def clean_url(self) -> str:
        try:
            return subscriptions.check_address(self.cleaned_data["url"])
        except Wrong as wrong:
            raise ValidationError(str(wrong)) from wrong


def _parted(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


@requires(*MANAGE)
def webhook_list(request: HttpRequest) -> HttpResponse:
    """All that one may look after."""
    last = subscriptions.last_number()
    rows = [(row, max(last - row.cursor, 0)) for row in subscriptions.visible()[:500]]
    return render(request, "channels/webhook_list.html", {"rows": rows})


@requires(*MANAGE)
@never_cache
@asks_again
def webhook_new(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row, secret = subscriptions.create(user=cast(User, request.user), **form.cleaned_data)
        except Wrong as wrong:
            form.add_error(wrong.field, str(wrong))
        else:
            return _detail(request, row, secret=secret)
    status = 422 if request.method == "POST" else 200
    return render(request, "channels/webhook_edit.html", {"form": form, "row": None}, status=status)


@requires(*MANAGE)
def webhook_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(subscriptions.visible(), pk=pk)
    initial = {
        "name": row.name,
        "url": row.url,
        "types": ", ".join(row.types),
        "scopes": row.scopes,
        "families": ", ".join(row.families),
        "states": row.states,
    }
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            subscriptions.change(row, **form.cleaned_data)
        except Wrong as wrong:
            form.add_error(wrong.field, str(wrong))
        else:
            messages.success(request, f"{form.cleaned_data['name']} is saved.")
            return redirect("webhook_detail", pk=pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "channels/webhook_edit.html", {"form": form, "row": row}, status=status)


@requires(*MANAGE)
@never_cache
def webhook_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One subscription, what was sent to it, and what one can do."""
    row = get_object_or_404(subscriptions.visible(), pk=pk)
    if request.method != "POST":
        return _detail(request, row)
    do = request.POST.get("do", "")
    if do == "rotate":
        return cast(HttpResponse, _renewed(request, row))
    if do == "delete":
        subscriptions.remove(row)
        messages.success(request, f"{row.name} is told of nothing any more.")
        return redirect("webhook_list")
    if do == "pause":
        subscriptions.pause(row)
        messages.success(request, "Paused. What happens meanwhile is told when it is resumed.")
    elif do == "resume":
        subscriptions.resume(row)
        messages.success(request, f"It goes on after event {row.cursor}.")
    elif do == "test":
        subscriptions.ask_for_test(row)
        messages.success(request, "A test message is on its way; how it went is shown in the log.")
    elif do == "replay":
        _replay(request, row)
    return redirect("webhook_detail", pk=pk)


def _replay(request: HttpRequest, row: Subscription) -> None:
    text = request.POST.get("after", "").strip()
    try:
        subscriptions.replay(row, after=int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1)
    except Wrong as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, f"What came after event {text} is told from now on.")


@asks_again
def _renewed(request: HttpRequest, row: Subscription) -> HttpResponse:
    return _detail(request, row, secret=subscriptions.rotate(row))


def _detail(request: HttpRequest, row: Subscription, *, secret: str = "") -> HttpResponse:
    row.refresh_from_db()
    log = Delivery.objects.filter(subscription=row)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        log = log.filter(pk__lt=int(before))
    found = list(log[: PAGE + 1])
    numbers = [each.number for each in found if each.number is not None]
    products = dict(DomainEvent.objects.filter(number__in=numbers).values_list("number", "product_code"))
    context = {
        "row": row,
        "secret": secret,
        "behind": subscriptions.behind(row),
        "last": subscriptions.last_number(),
        "log": [(each, products.get(each.number, "")) for each in found[:PAGE]],
        "next_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return render(request, "channels/webhook_detail.html", context)
