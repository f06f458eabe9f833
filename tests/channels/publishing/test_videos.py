"""A video on the road: from an approved revision to the shop, once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.utils import timezone

from catalog import blobs, events
from catalog.media import ingest
from catalog.media.storage import path_of
from catalog.models import MediaAsset, Product
from catalog.products.changes import MediaChange, ProductChange
from channels.models import Call, ChannelIssue, Placement, Publication
from channels.publishing import send, uploads
from channels.publishing.work import work
from tests.catalog.media.films import film, glb
from tests.channels.publishing.shop import Shop


class Killed(BaseException):
    pass


def with_media(shop: Shop, *files: bytes) -> Product:
    product = shop.product()
    assets = [ingest.upload(data) for data in files]
    shop.write(ProductChange(code="tee", media=tuple(MediaChange(sha256=a.sha256) for a in assets)))
    return product


def media(shop: Shop) -> list[str]:
    return [one["mediaContentType"] for one in shop.sandbox.running.sandbox.store.all("media")]


def test_it_goes_live_by_its_hash_and_only_once_approved(shop: Shop) -> None:
    product = with_media(shop, film(), glb())
    shop.approve(product)
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert media(shop) == ["VIDEO", "MODEL_3D"]
    first = Publication.objects.filter(operation="stagedUploadsCreate").earliest("pk")
    asset = MediaAsset.objects.get(mime="video/mp4")
    assert f"{asset.sha256}.mp4" in blobs.get(first.request)["body"]
    assert first.revision is not None
    assert Call.objects.filter(operation="upload", verdict="answered").count() == 2

    # Another film is no business of the shop before somebody approved it.
    other = ingest.upload(film(width=800))
    shop.write(ProductChange(code="tee", media=(MediaChange(sha256=other.sha256),)))
    shop.hurry()
    shop.settle()
    assert len(media(shop)) == 2
    shop.approve(product)
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert len(media(shop)) == 3


@pytest.mark.parametrize("mode", ["timeout_before", "timeout_after", "error500", "throttle", "nonsense", "down"])
def test_trouble_on_the_way_makes_no_second_one(shop: Shop, mode: str) -> None:
    product = with_media(shop, film())
    shop.sandbox.control("chaos", channel="shopify", mode=mode, count=6, rate=0.6, delay=0.05, seed=3)
    shop.approve(product)
    for _ in range(12):
        events.derive()
        shop.hurry()
        work(Placement.objects.get(channel__code="shopify").pk)
    shop.sandbox.control("chaos", channel="shopify", mode="off")
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert media(shop) == ["VIDEO"]


def before_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*args: object, **given: object) -> None:
        raise Killed

    monkeypatch.setattr(uploads.lease, "renew", dying)


def after_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    put = uploads.put

    def dying(*args: object) -> None:
        put(*args)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(send.uploads, "put", dying)


def after_it_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = send.settle

    def dying(placement: object, sending: object, operation: send.Operation, *rest: object, **more: object) -> object:
        if operation.name == "productSet":
            raise Killed
        return settle(placement, sending, operation, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(send, "settle", dying)


@pytest.mark.parametrize("die", [before_the_upload, after_the_upload, after_it_was_named])
def test_a_worker_that_dies_loses_and_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, die: Callable[[pytest.MonkeyPatch], None]
) -> None:
    shop.approve(with_media(shop, film()))
    events.derive()
    placement = Placement.objects.get(channel__code="shopify")
    die(monkeypatch)
    with pytest.raises(Killed):
        work(placement.pk)
    monkeypatch.undo()
    Placement.objects.update(lease_until=timezone.now())
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert media(shop) == ["VIDEO"]


def test_a_file_that_is_gone_is_told_and_holds_up_nothing(shop: Shop) -> None:
    product = with_media(shop, film())
    asset = MediaAsset.objects.get(mime="video/mp4")
    path_of(settings.MEDIA_ROOT, asset.sha256, asset.extension).unlink()
    shop.approve(product)
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert media(shop) == []
    assert ChannelIssue.objects.filter(placement__channel__code="shopify", code="media_kind").exists()
