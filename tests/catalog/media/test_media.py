"""Pictures: judged by their bytes, stored once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from catalog.media.ingest import upload
from catalog.media.inspect import MediaRefused, inspect
from catalog.media.storage import relative_path
from catalog.models import MediaAsset


def picture(kind: str = "PNG") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(held, kind)
    return held.getvalue()


def test_the_same_bytes_are_one_asset_and_one_file(db: None, settings: object) -> None:
    first, second = upload(picture()), upload(picture())
    assert (first.pk, first.width, first.height, first.mime) == (second.pk, 4, 3, "image/png")
    assert MediaAsset.objects.count() == 1
    root = Path(settings.MEDIA_ROOT)  # type: ignore[attr-defined]
    assert (root / relative_path(first.sha256, ".png")).read_bytes() == picture()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b"<svg/>", "not_a_picture"), (picture("JPEG")[:-300], "damaged"), (b"x" * 90, "not_a_picture")],
)
def test_what_is_no_picture_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        inspect(data)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["../etc", "A" * 64, ""])
def test_a_stored_file_is_named_by_a_hash_alone(name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        relative_path(name, ".png")
