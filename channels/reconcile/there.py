"""All that a channel has, ours or not, asked for part by part: what nobody here knows of is a gap.

What we know there is read product by product before; here only strangers are looked for. A part that is asked for
twice, because a worker died, does no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from catalog.models import Variant
from catalog.models.codes import code_key
from channels import connections
from channels.connections import ChannelNotReady, authorise, connect, connector_of
from channels.connectors.abilities import Item, Listed, ListsItems
from channels.connectors.registry import connectors
from channels.models import Channel, Gap, Listing, Match, Reconciliation, RemoteLink
from channels.rates import Wait
from channels.reconcile.step import Step, text
from pimhub.foundation.http import Response

BEGIN = "!"  # a place: a dot for each silence in a row, a mark, and how the channel is asked on
LARGEST = 256 * 1024 * 1024  # bytes of a part that lies as a file
TRIES, PAUSE = 10, 30.0  # times in a row that a channel may say nothing, and seconds between them
AT_ONCE = 1000
L = Listing.State


class Silent(Exception):
    """The channel did not answer; it may, later."""


def tells(channel: Channel) -> bool:
    return channel.connector in connectors and hasattr(connectors.get(channel.connector), "list_request")


def step(run: Reconciliation) -> Step:
    """Ask for the next part, and find the strangers in it."""
    assert run.channel is not None
    silences, _, asked = run.place.partition("!")
    cursor = run.cursor + 1
    try:
        part = _part(run.channel, asked)
    except Wait as wait:
        return Step(cursor, wait=wait.seconds, place=run.place)
    except Silent as silent:
        if len(silences) + 1 >= TRIES:
            return Step(cursor, over=True, problem=_told(run.channel, str(silent)))
        return Step(cursor, wait=PAUSE, place=f"{silences}.!{asked}")
    except (ChannelNotReady, ValueError) as error:
        return Step(cursor, over=True, problem=_told(run.channel, str(error)))
    gaps = [gap for start in range(0, len(part.items), AT_ONCE) for gap in _gaps(run, part.items[start:][:AT_ONCE])]
    return Step(cursor, gaps=gaps, over=not part.cursor, wait=part.wait, place=f"!{part.cursor}")


def _part(channel: Channel, cursor: str) -> Listed:
    connector = connector_of(channel)
    lists = cast(ListsItems, connector)
    connection = authorise(channel, connector, connect(channel))
    request = lists.list_request(cursor, connection)
    part = lists.read_list(
        cursor,
        _heard(connections.ask(channel, request, timeout=connector.deadline, operation="list")),
        connection,
    )
    if not part.link:
        return part
    # The address is a signed permission to read: it is neither kept nor noted.
    file = connections.fetch(channel, part.link, timeout=10 * connector.deadline, max_bytes=LARGEST)
    return lists.read_file(cursor, _heard(file), connection)


def _heard(response: Response) -> Response:
    if response.status == 0 or response.status == 429 or response.status >= 500:
        raise Silent(response.error or f"it answered with status {response.status}")
    return response


def _told(channel: Channel, words: str) -> str:
    return f"What is ours was compared. {channel.label} did not tell all that it has: {words}"


def _gaps(run: Reconciliation, items: Sequence[Item]) -> list[Gap]:
    channel = run.channel
    links = RemoteLink.objects.filter(channel=channel, remote_id__in=[item.id for item in items])
    known = set(links.values_list("remote_id", flat=True))
    strange = [item for item in items if item.id not in known]
    skus = [item.sku for item in strange if item.sku]
    # What is on its way may be there before we were told its id.
    under_way = Listing.objects.filter(placement__channel=channel, state__in=(L.QUEUED, L.ACCEPTED), sku__in=skus)
    leave = set(under_way.values_list("sku", flat=True))
    rows = Variant.objects.filter(sku_key__in=[code_key(sku) for sku in skus]).values_list("sku_key", "product_id")
    owners = dict(rows)
    asked = Match.objects.filter(
        placement__channel=channel, placement__product__in=owners.values(), state=Match.State.OPEN
    )
    open_ = set(asked.values_list("placement__product_id", flat=True))
    found = []
    for item in strange:
        if item.sku in leave:
            continue
        product = owners.get(code_key(item.sku)) if item.sku else None
        who = "the channel's manager"
        if product is not None:
            who = "whoever says whether it is ours" if product in open_ else "whoever chooses what is sold there"
        theirs = f"{item.title or 'untitled'} ({item.id})"
        gap = Gap(run=run, hop=Gap.Hop.STRANGE, sku=item.sku[:255], ours="", theirs=text(theirs), who=who)
        gap.product_id = product
        found.append(gap)
    return found
