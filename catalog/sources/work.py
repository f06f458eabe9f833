"""Work a delivery through, a slice at a time; the cursor moves in the transaction that writes."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import time
from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.change_sets import acting, current_act
from catalog.intake.messages import Message, read
from catalog.intake.rejects import keep, settle_items
from catalog.intake.take import take
from catalog.models import ChangeSet, Delivery, Source
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.reference import Reference, load_reference
from catalog.products.wire import BadForm, read_product
from catalog.products.write import write_products
from catalog.sources.collect import collect, due, stored
from catalog.sources.items import item
from catalog.sources.rows import BadFile, Profile, Row, readable, rows

logger = logging.getLogger("pimhub.sources")
S = Delivery.State
BATCH = 1000
ITEMS = 200
SECONDS = 15.0
TRIES = 5
SHOWN = 20
Told = tuple[str, str, list[ChangeError]]  # SKU or code, what became of it, why


def waiting() -> list[int]:
    """Deliveries that have work to do, oldest first; of each source one at a time, so that order holds."""
    now = timezone.now()
    first: dict[int, int] = {}
    for pk, source in Delivery.objects.filter(state=S.WORKING).order_by("id").values_list("id", "source_id"):
        first.setdefault(source, pk)
    free = Q(wait_until=None) | Q(wait_until__lte=now)
    return list(Delivery.objects.filter(free, pk__in=first.values()).order_by("id").values_list("pk", flat=True))


def turn() -> bool:
    """Look at folders that are due, and give each waiting delivery a slice; whether there is more."""
    for source in due(Source.Kind.FOLDER):
        collect(source)
    found = waiting()
    for pk in found:
        advance(pk, seconds=SECONDS / len(found))  # each gets its turn
    return bool(waiting())


def advance(delivery_id: int, *, seconds: float = SECONDS) -> bool:
    """Work for a while; whether it wants more. May be killed at any line, and run twice at once."""
    end = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < end:
        try:
            with transaction.atomic():
                found = Delivery.objects.select_for_update(skip_locked=True, of=("self",))
                delivery = found.select_related("source__system").filter(pk=delivery_id, state=S.WORKING).first()
                if delivery is None:
                    return False
                more = _slice(delivery)
        except Exception as error:
            logger.exception("a delivery stumbled", extra={"delivery": delivery_id})
            _stumble(delivery_id, error)
            return False
    if not more:
        _tidy(delivery_id)
    return more


def _stumble(delivery_id: int, error: Exception) -> None:
    """Try again later, a few times; then a person has to look."""
    row = Delivery.objects.get(pk=delivery_id)
    row.failures += 1
    row.wait_until = timezone.now() + dt.timedelta(seconds=5 * row.failures)
    if row.failures >= TRIES or isinstance(error, BadFile | FileNotFoundError):
        row.state, row.finished_at = S.FAILED, timezone.now()
        row.problem = str(error)[:500] if isinstance(error, BadFile) else f"{type(error).__name__}: {error}"[:500]
    row.save(update_fields=["failures", "wait_until", "state", "problem", "finished_at"])


def _slice(delivery: Delivery) -> bool:
    source = delivery.source
    size = ITEMS if source.delivers == Source.Delivers.ITEM else BATCH
    profile = Profile.of(source)
    path = readable(stored(delivery), profile)
    found = list(itertools.islice(rows(path, profile, start=delivery.cursor), size))
    reason = f"{source.code}: {delivery.name}"[:500]
    with acting(
        source=ChangeSet.Source.SYSTEM,
        system=source.system.code,
        actor_name=source.system.label or source.system.code,
        reason=reason,
        change_set=delivery.change_set,
    ):
        told = _items(found, profile) if source.delivers == Source.Delivers.ITEM else _messages(source.delivers, found)
        delivery.change_set = current_act().change_set
    counts = Counter(delivery.counts)
    for number, (code, became, errors) in enumerate(told, delivery.line + 1):
        counts[became] += 1
        if errors and len(delivery.first_errors) < SHOWN:
            first = {"line": number, "sku": code, "code": errors[0].code, "message": errors[0].message}
            delivery.first_errors = [*delivery.first_errors, first]
    delivery.counts, delivery.line = dict(counts), delivery.line + len(found)
    more = len(found) == size
    if found:
        delivery.cursor = found[-1][0]
    if not more:
        delivery.state, delivery.finished_at = S.DONE, timezone.now()
    delivery.save()
    return more


def _messages(kind: str, found: list[Row]) -> list[Told]:
    told: dict[int, Told] = {}
    good: list[tuple[int, Message]] = []
    bad: list[tuple[str, Any, list[ChangeError]]] = []
    for number, (_, given, error) in enumerate(found):
        try:
            if error is not None:
                raise error
            good.append((number, read(kind, given)))
        except BadForm as problem:
            name = str(given.get("sku", "")) if isinstance(given, dict) else ""
            told[number] = name, "rejected", problem.errors
            bad.append((kind, given, problem.errors))
    keep(bad, source=current_act().system)
    reference: Reference = load_reference()
    for (number, _), outcome in zip(good, take([m for _, m in good], reference), strict=True):
        became = "updated" if outcome.changed else "unchanged" if outcome.applied else "overtaken"
        told[number] = outcome.sku, "rejected" if outcome.errors else became, outcome.errors
    return [told[number] for number in range(len(found))]


def _items(found: list[Row], profile: Profile) -> list[Told]:
    if profile.format != Source.Format.NDJSON:
        specs, comma = load_reference().specs, profile.decimal_comma
        found = [(at, item(row, specs, decimal_comma=comma) if e is None else row, e) for at, row, e in found]
    told: dict[int, Told] = {}
    good: list[tuple[int, ProductChange]] = []
    for number, (_, given, error) in enumerate(found):
        try:
            if error is not None:
                raise error
            good.append((number, read_product(given)))
        except BadForm as problem:
            name = str(given.get("code", "")) if isinstance(given, dict) else ""
            told[number] = name, "rejected", problem.errors
    for (number, change), result in zip(good, write_products([c for _, c in good]), strict=True):
        became = "updated" if result.status == "created" else result.status
        told[number] = change.code, became, result.errors
    bad = [("item", found[n][1], errors) for n, (_, became, errors) in told.items() if became == "rejected"]
    keep(bad, source=current_act().system)
    settle_items((code for code, became, _ in told.values() if became != "rejected"), source=current_act().system)
    return [told[number] for number in range(len(found))]


def _tidy(delivery_id: int) -> None:
    """The bytes of what is done are not kept; those of what failed are, to be looked at."""
    delivery = Delivery.objects.select_related("source").get(pk=delivery_id)
    others = Delivery.objects.filter(source=delivery.source, sha256=delivery.sha256, state__in=(S.WORKING, S.FAILED))
    if delivery.state == S.DONE and not others.exists():
        path = stored(delivery)
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.rows").unlink(missing_ok=True)  # of a workbook
