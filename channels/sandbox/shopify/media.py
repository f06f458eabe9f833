"""Images, videos and models of the shop. Every new `originalSource` is a new one, which is how shops fill with copies.

Rules: shopify.dev FileSetInput and "Manage media for products".
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    answers,
    number_of,
    unsupported,
    user_error,
)
from channels.sandbox.shopify.staged import is_staged, staged_kind
from channels.sandbox.store import Document

_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "image/tiff"})
_NAMES = {"IMAGE": "MediaImage", "EXTERNAL_VIDEO": "ExternalVideo", "VIDEO": "Video", "MODEL_3D": "Model3d"}
_STAGED = {"VIDEO": "GENERIC_FILE_DOWNLOAD_FAILURE", "MODEL_3D": "MODEL3D_VALIDATION_ERROR"}
_VIDEO_HOSTS = ("youtube.com", "youtu.be", "vimeo.com")
_UNSOUND = {"VIDEO": "VIDEO_INVALID_FILETYPE_ERROR", "MODEL_3D": "MODEL3D_VALIDATION_ERROR"}
_LONGEST_ALT = 512
Path = list[str | int]


def write_files(context: Context, inputs: Sequence[Arguments]) -> list[str]:
    """The ids of a product's media in order: `{id}` keeps an image, `{originalSource}` uploads one."""
    ids: list[str] = []
    for index, given in enumerate(inputs):
        where: Path = ["input", "files", index]
        if given.get("id") is not None:
            media = _keep(context, given, where)
        else:
            media = _upload(context, given, where)
        if media["id"] in ids:
            raise Refused(user_error(where, f"File {media['id']} is listed twice", "DUPLICATED_VALUE"))
        ids.append(media["id"])
    return ids


def _keep(context: Context, given: Arguments, where: Path) -> Document:
    media = context.store.get("media", given["id"])
    if media is None:
        raise Refused(user_error([*where, "id"], f"File id {given['id']} does not exist", "INVALID_INPUT"))
    if given.get("originalSource") is not None:
        raise Refused(user_error(where, "Give either an id or an originalSource, not both", "INVALID_INPUT"))
    alt = given.get("alt", media["alt"])
    _check_alt(alt, where)
    if alt != media["alt"]:
        media |= {"alt": alt, "updatedAt": context.stamp}
        context.store.put("media", media["id"], media)
    return media


def _upload(context: Context, given: Arguments, where: Path) -> Document:
    source = given.get("originalSource")
    address = urlsplit(source or "")
    if address.scheme not in ("http", "https") or not address.netloc:
        message = f"Image URL is invalid: {source!r}"
        raise Refused(user_error([*where, "originalSource"], message, "INVALID_INPUT"))
    kind = given.get("contentType", "IMAGE")
    if kind not in _NAMES:
        raise unsupported(f"files of type {kind}")
    if kind in _STAGED and not is_staged(context.store, str(source), kind):
        message = f"{kind} files must be uploaded to a staged upload target of their kind first"
        raise Refused(user_error([*where, "originalSource"], message, "INVALID_INPUT"))
    if kind == "EXTERNAL_VIDEO" and not (address.hostname or "").endswith(_VIDEO_HOSTS):
        message = "Video URL must be a YouTube or Vimeo link"
        raise Refused(user_error([*where, "originalSource"], message, "INVALID_INPUT"))
    name_of = _NAMES[kind]
    _check_alt(given.get("alt"), where)
    name = given.get("filename") or address.path.rpartition("/")[2] or "file"
    held = context.store.get("file_name", name)
    twin = context.store.get("media", held["media"]) if held else None
    mode = given.get("duplicateResolutionMode", "APPEND_UUID")
    if twin is not None and mode == "RAISE_ERROR":
        message = f"A file with the filename {name!r} already exists"
        raise Refused(user_error([*where, "filename"], message, "INVALID_INPUT"))
    replaced = twin if mode == "REPLACE" else None
    media: Document = {
        "__typename": name_of,
        "id": replaced["id"] if replaced else context.new_id(name_of),
        "alt": given.get("alt"),
        "createdAt": replaced["createdAt"] if replaced else context.stamp,
        "updatedAt": context.stamp,
        "mediaContentType": kind,
        "mimeType": mimetypes.guess_type(name)[0],
        "mediaWarnings": [],
        "_source": source,
        "_filename": name,
        "_ready": context.now.timestamp() + context.setting("media_delay"),
        "_failure": _failure(context, str(source), name, kind),
    }
    if twin is not None and replaced is None:
        media["_filename"] = f"{number_of(media['id'])}-{name}"
    context.store.put("media", media["id"], media)
    context.store.put("file_name", media["_filename"], {"media": media["id"]})
    context.store.next("media_uploads")
    context.record.effect("media.uploaded", media["id"])
    return media


def _check_alt(alt: str | None, where: Path) -> None:
    if alt is not None and len(alt) > _LONGEST_ALT:
        message = f"Alt text is too long (maximum is {_LONGEST_ALT} characters)"
        raise Refused(user_error([*where, "alt"], message, "INVALID_INPUT"))


def _failure(context: Context, source: str, name: str, kind: str) -> str | None:
    """The error code with which processing will end; decided by name, and of an upload by its first bytes."""
    if kind in _STAGED:
        if kind in context.setting("media_fail"):
            return _STAGED[kind]
        return None if staged_kind(context.store, source) == kind else _UNSOUND[kind]
    if any(part in source for part in context.setting("media_fail")):
        return "IMAGE_DOWNLOAD_FAILURE"
    mime = mimetypes.guess_type(name)[0]
    return "UNSUPPORTED_IMAGE_FILE_TYPE" if mime is not None and mime not in _IMAGE_TYPES else None


def media_status(media: Document, timestamp: float) -> str:
    if timestamp < media["_ready"]:
        return "PROCESSING"
    return "FAILED" if media["_failure"] else "READY"


@answers("MediaImage", "status")
@answers("ExternalVideo", "status")
@answers("Video", "status")
@answers("Model3d", "status")
@answers("MediaImage", "fileStatus")
@answers("ExternalVideo", "fileStatus")
@answers("Video", "fileStatus")
@answers("Model3d", "fileStatus")
def status(source: Document, info: Info, args: Arguments) -> str:
    return media_status(source, info.context.now.timestamp())


@answers("MediaImage", "mediaErrors")
@answers("ExternalVideo", "mediaErrors")
@answers("Video", "mediaErrors")
@answers("Model3d", "mediaErrors")
@answers("MediaImage", "fileErrors")
@answers("ExternalVideo", "fileErrors")
@answers("Video", "fileErrors")
@answers("Model3d", "fileErrors")
def errors(source: Document, info: Info, args: Arguments) -> list[Document]:
    if media_status(source, info.context.now.timestamp()) != "FAILED":
        return []
    what = {"VIDEO": "video", "MODEL_3D": "3D model"}.get(source["mediaContentType"], "image")
    message = f"The {what} could not be downloaded or is of an unsupported type."
    return [{"code": source["_failure"], "message": message, "details": source["_source"]}]


@answers("MediaImage", "image")
def image(source: Document, info: Info, args: Arguments) -> Document | None:
    """The processed image, on the shop's own address: never the address it was taken from."""
    if media_status(source, info.context.now.timestamp()) != "READY":
        return None
    number = number_of(source["id"])
    address = f"{info.context.origin}/shopify/cdn/{number}/{source['_filename']}"
    return {
        "id": f"gid://shopify/ImageSource/{number}",
        "url": address,
        "src": address,
        "originalSrc": address,
        "altText": source["alt"],
        "width": None,
        "height": None,
    }


@answers("MediaImage", "preview")
def preview(source: Document, info: Info, args: Arguments) -> Document:
    return {"image": image(source, info, args), "status": status(source, info, args)}


@answers("MediaImage", "originalSource")
def original_source(source: Document, info: Info, args: Arguments) -> Any:
    return {"url": image(source, info, args) and source["_source"], "fileSize": None}
