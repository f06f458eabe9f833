"""Source ↔ hub ↔ channel: every gap named with the hop where it arose and who must act; and its repair."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from catalog.change_sets import acting
from catalog.intake.messages import OFFER, Message, read
from catalog.intake.take import in_our_codes, take
from catalog.models import (
    ChangeSet,
    Delivery,
    HeldPrice,
    Offer,
    Product,
    Reject,
    Source,
    StockLevel,
    User,
    Variant,
)
from catalog.models.codes import code_key
from catalog.products.reference import load_reference
from catalog.products.state import amount_text
from catalog.products.wire import BadForm
from catalog.sources.rows import BadFile, Profile, rows
from channels.models import Channel, Gap, Listing, Placement, Reconciliation
from channels.publishing.request import publish
from channels.reconcile.run import reconcile
from governance.models import Override
from pimhub.foundation import audit
from pimhub.foundation.http import Request, send

BATCH = 1000
LARGEST = 200 * 1024 * 1024
KEPT = 10_000  # gaps of a run: more are counted, and say only the same
H = Gap.Hop


def with_channel(channel: Channel) -> Reconciliation:
    """Compare what we want on a channel with what it shows."""
    run = Reconciliation.objects.create(channel=channel)
    report = reconcile(channel)
    owners = _products([d["sku"] for d in report["drifted"]] + report["missing"] + report["unknown"])
    gaps = [_drift(run, d["sku"], d["key"], d["ours"], d["theirs"], owners, H.DRIFTED) for d in report["drifted"]]
    gaps += [_drift(run, sku, "", "listed", "not there", owners, H.MISSING) for sku in report["missing"]]
    gaps += [_drift(run, sku, "", "listed", "unknown", owners, H.UNREAD) for sku in report["unknown"]]
    return _finish(run, gaps, checked=report["checked"], in_sync=report["in_sync"])


def _drift(
    run: Reconciliation, sku: str, key: str, ours: object, theirs: object, owners: dict[str, int], hop: str
) -> Gap:
    product, who = owners.get(sku), "the channel's manager"
    rows = Listing.objects.filter(placement__channel=run.channel, sku__in=("", sku))
    listing = rows.filter(placement__product_id=product).order_by("-sku").first() if product else None
    if listing is not None and hop == H.DRIFTED:
        if listing.state in (Listing.State.BLOCKED, Listing.State.REJECTED, Listing.State.FAILED):
            hop, who = H.BLOCKED, "whoever mends the product"
        elif listing.accepted != listing.desired:
            hop, who = H.QUEUED, "nobody, it is on its way"
    return Gap(run=run, hop=hop, sku=sku, key=key, ours=_text(ours), theirs=_text(theirs), who=who, product_id=product)


def with_source(source: Source) -> Reconciliation:
    """Compare the snapshot that a source hands out with what we hold."""
    run = Reconciliation.objects.create(source=source)
    gaps: list[Gap] = []
    checked = 0
    try:
        for batch in _snapshot(source):
            checked += len(batch)
            gaps += _gaps(run, source, batch)
    except BadFile as error:
        run.problem = str(error)[:500]
    bad = len({(g.sku, (g.line or {}).get("location"), (g.line or {}).get("price_list")) for g in gaps})
    return _finish(run, gaps, checked=checked, in_sync=checked - bad)


def _snapshot(source: Source) -> Iterator[list[Message]]:
    """The messages of a snapshot, in batches. Raises BadFile."""
    if not source.snapshot:
        raise BadFile("The source names no address of a snapshot. Add it on the page of the source.")
    given = source.credentials.get("authorization")
    answer = send(
        Request("GET", source.snapshot, {"Authorization": given} if given else {}),
        timeout=60,
        max_bytes=LARGEST,
        allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS,
    )
    if answer.status != 200:
        raise BadFile(answer.error or f"The snapshot's address answered {answer.status}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / hashlib.sha256(answer.body).hexdigest()
        path.write_bytes(answer.body)
        lines = rows(path, Profile.of(source), start=0)
        while batch := list(itertools.islice(lines, BATCH)):
            found = []
            for _, line, error in batch:
                try:
                    if error is None:
                        found.append(read(source.delivers, line))
                except BadForm:
                    continue  # it is among the rejects of the source already, or says nothing
            yield in_our_codes(found, load_reference())


def _gaps(run: Reconciliation, source: Source, messages: Sequence[Message]) -> list[Gap]:
    keys = {code_key(m.sku) for m in messages}
    model: Any = Offer if source.delivers == OFFER else StockLevel
    place = "price_list" if source.delivers == OFFER else "location"
    held = {
        (row.variant.sku_key, getattr(row, place).code): row
        for row in model.objects.filter(variant__sku_key__in=keys).select_related("variant", place)
    }
    products = dict(Variant.objects.filter(sku_key__in=keys).values_list("sku_key", "product_id"))
    why = _Why(source, keys, set(products.values()))
    gaps = []
    for message in messages:
        row = held.get((code_key(message.sku), message.place))
        for name, theirs in message.said():
            ours = getattr(row, name) if row is not None else None
            if ours == theirs:
                continue
            key = f"offers.{message.place}.{name}" if message.offer else f"stock.{message.place}.available"
            hop, who = why.of(message, key, row)
            gap = Gap(run=run, hop=hop, sku=message.sku, key=key, ours=_text(ours), theirs=_text(theirs), who=who)
            gap.line, gap.product_id = _plain(message.line), products.get(code_key(message.sku))
            gaps.append(gap)
    return gaps


class _Why:
    """Where on its way in a figure was left."""

    def __init__(self, source: Source, keys: set[str], products: set[int]) -> None:
        self.source = source
        self.owner = source.owner.display_name if source.owner else f"who answers for {source.system}"
        rejects = Reject.objects.filter(state=Reject.State.OPEN, source=source.system.code, sku_key__in=keys)
        self.refused = {(r.sku_key, r.place) for r in rejects}
        holds = HeldPrice.objects.filter(variant__sku_key__in=keys, confirmed__isnull=True)
        self.held = {
            (key, f"offers.{place}.{name}")
            for key, place, name in holds.values_list("variant__sku_key", "price_list__code", "field")
        }
        overrides = Override.objects.filter(product_id__in=products).select_related("set_by")
        self.overridden = {(code_key(o.sku), o.key): o for o in overrides}
        self.waiting = source.deliveries.filter(state=Delivery.State.WORKING).exists()

    def of(self, message: Message, key: str, row: Offer | StockLevel | None) -> tuple[str, str]:
        sku = code_key(message.sku)
        if (sku, message.place) in self.refused:
            return H.REFUSED, self.owner
        if (sku, key) in self.held:
            return H.HELD, "who may confirm prices"
        if layer := self.overridden.get((sku, key)):
            return H.OVERRIDDEN, layer.set_by.display_name if layer.set_by else "who set it"
        if self.waiting:
            return H.WAITING, "nobody, it is on its way"
        if row is not None and row.received_at is not None and row.source == self.source.system.code:
            known = row.source_sequence is None or message.sequence is None or message.sequence > row.source_sequence
            return (H.LOST, self.owner) if known else (H.WRITTEN, "who changed it here")
        return (H.WRITTEN, "who changed it here") if row is not None else (H.LOST, self.owner)


def _finish(run: Reconciliation, gaps: list[Gap], *, checked: int, in_sync: int) -> Reconciliation:
    run.checked, run.in_sync, run.finished_at = checked, max(in_sync, 0), timezone.now()
    run.found = dict(Counter(str(gap.hop) for gap in gaps))
    run.save()
    Gap.objects.bulk_create(gaps[:KEPT], batch_size=500)
    return run


def repair(gaps: Sequence[Gap], *, user: User) -> int:
    """Put gaps right: the source's figure is taken, our figure is sent. How many were.

    What somebody must decide (held, overridden, refused) stays open: it is decided where it lies.
    """
    done: list[int] = []
    by_source: dict[int, list[Gap]] = {}
    by_channel: dict[int, list[Gap]] = {}
    for gap in gaps:
        if gap.run.source_id and gap.line is not None and gap.hop in (H.LOST, H.WRITTEN):
            by_source.setdefault(gap.run.source_id, []).append(gap)
        elif gap.run.channel_id and gap.product_id is not None:
            by_channel.setdefault(gap.run.channel_id, []).append(gap)
    for found in by_source.values():
        done += _take_anew(found, user)
    for found in by_channel.values():
        channel = found[0].run.channel
        assert channel is not None
        ids = {gap.product_id for gap in found if gap.product_id is not None}
        Placement.objects.filter(channel=channel, product_id__in=ids).update(must_read=True)
        publish(channel=channel, products=Product.objects.filter(pk__in=ids), over_drift=True)
        done += [gap.pk for gap in found]
    now = timezone.now()
    count = Gap.objects.filter(pk__in=done, state=Gap.State.OPEN).update(
        state=Gap.State.REPAIRED, repaired_by=user, repaired_at=now
    )
    if count:
        audit.record("gaps.repaired", f"reconciliation:{gaps[0].run_id}", count=count)
    return count


def _take_anew(gaps: Sequence[Gap], user: User) -> list[int]:
    """The snapshot's figures, as of now: what the hub holds was written without a newer word of the source."""
    source = gaps[0].run.source
    assert source is not None
    messages = []
    for gap in gaps:
        line = dict(gap.line or {})
        if gap.hop == H.WRITTEN:  # the same message was taken before; this is the word of who repairs
            line = {name: value for name, value in line.items() if name not in ("sequence", "at")}
        messages.append(read(source.delivers, line))
    reason = f"repaired after a comparison, by {user.display_name}"
    with acting(source=ChangeSet.Source.SYSTEM, system=source.system.code, reason=reason):
        outcomes = take(messages, load_reference())
    return [gap.pk for gap, outcome in zip(gaps, outcomes, strict=True) if outcome.applied and not outcome.held]


def _products(skus: Sequence[str]) -> dict[str, int]:
    """Products by the SKU or product code that a report names."""
    keys = {code_key(sku): sku for sku in skus}
    found = {keys[key]: pk for key, pk in Product.objects.filter(code_key__in=keys).values_list("code_key", "pk")}
    rows = Variant.objects.filter(sku_key__in=keys).values_list("sku_key", "product_id")
    return found | {keys[key]: pk for key, pk in rows}


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return amount_text(value) or ""
    return "" if value is None else str(value)[:500]


def _plain(line: Any) -> Any:
    """A line as JSON holds it."""
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in line.items()} if isinstance(line, dict) else None


def all_in_turn() -> None:
    """Every source with a snapshot, and every channel that is not paused: once a night."""
    for source in Source.objects.filter(enabled=True).exclude(snapshot="").select_related("system", "owner"):
        with_source(source)
    for channel in Channel.objects.filter(paused=False):
        with_channel(channel)


def trend(limit: int = 30) -> list[Reconciliation]:
    """The newest comparisons, the newest first."""
    return list(Reconciliation.objects.select_related("source", "channel")[:limit])
