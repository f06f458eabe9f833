"""What a version of a mapping would change, product by product, before anything does.

Both versions are rendered and checked by the very functions that publishing uses. Works in slices that may be killed:
a slice is worked out first, as it may ask the channel for a definition, and then stands with the cursor in one
transaction; of two workers that did the same slice, one writes it.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import events
from catalog.models import User
from channels import definitions
from channels.connectors.outcome import Issue
from channels.mapping.versions import look_again, with_mapping
from channels.models import Channel, ChannelDefinition, MappingTrial, MappingVersion, Placement, TrialLine
from channels.publishing.desire import Desired, desire
from channels.publishing.read_back import apart
from governance.models import Standing

logger = logging.getLogger("pimhub.mapping")
S, Out = MappingTrial.State, TrialLine.Outcome
BATCH = 20
SECONDS = 5.0
TRIES = 3
SHOWN = 12  # changes of a product that are kept; the rest is counted
_CLIP = 400
_RANK = {Out.FAILS: 0, Out.MENDED: 1, Out.CHANGED: 2, Out.BLOCKED: 3, Out.SAME: 4}


def start(*, version: MappingVersion, user: User | None, definition: ChannelDefinition | None = None) -> MappingTrial:
    """Queue it: against the version that is in force now; with a definition, against the one that is in use."""
    total = Placement.objects.filter(channel=version.channel_id).count()
    trial = MappingTrial.objects.create(
        version=version,
        definition=definition,
        against_id=version.channel.mapping_id,
        by=user,
        total=total,
        counts={},
    )
    events.ring("trials")
    return trial


def try_definitions() -> int:
    """Begin to work out what channels' newer definitions would block; how many were begun."""
    rows = definitions.untried()
    for row in rows:
        if row.channel.mapping is not None:
            start(version=row.channel.mapping, user=None, definition=row)
    return len(rows)


def waiting() -> list[int]:
    return list(MappingTrial.objects.filter(state=S.WORKING).order_by("pk").values_list("pk", flat=True))


def advance(trial_id: int, *, seconds: float = SECONDS) -> bool:
    """Work on a trial for a while; whether it wants more."""
    end = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < end:
        try:
            trial = MappingTrial.objects.filter(pk=trial_id, state=S.WORKING).first()
            if trial is None:
                return False
            more = _slice(trial)
        except Exception as error:
            logger.exception("a trial stumbled", extra={"trial": trial_id})
            return _stumble(trial_id, error)
    return more


def _stumble(trial_id: int, error: Exception) -> bool:
    trial = MappingTrial.objects.get(pk=trial_id)
    trial.failures += 1
    if trial.failures >= TRIES:
        trial.state, trial.problem = S.FAILED, f"{type(error).__name__}: {error}"[:500]
    trial.save(update_fields=["failures", "state", "problem"])
    return trial.state == S.WORKING


def _slice(trial: MappingTrial) -> bool:
    channel = _channel(trial)
    placed = Placement.objects.filter(channel=channel, product_id__gt=trial.cursor).order_by("product_id")
    ids = list(placed.values_list("product_id", flat=True)[:BATCH])
    if not ids:
        return _finish(trial)
    now = timezone.now()
    standings = Standing.objects.filter(product_id__in=ids).select_related("live", "product")
    lines = [compare(channel, trial, standing, now) for standing in standings]
    with transaction.atomic():
        if not _mine(trial).exists():
            return True  # another worker wrote this slice meanwhile
        TrialLine.objects.bulk_create([x for x in lines if x.outcome not in (Out.SAME, Out.BLOCKED)])
        counts = Counter(trial.counts) + Counter(x.outcome for x in lines)
        MappingTrial.objects.filter(pk=trial.pk).update(counts=dict(counts), cursor=ids[-1])
    return True


def _finish(trial: MappingTrial) -> bool:
    with transaction.atomic():
        if _mine(trial).exists():
            MappingTrial.objects.filter(pk=trial.pk).update(state=S.DONE, finished_at=timezone.now())
            if trial.definition is not None and not trial.counts.get(Out.FAILS):
                _switch(trial, trial.definition)
    return False


def _mine(trial: MappingTrial) -> QuerySet[MappingTrial]:
    """The row, locked, if nobody moved its cursor since it was read."""
    return MappingTrial.objects.select_for_update(of=("self",)).filter(
        pk=trial.pk, cursor=trial.cursor, state=S.WORKING
    )


def _switch(trial: MappingTrial, row: ChannelDefinition) -> None:
    """It blocks nothing that is not blocked already; unless an even newer one came meanwhile, it is used."""
    if row.next_at is not None and row.next_at <= trial.created_at:
        definitions.switch(row)
        look_again(row.channel)


def _channel(trial: MappingTrial) -> Channel:
    related = "mapping", "scope", "market__price_list__currency"
    return Channel.objects.select_related(*related).get(pk=trial.version.channel_id)


def compare(channel: Channel, trial: MappingTrial, standing: Standing, now: dt.datetime) -> TrialLine:
    before = desire(with_mapping(channel, trial.against), standing, now=now) if trial.against else None
    news = {d.name: d for d in [definitions.upcoming(trial.definition)]} if trial.definition else None
    after = desire(with_mapping(channel, trial.version), standing, now=now, definitions=news)
    changes = _changes(before, after)
    known = {(i.sku, i.code, i.field) for i in _errors(before)}
    new = [i for i in _errors(after) if (i.sku, i.code, i.field) not in known]
    was, would_be = bool(_errors(before)), bool(_errors(after))
    if would_be and not was:
        outcome = Out.FAILS
    elif was and not would_be:
        outcome = Out.MENDED
    elif would_be:
        outcome = Out.BLOCKED
    else:
        outcome = Out.CHANGED if changes else Out.SAME
    return TrialLine(
        trial=trial,
        product=standing.product,
        outcome=outcome,
        rank=_RANK[outcome],
        changes=changes[:SHOWN],
        more=max(len(changes) - SHOWN, 0),
        issues=[[i.sku, i.message] for i in new[:SHOWN]],
    )


def _errors(found: Desired | Issue | None) -> list[Issue]:
    if found is None:
        return []
    return [found] if isinstance(found, Issue) else [i for i in found.issues if i.severity == "error"]


def _changes(before: Desired | Issue | None, after: Desired | Issue) -> list[list[Any]]:
    """[sku, "facet.field", before, after] of everything that the channel would be shown differently."""
    ours = before.rendered.bodies if isinstance(before, Desired) else {}
    theirs = after.rendered.bodies if isinstance(after, Desired) else {}
    return [
        [row, path, _clipped(old), _clipped(new)]
        for row in dict.fromkeys([*ours, *theirs])
        for facet in dict.fromkeys([*ours.get(row, {}), *theirs.get(row, {})])
        for path, old, new in apart(str(facet), ours.get(row, {}).get(facet), theirs.get(row, {}).get(facet))
    ]


def _clipped(value: Any) -> Any:
    """As it is when it is short; the beginning of its text else."""
    if isinstance(value, str) and len(value) > _CLIP:
        return f"{value[:_CLIP]}…"
    if isinstance(value, dict | list) and len(text := str(value)) > _CLIP:
        return f"{text[:_CLIP]}…"
    return value
