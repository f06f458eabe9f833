"""Files of videos and 3D models: put where Shopify says, before a productSet names them.

Source: shopify.dev "Manage media for products" and stagedUploadsCreate; the form of a POST as the shop answers with it:
all parameters first, the file last. An upload alone shows nothing anywhere, and Shopify forgets it after a while.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from channels.connectors.base import Connection, Facet, Known, MediaFile, Operation, Rendered
from channels.connectors.outcome import Outcome, Verdict
from channels.connectors.shopify import errors, operations, outcomes, wire
from channels.connectors.shopify.inputs import desired, media_held
from channels.connectors.shopify.media_kinds import UPLOADED as KINDS
from channels.connectors.shopify.settings import UPLOADED
from pimhub.foundation.http import FileBody, Request, Response
from pimhub.foundation.jsonvalue import JSON

NAME = "stagedUploadsCreate"
_BOUNDARY = "pimhub-media-file"


def missing(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """An upload for each file that the shop neither has nor was given."""
    held = media_held(known)
    for file in desired(rendered, "", Facet.MEDIA)["files"]:
        key = file["key"]
        if "kind" in file and key not in held and UPLOADED + key not in known.links and key in rendered.files:
            yield _staged(key, file["kind"], rendered.files[key], known, connection)


def _staged(key: str, kind: str, file: MediaFile, known: Known, connection: Connection) -> Operation:
    assert kind in KINDS
    wanted: JSON = {
        "resource": kind,
        "filename": f"{file.sha256}{file.extension}",
        "mimeType": file.mime,
        "httpMethod": "POST",
        "fileSize": str(file.size),
    }
    return Operation(
        name=NAME,
        request=wire.graphql(NAME, {"input": [wanted]}, connection),
        carries=(("", Facet.MEDIA),),
        partial=True,
        then=("upload the file", "write the product with it"),
        context={"key": key, "links": operations.product_links(known)},
        file=file,
    )


def upload(operation: Operation, response: Response, body: FileBody) -> Request | None:
    target = _target(wire.decode(response))
    return None if target is None else _form(target, body, operation.file.mime if operation.file else "")


def interpret_upload(operation: Operation, response: Response) -> Outcome | None:
    """The storage is none of the shop's own: whatever it says against a file, a place is asked for once more."""
    if 200 <= response.status < 300:
        return None
    said = response.error or f"status {response.status}"
    name = operation.file.extension.removeprefix(".").upper() if operation.file else ""
    issue = outcomes.issue_of("upload", f"Shopify's storage did not take the {name} file ({said}).", field="media")
    return outcomes.outcome_of(operation, response, None, Verdict.TRANSIENT, [issue])


def placed(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    """The file lies where the answer said; from there the productSet takes it."""
    target = _target(body)
    if target is None:
        nothing = outcomes.issue_of("empty", "Shopify named no place for the file.", field="media")
        return outcomes.outcome_of(operation, response, None, errors.LOST, [nothing])
    links = {UPLOADED + str(operation.context["key"]): target["resourceUrl"]}
    # The parameters are a signed permission to write: they are not kept.
    return outcomes.outcome_of(operation, response, {"uploaded": links}, Verdict.ACCEPTED, [], links=links)


def used(operation: Operation) -> list[str]:
    """Links of uploads that a productSet took: one that is to be sent again is uploaded again."""
    return [UPLOADED + key for key in operation.context.get("uploaded", [])]


def in_files(keys: Sequence[str], rendered: Rendered) -> list[str]:
    kinds = {file["key"]: file.get("kind") for file in desired(rendered, "", Facet.MEDIA)["files"]}
    return [key for key in keys if kinds.get(key)]


def _target(body: dict[str, Any] | None) -> dict[str, Any] | None:
    payload = ((body or {}).get("data") or {}).get(NAME) or {}
    targets = payload.get("stagedTargets") or []
    if payload.get("userErrors") or not targets or not (targets[0] or {}).get("url"):
        return None
    found: dict[str, Any] = targets[0]
    return found


def _form(target: dict[str, Any], body: FileBody, mime: str) -> Request:
    head = bytearray()
    for each in target["parameters"]:
        line = f'Content-Disposition: form-data; name="{each["name"]}"\r\n\r\n{each["value"]}\r\n'
        head += f"--{_BOUNDARY}\r\n{line}".encode()
    last = f'Content-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: {mime}\r\n\r\n'
    head += f"--{_BOUNDARY}\r\n{last}".encode()
    whole = FileBody(body.path, body.size, bytes(head), f"\r\n--{_BOUNDARY}--\r\n".encode())
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    return Request("POST", target["url"], headers=headers, file=whole, secret_body=True)
