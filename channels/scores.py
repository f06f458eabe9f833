"""What channels hold against a product is a part of its content score, and a channel may ask for a score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from channels.connectors.outcome import Issue
from channels.models import Channel, ChannelIssue, Placement
from channels.publishing.request import make_due
from channels.rendering.source import Source
from governance.models import ContentScore
from governance.scores.measure import Changed, listeners
from governance.scores.parts import Batch, Judged, Place, part

CODE = "content_score"  # of the issue itself, which must not lower the score that it complains of


@part("channels", "Open problems on channels", 10)
def problems(batch: Batch) -> dict[Place, Judged]:
    """Nothing open counts in full, a warning half, an error not at all; the worst channel of a language decides."""
    placed = Placement.objects.filter(product_id__in=batch.products).select_related("channel__scope", "channel__market")
    told: dict[int, list[tuple[str, str]]] = {}
    issues = ChannelIssue.objects.filter(placement__in=placed, cleared_at=None).exclude(code=CODE)
    for pk, severity, message in issues.values_list("placement_id", "severity", "message"):
        told.setdefault(pk, []).append((severity, message))
    found: dict[Place, Judged] = {}
    for placement in placed:
        channel, held = placement.channel, told.get(placement.pk, [])
        share = 0.0 if any(s == "error" for s, _ in held) else 0.5 if held else 1.0
        why = tuple(f"{channel.label}: {message}" for _, message in held[:3])
        for locale in channel.market.locales[:1]:
            place = Place(placement.product_id, channel.scope.code, locale)
            old = found.get(place, Judged(1.0))
            found[place] = Judged(min(old.share, share), old.why + why)
    return found


def asked_of(channel: Channel) -> int:
    """The least score that the channel takes; 0 when it asks for none."""
    given = channel.settings.get("min_score")
    return given if isinstance(given, int) and not isinstance(given, bool) else 0


def low_score(channel: Channel, source: Source) -> Iterator[Issue]:
    """A bar for products whose content is worth less than the channel asks for (setting `min_score`)."""
    least = asked_of(channel)
    if not least:
        return
    locale = channel.market.locales[0]
    row = ContentScore.objects.filter(product_id=source.revision.product_id, scope=channel.scope, locale=locale).first()
    score = row.score if row else 0
    if score < least:
        lacks = "; ".join(words for p in (row.parts if row else []) if p["part"] != "channels" for words in p["why"])
        message = f"The content score in {locale} is {score}; {channel.label} asks for {least}. {lacks[:300]}"
        yield Issue(CODE, message.strip())


def on_changed(changes: Changed) -> None:
    """Products that cross a channel's least score, in either direction, are looked at again."""
    for channel in Channel.objects.select_related("scope", "market"):
        least = asked_of(channel)
        if least:
            make_due(channel=channel, product_ids=_crossing(channel, least, changes, placed=_placed(channel, changes)))


def _placed(channel: Channel, changes: Changed) -> set[int]:
    rows = Placement.objects.filter(channel=channel, product_id__in=changes)
    return set(rows.values_list("product_id", flat=True))


def _crossing(channel: Channel, least: int, changes: Mapping[int, object], *, placed: set[int]) -> list[int]:
    wanted = channel.scope.code, channel.market.locales[0]
    return [
        pk
        for pk, rows in changes.items()
        if pk in placed and any((s, x) == wanted and ((old or 0) < least) != (new < least) for s, x, old, new in rows)  # type: ignore[attr-defined]
    ]


def plug_in() -> None:
    listeners.add("channels.scores", on_changed)
