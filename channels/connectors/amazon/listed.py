"""All that the seller lists: the report GET_MERCHANT_LISTINGS_ALL_DATA by the Reports API 2021-06-30.

It is asked for, worked on for minutes, then named, then fetched: the cursor tells how far that is. The report is a
table with tabs, a line for each item of the marketplace, inactive ones included, in the encoding that its answer names
(developer-docs.amazon.com/sp-api, "Report type values: Inventory"). To search listings tells of a thousand at most.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from channels.connectors.abilities import Item, Listed
from channels.connectors.amazon import errors, settings, wire
from channels.connectors.base import Connection
from pimhub.foundation.http import Request, Response

TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
REPORT, DOCUMENT = "report:", "document:"
PAUSE = 15.0  # seconds between two questions whether it is done
SKU, NAME = "seller-sku", "item-name"  # an item is known by its SKU
_TITLE = 200  # characters of a name that are kept
_CHARSET = re.compile(r"charset=\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)


def list_request(cursor: str, connection: Connection) -> Request:
    if cursor.startswith(REPORT):
        return wire.reports("GET", f"reports/{cursor.removeprefix(REPORT)}", connection)
    if cursor.startswith(DOCUMENT):
        return wire.reports("GET", f"documents/{cursor.removeprefix(DOCUMENT)}", connection)
    place = settings.read(connection).marketplace
    return wire.reports("POST", "reports", connection, body={"reportType": TYPE, "marketplaceIds": [place]})


def read_list(cursor: str, response: Response) -> Listed:
    """Raises ValueError with Amazon's words."""
    if cursor.startswith(DOCUMENT):
        return Listed(link=str(_answer(response, "url")["url"]), cursor=cursor)
    if not cursor.startswith(REPORT):
        return Listed(cursor=f"{REPORT}{_answer(response, 'reportId')['reportId']}", wait=PAUSE)
    report = _answer(response, "processingStatus")
    match report["processingStatus"]:
        case "DONE":
            return Listed(cursor=f"{DOCUMENT}{report['reportDocumentId']}")
        case "CANCELLED":
            return Listed()  # by itself: there is nothing to tell of
        case "FATAL":
            raise ValueError("Amazon broke off the report of what is listed.")
        case _:
            return Listed(cursor=cursor, wait=PAUSE)


def read_file(response: Response) -> Listed:
    """Raises ValueError when it is no such report."""
    if response.status != 200:
        raise ValueError(f"The report cannot be fetched: {response.error or f'status {response.status}'}")
    lines = _lines(response)
    columns = {name: place for place, name in enumerate(next(lines, "").lstrip("\ufeff").split("\t"))}
    if SKU not in columns:
        raise ValueError(f"The report names no {SKU}: it is none of what is listed.")
    items = []
    for line in lines:
        cells = line.split("\t")
        if len(cells) > columns[SKU] and cells[columns[SKU]]:
            sku, title = cells[columns[SKU]], _cell(cells, columns, NAME)
            items.append(Item(sku, sku, title[:_TITLE]))
    return Listed(tuple(items))


def _cell(cells: list[str], columns: Mapping[str, int], name: str) -> str:
    place = columns.get(name, len(cells))
    return cells[place] if place < len(cells) else ""


def _lines(response: Response) -> Iterator[str]:
    """The lines, unpacked piece by piece: a report of a million items is larger than memory should be."""
    told = _CHARSET.search(response.headers.get("content-type", ""))
    charset, body, rest = told[1] if told else "utf-8", memoryview(response.body), b""
    packed = zlib.decompressobj(wbits=31) if bytes(body[:2]) == b"\x1f\x8b" else None
    try:
        for start in range(0, len(body), 65536):
            piece = body[start : start + 65536]
            *whole, rest = (rest + (packed.decompress(piece) if packed else piece)).split(b"\n")
            yield from (line.rstrip(b"\r").decode(charset, "replace") for line in whole)
        if packed and not packed.eof:
            raise ValueError("The report was cut off.")
    except (zlib.error, LookupError) as error:
        raise ValueError(f"The report cannot be unpacked: {error}") from error
    if rest:
        yield rest.rstrip(b"\r").decode(charset, "replace")


def _answer(response: Response, needed: str) -> dict[str, Any]:
    body = wire.decode(response)
    if 200 <= response.status < 300 and body is not None and needed in body:
        return body
    said = " ".join(refusal.message for refusal in errors.refusals(body)) or response.error
    raise ValueError(said or f"status {response.status}")
