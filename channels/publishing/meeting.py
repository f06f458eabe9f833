"""Meet what a channel has of a product before the first call for it: take it over, or ask. Never make it twice.

Our own id on the channel (a custom id, a seller's SKU, an offer's id) makes a product ours; within it, variants are
told by their SKU. A SKU alone, or anything that does not fit together, is a question to a person. Titles are never
compared.

What was taken over is foreign until somebody says otherwise: each difference waits in the drift inbox, and nothing is
sent for the product before all of them are answered or somebody publishes over them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from catalog import blobs
from catalog.models import User
from channels import connections
from channels.connectors.abilities import FindsProducts, Found, FoundVariant
from channels.connectors.base import Facet, Operation
from channels.connectors.outcome import Issue
from channels.models import ChannelIssue, Drift, Listing, Match, Placement, RemoteLink
from channels.publishing import lease, leased, turn
from channels.publishing.desire import Desired, desire, record_issues, set_states
from channels.publishing.known import known
from channels.publishing.pointers import differences
from channels.publishing.request import make_due
from channels.publishing.send import keep_links
from channels.publishing.turn import Turn
from governance.models import Proposal, Standing
from pimhub.foundation import audit
from pimhub.foundation.http import Response

S = Match.State
ASKED = "The channel has something of this already. Somebody must say what becomes of it."
LEFT = "It was left as it is on the channel; nothing is sent."
WAITS = "It was taken over; nothing is sent before what differs is answered."


class CannotAnswer(Exception):
    """The answer does not fit what was found; the text says why."""


def meet(placement: Placement, desired: Desired) -> Turn | None:
    """Before the first call: None when the product may be sent, else how the turn ends. Raises Wait."""
    held = None
    if "matches" not in placement.lacks:
        held = Match.objects.filter(placement=placement).exclude(state__in=(S.DONE, S.OVER)).first()
    if held is not None and held.state == S.LEFT:
        return _stop(placement, LEFT)
    if (held is not None and held.state != S.OPEN) or not _is_new(placement):
        return None
    if not hasattr(desired.connector, "read_matches"):
        return None
    try:
        found = _look(placement, desired)
    except ValueError as error:
        return turn.later(placement, f"The channel did not say what it has already ({error}). It is asked again.")
    if found is None:
        return turn.later(placement, "The channel could not be asked what it has already; it is asked again.")
    if not found:
        if held is not None:
            Match.objects.filter(placement=placement, state=S.OPEN).update(state=S.OVER)
        return None
    doubts = doubts_of(found, gtins_of(desired))
    with transaction.atomic():
        lease.guard(placement)
        row = held or Match(placement=placement)
        row.found, row.doubts = [asdict(f) for f in found], doubts
        row.save()
        placement.lacks -= {"matches"}
        if not doubts:
            _take(row, found[0], desired, user=None)
            placement.must_read = True
            return None
    return _stop(placement, ASKED)


def _is_new(placement: Placement) -> bool:
    """Nothing of ours ever went there, as far as we know."""
    sent = "publications" not in placement.lacks and placement.publications.exists()
    return not sent and not leased.links(placement) and not any(x.accepted for x in leased.listings(placement))


def _look(placement: Placement, desired: Desired) -> Sequence[Found] | None:
    finder = cast(FindsProducts, desired.connector)
    answers: list[Response] = []
    for request in finder.find(desired.rendered, known(placement), desired.connection):
        lease.renew(placement)
        response = connections.ask(
            placement.channel, request, timeout=desired.connector.deadline, operation="find", placement=placement
        )
        if response.status == 0 or response.status == 429 or response.status >= 500:
            return None
        if response.status in (401, 403):
            return []  # the first call is refused as well, and stops the channel
        answers.append(response)
    return finder.read_matches(desired.rendered, answers, desired.connection) if answers else []


def _stop(placement: Placement, why: str) -> Turn:
    record_issues(placement, [], source=ChannelIssue.Source.CHANNEL)
    set_states(placement, Listing.State.HELD)
    return Turn(None, turn.fields(placement, problem=why, attempts=0))


# ---- what speaks against it ------------------------------------------------------------------------


def gtins_of(desired: Desired) -> dict[str, str]:
    return {v.sku: v.gtin for v in desired.source.mapped.variants}


def doubts_of(found: Sequence[Found], gtins: Mapping[str, str]) -> list[str]:
    """Why a person must look, in sentences; none when it is clear which product it is and that all of it fits."""
    first, *others = found
    told = [d for each in found for d in _doubts(each, gtins)]
    if first.by != "custom id":
        told.insert(0, "It is known by its SKU alone: it does not carry our id.")
    for other in others:
        skus = ", ".join(dict.fromkeys(v.sku for v in other.variants))
        told.append(f"{skus} is also in “{other.title}” ({other.id}).")
    return list(dict.fromkeys(told))


def _doubts(found: Found, gtins: Mapping[str, str]) -> list[str]:
    told = [f"{sku} is there twice, in “{found.title}”." for sku in doubled(found)]
    for variant in found.variants:
        ours, theirs = gtins.get(variant.row, ""), variant.gtin
        if ours and theirs and _number(ours) != _number(theirs):
            told.append(f"{variant.sku} has the GTIN {theirs} there and {ours} here.")
    if found.more:
        told.append(
            f"“{found.title}” has {found.more} variants that are not in this product; sending ours takes them away."
        )
    return [*told, found.doubt] if found.doubt else told


def doubled(found: Found) -> list[str]:
    skus = [v.sku for v in found.variants]
    return sorted({sku for sku in skus if skus.count(sku) > 1})


def _number(gtin: str) -> str:
    return re.sub(r"\D", "", gtin).lstrip("0")


def found_in(match: Match) -> list[Found]:
    return [_found(each) for each in match.found]


def _found(given: Mapping[str, Any]) -> Found:
    return Found(**{**given, "variants": tuple(FoundVariant(**v) for v in given["variants"])})


# ---- answers -------------------------------------------------------------------------------------


def take_over(*, match: Match, which: str, user: User) -> None:
    """The product `which` there is ours from now on; nothing of it is overwritten yet. Raises CannotAnswer."""
    with transaction.atomic():
        row = _locked(match, S.OPEN)
        found = next((f for f in found_in(row) if f.id == which), None)
        if found is None:
            raise CannotAnswer("Choose which of the products there it is.")
        if twice := doubled(found):
            raise CannotAnswer(f"{twice[0]} is twice in that product. Take one of them away there, then look again.")
        _check_free(row.placement, found)
        standing = Standing.objects.select_related("live", "product").get(product_id=row.placement.product_id)
        desired = desire(row.placement.channel, standing)
        if isinstance(desired, Issue):
            raise CannotAnswer(desired.message)
        _take(row, found, desired, user=user)
        Placement.objects.filter(pk=row.placement_id).update(must_read=True)
        make_due(channel=row.placement.channel, product_ids=[row.placement.product_id])


def leave(*, match: Match, user: User) -> None:
    """It stays as it is there, and the product is not sent."""
    _settle(match, S.LEFT, user)


def make_anew(*, match: Match, user: User) -> None:
    """Make the product although something with its SKUs is there. Raises CannotAnswer where that cannot be."""
    if why := cannot_be_twice(match):
        raise CannotAnswer(why)
    _settle(match, S.ANEW, user)


def cannot_be_twice(match: Match) -> str:
    """Why there cannot be a second one; "" where there can."""
    channel = match.placement.channel
    connector = connections.connector_of(channel)
    if not getattr(connector, "takes_sku_twice", False):
        return f"{channel.label} knows products by their SKU: there is only one of each."
    if any(f.by == "custom id" for f in found_in(match)):
        return "It carries our id, which is there only once. Take it over, or delete it there."
    return ""


def look_again(*, match: Match) -> None:
    """Ask the channel anew, whatever was said."""
    with transaction.atomic():
        row = Match.objects.select_for_update(of=("self",)).select_related("placement__channel").get(pk=match.pk)
        if row.state == S.LEFT:
            Match.objects.filter(pk=row.pk).update(state=S.OPEN, decided_by=None, decided_at=None)
        make_due(channel=row.placement.channel, product_ids=[row.placement.product_id])


def _settle(match: Match, state: str, user: User) -> None:
    with transaction.atomic():
        row = _locked(match, S.OPEN)
        _decided(row, state, user)
        make_due(channel=row.placement.channel, product_ids=[row.placement.product_id])


def _locked(match: Match, state: str) -> Match:
    query = Match.objects.select_for_update(of=("self",)).select_related("placement__channel", "placement__product")
    row = query.get(pk=match.pk)
    if row.state != state:
        raise CannotAnswer(f"Somebody answered this meanwhile: it is {row.get_state_display()}.")
    return row


def _check_free(placement: Placement, found: Found) -> None:
    """What another product of ours is on the channel cannot be this one too."""
    held = RemoteLink.objects.filter(channel=placement.channel, remote_id=found.id).exclude(placement=placement)
    other = held.filter(placement__isnull=False).select_related("placement__product").first()
    if other is not None and other.placement is not None:
        raise CannotAnswer(f"That one is {other.placement.product.code} already. Take its SKU out of there first.")


def _take(row: Match, found: Found, desired: Desired, *, user: User | None) -> None:
    finder = cast(FindsProducts, desired.connector)
    keep_links(row.placement, finder.links_of_found(desired.rendered, found, desired.connection))
    _decided(row, S.TAKEN, user, remote=found.id)


def _decided(row: Match, state: str, user: User | None, **more: str) -> None:
    row.state, row.decided_by, row.decided_at = state, user, timezone.now()
    row.save(update_fields=["state", "decided_by", "decided_at"])
    audit.record(
        f"match.{state}",
        f"product:{row.placement.product.code}",
        by=user.pk if user else None,
        channel=row.placement.channel.code,
        found=[str(each["id"]) for each in row.found],
        doubts=row.doubts,
        **more,
    )


# ---- after it was taken over -----------------------------------------------------------------------


def is_foreign(placement: Placement) -> bool:
    """It was taken over, and what differs is not all answered."""
    return "matches" not in placement.lacks and Match.objects.filter(placement=placement, state=S.TAKEN).exists()


def free_of(placement: Placement, desired: Desired, planned: Sequence[Operation]) -> list[Operation]:
    """The planned calls that may leave: none while something differs that nobody said to send ours over."""
    if not is_foreign(placement):
        return list(planned)
    if note(placement, desired):
        return []
    _keep_prices(placement, desired)
    Match.objects.filter(placement=placement, state=S.TAKEN).update(state=S.DONE)
    return list(planned)


def note(placement: Placement, desired: Desired) -> bool:
    """Have each difference to what was read there in the drift inbox; whether one waits for its answer."""
    found: dict[tuple[str, str, str], tuple[Any, Any]] = {}
    for listing in leased.listings(placement):
        if not listing.accepted:
            continue
        theirs = blobs.get_all(listing.accepted.values())
        for facet, ours in desired.rendered.bodies.get(listing.sku, {}).items():
            for each in differences(ours, theirs.get(listing.accepted.get(str(facet), "")) or {}):
                found[listing.sku, str(facet), each.pointer[:300]] = (each.ours, each.theirs)
    open_, settled = Drift.State.OPEN, set[tuple[str, str, str]]()
    answered = {open_, Drift.State.KEPT}
    if Proposal.objects.filter(product_id=placement.product_id, state=Proposal.State.OPEN).exists():
        answered.add(Drift.State.ADOPTED)  # what became of a proposal that nobody took is asked again
    for row in Drift.objects.filter(placement=placement).order_by("pk"):
        place = (row.sku, row.facet, row.path)
        if row.state == open_ and place not in found:
            Drift.objects.filter(pk=row.pk).update(state=Drift.State.OVER)
        elif row.state in answered and place in found:
            settled.add(place)
            if row.state == open_:
                Drift.objects.filter(pk=row.pk).update(ours=found[place][0], theirs=found[place][1])
    placement.lacks -= {"drifts"}
    Drift.objects.bulk_create(
        Drift(placement=placement, sku=sku, facet=facet, path=path, ours=ours, theirs=theirs)
        for (sku, facet, path), (ours, theirs) in found.items()
        if (sku, facet, path) not in settled
    )
    kept = Drift.objects.filter(placement=placement, state=Drift.State.KEPT).values_list("sku", "facet", "path")
    return bool(found.keys() - set(kept))


def _keep_prices(placement: Placement, desired: Desired) -> None:
    """Prices that are the same there are what the next move is measured against."""
    for listing in leased.listings(placement):
        wanted = listing.desired.get(Facet.OFFER)
        if listing.sku and wanted and listing.accepted.get(Facet.OFFER) == wanted:
            listing.price = desired.prices.get(listing.sku)
            listing.save(update_fields=["price"])
