"""Three channels at once, all of them failing: once they stop, each shows exactly what it should, nothing twice."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import ChangeSet, Product
from catalog.products import trash
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from channels.connectors.base import Operation
from channels.connectors.shopify import plan as shopify_plan
from channels.models import Channel, Listing, Match, Placement, RateBucket
from channels.publishing import putback
from channels.publishing.dispatch import dispatch
from channels.publishing.putback import WITH_PRICES, Effect
from channels.reconcile.run import reconcile
from governance.workflow import verbs
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import shirt, with_picture
from tests.channels.publishing.test_put_back import accepted

CHANNELS = ("shopify", "google", "amazon")
SIZES = ("s", "m")
BLOWS = ["throttle", "error500", "timeout_before", "timeout_after", "nonsense", "down"]
AT_REST = ("live", "off", "blocked")  # blocked: what should not be there, and never was
NOTHING_OFF = {"drifted": [], "missing": [], "unknown": []}


@pytest.fixture
def shop3(shop: Shop) -> Shop:
    """All three publish, as fast as they are called, and show at once what they took."""
    Channel.objects.update(publishes_on_approval=True)
    shop.sandbox.control("settings", channel="shopify", restore_rate=1_000_000, bucket_maximum=1_000_000)
    shop.sandbox.control("settings", channel="amazon", rate_times=1000, visible_after=0)
    shop.sandbox.control("settings", channel="google", visible_after=0)
    return shop


def approved(shop: Shop, code: str) -> Product:
    product = with_picture(shop, shirt(shop, code=code, sizes=SIZES))
    shop.approve(product)
    return product


def chaos(shop: Shop, mode: str | list[str], *, rate: float, seed: int) -> None:
    for channel in CHANNELS:
        plan = {"mode": mode, "rate": rate, "seed": seed, "count": None, "delay": 0}
        shop.sandbox.control("chaos", channel=channel, **plan)


def calm(shop: Shop) -> None:
    for channel in CHANNELS:
        shop.sandbox.control("chaos", channel=channel, mode="off")
    RateBucket.objects.all().delete()  # time passes: nobody waits because of what was refused before


def turns(shop: Shop, *, rounds: int) -> None:
    """Work on what is due, whatever the faults, without waiting out backoffs."""
    for _ in range(rounds):
        events.derive()
        shop.hurry()
        dispatch(seconds=10)


def settled(shop: Shop) -> None:
    """Faults have stopped: everything comes to where it should be, a little more of it in at most so many rounds."""
    left = Listing.objects.exclude(state__in=AT_REST)
    waited, before = 0, 0
    while waited < 30:
        turns(shop, rounds=1)
        if not (now := left.count()):
            return
        waited, before = (waited + 1, before) if before and now >= before else (0, now)
        time.sleep(0.05)
    placements = Placement.objects.filter(listings__in=left).distinct()
    problems = placements.values_list("product__code", "channel__code", "problem")
    raise AssertionError(f"not settled: {list(problems)} {list(left.values('sku', 'state'))}")


def as_desired(shop: Shop) -> None:
    """What the channels show, read back as a whole, is what they should show."""
    for code in CHANNELS:
        found = dict(reconcile(shop.channel(code)))
        checked, synced = found.pop("checked"), found.pop("in_sync")
        assert found == NOTHING_OFF, (code, found)
        assert checked == synced, code


def effects(shop: Shop) -> Counter[str]:
    """How often each kind of change took effect there.

    Google and Amazon are sent an item again after a lost answer (the call puts it whole, however often): what counts
    there is that it is made once and ends as it should.
    """
    calls = shop.sandbox.control("calls?since=0")
    found = Counter(f"{c['channel']}: {effect.split()[0]}" for c in calls for effect in c["effects"])
    return Counter({k: n for k, n in found.items() if k not in ("google: offer.updated", "amazon: item.updated")})


# ---- any seed ------------------------------------------------------------------------------------


# Those drawn each time: a removal that breaks off, an approval told of in the trash, answers that are none.
QUICK = (1, 3, 8)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [pytest.param(n, marks=() if n in QUICK else pytest.mark.long) for n in range(14)])
def test_once_faults_stop_the_channels_show_what_they_should(shop3: Shop, seed: int) -> None:
    shop, luck = shop3, random.Random(seed)
    Channel.objects.update(policy={"ask": {"removals_a_day": None, "price_percent": None, "shrink_percent": None}})
    chaos(shop, BLOWS, rate=luck.choice((0.2, 0.4, 0.6)), seed=seed)
    gone: set[str] = set()
    codes: list[str] = []
    for _ in range(12):
        step(shop, luck, codes, gone)
        turns(shop, rounds=luck.randrange(3))
    calm(shop)
    settled(shop)
    as_desired(shop)
    for code in CHANNELS:
        states = shop.states(code)
        assert {row for row, state in states.items() if (state == "live") is (row.split("/")[0] in gone)} == set()
    there = [c for c in codes if c not in gone]
    nothing_twice(shop, codes=codes, there=there)


def step(shop: Shop, luck: random.Random, codes: list[str], gone: set[str]) -> None:
    """Something that happens in a shop: a product is new, reads or costs otherwise, leaves, returns."""
    there = [c for c in codes if c not in gone]
    what = luck.choice(["new", "text", "price", "trash", "archive", "restore"]) if there else "new"
    if what == "new" and len(codes) < 4:
        codes.append(f"tee{len(codes)}")
        approved(shop, codes[-1])
        return
    code = luck.choice(there or codes)
    product = Product.everything.get(code=code)
    if code in gone or what == "restore":
        for lost in [c for c in gone if Product.everything.get(code=c).trashed_at]:
            with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
                trash.restore_product(product=Product.everything.get(code=lost))
            gone.discard(lost)
    elif what == "trash":
        with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
            trash.trash_product(product=product, force=True)
        gone.add(code)
    elif what == "archive":
        with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
            verbs.archive(product=product, user=shop.user("admin"), comment="no longer made")
        gone.add(code)
    elif what == "price":
        reprice(shop, code, f"{luck.randrange(10, 40)}.50")
    else:
        shop.write(ProductChange(code=code, values={"name@en_US": f"Shirt {luck.randrange(1000)}"}))
        shop.approve(product)


def reprice(shop: Shop, code: str, price: str) -> None:
    offers = {"default": OfferChange(price=Decimal(price), confirmed=True)}
    shop.write(ProductChange(code=code, variants=tuple(VariantChange(sku=f"{code}-{s}", offers=offers) for s in SIZES)))


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_came_there_unheard_is_taken_off_with_the_product(shop3: Shop, channel: str) -> None:
    """It is archived before anybody knew that the channel had taken it."""
    shop = shop3
    Channel.objects.exclude(code=channel).update(publishes_on_approval=False)
    approved(shop, "cap")
    settled(shop)
    before = shown(shop, channel)
    product = approved(shop, "tee")
    events.derive()
    # The channel was asked before what it has of it, so that the first call is the one that makes it.
    Match.objects.create(placement=product.placements.get(channel__code=channel), state=Match.State.ANEW)
    shop.sandbox.control("chaos", channel=channel, mode="timeout_after", count=None, delay=0)
    dispatch(seconds=1)
    calm(shop)
    assert shown(shop, channel) == before + 1
    with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
        verbs.archive(product=product, user=shop.user("admin"), comment="no longer made")
    settled(shop)
    assert shown(shop, channel) == before


def shown(shop: Shop, channel: str) -> int:
    """Products (Shopify, those on sale), offers (Google) or items (Amazon) that are there."""
    if channel == "shopify":
        query = "{ products(first: 9) { nodes { status } } }"
        nodes = shop.sandbox.shopify(query).json["data"]["products"]["nodes"]
        return sum(node["status"] == "ACTIVE" for node in nodes)
    return int(shop.sandbox.state(channel)["products" if channel == "google" else "items"])


def nothing_twice(shop: Shop, *, codes: list[str], there: list[str]) -> None:
    """Each product at most once in the shop (archived ones stay there, as orders hang on them); of the others, the
    items of what is live and nothing else."""
    query = "{ products(first: 50) { nodes { handle status variants(first: 9) { nodes { sku } } } } }"
    nodes = shop.sandbox.shopify(query).json["data"]["products"]["nodes"]
    skus = [v["sku"] for node in nodes for v in node["variants"]["nodes"]]
    assert len(skus) == len(set(skus))
    assert len(nodes) <= len(codes)
    assert {
        v["sku"].rsplit("-", 1)[0] for n in nodes if n["status"] == "ACTIVE" for v in n["variants"]["nodes"]
    } == set(there)
    assert shop.sandbox.state("google")["products"] == len(SIZES) * len(there)
    assert shop.sandbox.state("amazon")["items"] == (len(SIZES) + 1) * len(there)


# ---- yesterday ---------------------------------------------------------------------------------


@pytest.mark.parametrize("products", [3, pytest.param(125, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_three_channels_go_back_to_the_very_bodies_of_yesterday(shop3: Shop, products: int) -> None:
    """Eight listings a product. What came since leaves; what was archived since is named, and stays off."""
    shop = shop3
    Channel.objects.update(policy={"ask": {"removals_a_day": None, "price_percent": None, "shrink_percent": None}})
    codes = [f"tee{n}" for n in range(products)]
    for code in codes:
        approved(shop, code)
    settled(shop)
    at, before = timezone.now(), {channel: accepted(channel, WITH_PRICES) for channel in CHANNELS}
    assert sum(map(len, before.values())) == 8 * products
    for code in codes:
        ruined = {"name@en_US": f"Wrong {code}", "description@en_US": "<p>Ruined.</p>", "brand": "Nobody"}
        shop.write(ProductChange(code=code, values=ruined))
        shop.approve(Product.objects.get(code=code))
        reprice(shop, code, "25.50")
    approved(shop, "since")
    with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
        verbs.archive(product=Product.objects.get(code=codes[-1]), user=shop.user("admin"), comment="recalled")
    settled(shop)
    for channel in CHANNELS:
        lines = putback.plan(channel=shop.channel(channel), at=at, product_ids=None, facets=WITH_PRICES)
        effects = {line.placement.product.code: line.effect for line in lines}
        wanted = dict.fromkeys(codes, Effect.CHANGES) | {codes[-1]: Effect.CANNOT, "since": Effect.GOES}
        assert effects == wanted, channel
        user = shop.user("channelmanager")
        putback.put_back(lines=lines, at=at, facets=WITH_PRICES, reason="a bad day", user=user)
    settled(shop)
    for channel in CHANNELS:
        kept = {row: bodies for row, bodies in before[channel].items() if row.split("/")[0] != codes[-1]}
        assert accepted(channel, WITH_PRICES) == kept, channel
    as_desired(shop)


# ---- answers that are lost -----------------------------------------------------------------------


def lost(shop: Shop) -> int:
    """How many calls took effect without our hearing of it."""
    calls = shop.sandbox.control("calls?since=0")
    return sum(c["chaos"] == "timeout_after" and bool(c["effects"]) for c in calls)


def lose_answers(shop: Shop, *, losses: int, products: int) -> tuple[Counter[str], Counter[str]]:
    """(what took effect, what takes effect when no answer is lost) for products that are made, repriced and rewritten
    until so many answers to calls that had effect were lost."""
    story(shop, ["calm"])
    alone = effects(shop)
    once = Counter({k: n for k, n in alone.items() if "definition" in k})
    codes = [f"tee{n}" for n in range(products)]
    chaos(shop, "timeout_after", rate=0.5, seed=losses)
    story(shop, codes)
    assert lost(shop) >= losses, lost(shop)
    calm(shop)
    settled(shop)
    each = Counter({k: n * (1 + products) for k, n in (alone - once).items()})
    return effects(shop), each + once


def story(shop: Shop, codes: list[str]) -> None:
    """The same for each product, each step live before the next begins."""
    for code in codes:
        approved(shop, code)
    settled(shop)
    for code in codes:
        reprice(shop, code, "20.50")
    settled(shop)
    for code in codes:
        shop.write(ProductChange(code=code, values={"name@en_US": "Other words"}))
        shop.approve(Product.objects.get(code=code))
    settled(shop)


@pytest.mark.parametrize(
    ("losses", "products"), [(12, 2), pytest.param(500, 70, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
)
def test_what_took_effect_unheard_is_not_done_again(shop3: Shop, losses: int, products: int) -> None:
    done, wanted = lose_answers(shop3, losses=losses, products=products)
    assert done == wanted
    as_desired(shop3)


@pytest.mark.parametrize(("named", "there"), [(True, 1), (False, 2)])
def test_what_is_made_unheard_is_known_by_our_id_alone(
    shop3: Shop, monkeypatch: pytest.MonkeyPatch, named: bool, there: int
) -> None:
    """The test above can fail. A lost answer is followed by a question after our id: who made the product without it
    finds nothing, and makes it a second time."""
    shop = shop3
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    channel = shop.channel()
    channel.settings = {**channel.settings, "ownership": {"handle": "foreign"}}  # the shop refuses one that is taken
    channel.save()
    approved(shop, "cap")
    settled(shop)
    before = shown(shop, "shopify")
    if not named:
        monkeypatch.setattr(shopify_plan, "_create", nameless(shopify_plan._create))
    product = approved(shop, "tee")
    events.derive()
    Match.objects.create(placement=product.placements.get(channel=channel), state=Match.State.ANEW)
    shop.sandbox.control("chaos", channel="shopify", mode="timeout_after", count=None, delay=0)
    dispatch(seconds=1)
    calm(shop)
    settled(shop)
    assert shown(shop, "shopify") - before == there


def nameless(create: Callable[..., Operation]) -> Callable[..., Operation]:
    def without_id(*given: object) -> Operation:
        call = create(*given)
        body = json.loads(call.request.body)
        fields = body["variables"]["input"]
        fields["metafields"] = [each for each in fields["metafields"] if each["type"] != "id"]
        return replace(call, request=replace(call.request, body=json.dumps(body).encode()))

    return without_id
