"""What is approved and held back reaches no channel and no feed before its time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ChangeSet, Product
from catalog.products.represent import Wanted, represent
from channels.feeds.build import write_feed
from channels.models import Publication
from channels.publishing.preview import preview
from governance.models import Embargo, Standing
from governance.workflow import verbs
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_feed import ready

SECRET = "Black Friday shirt"


def approve_later(shop: Shop, product: Product) -> None:
    shop.product(**{"name@en_US": SECRET})
    mara, rafael = shop.user("merchandiser"), shop.user("reviewer")
    with acting(user=mara, source=ChangeSet.Source.PAGE):
        verbs.submit(product=product, user=mara)
    standing = Standing.objects.get(product=product)
    until = timezone.now() + dt.timedelta(hours=2)
    with acting(user=rafael, source=ChangeSet.Source.PAGE):
        verbs.approve(product=product, user=rafael, content_hash=standing.content_hash, live_at=until)


def test_no_byte_of_it_leaves_before_and_all_of_it_then(shop: Shop, tmp_path: Path) -> None:
    ready(shop)  # for the feed too
    product = Product.objects.get(code="tee")
    shop.settle()
    calls = Publication.objects.count()
    approve_later(shop, product)
    shop.settle()
    assert Publication.objects.count() == calls
    assert SECRET not in str(preview(shop.channel(), product))
    write_feed(shop.channel("google"), tmp_path / "feed.xml")
    assert "Tee shirt" in (tmp_path / "feed.xml").read_text()
    assert SECRET not in (tmp_path / "feed.xml").read_text()
    Embargo.objects.update(until=timezone.now())
    assert verbs.release_due() == Embargo.objects.count() + 1
    shop.settle()
    assert Publication.objects.count() > calls
    write_feed(shop.channel("google"), tmp_path / "feed.xml")
    assert SECRET in (tmp_path / "feed.xml").read_text()
    assert set(shop.states().values()) == {"live"}


def test_what_was_never_shown_waits_and_says_so(shop: Shop) -> None:
    product = shop.product()
    approve_later(shop, product)
    shop.settle()
    assert Publication.objects.count() == 0
    assert preview(shop.channel(), product)["preflight"][0]["code"] == "embargoed"


def test_the_record_says_where_it_is_published(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    (told,) = represent([product], Wanted(frozenset({"code", "channels"})))
    assert told["channels"]["shopify"] == "live"
