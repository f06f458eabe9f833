"""What channels show on pages of the floors below."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from catalog.models import Product
from channels.access import reached
from channels.alerts import watch as alerts
from channels.models import Alert, Placement
from channels.webhooks.subscriptions import visible
from pimhub.foundation import panels
from pimhub.foundation.panels import Panel


def channels_panel(request: HttpRequest, product: Product) -> Panel | None:
    placements = Placement.objects.filter(product=product).select_related("channel").prefetch_related("listings")
    placements = reached(placements, "channel__code")
    rows = [
        {
            "channel": p.channel,
            "states": sorted({x.state for x in p.listings.all()}),
            "problem": p.problem,
            "url": reverse("listing_detail", kwargs={"code": p.channel.code, "product_id": product.pk}),
        }
        for p in placements.order_by("channel_id")
    ]
    may_see = request.user.has_perm("channels.view_channel")
    return Panel("Channels", "channels/panel.html", {"rows": rows, "may_see": may_see}, order=20)


def channels_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("channels.view_channel"):
        return None
    return panels.entry(request, label="Channels", url=reverse("channel_list"), icon="building-store", order=40)


def webhooks_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("channels.manage_webhooks"):
        return None
    count = visible().filter(disabled_at__isnull=False)
    return panels.entry(request, label="Webhooks", url=reverse("webhook_list"), icon="bolt", order=80, count=count)


def alerts_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("channels.view_channel"):
        return None
    count = alerts.visible().filter(state=Alert.State.OPEN)
    return panels.entry(request, label="Alerts", url=reverse("alert_list"), icon="bell", order=45, count=count)


def reconciliation_entry(request: HttpRequest) -> dict[str, Any] | None:
    if not request.user.has_perm("channels.view_channel"):
        return None
    url = reverse("reconciliation_list")
    return panels.entry(request, label="Reconciliation", url=url, icon="git-compare", order=46)


def plug_in() -> None:
    panels.nav.add("channels.alerts", alerts_entry)
    panels.nav.add("channels.webhooks", webhooks_entry)
    panels.panels.add("channels.state", channels_panel)
    panels.nav.add("channels.list", channels_entry)
    panels.nav.add("channels.reconciliation", reconciliation_entry)
