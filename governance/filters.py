"""What the filter language knows of governance, and what a plan touches there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.db.models import F, Q

from catalog.models import Locale, Scope
from catalog.plans.run import impacts
from catalog.search import operators as op
from catalog.search.filters import Condition, part
from catalog.search.parts import NUMBERS, numbers
from governance.copywriting.provenance import rests_on
from governance.models import ContentScore, Standing, TextOrigin


@part("state", "Review state", op.EQUAL, op.UNEQUAL, op.IN, op.NOT_IN)
def state(asked: Condition) -> Q:
    for given in asked.texts():
        if given not in Standing.State.values:
            raise asked.fail(f"“{given}” is none of {', '.join(Standing.State.values)}.", "bad_value")
    found = Q(standing__state__in=asked.texts())
    return ~found if asked.op in (op.UNEQUAL, op.NOT_IN) else found


@part("unpublished_changes", "Changed since approval", op.EQUAL, kind="flag")
def unpublished_changes(asked: Condition) -> Q:
    """The working copy is not what was approved last; what was never approved is no such."""
    if not isinstance(asked.value, bool):
        raise asked.fail("Ask with true or false.", "bad_value")
    changed = Standing.objects.filter(live__isnull=False).exclude(live__content_hash=F("content_hash"))
    found = Q(pk__in=changed.values("product_id"))
    return found if asked.value else ~found


@part("stale_copy", "Stale texts", op.EQUAL, kind="flag")
def stale_copy(asked: Condition) -> Q:
    """A text by AI rests on a fact that changed since it was written."""
    if not isinstance(asked.value, bool):
        raise asked.fail("Ask with true or false.", "bad_value")
    stale = TextOrigin.objects.filter(is_current=True, stale_since__isnull=False)
    found = Q(pk__in=stale.values("product_id"))
    return found if asked.value else ~found


@part("content_score", "Content score", *NUMBERS, words=("scope", "locale"), kind="number")
def content_score(asked: Condition) -> Q:
    """0 to 100 points, in one place of those asked; `scope` and `locale`: one, or “any” (the default)."""
    low, high = numbers(asked)
    if not 0 <= low <= high <= 100:
        raise asked.fail("Give a whole number from 0 to 100.", "bad_value")
    rows = ContentScore.objects.all()
    asked.known(Scope.objects, asked.text("scope", "any"), "scope", "any")
    asked.known(Locale.objects, asked.text("locale", "any"), "language", "any")
    for name, column in (("scope", "scope__code"), ("locale", "locale")):
        if (given := asked.text(name, "any")) != "any":
            rows = rows.filter(**{column: given})
    if asked.op in (op.UNEQUAL, op.NOT_BETWEEN):
        rows = rows.exclude(score__range=(low, high))
    elif asked.op == op.BETWEEN:
        rows = rows.filter(score__range=(low, high))
    else:
        rows = rows.filter(**{f"score__{op.ORDER[asked.op]}" if asked.op in op.ORDER else "score": asked.value})
    return Q(pk__in=rows.values("product_id"))


def impact(changed: Mapping[int, Collection[str]]) -> Iterator[tuple[str, int]]:
    standings = Standing.objects.filter(product_id__in=list(changed))
    approved = standings.filter(live__isnull=False, live__content_hash=F("content_hash"))
    yield "approved products get changes to review", approved.count()
    texts = TextOrigin.objects.filter(product_id__in=list(changed), is_current=True).select_related("draft")
    yield "texts by AI rest on what changes", sum(rests_on(t, changed[t.product_id]) for t in texts)
    yield "requests for review are taken back", standings.filter(state=Standing.State.IN_REVIEW).count()


def plug_in() -> None:
    impacts.add("governance", impact)
