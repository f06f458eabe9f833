"""Bulk operations: a mutation with a file of variables, a line for each call.

Source: shopify.dev "Bulk import data with the GraphQL Admin API": five at a time, files up to 100 MB, one connection in
the mutation, done within 24 hours; its lines take nothing from the bucket of points.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from channels.connectors.base import Connection, Operation
from channels.connectors.bulk import BulkJob, BulkLimits, BulkRefused
from channels.connectors.outcome import Verdict
from channels.connectors.shopify import errors, outcomes, wire
from channels.connectors.shopify.documents import document
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

# Shopify takes more; files of this size are written, sent and read within a worker's memory.
LIMITS = BulkLimits(lines=1000, size=10 * 1024 * 1024, at_once=5, answer=64 * 1024 * 1024)

# From so many waiting products on: a file takes some ten seconds to be taken and answered, in which single calls of
# 10 to 20 points do 100 to 200 products at 100 points a second. With fewer, single calls are sooner done.
WORTH_FROM = 250

# What the mutations of a file may select is narrower: one connection. So media are told apart when it is read back.
DOCUMENTS = {
    "productSet": "productSetInBulk",
    "productVariantsBulkUpdate": "productVariantsBulkUpdate",
    "inventorySetQuantities": "inventorySetQuantities",
    "publishablePublish": "publishablePublish",
    "productUpdate": "productUpdate",
    "metafieldsSet": "metafieldsSet",
    "translationsRegister": "translationsRegister",
}
MARK = re.compile(r"\A# (\S+)\n")
_DONE = ("COMPLETED", "FAILED", "CANCELED", "EXPIRED")
_LATER = ("OPERATION_IN_PROGRESS", "LIMIT_REACHED", "INTERNAL_FILE_SERVER_ERROR")
_BOUNDARY = "pimhub-bulk-file"


def worth_from(connection: Connection) -> int | None:
    said = connection.settings.get("bulk_from")
    if said is None or isinstance(said, bool):
        return WORTH_FROM
    return int(said) or None


def kind(operation: Operation) -> str:
    """Steps of taking off, questions and what Shopify works on by itself go alone."""
    if operation.name not in DOCUMENTS or operation.destructive or operation.partial or operation.asks:
        return ""
    if operation.name == "productSet" and not (wire.sent(operation.request)["variables"] or {}).get("synchronous"):
        return ""
    return operation.name


def line(kind: str, body: bytes) -> bytes:
    declared = set(re.findall(r"\$(\w+)\s*:", document(DOCUMENTS[kind])))
    variables = json.loads(body)["variables"]
    given = {name: value for name, value in variables.items() if name in declared}
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode()


def upload_request(kind: str, mark: str, size: int, connection: Connection) -> Request:
    wanted = {
        "resource": "BULK_MUTATION_VARIABLES",
        "filename": f"{mark}.jsonl",
        "mimeType": "text/jsonl",
        "httpMethod": "POST",
        "fileSize": str(size),
    }
    return wire.graphql("stagedUploadsCreate", {"input": [wanted]}, connection)


def read_upload(response: Response, file: bytes) -> tuple[Request, str]:
    payload = _payload(response, "stagedUploadsCreate")
    target = payload["stagedTargets"][0]
    parameters = {each["name"]: each["value"] for each in target["parameters"]}
    return form(target["url"], parameters, file, "text/jsonl"), parameters["key"]


def start_request(kind: str, path: str, mark: str, connection: Connection) -> Request:
    # Shopify keeps the mutation as it came and tells it with each operation: the first line says whose file it is.
    mutation = f"# {mark}\n{document(DOCUMENTS[kind])}"
    variables: dict[str, JSON] = {"mutation": mutation, "path": path, "name": mark}
    return wire.graphql("bulkOperationRunMutation", variables, connection)


def find_request(since: dt.datetime, connection: Connection) -> Request:
    return wire.graphql("bulkOperations", {"first": 50}, connection)


def read_found(response: Response, mark: str, others: Collection[str]) -> BulkJob | None:
    found = _data(response)["bulkOperations"]["nodes"]
    ours = (each for each in found if (said := MARK.match(each["query"])) and said[1] == mark)
    return next((_job(each) for each in ours), None)


def ask_request(job: str, connection: Connection) -> Request:
    return wire.graphql("bulkOperation", {"id": job}, connection)


def read_job(response: Response) -> BulkJob:
    data = _data(response)
    if "bulkOperation" in data:
        if data["bulkOperation"] is None:
            raise BulkRefused(Verdict.GONE, "Shopify knows nothing of the file any more.")
        return _job(data["bulkOperation"])
    return _job(_payload(response, "bulkOperationRunMutation")["bulkOperation"])


def answers(body: bytes) -> Iterator[tuple[int, Response]]:
    for row in body.splitlines():
        try:
            said = json.loads(row)
            number = said.pop("__lineNumber")
        except (ValueError, KeyError, AttributeError, TypeError):
            continue  # the last line of a file that broke off; its call counts as one without an answer
        if isinstance(number, int):
            yield number, Response(200, body=json.dumps(said, ensure_ascii=False).encode())


def _job(node: dict[str, Any]) -> BulkJob:
    status = node["status"]
    ended = "" if status in ("COMPLETED", "CREATED", "RUNNING", "CANCELING") else f"{status} {node['errorCode'] or ''}"
    return BulkJob(
        id=node["id"],
        done=status in _DONE,
        answers=node["url"] or node["partialDataUrl"] or "",
        problem=ended.strip(),
    )


def _payload(response: Response, name: str) -> dict[str, Any]:
    payload: dict[str, Any] = _data(response)[name]
    found = payload.get("userErrors") or []
    if found:
        code = str(found[0].get("code") or "")
        # A file that is not found is uploaded once more.
        again = code in _LATER or code == "NO_SUCH_FILE"
        verdict = Verdict.TRANSIENT if again else Verdict.CONTRACT
        raise BulkRefused(verdict, found[0]["message"], retry_after=5.0 if code in _LATER else None)
    return payload


def _data(response: Response) -> dict[str, Any]:
    """The data of an answer. Raises BulkRefused with what it says instead."""
    body = wire.decode(response)
    if body is None or (body.get("data") is None and not body.get("errors")):
        said = response.error or f"status {response.status}"
        if response.status == 0 or response.status >= 500 or response.status < 400:
            unsure = response.status != 0 or response.sent
            raise BulkRefused(Verdict.UNKNOWN if unsure else Verdict.TRANSIENT, f"Shopify did not answer ({said}).")
        meaning = errors.STATUS.get(response.status, errors.OTHER_CLIENT_ERROR)
        raise BulkRefused(meaning if isinstance(meaning, Verdict) else Verdict.TRANSIENT, f"Shopify: {said}")
    if body.get("errors"):
        first = body["errors"][0]
        meaning = errors.TOP_LEVEL.get(str((first.get("extensions") or {}).get("code")), errors.OTHER_TOP_LEVEL)
        verdict = meaning if isinstance(meaning, Verdict) else Verdict.UNKNOWN
        wait = outcomes.wait(body, response) if verdict is Verdict.THROTTLED else None
        raise BulkRefused(verdict, f"Shopify: {first.get('message', '')}", retry_after=wait)
    data: dict[str, Any] = body["data"]
    return data


def form(url: str, parameters: dict[str, str], file: bytes, mime: str) -> Request:
    """All parameters first, the file last: so the storage wants it."""
    body = bytearray()
    for name, value in parameters.items():
        body += f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    head = f'Content-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: {mime}\r\n\r\n'
    body += f"--{_BOUNDARY}\r\n{head}".encode() + file + f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    # The parameters are a signed permission to write: nobody is shown them.
    return Request("POST", url, headers=headers, body=bytes(body), secret_body=True)
