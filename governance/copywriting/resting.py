"""Which facts a text rests on, each with the values as which it holds.

A draft rests on what its writer cited and what proves its claims, as they were then. An edited text rests on what it
says now. Somebody may say that a stale text holds still: then it holds with the new values, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog import events
from catalog.access.reach import sight
from catalog.models import User
from governance.copywriting.brands import brands
from governance.copywriting.checks import checked
from governance.copywriting.claims.judge import Verdict
from governance.copywriting.claims.words import sentences
from governance.copywriting.facts import Facts
from governance.copywriting.prompts import READS, points_of
from governance.copywriting.rulebook import rulebook
from governance.models import Draft, TextOrigin
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

Rests = dict[str, list[JSON]]  # {fact: its values with which the text holds, the last one last}
ALIKE = 0.6  # how alike a sentence is to the one that was written, at least, to rest on the facts it cited


CHANGE = "catalog.change_product"


class CannotConfirm(Exception):
    """Nobody can say that the text holds still: it is not stale, not theirs to edit, or no reason is given."""


def as_written(draft: Draft) -> Rests:
    return {code: [draft.facts.get(code)] for code in draft.used}


def as_edited(draft: Draft, text: str, before: Mapping[str, list[JSON]], facts: Facts) -> Rests:
    """Of a text that somebody edited. What the facts of now prove, it rests on as they are now; of what its sentences
    cite, or of what it gets wrong, it keeps the values `before`: an edit says nothing of those."""
    if draft.version.template.task in READS:
        return dict(before)
    found = checked(
        text,
        locale=draft.locale,
        facts=facts,
        rules=rulebook(draft.version, draft.locale).rules,
        lists=brands(),
        points=points_of(draft.version),
    )
    proved = set(found.used)
    wrong = {str(claim["fact"]) for claim in found.claims if claim["verdict"] == Verdict.CONTRADICTED} & before.keys()
    cited = {code for start, end in bounds(text, draft) for code in cited_by(text[start:end], draft)}
    kept = (cited | wrong) - proved
    return {code: [facts.values.get(code)] for code in sorted(proved)} | {
        code: before.get(code) or [draft.facts.get(code)] for code in sorted(kept)
    }


def stale_by(rests: Mapping[str, list[JSON]], now: Mapping[str, JSON]) -> dict[str, list[Any]]:
    """{fact: [as the text says it, as it is]} of those that are otherwise now."""
    return {code: [held[-1], now.get(code)] for code, held in rests.items() if now.get(code) not in held}


def confirm(origin: TextOrigin, *, by: User, why: str) -> TextOrigin:
    """A stale text holds all the same: with the facts of now it is as right as it was. Raises CannotConfirm.

    Kept in the audit; what was held back for it is looked at again.
    """
    if not why.strip():
        raise CannotConfirm("Say why the text is still right.")
    with transaction.atomic():
        row = TextOrigin.objects.select_for_update(of=("self",)).select_related("product", "draft").get(pk=origin.pk)
        if not row.is_current or not row.stale:
            raise CannotConfirm("This text is not stale any more.")
        if not sight(CHANGE, user=by).shows(row.product_id, row.key):
            raise CannotConfirm("This text is not yours to edit.")
        if not all(sight(user=by).shows(row.product_id, row.draft.fact_keys.get(code, code)) for code in row.stale):
            raise CannotConfirm("It rests on facts that you do not see: somebody else has to say so.")
        for code, (_, now) in row.stale.items():
            row.rests[code] = [*row.rests.get(code, []), now]
        facts = sorted(row.stale)
        row.stale, row.stale_since = {}, None
        row.confirmed_by, row.confirmed_at, row.confirmed_why = by, timezone.now(), why.strip()[:500]
        row.save()
        audit.record(
            "text.confirmed", f"product:{row.product.code}", by=by.pk, sku=row.sku, key=row.key, facts=facts, why=why
        )
        events.append(type="text.confirmed", product=row.product, data={"sku": row.sku, "key": row.key})
    return row


def bounds(text: str, draft: Draft) -> Iterator[tuple[int, int]]:
    """Where the sentences of a text lie: those that were written as they are, what was edited by its full stops."""
    at = 0
    for each in draft.sentences:
        start = text.find(str(each["text"]), at)
        if start >= 0 and each["text"]:
            yield from ((at + a, at + b) for a, b in sentences(text[at:start]))
            at = start + len(each["text"])
            yield start, at
    yield from ((at + a, at + b) for a, b in sentences(text[at:]))


def cited_by(sentence: str, draft: Draft) -> list[str]:
    """The facts that were cited for the sentence this one was made from; none where it is a new one."""
    scored = [(SequenceMatcher(None, sentence, str(each["text"])).ratio(), each["facts"]) for each in draft.sentences]
    ratio, codes = max(scored, key=lambda pair: pair[0], default=(0.0, ()))
    return [str(code) for code in codes] if ratio >= ALIKE else []
