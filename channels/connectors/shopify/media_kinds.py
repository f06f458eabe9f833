"""What Shopify makes of a medium: pictures, and videos of YouTube and Vimeo, by their address; files of videos and 3D
models as uploads.

Source: shopify.dev FileSetInput, FileContentType, stagedUploadsCreate.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from channels.connectors.base import Medium

_HOSTS = ("youtube.com", "youtu.be", "vimeo.com")
VIDEO, MODEL = "VIDEO", "MODEL_3D"
UPLOADED = (VIDEO, MODEL)


def content_type(address: str) -> str:
    """FileContentType of what lies at an address."""
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    hosted = any(host == known or host.endswith(f".{known}") for known in _HOSTS)
    return "EXTERNAL_VIDEO" if hosted else "IMAGE"


def is_upload(medium: Medium) -> bool:
    """A file of a video or 3D model: Shopify takes these by no address."""
    return not medium.is_picture and content_type(medium.url) == "IMAGE"


def upload_type(mime: str) -> str:
    """FileContentType, and the resource of a staged upload, of such a file."""
    return VIDEO if mime.startswith("video/") else MODEL
