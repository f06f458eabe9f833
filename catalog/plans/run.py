"""Plans are worked out and applied in slices that may be killed; what was previewed is what is written, or nothing.

The cursor and what a slice did stand in one transaction. A product that somebody edited between preview and
application is left alone, and said to be.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog import events
from catalog.access.reach import seen
from catalog.change_sets import acting, change_set
from catalog.models import ChangePlan, ChangeSet, PlanLine, User
from catalog.plans.kinds.base import BadPlan, What, plan_kinds
from catalog.products.changes import ChangeError
from catalog.products.load import load_states
from catalog.products.reference import load_reference
from catalog.products.state import ProductState
from catalog.products.write import WriteResult, write_products
from catalog.search.select import conditions_of, view_of
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

logger = logging.getLogger("pimhub.plans")
S, Outcome = ChangePlan.State, PlanLine.Outcome
BATCH = 100
SECONDS = 5.0
LEASE = dt.timedelta(minutes=5)
TRIES = 3

# What higher floors say a plan touches: {id of a product that changes: keys that change} → (label, count).
Impact = Callable[[Mapping[int, Collection[str]]], Iterable[tuple[str, int]]]
impacts: Registry[Impact] = Registry("impact of plans")


class NotNow(ValueError):
    """The plan is not in a state for this; the text says in which it is."""


def start(*, kind: str, what: What, user: User | None, reason: str = "") -> ChangePlan:
    """Queue the preview. Raises BadPlan."""
    try:
        found = plan_kinds.get(kind)
    except LookupError as error:
        raise BadPlan("kind", str(error), "unknown_kind") from error
    what = without_view(what, user)
    title = found.check(what)
    plan = ChangePlan.objects.create(kind=kind, what=dict(what), title=title[:300], reason=reason[:500], user=user)
    events.ring("plans")
    return plan


def without_view(what: What, user: User | None) -> What:
    """A saved view stands for its conditions as they are now; nobody selects by a view that they may not see."""
    select = what.get("select")
    if not isinstance(select, dict) or "view" not in select:
        return what
    view = view_of(user, select["view"]) if user is not None else None
    if view is None:
        raise BadPlan("select.view", "There is no such view.", "not_found")
    conditions = [*conditions_of(view), *([select["filter"]] if select.get("filter") else [])]
    text = " ".join(filter(None, [view.text, str(select.get("text", ""))]))
    rest = {key: value for key, value in select.items() if key != "view"}
    return {**what, "select": rest | {"filter": conditions, "text": text}}


def apply(plan: ChangePlan, *, user: User | None) -> None:
    """Queue what was previewed. Raises NotNow."""
    queue = {"state": S.APPLYING, "cursor": 0, "user": user, "lease_until": None, "failures": 0}
    if not ChangePlan.objects.filter(pk=plan.pk, state=S.PLANNED).update(**queue):
        plan.refresh_from_db()
        raise NotNow(f"It is {plan.get_state_display()}; only a finished preview can be applied.")
    plan.refresh_from_db()
    events.ring("plans")


def cancel(plan: ChangePlan) -> None:
    """Raises NotNow once it was applied."""
    open_states = (S.PLANNING, S.PLANNED, S.FAILED)
    if not ChangePlan.objects.filter(pk=plan.pk, state__in=open_states).update(
        state=S.CANCELLED, finished_at=timezone.now()
    ):
        plan.refresh_from_db()
        raise NotNow(f"It is {plan.get_state_display()}. Undo its change set instead.")
    plan.refresh_from_db()


def waiting() -> list[str]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    rows = ChangePlan.objects.filter(free, state__in=(S.PLANNING, S.APPLYING)).order_by("created_at")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def advance(plan_id: str, *, seconds: float = SECONDS) -> bool:
    """Work on a plan for a while; whether it wants more. May be killed at any line, and run twice at once."""
    end = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < end:
        try:
            with transaction.atomic():
                rows = ChangePlan.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
                plan = rows.filter(pk=plan_id, state__in=(S.PLANNING, S.APPLYING)).first()
                if plan is None:
                    return False
                more = _plan_slice(plan) if plan.state == S.PLANNING else _apply_slice(plan)
        except Exception as error:
            logger.exception("a plan stumbled", extra={"plan": plan_id})
            return _stumble(plan_id, error)
    return more


def _stumble(plan_id: str, error: Exception) -> bool:
    """Try again later, a few times; then a person has to look."""
    plan = ChangePlan.objects.get(pk=plan_id)
    plan.failures += 1
    plan.lease_until = timezone.now() + dt.timedelta(seconds=5 * plan.failures)
    if plan.failures >= TRIES:
        plan.state, plan.problem = S.FAILED, f"{type(error).__name__}: {error}"[:2000]
    plan.save(update_fields=["failures", "lease_until", "state", "problem"])
    return False


def _plan_slice(plan: ChangePlan) -> bool:
    kind = plan_kinds.get(plan.kind)
    with acting(user=plan.user, source=ChangeSet.Source.SYSTEM, reason=plan.reason):
        rows = seen(kind.products(plan.what)).filter(pk__gt=plan.cursor).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:BATCH])
    if not ids:
        _planned(plan)
        return False
    with acting(user=plan.user, source=ChangeSet.Source.SYSTEM, reason=plan.reason):
        lines = [
            PlanLine(
                plan=plan,
                product_id=state.row.pk,
                product_code=state.row.code,
                changes=result.changes if result.status == "updated" else {},
                errors=[_told(e) for e in [*left, *result.errors, *result.dropped]],
                outcome=_OUTCOMES[result.status],
            )
            for state, left, result in _tried(plan, ids, dry_run=True)
        ]
    PlanLine.objects.bulk_create(lines)
    plan.cursor, plan.total = ids[-1], plan.total + len(ids)
    plan.counts = dict(Counter(plan.counts) + Counter(line.outcome for line in lines))
    plan.save(update_fields=["cursor", "total", "counts"])
    return True


_OUTCOMES = {
    "updated": Outcome.CHANGES,
    "created": Outcome.CHANGES,
    "unchanged": Outcome.UNCHANGED,
    "rejected": Outcome.REJECTED,
}


def _tried(
    plan: ChangePlan, ids: Sequence[int], *, dry_run: bool, lines: dict[int, PlanLine] | None = None
) -> list[tuple[ProductState, Sequence[ChangeError], WriteResult]]:
    """Each product, what is left alone of it, and what the door says; with `lines`, only what they foretold."""
    kind = plan_kinds.get(plan.kind)
    states = sorted(load_states(ids=ids, lock=not dry_run).values(), key=lambda s: s.row.pk)
    wanted = kind.wanted(plan.what, states)
    changes = [w.change for w in wanted if w.change is not None]
    if lines is not None:
        foretold = {line.product_code: line.changes for line in lines.values()}
        changes = [replace(c, expected=foretold[c.code]) for c in changes]
    results = iter(write_products(changes, drop_values=kind.drops_values, dry_run=dry_run, reference=load_reference()))
    return [
        (state, each.left, next(results) if each.change is not None else WriteResult(state.row.code, "unchanged"))
        for state, each in zip(states, wanted, strict=True)
    ]


def _told(error: ChangeError) -> dict[str, JSON]:
    return {"key": error.key, "code": error.code, "message": error.message, "sku": error.sku}


def _planned(plan: ChangePlan) -> None:
    changing = PlanLine.objects.filter(plan=plan, outcome=Outcome.CHANGES).order_by("pk")
    lines = changing.values_list("product_id", "changes").iterator(chunk_size=1000)
    found = Counter[str]()
    while part := dict(islice(lines, 1000)):
        changed = {pk: {key for row in changes.values() for key in row} for pk, changes in part.items()}
        for impact in impacts:
            found.update(dict(impact(changed)))
    plan.impact = [{"label": label, "count": count} for label, count in found.items() if count]
    plan.state, plan.cursor = S.PLANNED, 0
    plan.save(update_fields=["impact", "state", "cursor"])


def _apply_slice(plan: ChangePlan) -> bool:
    rows = PlanLine.objects.filter(plan=plan, outcome=Outcome.CHANGES, pk__gt=plan.cursor).order_by("pk")[:BATCH]
    lines = {line.product_id: line for line in rows}
    if not lines:
        plan.state, plan.finished_at = S.APPLIED, timezone.now()
        plan.save(update_fields=["state", "finished_at"])
        return False
    reason = plan.reason or plan.title
    source = ChangeSet.Source.PAGE if plan.user else ChangeSet.Source.SYSTEM
    with acting(user=plan.user, source=source, reason=reason, change_set=plan.change_set):
        if plan.change_set is None:
            plan.change_set = change_set()
            undone = plan_kinds.get(plan.kind).undoes(plan.what)
            ChangeSet.objects.filter(pk=plan.change_set.pk).update(undoes=undone)
        for state, _, result in _tried(plan, list(lines), dry_run=False, lines=lines):
            line = lines[state.row.pk]
            line.outcome = Outcome.APPLIED if result.status == "updated" else Outcome.OVERTAKEN
            if result.errors:
                line.errors = [*line.errors, *(_told(e) for e in result.errors)]
    PlanLine.objects.bulk_update(lines.values(), ["outcome", "errors"])
    plan.cursor = max(line.pk for line in lines.values())
    moved = Counter(line.outcome for line in lines.values())
    plan.counts = {**plan.counts, Outcome.CHANGES: plan.counts.get(Outcome.CHANGES, 0) - len(lines)}
    plan.counts = {k: v for k, v in (Counter(plan.counts) + moved).items() if v}
    plan.save(update_fields=["cursor", "counts", "change_set"])
    return True
