"""What writing may cost: priced before the call, reserved under a lock, settled after it. Amounts are millionths."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import User
from governance.copywriting.providers.base import Billed
from governance.models import AiProvider, CopyBudget, CopyItem, CopyRun, ModelPrice, ProviderCall

BYTES_PER_TOKEN = 3  # fewer than any tokenizer needs of prose: a reservation rather too large than too small


class OverBudget(Exception):
    """The next call would cost more than is left."""


class NoPrice(Exception):
    """Nobody said what the model costs: it is not called."""


def price_of(provider: AiProvider, model: str, day: dt.date) -> ModelPrice:
    """The price in force. Raises NoPrice."""
    found = (
        ModelPrice.objects.filter(provider=provider, model=model, valid_from__lte=day).order_by("-valid_from").first()
    )
    if found is None:
        raise NoPrice(f"Nobody said what {model} of {provider} costs. Enter its price first.")
    return found


def cost(price: ModelPrice, input_tokens: int, output_tokens: int) -> int:
    """Rounded up: many small calls must not seem free."""
    exact = input_tokens * price.input_micros + output_tokens * price.output_micros
    return math.ceil(exact / 1_000_000)


def at_most(price: ModelPrice, request_bytes: int, output_tokens: int) -> int:
    return cost(price, math.ceil(request_bytes / BYTES_PER_TOKEN), output_tokens)


def reserve(
    *,
    run: CopyRun | None,
    item: CopyItem | None,
    by: User | None,
    provider: AiProvider,
    model: str,
    request_bytes: int,
    output_tokens: int,
) -> ProviderCall:
    """Book a call before it is made, so that workers side by side never spend more than there is.

    Without a run (a version is tried) the budgets of days and months hold alone.

    Raises OverBudget, NoPrice.
    """
    with transaction.atomic():
        row = CopyRun.objects.select_for_update(of=("self",)).get(pk=run.pk) if run else None
        budgets = list(CopyBudget.objects.select_for_update().order_by("pk"))
        price = price_of(provider, model, timezone.now().date())
        wanted = at_most(price, request_bytes, output_tokens)
        if row is not None:
            left = row.budget_micros - spent(ProviderCall.objects.filter(run=row))
            if wanted > left:
                raise OverBudget(f"The run's budget has {money(left)} left; the next call may cost {money(wanted)}.")
        _check_budgets(budgets, by, wanted)
        return ProviderCall.objects.create(
            item=item, run=row, provider=provider.code, model=model, reserved_micros=wanted, asked_by=by
        )


def _check_budgets(budgets: Iterable[CopyBudget], by: User | None, wanted: int) -> None:
    now = timezone.now()
    for budget in budgets:
        if budget.user_id not in (None, by.pk if by else None):
            continue
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = day if budget.per == CopyBudget.Per.DAY else day.replace(day=1)
        calls = ProviderCall.objects.filter(started_at__gte=since)
        left = budget.micros - spent(calls.filter(asked_by_id=budget.user_id) if budget.user_id else calls)
        if wanted > left:
            raise OverBudget(
                f"The budget of the {budget.per} has {money(left)} left; the call may cost {money(wanted)}."
            )


def settle(call: ProviderCall, billed: Billed, outcome: str) -> None:
    """Note what a call cost. What is not known stays booked as reserved."""
    micros: int | None = None
    if billed.input_tokens is not None and billed.output_tokens is not None:
        micros = _cost_of(call, billed)
    elif billed.is_known:
        micros = 0
    ProviderCall.objects.filter(pk=call.pk).update(
        outcome=outcome,
        cost_micros=micros,
        input_tokens=billed.input_tokens,
        output_tokens=billed.output_tokens,
        answered_model=billed.answered_model[:100],
        request_id=billed.request_id[:200],
        request=billed.request,
        response=billed.response,
        ended_at=timezone.now(),
    )


def _cost_of(call: ProviderCall, billed: Billed) -> int:
    prices = ModelPrice.objects.filter(
        provider__code=call.provider, model=call.model, valid_from__lte=call.started_at.date()
    )
    price = prices.select_related("provider").order_by("-valid_from").first()
    if price is None:
        return 0
    whole = cost(price, billed.input_tokens or 0, billed.output_tokens or 0)
    in_batch = ProviderCall.objects.filter(pk=call.pk, batch__isnull=False).exists()
    return math.ceil(whole * price.provider.batch_percent / 100) if in_batch else whole


def spent(calls: object) -> int:
    """What calls did cost or, where that is not known, may have cost."""
    whole = calls.aggregate(sum=Sum(Coalesce(F("cost_micros"), F("reserved_micros"))))  # type: ignore[attr-defined]
    return int(whole["sum"] or 0)


def money(micros: int) -> str:
    return f"{micros / 1_000_000:.4f}".rstrip("0").rstrip(".") or "0"
