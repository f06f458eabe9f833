"""Random edits in three shops behind our back: all are found, none is invented, each answer does what it says."""

from __future__ import annotations

import random
from typing import Any

import pytest

from catalog import blobs
from catalog.change_sets import acting
from catalog.models import ChangeSet
from channels.models import Channel, Drift, Listing, RemoteLink
from channels.publishing import drift
from channels.reconcile.run import reconcile
from governance.proposals import accept
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import shirt, with_picture

SIZES = ("s", "m")
PLACES = {
    ("shopify", "title"): ("", "content", "/title"),
    ("shopify", "vendor"): ("", "content", "/vendor"),
    ("shopify", "descriptionHtml"): ("", "content", "/descriptionHtml"),
    ("shopify", "price"): ("sku", "offer", "/price"),
    ("google", "title"): ("sku", "content", "/productAttributes/title"),
    ("google", "brand"): ("sku", "content", "/productAttributes/brand"),
    ("amazon", "item_name"): ("sku", "content", "item_name"),
    ("amazon", "bullet_point"): ("sku", "content", "bullet_point"),
}
# What a channel makes of a text by itself is no edit.
HARMLESS = {"title": lambda text: f" {text} ", "vendor": lambda text: f"{text} "}


def shown(listing: Listing, facet: str, path: str) -> Any:
    """What we sent there, as the shop holds it."""
    at: Any = blobs.get(listing.accepted[facet])
    for step in path.strip("/").split("/"):
        at = at.get(step) if isinstance(at, dict) else at
    return at


@pytest.mark.parametrize(
    ("seed", "edits", "products"),
    [(1, 40, 3), pytest.param(2, 500, 30, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
)
def test_all_edits_are_found_and_none_is_invented(shop: Shop, seed: int, edits: int, products: int) -> None:
    codes = [f"tee{n}" for n in range(products)]
    luck = random.Random(seed)
    Channel.objects.update(publishes_on_approval=True)
    for code in codes:
        product = with_picture(shop, shirt(shop, code=code, sizes=SIZES))
        shop.approve(product)
    shop.settle(seconds=60 * products)
    assert {s for c in ("shopify", "google", "amazon") for s in shop.states(c).values()} == {"live"}
    edited: dict[tuple[str, str, str, str], Any] = {}
    for _ in range(edits):
        (channel, field), (level, facet, path) = luck.choice(list(PLACES.items()))
        code = luck.choice(codes)
        sku = f"{code}-{luck.choice(SIZES)}" if level else ""
        row = Listing.objects.get(placement__channel__code=channel, placement__product__code=code, sku=sku)
        edited[channel, sku or code, facet, path] = edit(shop, luck, row, channel, field, facet, path)
    wanted = {place for place, changed in edited.items() if changed}
    assert found(shop) == wanted
    assert found(shop) == wanted  # looking again finds the same, once each
    answer(shop, luck)
    assert found(shop) == set()
    states = set(Drift.objects.exclude(state=Drift.State.OVER).values_list("state", flat=True))
    assert states == {Drift.State.KEPT, Drift.State.ADOPTED, Drift.State.HANDED_OVER}
    assert {s for c in ("shopify", "google", "amazon") for s in shop.states(c).values()} == {"live"}


def edit(shop: Shop, luck: random.Random, row: Listing, channel: str, field: str, facet: str, path: str) -> bool:
    """Set it to something else, or back to what we sent, or to what only looks different; whether it differs now."""
    ours = shown(row, facet, path if path.startswith("/") else f"/attributes/{path}")
    how = luck.choice(["theirs", "theirs", "back", "harmless"])
    new: Any = f"Theirs {luck.randrange(9)}"
    if field == "price":
        new = f"{luck.randrange(1, 9)}.50"
    elif field == "descriptionHtml":
        new = f"<p>{new}</p>"
    if channel == "amazon":
        entry = dict(ours[0])
        new = [entry | {"value": new}]
    same = how != "theirs"
    if same:
        new = HARMLESS[field](ours) if how == "harmless" and channel == "shopify" and field in HARMLESS else ours
    product = row.sku
    if channel == "shopify":
        product = RemoteLink.objects.get(placement=row.placement, key="product").remote_id
    elif channel == "google":
        product = f"en~US~{row.sku}"
    more = {"sku": row.sku} if channel == "shopify" and row.sku else {}
    shop.sandbox.control("edit", channel=channel, product=product, field=field, value=new, **more)
    return not same


def found(shop: Shop) -> set[tuple[str, str, str, str]]:
    for code in ("shopify", "google", "amazon"):
        assert reconcile(shop.channel(code))["unknown"] == []
    rows = Drift.objects.filter(state=Drift.State.OPEN).select_related("placement__channel", "placement__product")
    assert len({(r.placement_id, r.sku, r.facet, r.path) for r in rows}) == len(rows)
    return {(r.placement.channel.code, r.sku or r.placement.product.code, r.facet, short(r)) for r in rows}


def short(row: Drift) -> str:
    """Amazon's places without entries and selectors."""
    return row.path.split("/")[2] if row.placement.channel.code == "amazon" else row.path


def answer(shop: Shop, luck: random.Random) -> None:
    """Each difference gets one of the three answers, in any order; adopted is what one value stands for."""
    rows = list(Drift.objects.filter(state=Drift.State.OPEN).select_related("placement__channel", "placement__product"))
    luck.shuffle(rows)
    adopted = [r for r in rows if r.path in ("/vendor", "/title") and drift.source_of(r) is not None]
    left = [r for r in rows if r not in adopted and r.facet == "content" and luck.random() < 0.3]
    kept = [r for r in rows if r not in left and r not in adopted]
    # All of them before anything is sent: a call carries its whole facet, unanswered differences along with it.
    if left:
        drift.hand_over(drifts=left, user=shop.user("channelmanager"))
    for row in adopted:
        with acting(user=shop.user("merchandiser"), source=ChangeSet.Source.PAGE):
            (proposal,) = drift.adopt(drift=row, user=shop.user("merchandiser"))
            accept(proposal=proposal, user=shop.user("merchandiser"))
    if kept:
        drift.keep_ours(drifts=kept, user=shop.user("channelmanager"))
    for product in {row.placement.product for row in adopted}:
        shop.approve(product)
    shop.settle(seconds=600)
