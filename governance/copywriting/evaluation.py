"""A version is tried on pinned products before it may be used: every text is written and checked, and nothing kept.

It is done in the background, a product at a time, by whichever worker comes next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog import events
from catalog.models import Product, User
from governance.copywriting import budget, prompts
from governance.copywriting.checks import is_blocking, is_flagged
from governance.copywriting.facts import facts_now
from governance.copywriting.generate import ask, check, described, read_out, reserve, text_of
from governance.copywriting.lengths import too_long
from governance.copywriting.providers.base import Answer, Billed, CannotWrite
from governance.copywriting.rulebook import rulebook
from governance.models import CopyTrial, PromptTemplate, PromptVersion, ProviderCall
from pimhub.foundation.jsonvalue import JSON

MOST = 50  # products
SKIPS = ("facts_missing", "no_pictures", "no_categories")  # nothing was asked, so nothing failed
FLAGGED_AT_MOST = 0.2  # of the texts: with more, the version is not green


def plan(*, version: PromptVersion, products: Sequence[Product], locale: str, by: User) -> CopyTrial:
    """Have a version tried in the background. Raises BadPrompt."""
    if not 0 < len(products) <= MOST:
        raise prompts.BadPrompt("products", f"Choose 1 to {MOST} products to try it on; these are {len(products)}.")
    with transaction.atomic():
        PromptVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if version.trials.filter(ended_at=None).exists():
            raise prompts.BadPrompt("products", f"Version {version.number} is being tried just now. Wait for its end.")
        ids = [product.pk for product in products]
        trial = CopyTrial.objects.create(version=version, locale=locale, products=ids, asked_by=by)
    events.ring("copy")
    return trial


def evaluate(*, version: PromptVersion, products: Sequence[Product], locale: str, by: User) -> dict[str, Any]:
    """The same at once; the result is kept with the version. Raises BadPrompt, also when no more may be spent."""
    trial = plan(version=version, products=products, locale=locale, by=by)
    while advance(trial.pk):
        pass
    trial.refresh_from_db()
    if trial.problem:
        raise prompts.BadPrompt("budget", trial.problem)
    version.refresh_from_db(fields=["evaluation"])
    result: dict[str, Any] = version.evaluation
    return result


def waiting() -> list[int]:
    """Trials that no living worker has."""
    open_ones = CopyTrial.objects.filter(ended_at=None)
    return list(
        open_ones.filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now())).values_list("pk", flat=True)
    )


def advance(trial_id: int) -> bool:
    """Try the version on the next product, unless another worker does; whether there is more to do.

    A worker may die anywhere: its call stays booked as reserved, and the product is tried again when its lease is over.
    """
    now = timezone.now()
    with transaction.atomic():
        found = CopyTrial.objects.select_for_update(of=("self",)).filter(pk=trial_id, ended_at=None)
        trial = found.filter(Q(leased_until=None) | Q(leased_until__lt=now)).first()
        if trial is None:
            return False
        seconds = (trial.version.provider.timeout if trial.version.provider else 30) + 60
        trial.leased_until = now + dt.timedelta(seconds=seconds)
        trial.save(update_fields=["leased_until"])
    try:
        row = _next_row(trial)
    except prompts.BadPrompt as error:
        _end(trial, problem=str(error))
        return False
    with transaction.atomic():
        held = CopyTrial.objects.select_for_update(of=("self",)).get(pk=trial.pk)
        if held.ended_at or held.leased_until != trial.leased_until:
            return False  # another worker took over
        held.rows = [*held.rows, row]
        held.leased_until = None
        held.save(update_fields=["rows", "leased_until"])
        if len(held.rows) < len(held.products):
            return True
        _end(held)
    return False


def _next_row(trial: CopyTrial) -> dict[str, Any]:
    """Raises BadPrompt when no more may be spent."""
    version = PromptVersion.objects.select_related("template__attribute", "template__scope", "provider").get(
        pk=trial.version_id
    )
    product = Product.objects.filter(pk=trial.products[len(trial.rows)]).first()
    if product is None:
        return _row("", code="gone", message="This product is not there any more.")
    facts = facts_now(
        product,
        prompts.how_to_read(version, trial.locale),
        target=version.template.key(trial.locale),
        source=prompts.source_key(version.template, trial.locale),
    )
    return _tried(version, product, facts.within(product.pk, trial.asked_by), trial.locale, trial.asked_by)


def _end(trial: CopyTrial, *, problem: str = "") -> None:
    CopyTrial.objects.filter(pk=trial.pk).update(ended_at=timezone.now(), leased_until=None, problem=problem[:500])
    if not problem:
        PromptVersion.objects.filter(pk=trial.version_id).update(evaluation=_result(trial))


def _result(trial: CopyTrial) -> dict[str, Any]:
    """What is kept with the version. Green: each answer was usable, no text breaks a blocking rule or a length, at most
    a fifth is flagged."""
    rows = trial.rows
    written = [row for row in rows if row["text"]]
    flagged = sum(bool(row["flags"]) for row in written)
    result: dict[str, Any] = {
        "at": timezone.now().isoformat(),
        "by": trial.asked_by.display_name,
        "locale": trial.locale,
        "rows": rows,
        "written": len(written),
        "skipped": sum(row["code"] in SKIPS for row in rows),
        "failed": sum(bool(row["code"]) and row["code"] not in SKIPS for row in rows),
        "flagged": flagged,
        "blocked": sum(bool(row["blocked"]) for row in written),
        "cost_micros": sum(int(row["cost_micros"]) for row in rows),
    }
    result["green"] = bool(
        written and not result["failed"] and not result["blocked"] and flagged <= FLAGGED_AT_MOST * len(written)
    )
    return result


def _row(product: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"product": product, "text": "", "code": "", "message": "", "claims": [], "flags": 0}
    return row | {"blocked": 0, "cost_micros": 0} | more


def _tried(version: PromptVersion, product: Product, facts: Any, locale: str, by: User) -> dict[str, Any]:
    given = prompts.given_facts(version, facts)
    row = _row(product.code)
    if gone := prompts.missing(version, given):
        return row | {"code": "facts_missing", "message": f"It has no {', '.join(gone)}."}
    asked = prompts.asked(version, given, locale=locale, name=product.code, product=product)
    if nothing := prompts.nothing_to_do(version, asked):
        return row | {"code": nothing[0], "message": nothing[1]}
    billed, call = Billed(), None
    try:
        call = reserve(version, asked, by=by, run=None, item=None)
        answer = ask(version, asked, billed)
    except CannotWrite as error:
        if call is None:  # no further one may be made either
            raise prompts.BadPrompt("budget", str(error)) from error
        budget.settle(call, billed, error.code)
        return row | {"code": error.code, "message": str(error)}
    budget.settle(call, billed, "evaluated")
    call.refresh_from_db()
    if version.template.task in prompts.READS:
        return row | _values(version, asked, answer, call)
    if version.template.task == PromptTemplate.Task.ALT:
        return row | _pictures(version, asked, answer, call)
    checked = check(version, answer, given, locale)
    claims: list[dict[str, JSON]] = [claim for claim in checked.claims if is_flagged(claim)]
    return row | {
        "text": text_of(answer, version),
        "claims": claims,
        "problems": checked.problems,
        "flags": checked.flags,
        "blocked": sum(is_blocking(claim) for claim in checked.claims)
        + bool(too_long(version, locale, text_of(answer, version))),
        "cost_micros": _cost(call),
    }


def _values(version: PromptVersion, asked: prompts.Asked, answer: Answer, call: ProviderCall) -> dict[str, Any]:
    """Of values and categories read out of a text: what could not be proposed is a flag."""
    found, refused = read_out(version, asked, answer)
    claims = [each.claim for each in found if is_flagged(each.claim)]
    return {
        "text": "; ".join(f"{each.key}: {each.told}" for each in found),
        "claims": [dict(claim) for claim in claims],
        "problems": refused,
        "flags": len(claims) + len(refused),
        "cost_micros": _cost(call),
    }


def _pictures(version: PromptVersion, asked: prompts.Asked, answer: Answer, call: ProviderCall) -> dict[str, Any]:
    found, refused = described(version, asked, answer, rulebook(version, asked.locale))
    claims = [claim for _, _, checked in found for claim in checked.claims]
    return {
        "text": "; ".join(f"{picture.number}: {sentence.text}" for picture, sentence, _ in found),
        "claims": [dict(claim) for claim in claims if is_flagged(claim)],
        "problems": [*refused, *(problem for _, _, checked in found for problem in checked.problems)],
        "flags": sum(checked.flags for _, _, checked in found) + len(refused),
        "blocked": sum(is_blocking(claim) for claim in claims)
        + sum(bool(too_long(version, asked.locale, sentence.text)) for _, sentence, _ in found),
        "cost_micros": _cost(call),
    }


def _cost(call: ProviderCall) -> int:
    return call.cost_micros if call.cost_micros is not None else call.reserved_micros
