"""Us and a channel: what we want there, compared with what it shows; then all that it has, for what is not ours."""

from __future__ import annotations

import time
from collections.abc import Sequence

from catalog.models import Product, Variant
from catalog.models.codes import code_key
from channels.models import Channel, Gap, Listing, Placement, Reconciliation
from channels.rates import Wait
from channels.reconcile import there
from channels.reconcile.run import check, empty_report
from channels.reconcile.step import Step, text

AT_ONCE = 20  # products of a step
H = Gap.Hop


def step(run: Reconciliation, *, until: float) -> Step:
    """Compare the next few products, or look through the next part of all that is there. The cursor counts keys of
    placements, then parts; each call takes its turn."""
    channel = run.channel
    assert channel is not None
    if run.place:
        return there.step(run)
    taken = Listing.objects.filter(placement__channel=channel).exclude(accepted={})
    placements = Placement.objects.filter(pk__in=taken.values("placement_id")).order_by("pk")
    total = run.total or placements.order_by("-pk").values_list("pk", flat=True).first() or 1
    report, cursor, wait, count = empty_report(), run.cursor, 0.0, 0
    for pk in placements.filter(pk__gt=run.cursor, pk__lte=total).values_list("pk", flat=True)[:AT_ONCE]:
        try:
            check(pk, report, patient=True)
        except Wait as error:
            wait = error.seconds
            break
        cursor, count = pk, count + 1
        if time.monotonic() > until:
            break
    owners = _products([d["sku"] for d in report["drifted"]] + report["missing"] + report["unknown"])
    gaps = [
        _gap(run, channel, d["sku"], d["key"], d["ours"], d["theirs"], owners, H.DRIFTED) for d in report["drifted"]
    ]
    gaps += [_gap(run, channel, sku, "", "listed", "not there", owners, H.MISSING) for sku in report["missing"]]
    gaps += [_gap(run, channel, sku, "", "listed", "unknown", owners, H.UNREAD) for sku in report["unknown"]]
    over = not wait and not placements.filter(pk__gt=cursor, pk__lte=total).exists()
    place = there.BEGIN if over and there.tells(channel) else None
    return Step(cursor, total, report["checked"], report["in_sync"], gaps, over and place is None, wait, place)


def _gap(
    run: Reconciliation,
    channel: Channel,
    sku: str,
    key: str,
    ours: object,
    theirs: object,
    owners: dict[str, int],
    hop: str,
) -> Gap:
    product, who = owners.get(sku), "the channel's manager"
    rows = Listing.objects.filter(placement__channel=channel, sku__in=("", sku))
    listing = rows.filter(placement__product_id=product).order_by("-sku").first() if product else None
    if listing is not None and hop == H.DRIFTED:
        if listing.state in (Listing.State.BLOCKED, Listing.State.REJECTED, Listing.State.FAILED):
            hop, who = H.BLOCKED, "whoever mends the product"
        elif listing.accepted != listing.desired:
            hop, who = H.QUEUED, "nobody, it is on its way"
    return Gap(run=run, hop=hop, sku=sku, key=key, ours=text(ours), theirs=text(theirs), who=who, product_id=product)


def _products(skus: Sequence[str]) -> dict[str, int]:
    """Products by the SKU or product code that a report names."""
    keys = {code_key(sku): sku for sku in skus}
    found = {keys[key]: pk for key, pk in Product.objects.filter(code_key__in=keys).values_list("code_key", "pk")}
    rows = Variant.objects.filter(sku_key__in=keys).values_list("sku_key", "product_id")
    return found | {keys[key]: pk for key, pk in rows}
