"""The formats in which a feed is written, by extension: RSS 2.0, Atom 1.0 and tab-separated text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from channels.connectors.base import Connection, Rendered
from channels.connectors.google import feed, feed_table, settings
from channels.connectors.outcome import Row

FORMATS: Mapping[str, str] = {
    "xml": "application/rss+xml; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}


def header(connection: Connection, title: str, changed: dt.datetime, kind: str) -> bytes:
    if kind == "tsv":
        return feed_table.header(settings.read(connection))
    return (feed.atom_header if kind == "atom" else feed.header)(connection, title, changed)


def item(rendered: Rendered, row: Row, connection: Connection, kind: str) -> bytes:
    if kind == "tsv":
        return feed_table.line(rendered, row, settings.read(connection))
    return feed.item(rendered, row, "entry" if kind == "atom" else "item")


def footer(kind: str) -> bytes:
    return {"xml": feed.footer(), "atom": b"</feed>\n", "tsv": b""}[kind]
