"""Figures for Prometheus: for whoever may, from the database, and never for long."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from catalog.models import MediaAsset
from channels.demo.shop import ensure_channels
from channels.models import Channel, Listing, Placement, Publication
from pimhub.metrics import _at_most
from tests.world import build_world

TOKEN = {"Authorization": "Bearer figures-please"}


def read(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers=TOKEN)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "address", "forwarded", "status"),
    [
        ("", "127.0.0.1", "", 403),
        ("Bearer wrong", "127.0.0.1", "", 403),
        ("Bearer ", "127.0.0.1", "", 403),
        ("Bearer figures-please", "203.0.113.9", "", 200),
        ("", "10.1.2.3", "", 200),
        ("", "192.0.2.1", "10.1.2.3", 403),  # anybody can write that
        ("", "172.16.0.1", "203.0.113.9", 403),  # through our proxy
        ("", "172.16.0.1", "10.1.2.3", 200),
    ],
)
def test_only_who_may_reads_them(
    given: str, address: str, forwarded: str, status: int, settings: Any, client: Client
) -> None:
    settings.PIMHUB_METRICS_TOKEN = "figures-please"  # noqa: S105
    settings.PIMHUB_METRICS_NETWORKS = ["10.0.0.0/8"]
    settings.PIMHUB_TRUSTED_PROXIES = ["172.16.0.0/12"]
    more = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    headers = {"Authorization": given} if given else {}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address, **more).status_code == status  # type: ignore[arg-type]


@pytest.mark.django_db
def test_nobody_reads_them_unless_somebody_is_named(client: Client) -> None:
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer"}).status_code == 403


@pytest.mark.django_db
def test_the_figures_are_those_of_the_rows(settings: Any, client: Client) -> None:
    settings.PIMHUB_METRICS_TOKEN = "figures-please"  # noqa: S105
    world = build_world()
    ensure_channels()
    tee = world.product()
    shop = Channel.objects.get(code="shopify")
    past = timezone.now() - timedelta(seconds=90)
    placement = Placement.objects.create(channel=shop, product=tee, due_at=past)
    for sku, state in (("", "live"), ("tee-s", "rejected"), ("tee-m", "live")):
        Listing.objects.create(placement=placement, sku=sku, state=state)
    for verdict in ("accepted", "accepted", "rejected"):
        how = {"operation": "set", "number": 1, "carries": {}, "verdict": verdict, "milliseconds": 500}
        Publication.objects.create(placement=placement, request="0" * 64, **how)
    Publication.objects.filter(verdict="rejected").update(created_at=timezone.now() - timedelta(hours=1))
    MediaAsset.objects.create(source_url="https://x.example/a.jpg", fetch_at=past)
    Channel.objects.filter(code="amazon").update(paused=True)
    found = read(client)

    def figure(name: str, **labels: str) -> float | None:
        return found.get((f"pimhub_{name}", tuple(sorted(labels.items()))))

    assert (figure("listings", channel="shopify", state="live"), figure("queue", queue="media")) == (2, 1)
    assert figure("listings", channel="shopify", state="rejected") == 1
    assert figure("channel_due", channel="shopify", state="new") == 1
    assert 89 < (figure("channel_lag_seconds", channel="shopify") or 0) < 300
    assert figure("calls", channel="shopify", verdict="accepted") == 2
    assert figure("calls_seconds", channel="shopify", verdict="accepted") == 1
    assert figure("calls", channel="shopify", verdict="rejected") is None  # an hour ago
    assert (figure("channel_paused", channel="amazon"), figure("channel_paused", channel="shopify")) == (1, 0)
    assert figure("events_without_number") == 1
    groups = {dict(labels)["group"]: value for (name, labels), value in found.items() if name.endswith("group_ok")}
    assert set(groups.values()) == {1}
    again = read(client)
    own = [dict(labels) for (name, labels) in again if name == "pimhub_http_seconds_count"]
    assert any({"page": "metrics", "status": "200"}.items() <= o.items() for o in own)
    assert all(o["process"].isdigit() for o in own)


@pytest.mark.django_db
def test_a_figure_that_takes_too_long_is_broken_off() -> None:
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"
    started = time.monotonic()
    with pytest.raises(DatabaseError), _at_most(0.2), connection.cursor() as cursor:
        cursor.execute(endless)
    assert time.monotonic() - started < 30  # and not for ever
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
