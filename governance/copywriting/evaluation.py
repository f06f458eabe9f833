"""A version is tried on pinned products before it may be used: every text is written and checked, and nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from catalog.models import Product, User
from governance.copywriting import budget, extraction, prompts
from governance.copywriting.checks import is_blocking, is_flagged
from governance.copywriting.facts import SOURCE, Facts, facts_of_all
from governance.copywriting.generate import ask, check, reserve, text_of
from governance.copywriting.providers.base import Answer, Billed, CannotWrite
from governance.models import PromptTemplate, PromptVersion, ProviderCall
from pimhub.foundation.jsonvalue import JSON

MOST = 10  # products, while somebody waits for the page
FLAGGED_AT_MOST = 0.2  # of the texts: with more, the version is not green


def evaluate(*, version: PromptVersion, products: Sequence[Product], locale: str, by: User) -> dict[str, Any]:
    """Write and check a text for each product; the result is kept with the version.

    Raises BadPrompt, also when no more may be spent.

    Green: each answer was usable, no text breaks a blocking rule or a length, at most a fifth is flagged.
    """
    if not 0 < len(products) <= MOST:
        raise prompts.BadPrompt("products", f"Choose 1 to {MOST} products to try it on; these are {len(products)}.")
    how, target = prompts.how_to_read(version, locale), version.template.key(locale)
    found = facts_of_all(
        [p.pk for p in products], how, target=target, source=prompts.source_key(version.template, locale)
    )
    rows = [_tried(version, product, found[product.pk], locale, by) for product in products if product.pk in found]
    written = [row for row in rows if row["text"]]
    flagged = sum(bool(row["flags"]) for row in written)
    result: dict[str, Any] = {
        "at": timezone.now().isoformat(),
        "by": by.display_name,
        "locale": locale,
        "rows": rows,
        "written": len(written),
        "skipped": sum(row["code"] == "facts_missing" for row in rows),
        "failed": sum(bool(row["code"]) and row["code"] != "facts_missing" for row in rows),
        "flagged": flagged,
        "blocked": sum(bool(row["blocked"]) for row in written),
        "cost_micros": sum(int(row["cost_micros"]) for row in rows),
    }
    result["green"] = bool(
        written and not result["failed"] and not result["blocked"] and flagged <= FLAGGED_AT_MOST * len(written)
    )
    PromptVersion.objects.filter(pk=version.pk).update(evaluation=result)
    version.evaluation = result
    return result


def _tried(version: PromptVersion, product: Product, facts: Any, locale: str, by: User) -> dict[str, Any]:
    given = prompts.given_facts(version, facts)
    row: dict[str, Any] = {"product": product.code, "text": "", "code": "", "message": "", "claims": [], "flags": 0}
    row |= {"blocked": 0, "cost_micros": 0}
    if gone := prompts.missing(version, given):
        return row | {"code": "facts_missing", "message": f"It has no {', '.join(gone)}."}
    asked = prompts.asked(version, given, locale=locale, name=product.code)
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
    if version.template.task == PromptTemplate.Task.EXTRACT:
        return row | _values(version, answer, given, locale, call)
    checked = check(version, answer, given, locale)
    claims: list[dict[str, JSON]] = [claim for claim in checked.claims if is_flagged(claim)]
    return row | {
        "text": text_of(answer, version),
        "claims": claims,
        "problems": checked.problems,
        "flags": checked.flags,
        "blocked": sum(is_blocking(claim) for claim in checked.claims)
        + (len(text_of(answer, version)) > prompts.limit_of(version)),
        "cost_micros": call.cost_micros if call.cost_micros is not None else call.reserved_micros,
    }


def _values(version: PromptVersion, answer: Answer, given: Facts, locale: str, call: ProviderCall) -> dict[str, Any]:
    """Of values read out of a text: what could not be proposed is a flag."""
    found, refused = extraction.judged(
        answer.values, text=str(given.values[SOURCE]), locale=locale, scope=None, codes=version.inputs
    )
    claims = [each.claim for each in found if is_flagged(each.claim)]
    return {
        "text": "; ".join(f"{each.key}: {each.told}" for each in found),
        "claims": [dict(claim) for claim in claims],
        "problems": refused,
        "flags": len(claims) + len(refused),
        "cost_micros": call.cost_micros if call.cost_micros is not None else call.reserved_micros,
    }
