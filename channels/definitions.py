"""Documents in which a channel describes its fields: fetched when first needed, kept, and asked for again in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import orjson
from django.utils import timezone

from channels.connections import ChannelNotReady, ask, authorise
from channels.connectors.abilities import Describes
from channels.connectors.base import Connection, Connector, Definition, MappedProduct
from channels.models import Channel, ChannelDefinition
from channels.rates import Wait
from pimhub.foundation.http import Response

# Channels change them every few weeks and announce it; once a day is soon enough.
CHECK_AFTER = dt.timedelta(days=1)
# What the channel does not know may be a slip that was mended, or a kind of product that is new there.
ASK_AGAIN_AFTER = dt.timedelta(hours=1)
MISSING, UNAVAILABLE = "definition_missing", "definition_unavailable"
_KEPT = 64

_read: dict[str, Definition] = {}  # by channel, name and checksum: reading one takes tens of milliseconds


def described(
    channel: Channel,
    connector: Connector,
    connection: Connection,
    product: MappedProduct,
    *,
    instead: Mapping[str, Definition] | None = None,
) -> Connection:
    """The connection with every document that the product needs; those of `instead` take the place of ours.

    Raises ChannelNotReady: MISSING when the channel knows of none, UNAVAILABLE when it could not be asked.
    """
    if not hasattr(connector, "definitions"):
        return connection
    describes = cast(Describes, connector)
    given = instead or {}
    names = describes.definitions(product)
    found = {n: given[n] if n in given else definition(channel, connector, connection, n) for n in names}
    return replace(connection, definitions=found)


def definition(channel: Channel, connector: Connector, connection: Connection, name: str) -> Definition:
    """One document, fetched when there is none yet or it is old. Raises ChannelNotReady as `described` does."""
    row = ChannelDefinition.objects.filter(channel=channel, name=name).defer("text").first()
    now = timezone.now()
    if row is None or now - row.checked_at > (CHECK_AFTER if row.checksum else ASK_AGAIN_AFTER):
        try:
            row = _fetch(channel, connector, connection, name, row)
        except ChannelNotReady:
            if row is None or not row.checksum:
                raise  # an old document is better than none
    if not row.checksum:
        message = f"{channel.label} has no definition of “{name}”: {row.problem} Correct the product type."
        raise ChannelNotReady(MISSING, message)
    return _parsed(row)


def _parsed(row: ChannelDefinition) -> Definition:
    key = f"{row.channel_id}/{row.name}/{row.checksum}"
    if key not in _read:
        row.refresh_from_db(fields=["checksum", "text"])  # both at once: a newer one may come into use just now
        key = f"{row.channel_id}/{row.name}/{row.checksum}"
        if len(_read) >= _KEPT:
            _read.clear()
        _read[key] = Definition(row.name, row.checksum, orjson.loads(row.text))
    return _read[key]


def _fetch(
    channel: Channel, connector: Connector, connection: Connection, name: str, held: ChannelDefinition | None
) -> ChannelDefinition:
    """Ask for the document; download it only when its checksum is news."""
    describes = cast(Describes, connector)
    connection = authorise(channel, connector, connection)
    request = describes.definition_request(name, connection)
    try:
        answer = ask(channel, request, timeout=connector.deadline, operation="definition")
    except Wait as wait:
        raise ChannelNotReady(UNAVAILABLE, f"{channel.label} is asked too often: {wait}.") from wait
    used = held if held is not None and held.checksum else None
    if answer.status in (400, 404):
        return _same(used) if used else keep(channel, name, problem=_words(describes, answer))
    try:
        link, checksum = describes.definition_link(answer)
        if used and used.checksum == checksum:
            return _same(used)
        document = ask(channel, link, timeout=connector.deadline, operation="definition")
        body = describes.read_definition(document, checksum)
    except ValueError as error:
        message = f"{channel.label} did not hand out its definition of “{name}”: {error}. It is tried again."
        raise ChannelNotReady(UNAVAILABLE, message) from error
    text = orjson.dumps(body).decode()
    return _later(used, checksum, text) if used else keep(channel, name, checksum=checksum, text=text)


def _same(held: ChannelDefinition) -> ChannelDefinition:
    ChannelDefinition.objects.filter(pk=held.pk).update(checked_at=timezone.now())
    return held


def _later(held: ChannelDefinition, checksum: str, text: str) -> ChannelDefinition:
    """A newer document waits until it is known what it would block; the held one stays in use."""
    now = timezone.now()
    if held.next_checksum != checksum:
        news = {"next_checksum": checksum, "next_text": text, "next_at": now}
        ChannelDefinition.objects.filter(pk=held.pk).update(**news)
    ChannelDefinition.objects.filter(pk=held.pk).update(checked_at=now)
    held.refresh_from_db(fields=["checked_at", "next_checksum", "next_at"])
    return held


def untried() -> list[ChannelDefinition]:
    """Newer documents of which nobody knows yet what they would block."""
    rows = ChannelDefinition.objects.exclude(next_checksum="").defer("text", "next_text").select_related("channel")
    return [row for row in rows if not row.trials.filter(created_at__gte=row.next_at).exists()]


def upcoming(row: ChannelDefinition) -> Definition:
    """The newer document of a row."""
    return Definition(row.name, row.next_checksum, orjson.loads(row.next_text))


def switch(row: ChannelDefinition) -> None:
    """Use the newer document from now on."""
    held = ChannelDefinition.objects.get(pk=row.pk)
    keep(held.channel, held.name, checksum=held.next_checksum, text=held.next_text)


def keep(channel: Channel, name: str, *, checksum: str = "", text: str = "", problem: str = "") -> ChannelDefinition:
    """Note what the channel has under a name, now."""
    now = timezone.now()
    values = {"checksum": checksum, "text": text, "problem": problem[:500], "fetched_at": now, "checked_at": now}
    values |= {"next_checksum": "", "next_text": "", "next_at": None}
    row, _ = ChannelDefinition.objects.update_or_create(channel=channel, name=name, defaults=values)
    return row


def _words(describes: Describes, answer: Response) -> str:
    try:
        describes.definition_link(answer)
    except ValueError as error:
        return str(error)
    return ""
