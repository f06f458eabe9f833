"""Alerts: what is wrong now, who sees to it, and the rules by which somebody is told."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.change_sets import change_set
from catalog.models import User
from catalog.permissions import requires
from channels.alerts import watch
from channels.alerts.probes import probes
from channels.models import Alert, AlertRule
from governance.people import who_may
from pimhub.foundation import audit

MANAGE = "channels.manage_alerts"
PAGE = 50


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none when it runs
    class Meta:
        model = AlertRule
        fields = ("enabled", "threshold", "hold_minutes", "owner", "second", "escalate_minutes")
        labels = {
            "enabled": "Watched",
            "threshold": "Wrong when above",
            "hold_minutes": "Told after so many minutes",
            "owner": "Who is told",
            "second": "Who is told when nobody answers",
            "escalate_minutes": "That is, after so many minutes more",
        }
        help_texts = {"hold_minutes": "It is over when it was right for as long."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may = [person.pk for person in who_may("channels.view_channel")]
        for name in ("owner", "second"):
            field = cast("forms.ModelChoiceField[User]", self.fields[name])
            field.queryset = User.objects.filter(pk__in=may)
            field.empty_label = "everybody who may change this rule"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("owner") and cleaned.get("owner") == cleaned.get("second"):
            self.add_error("second", "This is the same person. Name somebody else.")
        return cleaned


@requires("channels.view_channel")
def alert_list(request: HttpRequest) -> HttpResponse:
    """What is wrong now, newest first, then what is over."""
    rows = watch.visible()
    if request.method == "POST":
        pk = request.POST.get("alert", "")
        alert = get_object_or_404(rows, pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 19 else 0)
        if watch.acknowledge(alert, user=cast(User, request.user)):
            messages.success(request, "You see to it; nobody else is told.")
        else:
            messages.info(request, "It is open no more.")
        return redirect("alert_list")
    context = {
        "open": [_shown(a) for a in rows.exclude(state=Alert.State.OVER)[:200]],
        "over": [_shown(a) for a in rows.filter(state=Alert.State.OVER)[:PAGE]],
        "may": request.user.has_perm(MANAGE),
    }
    return render(request, "channels/alert_list.html", context)


def _shown(alert: Alert) -> dict[str, Any]:
    known = alert.rule.probe in probes
    return {"row": alert, "label": probes.get(alert.rule.probe).label if known else alert.rule.probe}


@requires(MANAGE)
def rule_list(request: HttpRequest) -> HttpResponse:
    rows = [(probes.get(name), watch.rule_of(name)) for name in probes.names()]
    return render(request, "channels/alert_rules.html", {"rows": rows})


@requires(MANAGE)
def rule_edit(request: HttpRequest, code: str) -> HttpResponse:
    if code not in probes:
        raise Http404
    rule, probe = watch.rule_of(code), probes.get(code)
    form = RuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            change_set()
            form.save()
            audit.record(
                "alert.rule", f"alert_rule:{code}", owner=rule.owner_id, second=rule.second_id, enabled=rule.enabled
            )
        messages.success(request, f"“{probe.label}” is saved.")
        return redirect("alert_rules")
    status = 422 if request.method == "POST" else 200
    return render(request, "channels/alert_rule.html", {"form": form, "probe": probe}, status=status)
