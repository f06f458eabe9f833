"""Staged uploads: an address to send a file to, and what was sent there.

Rules: shopify.dev "Bulk import data", "Manage media for products" and the shapes that the shop answers with: a POST is
a form with all parameters first and the file last, a PUT is the file alone.
"""

from __future__ import annotations

import email.policy
import secrets
import uuid
from email.parser import BytesParser
from typing import Any

from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record
from channels.sandbox.shopify.graph import Arguments, Context, Info, Refused, mutation, unsupported, user_error
from channels.sandbox.store import Document, Store

ADDRESS = "/staged/"
LARGEST_BULK_FILE = 100 * 1024 * 1024
_SHOP = "1"
# Where files of a resource are put. https://shopify.dev/docs/api/admin-graphql/2026-10/enums/StagedUploadTargetGenerateUploadResource
_FOLDERS = {
    "BULK_MUTATION_VARIABLES": "bulk",
    "IMAGE": "products",
    "FILE": "files",
    "VIDEO": "videos",
    "MODEL_3D": "models",
}
_SIZED = ("VIDEO", "MODEL_3D")


@mutation("stagedUploadsCreate", "stagedTargets")
def staged_uploads_create(_: Any, info: Info, args: Arguments) -> Document:
    targets = [_target(info.context, index, given) for index, given in enumerate(args["input"])]
    return {"stagedTargets": targets, "userErrors": []}


def _target(context: Context, index: int, given: Arguments) -> Document:
    resource = given["resource"]
    if resource not in _FOLDERS:
        raise unsupported(f"staged uploads of {resource}")
    if resource in _SIZED and not given.get("fileSize"):
        message = f"file size is required for {resource} resources"
        raise Refused(user_error(["input", index, "fileSize"], message))
    key = f"tmp/{_SHOP}/{_FOLDERS[resource]}/{uuid.uuid4()}/{given['filename']}"
    method = given.get("httpMethod", "PUT")
    context.store.put(
        "staged",
        key,
        {"resource": resource, "mime": given["mimeType"], "size": given.get("fileSize"), "method": method},
    )
    home = f"{context.origin}/shopify{ADDRESS}"
    if resource in _SIZED and method == "POST":
        return _of_service(context, key, resource, home)
    if method == "PUT":
        named = [("content_type", given["mimeType"]), ("acl", "private")]
        url = home + key
    else:
        signed = ("x-goog-date", "x-goog-credential", "x-goog-algorithm", "x-goog-signature", "policy")
        named = [
            ("Content-Type", given["mimeType"]),
            ("success_action_status", "201"),
            ("acl", "private"),
            ("key", key),
            *((name, secrets.token_hex(8)) for name in signed),
        ]
        url = home
    # Of a bulk file sent as a form there is no address to name it by: its key is its path.
    whole = home if resource == "BULK_MUTATION_VARIABLES" and method == "POST" else home + key
    return {
        "url": url,
        "resourceUrl": whole,
        "parameters": [{"name": name, "value": value} for name, value in named],
    }


def _of_service(context: Context, key: str, resource: str, home: str) -> Document:
    """Videos and models go to services of their own, which name what they will be and sign no type."""
    signed = [
        ("GoogleAccessId", "sandbox"),
        ("key", key),
        *((x, secrets.token_hex(8)) for x in ("policy", "signature")),
    ]
    number = context.store.next("staged_service")
    if resource == "VIDEO":
        url, whole = home, f"{home}?external_video_id={number}"
    else:
        url = whole = f"{home}{key}?external_model3d_id={number}"
    context.store.put("staged_address", whole, {"key": key})
    return {"url": url, "resourceUrl": whole, "parameters": [{"name": name, "value": value} for name, value in signed]}


def is_staged(store: Store, address: str, resource: str) -> bool:
    """Whether a file of the kind was uploaded to this address."""
    held = _at(store, address)
    return held is not None and held["resource"] == resource


def staged_kind(store: Store, address: str) -> str:
    """VIDEO or MODEL_3D by the first bytes of what lies there; "" of anything else."""
    head = bytes.fromhex((_at(store, address) or {}).get("head", ""))
    if head[4:8] == b"ftyp":
        return "VIDEO"
    return "MODEL_3D" if head[:4] in (b"glTF", b"PK\3\4") else ""


def _at(store: Store, address: str) -> Document | None:
    named = store.get("staged_address", address)
    return staged_file(store, named["key"]) if named else None


def receive(store: Store, call: Call, record: Record) -> Reply:
    """A file on its way: refused when nothing was staged for it, or it is not what was announced."""
    record.operation = "staged_upload"
    form = _form(call) if call.method == "POST" else {}
    key = form.get("key", (b"",))[0].decode() if form else call.path.removeprefix(ADDRESS)
    staged = store.get("staged", key)
    if staged is None or call.method != staged["method"]:
        record.violate("NO_SUCH_TARGET", f"nothing was staged for {call.method} {key!r}")
        return json_reply(403, {"error": "AccessDenied"})
    body = form["file"][0] if form else call.body
    if "Content-Type" in form:
        kind = form["Content-Type"][0].decode()
    else:
        kind = form["file"][1] if form else call.headers.get("content-type", "")
    if form and list(form)[-1] != "file":
        record.violate("FILE_NOT_LAST", "the file must be the last part of the form")
        return json_reply(400, {"error": "InvalidPolicyDocument"})
    if kind != staged["mime"]:
        record.violate("CONTENT_TYPE", f"{key} was staged as {staged['mime']}, not {kind}")
        return json_reply(403, {"error": "SignatureDoesNotMatch"})
    if staged["size"] is not None and int(staged["size"]) != len(body):
        record.violate("FILE_SIZE", f"{key} was staged with {staged['size']} bytes, not {len(body)}")
        return json_reply(400, {"error": "EntityTooLarge"})
    store.put("staged", key, staged | {"body": body.decode("utf-8") if staged["resource"].startswith("BULK") else ""})
    store.put(
        "staged", key, (store.get("staged", key) or {}) | {"bytes": len(body), "head": body[:12].hex(), "there": True}
    )
    record.effect("staged.uploaded", key)
    return Reply(201 if form else 200, b"", content_type="application/xml")


def staged_file(store: Store, key: str) -> Document | None:
    """What was uploaded under the key; None while nothing was."""
    found = store.get("staged", key)
    return found if found and found.get("there") else None


def _form(call: Call) -> dict[str, tuple[bytes, str]]:
    """The parts of a multipart form by name, in their order."""
    head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + call.body)
    found: dict[str, tuple[bytes, str]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found[name] = (payload, part.get_content_type())
    return found
