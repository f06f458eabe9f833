"""Governance at size: an inbox with all products waiting, decisions, a batch of approvals, the proof of the audit."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from benchmarks.catalogue import imported_catalogue
from benchmarks.measure import Table, latencies, own_instance, peak_megabytes, timed
from benchmarks.pages import PLAIN
from catalog.change_sets import acting
from catalog.models import User
from governance.audit.chain import seal_all, verify
from governance.models import AuditEntry, Standing
from governance.workflow import verbs
from pimhub.foundation.jsonvalue import canonical

APPROVED = 1000
ENTRIES = 100  # of the audit, a product


def run(say: Callable[[str], None], *, products: int = 10_000) -> Table:
    table = Table("governance", say)
    with own_instance() as home, override_settings(ALLOWED_HOSTS=["testserver"], **PLAIN):
        imported_catalogue(home, products)
        mara, rafael = (User.objects.get(username=name) for name in ("merchandiser", "reviewer"))
        with acting(user=mara, source="command"):
            seconds, _ = timed(lambda: [verbs.submit(product=s.product, user=mara) for s in _standings(APPROVED)])
        table.add("submitted, one after the other", products_s=round(min(APPROVED, products) / seconds))
        Standing.objects.filter(state="draft").update(state="in_review", requested_by=mara, requested_at=timezone.now())
        client = Client()
        client.force_login(rafael)
        first = Standing.objects.order_by("pk")[0].product_id
        table.add(f"inbox, {products:,} waiting", **latencies(lambda: client.get("/review/"), times=30))
        table.add("one review", **latencies(lambda: client.get(f"/review/{first}/"), times=30))
        table.add("one decision, with the next review", **latencies(lambda: _decide(client), times=30))
        waiting = _standings(APPROVED, state="in_review")

        def approve() -> None:
            for standing in waiting:
                verbs.approve(product=standing.product, user=rafael, content_hash=standing.content_hash)

        with acting(user=rafael, source="command"):
            seconds, _ = timed(approve)
        table.add(f"{len(waiting):,} approved as one batch", products_s=round(len(waiting) / seconds), seconds=seconds)
        _audit(table, products * ENTRIES)
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


def _standings(count: int, **where: str) -> list[Standing]:
    return list(Standing.objects.filter(**where).select_related("product").order_by("pk")[:count])


def _decide(client: Client) -> None:
    standing = Standing.objects.filter(state="in_review").order_by("requested_at", "pk")[0]
    sent = {"decision": "approve", "content_hash": standing.content_hash}
    answer = client.post(f"/review/{standing.product_id}/", sent, follow=True)
    assert b"is approved as revision" in answer.content


def _audit(table: Table, entries: int) -> None:
    start = timezone.now()
    for begin in range(0, entries, 10_000):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                at=start + dt.timedelta(milliseconds=n),
                kind="review.approve",
                about=f"product:p{n % 10_000:07}",
                user_id=n % 50 + 1,
                source="page",
                data={"from": "in_review", "to": "approved", "revision": n % 9, "content_hash": f"{n:064x}"},
            )
            for n in range(begin, min(begin + 10_000, entries))
        )
    seconds, _ = timed(seal_all)
    table.add("audit sealed", entries_s=round(entries / seconds))
    row = [1, start.isoformat(), "review.approve", "product:p1", 1, "page", {"content_hash": "0" * 64}]
    bare, _ = timed(lambda: [hashlib.sha256(canonical(row)).digest() for _ in range(entries)])
    seconds, proof = timed(verify)
    assert not proof.faults
    name = f"audit of {proof.entries:,} entries verified"
    table.add(name, seconds=seconds, entries_s=round(proof.entries / seconds), of_bare_hashing=round(seconds / bare, 1))
