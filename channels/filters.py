"""What the filter language knows of channels, where products are live, and what a plan touches there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from django.db.models import Count, Q

from catalog.plans.run import impacts
from catalog.products.uses import Use, product_uses
from catalog.search import operators as op
from catalog.search.filters import Condition, part
from channels.access import reached
from channels.models import Channel, ChannelIssue, Listing, Placement

SEVERITIES = ("error", "warning")
SHOWN = (Listing.State.ACCEPTED, Listing.State.LIVE, Listing.State.DRIFTED)


def _channel(asked: Condition) -> str:
    code = asked.text("channel")
    if code and not reached(Channel.objects.filter(code=code)).exists():
        raise asked.fail(f"There is no channel “{code}”.", "bad_value")
    return code


@part(
    "listing", "State on a channel", op.EQUAL, op.UNEQUAL, op.IN, op.NOT_IN, op.EMPTY, op.NOT_EMPTY, words=("channel",)
)
def listing(asked: Condition) -> Q:
    """“blocked” is what preflight holds back; empty means that it is not on the channel at all."""
    rows = reached(Listing.objects.all(), "placement__channel__code")
    if code := _channel(asked):
        rows = rows.filter(placement__channel__code=code)
    if asked.op not in (op.EMPTY, op.NOT_EMPTY):
        for given in asked.texts():
            if given not in Listing.State.values:
                raise asked.fail(f"“{given}” is none of {', '.join(Listing.State.values)}.", "bad_value")
        rows = rows.filter(state__in=asked.texts())
    found = Q(pk__in=rows.values("placement__product_id"))
    return ~found if asked.op in (op.UNEQUAL, op.NOT_IN, op.EMPTY) else found


@part("issue", "Issue on a channel", op.EQUAL, op.IN, op.EMPTY, op.NOT_EMPTY, words=("channel", "severity"))
def issue(asked: Condition) -> Q:
    """By the issue's code, such as the rule that holds it back."""
    rows = reached(ChannelIssue.objects.filter(cleared_at__isnull=True), "placement__channel__code")
    if code := _channel(asked):
        rows = rows.filter(placement__channel__code=code)
    if severity := asked.text("severity"):
        if severity not in SEVERITIES:
            raise asked.fail(f"“{severity}” is none of {', '.join(SEVERITIES)}.", "bad_value")
        rows = rows.filter(severity=severity)
    if asked.op in (op.EQUAL, op.IN):
        rows = rows.filter(code__in=asked.texts())
    found = Q(pk__in=rows.values("placement__product_id"))
    return ~found if asked.op == op.EMPTY else found


def uses(ids: Sequence[int]) -> Iterator[Use]:
    placed = Placement.objects.filter(product_id__in=ids, listings__state__in=SHOWN)
    for label, count in placed.values_list("channel__label").annotate(n=Count("product_id", distinct=True)):
        yield Use("shown on", label, count)


def impact(changed: Mapping[int, Collection[str]]) -> Iterator[tuple[str, int]]:
    rows = Listing.objects.filter(placement__product_id__in=list(changed), state__in=SHOWN)
    for label, count in rows.values_list("placement__channel__label").annotate(n=Count("pk")):
        yield f"listings on {label} change once approved", count


def plug_in() -> None:
    impacts.add("channels", impact)
    product_uses.add("channels", uses)
