"""Why a SKU is or is not live on a channel: one chain from the written product to what the channel shows.

Each step says whether it is passed, why, who acts next, and since when. The first one not passed is the one to mend.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypedDict

from django.utils import timezone

from catalog.models import Completeness, Product
from channels.connections import elsewhere
from channels.connectors.outcome import Issue
from channels.models import Channel, ChannelIssue, Listing, Placement
from channels.publishing.desire import Desired, desire
from governance.models import Embargo, Standing
from governance.revisions.embargo import in_force

MERCHANDISERS, REVIEWERS, MANAGERS = "merchandisers", "reviewers", "channel managers"
WORKERS, CHANNEL = "PIMHub's workers", "the channel"
_MOST = 5  # reasons told in one step


class Link(TypedDict):
    step: str
    ok: bool
    reason: str
    who: str  # acts next; empty where nobody has to
    since: str | None  # ISO 8601
    key: str  # the value key to mend, if there is one


class Explanation(TypedDict):
    state: str
    chain: list[Link]


@dataclass(frozen=True, slots=True)
class _Case:
    channel: Channel
    product: Product
    standing: Standing
    placement: Placement | None
    listing: Listing | None  # of the SKU, or of the product's own row


def explain(channel: Channel, product: Product, sku: str = "") -> Explanation:
    """The chain for one SKU, or for the product's own row. Changes nothing; reads nothing on the channel."""
    standing = Standing.objects.select_related(
        "live__approved_by", "product", "requested_by", "assigned_to", "last_editor"
    ).get(product=product)
    placement = Placement.objects.filter(channel=channel, product=product).first()
    listings = list(placement.listings.all()) if placement else []
    listing = next((x for x in listings if x.sku == sku), None) or next(iter(listings), None)
    case = _Case(channel, product, standing, placement, listing)
    desired = desire(channel, standing)
    chain = [_complete(case), _submitted(case), _approved(case), _released(case), _placed(case), _ready(case)]
    chain += [_checked(case, desired, sku), _sent(case, desired), _live(case, desired)]
    at = next((n for n, link in enumerate(chain) if not link["ok"]), len(chain))
    for link in chain[at + 1 :]:
        link["who"] = ""  # what comes later follows by itself
    return {"state": str(listing.state) if listing else "not on the channel", "chain": chain}


def _link(step: str, ok: bool, reason: str, *, who: str = "", since: dt.datetime | None = None, key: str = "") -> Link:
    return {
        "step": step,
        "ok": ok,
        "reason": reason,
        "who": "" if ok else who,
        "since": since.isoformat() if since else None,
        "key": key,
    }


def _complete(case: _Case) -> Link:
    locale = case.channel.market.locales[0]
    row = Completeness.objects.filter(product=case.product, scope=case.channel.scope, locale=locale).first()
    missing = row.missing if row else []
    if not missing:
        return _link("complete", True, f"Everything that {locale} requires is written.", since=case.product.updated_at)
    words = f"In {locale} these required values are missing: {', '.join(missing[:_MOST])}."
    return _link("complete", False, words, who=MERCHANDISERS, since=case.product.updated_at, key=missing[0])


def _submitted(case: _Case) -> Link:
    standing = case.standing
    if standing.live is not None or standing.state == Standing.State.IN_REVIEW:
        by = f" by {standing.requested_by.display_name}" if standing.requested_by else ""
        return _link("submitted", True, f"It was submitted for review{by}.", since=standing.requested_at)
    asked = standing.state == Standing.State.CHANGES_REQUESTED
    last = case.product.review_steps.first()
    words = f"A reviewer asked for changes: {last.comment}" if asked and last else "Nobody has submitted it for review."
    return _link("submitted", False, words, who=MERCHANDISERS, since=last.created_at if last else None)


def _approved(case: _Case) -> Link:
    standing, live = case.standing, case.standing.live
    if live is None:
        who = standing.assigned_to.display_name if standing.assigned_to else REVIEWERS
        words = "Nobody has approved it yet."
        return _link("approved", False, words, who=who, since=standing.requested_at)
    by = f" by {live.approved_by.display_name}" if live.approved_by else " by its owner's word"
    later = " Later changes wait for review." if standing.has_unpublished_changes else ""
    return _link("approved", True, f"Revision {live.number} was approved{by}.{later}", since=live.approved_at)


def _released(case: _Case) -> Link:
    embargo = Embargo.objects.filter(product=case.product, scope=case.channel.scope).select_related("set_by").first()
    if embargo is None:
        return _link("released", True, "Nothing holds it back.")
    shown = in_force(case.standing, case.channel.scope)
    now = f"revision {shown.number} is shown until then" if shown else "nothing is shown until then"
    by = embargo.set_by.display_name if embargo.set_by else "somebody"
    words = f"{by} holds the newest approval back until {embargo.until:%Y-%m-%d %H:%M} UTC; {now}."
    return _link("released", shown is not None, words, who=by)


def _placed(case: _Case) -> Link:
    if case.placement is not None:
        return _link("on the channel's list", True, f"{case.channel.label} has it on its list.")
    if case.standing.live is None:
        return _link("on the channel's list", False, "It gets there once it is approved.", who=REVIEWERS)
    words = f"{case.channel.label} sends only what somebody publishes, and nobody has published it."
    return _link("on the channel's list", False, words, who=MANAGERS)


def _ready(case: _Case) -> Link:
    channel, now = case.channel, timezone.now()
    if channel.is_elsewhere:
        return _link("channel open", False, elsewhere(channel), who=MANAGERS)
    if channel.paused:
        return _link(
            "channel open", False, f"The channel is paused: {channel.pause_reason or 'no reason given'}.", who=MANAGERS
        )
    if channel.mapping is None:
        return _link("channel open", False, "The channel has no mapping in force.", who=MANAGERS)
    if channel.wait_until and channel.wait_until > now:
        return _link(
            "channel open", False, f"The channel asks us to wait until {channel.wait_until:%H:%M:%S} UTC.", who=CHANNEL
        )
    return _link("channel open", True, f"Calls go out, by mapping {channel.mapping.number}.")


def _checked(case: _Case, desired: Desired | Issue, sku: str) -> Link:
    since = case.placement.changed_at if case.placement else None
    if isinstance(desired, Issue):
        return _link("preflight", False, desired.message, who=MERCHANDISERS, since=since)
    errors = [i for i in desired.issues if i.severity == "error"]
    if not errors:
        return _link("preflight", True, "Nothing stands against it.", since=since)
    own = [i for i in errors if i.sku in ("", sku)] or errors
    words = " ".join(dict.fromkeys(i.message for i in own[:_MOST]))
    more = f" And {len(errors) - _MOST} more." if len(errors) > _MOST else ""
    return _link("preflight", False, words + more, who=MERCHANDISERS, since=since, key=desired.key(own[0]))


def _sent(case: _Case, desired: Desired | Issue) -> Link:
    listing = case.listing
    if listing is None or not listing.desired:
        return _link("taken by the channel", False, "Nothing was sent yet.", who=WORKERS)
    if any(listing.desired.get(f) == h for f, h in listing.refused.items()):
        told = _issues(case, ChannelIssue.Source.CHANNEL)
        words = f"The channel refused it: {' '.join(i.message for i in told) or 'it gave no reason'}"
        return _link("taken by the channel", False, words, who=MERCHANDISERS, key=told[0].key if told else "")
    if listing.accepted == listing.desired:
        return _link("taken by the channel", True, "The channel took all of it.", since=listing.accepted_at)
    waiting = sorted(f for f, h in listing.desired.items() if listing.accepted.get(f) != h)
    problem = case.placement.problem if case.placement else ""
    words = f"{', '.join(waiting)} {'is' if len(waiting) == 1 else 'are'} to be sent. {problem}".strip()
    who = MANAGERS if listing.state == Listing.State.HELD else WORKERS
    return _link("taken by the channel", False, words, who=who, since=listing.accepted_at)


def _live(case: _Case, desired: Desired | Issue) -> Link:
    listing = case.listing
    if listing is None or not listing.accepted:
        return _link("seen live", False, "There is nothing to be seen yet.", who=WORKERS)
    told = _issues(case, ChannelIssue.Source.READ_BACK)
    if any(i.severity == "error" for i in told):
        words = f"The channel holds this against it: {' '.join(i.message for i in told[:_MOST])}"
        return _link("seen live", False, words, who=MERCHANDISERS, since=listing.verified_at, key=told[0].key)
    if listing.verified == listing.desired:
        return _link("seen live", True, "It was read back as it should be.", since=listing.verified_at)
    if listing.state == Listing.State.DRIFTED:
        words = "The channel shows something else than it took: somebody changed it there."
        return _link("seen live", False, words, who=MANAGERS, since=listing.verified_at)
    if listing.verified == listing.accepted:
        words = "It still shows what it took before; the change was not sent yet."
        return _link("seen live", False, words, since=listing.verified_at)
    return _link(
        "seen live", False, "The channel works on it; it is read back.", who=CHANNEL, since=listing.accepted_at
    )


def _issues(case: _Case, source: str) -> list[ChannelIssue]:
    if case.placement is None or case.listing is None:
        return []
    rows = ChannelIssue.objects.filter(placement=case.placement, source=source, cleared_at=None)
    return list(rows.filter(sku__in=("", case.listing.sku)).order_by("severity", "pk"))
