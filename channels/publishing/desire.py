"""What should be on a channel now: render the live revision, check it, and note the wanted hashes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils import timezone

from catalog import blobs, events
from channels.connections import ChannelNotReady, connect, connector_of
from channels.connectors.base import Connection, Connector, Definition, Rendered
from channels.connectors.outcome import Issue
from channels.definitions import described
from channels.mapping.versions import with_mapping
from channels.models import Channel, ChannelIssue, Listing, MappingVersion, Pin, Placement
from channels.preflight.texts import stale_texts
from channels.preflight.verbatim import verbatim_blocks
from channels.publishing import leased
from channels.publishing.overlays import Overlay, handed_over, pin_of, pinned
from channels.rendering.source import Source, gather
from channels.scores import low_score
from governance.models import Standing
from governance.revisions.embargo import in_force
from pimhub.foundation import bulk
from pimhub.foundation.jsonvalue import JSON, digest

S = Listing.State
# Issues that say: this product should not be on the channel. What is there of it is taken off.
ABSENT = frozenset({"not_approved", "embargoed", "trashed", "not_selected", "put_back"})


@dataclass(frozen=True, slots=True)
class Desired:
    """One product as the channel should show it, with what stands against it."""

    connector: Connector
    connection: Connection
    source: Source
    rendered: Rendered
    issues: tuple[Issue, ...]
    mapping: MappingVersion | None = None
    pin: Pin | None = None  # it is put back to what was shown at a moment
    hashes: Mapping[str, Mapping[str, str]] = field(init=False)

    @property
    def prices(self) -> dict[str, Decimal]:
        """What each variant is to cost now, by SKU; a running sale counts."""
        found = {v.sku: v.price for v in self.source.mapped.variants if v.price}
        return {sku: p.sale_price if p.sale_price is not None else p.price for sku, p in found.items()}

    @property
    def blocked(self) -> bool:
        return any(i.severity == "error" for i in self.issues)

    def __post_init__(self) -> None:
        found = {row: {str(f): digest(b) for f, b in facets.items()} for row, facets in self.rendered.bodies.items()}
        object.__setattr__(self, "hashes", found)

    @property
    def bodies(self) -> dict[str, JSON]:
        """The wanted bodies by their hash."""
        return {self.hashes[row][f]: b for row, facets in self.rendered.bodies.items() for f, b in facets.items()}

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
    pin = pin_of(channel, standing)
    if absent := _absent(channel, standing, pin):
        return absent
    revision = pin.revision if pin else in_force(standing, channel.scope)
    if revision is None:
        return _nothing_to_show(standing)
    now = now or timezone.now()
    if pin is not None:
        channel = with_mapping(channel, pin.mapping)
    connection = connect(channel)
    source = gather(channel, connector, [revision], connection, now)[standing.product_id]
    try:
        connection = described(channel, connector, connection, source.mapped, instead=definitions)
    except ChannelNotReady as error:
        return Issue(code=error.code, message=str(error))
    desired = check(connector, connection, source, bodies=[*pinned(pin), handed_over(channel, standing.product_id)])
    issues = desired.issues if pin else (*desired.issues, *low_score(channel, source))
    return replace(desired, issues=issues, mapping=channel.mapping, pin=pin)


def _absent(channel: Channel, standing: Standing, pin: Pin | None) -> Issue | None:
    """Why the product should not be on the channel, although something of it is approved."""
    product = standing.product
    if product.trashed_at is not None:
        return Issue(code="trashed", message=f"{product.code} is in the trash.")
    if pin is not None and not pin.bodies:
        message = f"{product.code} was put back to {pin.at:%Y-%m-%d %H:%M} UTC, when it was not on {channel.label}."
        return Issue(code="put_back", message=message)
    if pin is not None and standing.live is None:
        return _nothing_to_show(standing)  # archived meanwhile
    if pin is None and channel.selection is not None:
        placed = Placement.objects.filter(channel=channel, product=product).values_list("selected", flat=True).first()
        if placed is False:
            message = f"{product.code} is none of the products that {channel.label} shows."
            return Issue(code="not_selected", message=message)
    return None


def _nothing_to_show(standing: Standing) -> Issue:
    code = standing.product.code
    if standing.live is not None:
        return Issue(code="embargoed", message=f"{code} is approved and waits for its time to go live.")
    return Issue(code="not_approved", message=f"{code} has no approved revision yet. Submit it and have it approved.")


def check(connector: Connector, connection: Connection, source: Source, *, bodies: Iterable[Overlay] = ()) -> Desired:
    """Render a gathered product, lay over it what is to be shown otherwise, and run preflight on it."""
    rendered = connector.render(source.mapped, connection)
    unchanged = tuple(verbatim_blocks(source, rendered))  # before overlays: what is put back is what was there then
    for overlay in bodies:
        rendered = replace(rendered, bodies=overlay(rendered.bodies))
    issues = (
        *connector.validate(source.mapped, rendered, connection),
        *stale_texts(source),
        *unchanged,
        *source.issues,
    )
    return Desired(connector, connection, source, rendered, issues)


def note(placement: Placement, desired: Desired, *, since: dt.datetime | None = None) -> dict[str, Listing]:
    """Record the wanted hashes on the placement's listings (made as needed); the listings by row.

    What changed counts as wanted `since` the product became due.
    """
    moment = min(filter(None, (since, timezone.now())))
    held = {x.sku: x for x in leased.listings(placement)}
    hashes, moved_rows = desired.hashes, []
    if new_rows := hashes.keys() - held.keys():
        made = [Listing(placement=placement, sku=row) for row in sorted(new_rows)]
        Listing.objects.bulk_create(made, ignore_conflicts=True)
        leased.forget(placement, "listings")
        held = {x.sku: x for x in leased.listings(placement)}
    # What was wanted before is kept already.
    kept = {h for listing in held.values() for h in listing.desired.values()}
    blobs.put_all(body for hash, body in desired.bodies.items() if hash not in kept)
    for row, listing in held.items():
        wanted = dict(hashes.get(row, {}))
        if listing.desired != wanted:
            held_, was = listing.accepted, listing.desired
            moved = [f for f in wanted.keys() | held_.keys() if was.get(f) != wanted.get(f)]
            # What was not taken yet keeps its first moment: it has been waiting since then.
            new = [f for f in moved if f not in listing.wanted or held_.get(f) == was.get(f)]
            listing.wanted = {**listing.wanted, **dict.fromkeys(new, moment.isoformat())}
            listing.desired, listing.desired_at = wanted, moment
            moved_rows.append(listing)
    bulk.update_objects(moved_rows, ["desired", "desired_at", "wanted"])
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
    found = [x for x in leased.listings(placement) if (rows is None or x.sku in rows) and x.state != state]
    if found:
        Listing.objects.filter(pk__in=[x.pk for x in found]).update(state=state)
    for listing in found:
        listing.state = state
