"""How fast a provider is asked: slower when it says so, faster again while all goes well.

A provider that says how many requests are left is left alone until there are more; one that refuses with 429 gets half
as many calls at once, and one more after each round without a refusal.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.utils import timezone

from governance.copywriting.providers.base import Billed
from governance.models import AiProvider

LONGEST = 60.0  # seconds that a rest may last: a longer one ends the run


def refused(provider: AiProvider, wait: float) -> None:
    """It asked to slow down: half as many at once, and nothing before it said."""
    now = timezone.now()
    rest = now + dt.timedelta(seconds=min(max(wait, 0.1), LONGEST))
    row = AiProvider.objects.get(pk=provider.pk)
    if row.rest_until and row.rest_until > now:  # others heard the same answer: halved once for all
        AiProvider.objects.filter(pk=provider.pk, rest_until__lt=rest).update(rest_until=rest, good=0)
        return
    AiProvider.objects.filter(pk=provider.pk).update(pace=max(1, row.now_at_once // 2), good=0, rest_until=rest)


def answered(provider: AiProvider, billed: Billed) -> None:
    """It answered: after as many good answers as it gets at once, it gets one more at once."""
    rows = AiProvider.objects.filter(pk=provider.pk)
    if billed.remaining is not None and billed.remaining < provider.at_once and billed.reset > 0:
        # Others may be under way: what is left is theirs.
        rows.update(rest_until=timezone.now() + dt.timedelta(seconds=min(billed.reset, LONGEST)))
    if provider.pace:
        rows.update(good=F("good") + 1)
        rows.filter(good__gte=F("pace"), pace__gte=F("at_once")).update(pace=0, good=0)
        rows.filter(good__gte=F("pace"), pace__gt=0).update(pace=F("pace") + 1, good=0)


def rest(provider: AiProvider | None) -> float:
    """Seconds until it may be asked again."""
    until = AiProvider.objects.filter(pk=provider.pk).values_list("rest_until", flat=True).first() if provider else None
    return max(0.0, (until - timezone.now()).total_seconds()) if until else 0.0
