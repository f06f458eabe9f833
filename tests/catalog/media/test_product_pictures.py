"""The pictures on the product page, as a merchandiser handles them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import MediaAsset, MediaLink
from catalog.products.changes import MediaChange
from tests.catalog.media.pictures import photo, saved
from tests.world import World

RED, BLUE = saved(photo(), "JPEG"), saved(photo().rotate(90), "PNG")


class Page:
    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.client.force_login(world.people["mara"])
        world.product()

    def get(self) -> str:
        return self.client.get("/products/tee/").content.decode()

    def seen(self) -> str:
        return seen_in(self.get())

    def save(self, **given: Any) -> str:
        """Post the form as it is now with these changes; what the page then says."""
        answer = self.client.post(
            "/products/tee/pictures/", {"locale": "en_US", "seen": self.seen()} | given, follow=True
        )
        assert answer.status_code == 200
        return answer.content.decode()

    def upload(self, *files: tuple[str, bytes]) -> str:
        return self.save(files=[SimpleUploadedFile(name, data) for name, data in files])


def seen_in(html: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', html)
    assert found
    return unescape(found[1])


def order() -> list[str]:
    return [x.asset.source_url or x.asset.mime for x in MediaLink.objects.select_related("asset")]


@pytest.fixture
def page(client: Client, world: World) -> Page:
    return Page(client, world)


def test_uploads_come_in_and_are_shown_small(page: Page) -> None:
    text = page.upload(("a.jpg", RED), ("b.png", BLUE))
    assert "2 pictures" in text
    assert order() == ["image/jpeg", "image/png"]
    small = re.findall(r'src="(/media/thumbnails/96/[^"]+)"', text)
    assert len(small) == 2
    answer = page.client.get(small[0])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert b"".join(answer.streaming_content).startswith(b"RIFF")  # type: ignore[attr-defined]


def test_a_bad_file_is_named_and_the_good_one_is_kept(page: Page) -> None:
    text = page.upload(("notes.jpg", b"just words"), ("a.jpg", RED))
    assert "“notes.jpg” was not taken." in text
    assert order() == ["image/jpeg"]


def test_addresses_are_fetched_later(page: Page) -> None:
    text = page.save(addresses="https://shop.example/1.jpg\n\njavascript:alert(1)\nwww.shop.example/2.jpg")
    assert "“javascript:alert(1)” was not taken." in text
    assert order() == ["https://shop.example/1.jpg", "https://www.shop.example/2.jpg"]
    for address in ("/products/", "/products/tee/"):
        answer = page.client.get(address)
        assert "shop.example" not in "".join(re.findall(r'src="([^"]*)"', answer.content.decode()))
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert "img-src 'self' data:" in policy
    assert "Being fetched from shop.example." in text
    assert set(MediaAsset.objects.values_list("host", flat=True)) == {"shop.example", "www.shop.example"}


def test_order_text_and_variant_are_kept(page: Page) -> None:
    page.save(addresses="\n".join(f"https://shop.example/{n}.jpg" for n in (1, 2, 3)))
    one, two, three = MediaLink.objects.values_list("pk", flat=True)
    page.save(**{f"position:{three}": "1", f"alt:{three}": "From behind", f"sku:{one}": "tee-s", f"remove:{two}": "1"})
    assert [url[-5] for url in order()] == ["3", "1"]
    first, second = MediaLink.objects.select_related("variant")
    assert first.alt == {"en_US": "From behind"}
    assert second.variant is not None
    assert second.variant.sku == "tee-s"


def test_a_picture_moves_back_too(page: Page) -> None:
    page.save(addresses="\n".join(f"https://shop.example/{n}.jpg" for n in (1, 2, 3)))
    first = MediaLink.objects.values_list("pk", flat=True)[0]
    page.save(**{f"position:{first}": "3"})
    assert [url[-5] for url in order()] == ["2", "3", "1"]


def test_a_change_meanwhile_is_not_overwritten(page: Page) -> None:
    page.save(addresses="https://shop.example/1.jpg")
    seen = page.seen()
    page.save(addresses="https://shop.example/2.jpg")
    text = page.save(seen=seen, addresses="https://shop.example/3.jpg")
    assert "Somebody changed the pictures meanwhile" in text
    assert [url[-5] for url in order()] == ["1", "2"]


def test_a_failed_picture_says_why_and_is_fetched_again(page: Page) -> None:
    page.save(addresses="https://shop.example/1.jpg")
    MediaAsset.objects.update(state=MediaAsset.State.FAILED, fetch_at=None, problem="There is no server of that name.")
    assert "There is no server of that name." in page.get()
    page.save(again=str(MediaAsset.objects.get().pk))
    assert MediaAsset.objects.get().fetch_at is not None


def test_reviewers_see_pictures_and_change_none(page: Page, world: World) -> None:
    page.save(addresses="https://shop.example/1.jpg")
    page.client.force_login(world.people["rafael"])
    assert "Update pictures" not in page.get()
    answer = page.client.post("/products/tee/pictures/", {"seen": page.seen(), "addresses": "https://x.example/2.jpg"})
    assert answer.status_code == 403
    assert len(order()) == 1


@pytest.mark.parametrize("address", ["/media/thumbnails/97/aa/bb/" + "a" * 64 + ".jpg", "/media/thumbnails/96/x.jpg"])
def test_other_small_pictures_do_not_exist(page: Page, address: str) -> None:
    assert page.client.get(address).status_code == 404


def test_an_upload_that_is_not_here_is_refused(page: Page, world: World) -> None:
    result = world.change(media=(MediaChange(sha256="0" * 64),))
    assert [e.code for e in result.errors] == ["unknown_picture"]
