"""What a channel shows otherwise than it took: noted field by field, and answered by a person.

Three answers: keep ours (it is sent again), adopt theirs (as a proposal, never as a value), leave the field to the
channel (it is read, and sent back as it is there).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import QuerySet

from catalog import blobs
from catalog.models import User
from channels.connectors.outcome import Issue, RemoteState
from channels.models import Drift, Listing, Match, Placement
from channels.publishing import leased
from channels.publishing.answered import decide, waiting
from channels.publishing.desire import Desired, desire
from channels.publishing.pointers import at, differences, put
from channels.publishing.request import STOCK, let_go, make_due, publish
from governance.models import Proposal, Standing
from governance.proposals import CannotPropose, propose
from governance.revisions.read import read_all
from pimhub.foundation.jsonvalue import JSON, digest

S = Drift.State
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class CannotAnswer(Exception):
    """The answer does not fit this difference; the text says why."""


def note(placement: Placement, desired: Desired, state: RemoteState) -> None:
    """What was just read back: new differences are open, known ones stay, those that are gone are over."""
    left = _follow(placement, state)
    # What was proposed is with whoever owns the value; it is asked again if nothing comes of it.
    if _may_be(placement):
        left |= {(row.sku, row.facet, row.path) for row in waiting(placement).filter(state=S.ADOPTED)}
    found: dict[tuple[str, str, str], tuple[JSON, JSON]] = {}
    for listing in leased.listings(placement):
        if listing.state != Listing.State.DRIFTED:
            continue
        theirs = state.bodies.get(listing.sku)
        if theirs is None:
            found[listing.sku, "", ""] = (None, None)
            continue
        for facet, ours in desired.rendered.bodies.get(listing.sku, {}).items():
            for each in differences(ours, theirs.get(facet)):
                place = (listing.sku, str(facet), each.pointer[:300])
                if place not in left:
                    found[place] = (each.ours, each.theirs)
    for row in Drift.objects.filter(placement=placement, state=S.OPEN) if _may_be(placement) else ():
        pair = found.pop((row.sku, row.facet, row.path), None)
        if pair is None:
            row.state = S.OVER
        else:
            row.ours, row.theirs = pair
        row.save(update_fields=["state", "ours", "theirs"])
    placement.lacks -= {"drifts"} if found else set()
    Drift.objects.bulk_create(
        Drift(placement=placement, sku=sku, facet=facet, path=path, ours=ours, theirs=theirs)
        for (sku, facet, path), (ours, theirs) in found.items()
    )


def count_as_taken(placement: Placement, desired: Desired, state: RemoteState) -> None:
    """What the channel was just seen to show counts as accepted. A facet that differs from ours only in what waits for
    an answer counts as ours, and the difference as what it was: drift. Nothing is sent for it, then."""
    if not _may_be(placement):
        return
    for row in waiting(placement).exclude(path=""):
        body = state.bodies.get(row.sku, {}).get(row.facet)
        if body is not None and (now := at(body, row.path)) != row.theirs:
            Drift.objects.filter(pk=row.pk).update(theirs=now)
    hashes, laid = desired.hashes, dict[tuple[str, str], JSON]()
    for row in _laid(placement, desired):
        body = laid.get((row.sku, row.facet), desired.rendered.bodies[row.sku][row.facet])
        laid[row.sku, row.facet] = put(copy.deepcopy(body), row.path, row.theirs)
    listings = {x.sku: x for x in leased.listings(placement)} if laid else {}
    for (sku, facet), body in laid.items():
        listing = listings.get(sku)
        if listing is not None and listing.accepted.get(facet) == digest(body):
            listing.accepted = {**listing.accepted, facet: hashes[sku][facet]}
            if listing.state == Listing.State.QUEUED and listing.accepted == hashes[sku]:
                listing.state = Listing.State.DRIFTED
            listing.save(update_fields=["accepted", "state"])


def _laid(placement: Placement, desired: Desired) -> list[Drift]:
    """The differences that wait and in which ours is still what it was. None of a product that is put back, which
    answers all of them, nor of one that was taken over: nothing is sent for it before all are answered."""
    asked = desired.pin is None and _may_be(placement)
    found = list(waiting(placement).exclude(path="")) if asked else []
    if any(row.state == S.OPEN for row in found):
        taken = Match.objects.filter(placement=placement, state=Match.State.TAKEN)
        found = [] if taken.exists() else found
    bodies = desired.rendered.bodies
    return [r for r in found if r.facet in bodies.get(r.sku, {}) and _is_ours(r, bodies[r.sku][r.facet])]


def _may_be(placement: Placement) -> bool:
    return "drifts" not in placement.lacks


def _is_ours(row: Drift, body: JSON) -> bool:
    return digest(at(body, row.path)) == digest(row.ours)


def _follow(placement: Placement, state: RemoteState) -> set[tuple[str, str, str]]:
    """A field that was left to the channel is what the channel shows now; which these are."""
    left = set()
    for row in Drift.objects.filter(placement=placement, state=S.HANDED_OVER) if _may_be(placement) else ():
        left.add((row.sku, row.facet, row.path))
        body = state.bodies.get(row.sku, {}).get(row.facet)
        if body is None:
            continue
        for each in differences(put(copy.deepcopy(body), row.path, row.theirs), body):
            if each.pointer == row.path:
                row.theirs = each.theirs
                row.save(update_fields=["theirs"])
                _as_accepted(row)
                leased.forget(placement, "listings")
                make_due(channel=placement.channel, product_ids=[placement.product_id])
    return left


def keep_ours(*, drifts: Sequence[Drift], user: User) -> int:
    """Send ours again, over what is shown there; how many products. A part goes as a whole: what else differs in it is
    over then."""
    with transaction.atomic():
        rows = _locked(drifts)
        decide(rows, S.KEPT, user)
        return _send_again(rows)


def _send_again(rows: Sequence[Drift]) -> int:
    """Have the approved whole of the parts that these places belong to sent, and no other part; how many products."""
    by_channel: dict[int, dict[int, Placement]] = {}
    for row in rows:
        by_channel.setdefault(row.placement.channel_id, {})[row.placement_id] = row.placement
    # Read first, so that what differs there counts as not sent.
    Placement.objects.filter(pk__in=[pk for found in by_channel.values() for pk in found]).update(must_read=True)
    let_go({row.placement_id for row in rows if row.facet == STOCK})
    for found in by_channel.values():
        placements = list(found.values())
        publish(channel=placements[0].channel, products=[p.product for p in placements])
    return sum(map(len, by_channel.values()))


def hand_over(*, drifts: Sequence[Drift], user: User) -> int:
    """Leave these fields to the channel from now on; how many. Raises CannotAnswer for what is gone there."""
    with transaction.atomic():
        rows = _locked(drifts)
        if any(not row.path for row in rows):
            raise CannotAnswer("The item is gone there, so nothing of it can be left to the channel. Send ours again.")
        for row in rows:
            _as_accepted(row)
        decide(rows, S.HANDED_OVER, user)
        for placement in {row.placement_id: row.placement for row in rows}.values():
            make_due(channel=placement.channel, product_ids=[placement.product_id])
    return len(rows)


def take_back(*, drift: Drift, user: User) -> None:
    """The field is ours again: it is sent at the next turn."""
    with transaction.atomic():
        (row,) = _locked([drift], state=S.HANDED_OVER)
        decide([row], S.KEPT, user)
        _send_again([row])


def answer(*, answer: str, drifts: Sequence[Drift], user: User) -> int:
    """“keep”, “propose”, “leave” or “take_back”, for all of them; how many proposals it made. Raises CannotAnswer."""
    made = 0
    if answer == "keep":
        keep_ours(drifts=drifts, user=user)
    elif answer == "leave":
        hand_over(drifts=drifts, user=user)
    for row in drifts:
        if answer == "take_back":
            take_back(drift=row, user=user)
        elif answer == "propose":
            made += len(adopt(drift=row, user=user))
    return made


def adopt(*, drift: Drift, user: User) -> list[Proposal]:
    """Propose what the channel shows as the value behind the field. Call it inside `acting(…)`.

    Raises CannotAnswer where no value, proposed so, would be shown as the channel shows it.
    """
    place = source_of(drift)
    if place is None:
        raise CannotAnswer("The mapping makes this field of more than one value, so theirs cannot be taken as it is.")
    sku, key = place
    try:
        made = propose(
            product=drift.placement.product,
            wanted={sku: {key: drift.theirs}},
            reason=f"{drift.placement.channel.label} shows this.",
        )
    except CannotPropose as error:
        raise CannotAnswer(str(error)) from error
    if not made:
        raise CannotAnswer("The value is what the channel shows already; it waits for approval.")
    with transaction.atomic():
        decide(_locked([drift]), S.ADOPTED, user)
    return made


def source_of(drift: Drift) -> tuple[str, str] | None:
    """(SKU or "", value key) whose value, written as the channel shows it, would be shown just so; None: there is
    none. Asked of the mapping and proved by rendering."""
    placement = drift.placement
    standing = Standing.objects.select_related("live", "product").get(product_id=placement.product_id)
    desired = desire(placement.channel, standing)
    if isinstance(desired, Issue) or desired.mapping is None or drift.theirs is None:
        return None
    code = field_of(drift.path, desired.mapping.rules)
    rule = desired.mapping.rules.get(code, {})
    if not code or rule.get("transforms") or "const" in rule:
        return None
    for sku in dict.fromkeys((drift.sku, "")):
        key = desired.source.keys.get((sku, code), "")
        if key and "." not in key and _shown(desired, sku, code, drift) == digest(drift.theirs):
            return ("" if _inherited(desired, sku, key) else sku, key)
    return None


def _shown(desired: Desired, sku: str, code: str, drift: Drift) -> str:
    """The hash of what would stand at the place of the difference, were the field of the row theirs."""
    mapped = desired.source.mapped
    if sku:
        variants = tuple(
            replace(v, fields={**v.fields, code: drift.theirs}) if v.sku == sku else v for v in mapped.variants
        )
        mapped = replace(mapped, variants=variants)
    else:
        mapped = replace(mapped, fields={**mapped.fields, code: drift.theirs})
    body = desired.connector.render(mapped, desired.connection).bodies.get(drift.sku, {}).get(drift.facet)
    marked = {each.pointer: each.ours for each in differences(body, put(copy.deepcopy(body), drift.path, {}))}
    return digest(marked.get(drift.path))


def _inherited(desired: Desired, sku: str, key: str) -> bool:
    """Whether the variant has no value of its own there, so that the product's is shown."""
    document = read_all([desired.source.revision])[desired.source.revision.pk]
    return not any(v.sku == sku and key in v.values for v in document.variants)


def keys_behind(drift: Drift, desired: Desired) -> set[str]:
    """The value keys that feed the field of a difference; none where that is not known."""
    code = field_of(drift.path, desired.mapping.rules if desired.mapping else {})
    return {key for sku in (drift.sku, "") if (key := desired.source.keys.get((sku, code)))}


def field_of(path: str, rules: Mapping[str, object]) -> str:
    """The target field of a place: bodies name their members as fields are named, in camel case."""
    steps = [_CAMEL.sub("_", step).lower() for step in path.split("/")]
    return next((step for step in steps if step in rules), "")


def _as_accepted(row: Drift) -> None:
    """What the channel shows at that place counts as taken, so that nothing is sent for it."""
    listing = Listing.objects.filter(placement=row.placement, sku=row.sku).first()
    held = listing.accepted.get(row.facet) if listing else None
    if listing is None or held is None:
        return
    body = put(copy.deepcopy(blobs.get(held)), row.path, row.theirs)
    listing.accepted = {**listing.accepted, row.facet: blobs.put(body)}
    listing.save(update_fields=["accepted"])


def _locked(drifts: Sequence[Drift], *, state: str = S.OPEN) -> list[Drift]:
    query: QuerySet[Drift] = Drift.objects.select_for_update(of=("self",)).filter(pk__in=[d.pk for d in drifts])
    rows = list(query.select_related("placement__channel", "placement__product"))
    if any(row.state != state for row in rows) or len(rows) != len({d.pk for d in drifts}):
        raise CannotAnswer("Somebody answered this meanwhile. Load the page again.")
    return rows
