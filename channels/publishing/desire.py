"""What should be on a channel now: render the live revision, check it, and note the wanted hashes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils import timezone

from catalog import blobs, events
from channels.connections import ChannelNotReady, connect, connector_of
from channels.connectors.base import Connection, Connector, Definition, Rendered
from channels.connectors.outcome import Issue
from channels.definitions import described
from channels.models import Channel, ChannelIssue, Listing, Placement
from channels.preflight.texts import stale_texts
from channels.rendering.source import Source, gather
from channels.scores import low_score
from governance.models import Standing
from governance.revisions.embargo import in_force
from pimhub.foundation.jsonvalue import digest

S = Listing.State


@dataclass(frozen=True, slots=True)
class Desired:
    """One product as the channel should show it, with what stands against it."""

    connector: Connector
    connection: Connection
    source: Source
    rendered: Rendered
    issues: tuple[Issue, ...]

    @property
    def blocked(self) -> bool:
        return any(i.severity == "error" for i in self.issues)

    @property
    def hashes(self) -> dict[str, dict[str, str]]:
        return {row: {f: digest(b) for f, b in facets.items()} for row, facets in self.rendered.bodies.items()}

    def on(self, connection: Connection) -> Desired:
        """The same with an authorised connection."""
        return replace(self, connection=connection)

    def key(self, issue: Issue) -> str:
        """The value key at the root of an issue, so that a click leads to the field."""
        keys = self.source.keys
        return keys.get((issue.sku, issue.field)) or keys.get(("", issue.field)) or ""


def desire(
    channel: Channel,
    standing: Standing,
    *,
    now: dt.datetime | None = None,
    definitions: Mapping[str, Definition] | None = None,
) -> Desired | Issue:
    """Render and check one product for a channel; an Issue when there is nothing that could be rendered.

    With `definitions`, as it would be with these documents of the channel in place of those in use.
    """
    try:
        connector = connector_of(channel)
    except ChannelNotReady as error:
        return Issue(code=error.code, message=str(error))
    revision = in_force(standing, channel.scope)
    if revision is None:
        return _nothing_to_show(standing)
    now = now or timezone.now()
    connection = connect(channel)
    source = gather(channel, connector, [revision], connection, now)[standing.product_id]
    try:
        connection = described(channel, connector, connection, source.mapped, instead=definitions)
    except ChannelNotReady as error:
        return Issue(code=error.code, message=str(error))
    desired = check(connector, connection, source)
    return replace(desired, issues=(*desired.issues, *low_score(channel, source)))


def _nothing_to_show(standing: Standing) -> Issue:
    code = standing.product.code
    if standing.live is not None:
        return Issue(code="embargoed", message=f"{code} is approved and waits for its time to go live.")
    return Issue(code="not_approved", message=f"{code} has no approved revision yet. Submit it and have it approved.")


def check(connector: Connector, connection: Connection, source: Source) -> Desired:
    """Render a gathered product and run preflight on it."""
    rendered = connector.render(source.mapped, connection)
    issues = (*connector.validate(source.mapped, rendered, connection), *stale_texts(source))
    return Desired(connector, connection, source, rendered, issues)


def note(placement: Placement, desired: Desired) -> dict[str, Listing]:
    """Record the wanted hashes on the placement's listings (made as needed); the listings by row."""
    blobs.put_all(body for facets in desired.rendered.bodies.values() for body in facets.values())
    held = {x.sku: x for x in placement.listings.all()}
    hashes = desired.hashes
    for row in hashes.keys() - held.keys():
        held[row], _ = Listing.objects.get_or_create(placement=placement, sku=row)
    for row, listing in held.items():
        wanted = hashes.get(row, {})
        if listing.desired != wanted:
            listing.desired = wanted
            listing.save(update_fields=["desired"])
    return held


def record_issues(
    placement: Placement,
    issues: Iterable[Issue],
    *,
    source: str,
    desired: Desired | None = None,
    keep: bool = False,
) -> None:
    """Make the open issues of one source exactly these: new ones open, known ones stay, the rest are cleared.

    With `keep`, the rest stay too: one call of several speaks for its rows only.
    """
    now = timezone.now()
    open_issues = {
        (i.sku, i.field, i.code, i.message): i
        for i in ChannelIssue.objects.filter(placement=placement, source=source, cleared_at__isnull=True)
    }
    seen = set()
    for issue in issues:
        identity = (issue.sku, issue.field, issue.code, issue.message)
        seen.add(identity)
        if identity in open_issues:
            continue
        ChannelIssue.objects.create(
            placement=placement,
            source=source,
            sku=issue.sku,
            field=issue.field,
            key=desired.key(issue) if desired else "",
            code=issue.code[:100],
            severity=issue.severity,
            message=issue.message,
            url=issue.url[:500],
        )
    kept = [open_issues[i].pk for i in seen if i in open_issues]
    ChannelIssue.objects.filter(pk__in=kept).update(last_seen=now)
    gone: list[int] = [] if keep else [i.pk for identity, i in open_issues.items() if identity not in seen]
    ChannelIssue.objects.filter(pk__in=gone).update(cleared_at=now)
    if gone or seen - open_issues.keys():
        events.append(type="channel.issues", product=placement.product, data={"channel": placement.channel.code})


def set_states(placement: Placement, state: str, rows: Mapping[str, object] | None = None) -> None:
    """Put the placement's listings (or the named rows) into one state."""
    query = placement.listings.all() if rows is None else placement.listings.filter(sku__in=rows)
    query.exclude(state=state).update(state=state)
