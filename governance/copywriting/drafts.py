"""Drafts on their way into the working copy: taken only while their facts hold, with their origin noted."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.models import Attribute
from catalog.products.changes import ChangeError
from governance.copywriting import prompts
from governance.copywriting.brands import brands
from governance.copywriting.checks import Checked, checked, is_blocking, is_flagged
from governance.copywriting.claims.judge import Verdict
from governance.copywriting.extraction import parsed
from governance.copywriting.facts import Facts, facts_now
from governance.copywriting.lengths import too_long
from governance.copywriting.origins import kind_of, note, plain
from governance.copywriting.provenance import within
from governance.copywriting.resting import as_edited, as_written, stale_by
from governance.copywriting.rulebook import Rulebook, rulebook
from governance.models import Draft, Proposal, SeededDraft, TextOrigin
from governance.proposed_parts import is_proposable
from pimhub.foundation.jsonvalue import JSON


class CannotDecide(Exception):
    """The proposal cannot be taken or turned down. `errors` where the write door refused."""

    def __init__(self, code: str, message: str, status: int, errors: list[ChangeError] | None = None) -> None:
        super().__init__(message)
        self.code, self.status, self.errors = code, status, errors or []


def facts_for(draft: Draft) -> Facts:
    """The facts as they are now, read as they were for the draft."""
    version = draft.version
    found = facts_now(
        draft.proposal.product,
        prompts.how_to_read(version, draft.locale),
        target=version.template.key(draft.locale),
        source=prompts.source_key(version.template, draft.locale),
    )
    return prompts.given_facts(version, found)


def _is_seed(draft: Draft, value: JSON) -> bool:
    """Whether somebody sends the text of a seed for the true draft."""
    if not isinstance(value, str):
        return False
    words = plain(value).split()
    return any(words == text.split() for text in SeededDraft.objects.filter(draft=draft).values_list("text", flat=True))


def reads_values(draft: Draft) -> bool:
    """Whether it is a value read out of a text, not a text."""
    return draft.version.template.task in prompts.READS


def value_typed(draft: Draft, typed: str) -> JSON:
    """The value that somebody made of a draft. Raises CannotDecide for one that cannot be."""
    if not reads_values(draft):
        return prompts.value_of(draft.version.template, typed)
    if is_proposable(draft.proposal.key):
        raise CannotDecide("bad_value", "Take the category or turn it down; others are chosen at the product.", 422)
    attribute = Attribute.objects.get(code=ValueKey.parse(draft.proposal.key).attribute)
    try:
        return parsed(attribute, typed)
    except ValueProblem as problem:
        raise CannotDecide("bad_value", str(problem), 422) from problem


def check_take(row: Proposal, value: JSON, *, comment: str) -> Draft | None:
    """The draft of a proposal, if it has one. Raises CannotDecide when its facts changed since it was written (409),
    or the text breaks a rule that blocks; one that says what no fact says needs a comment."""
    draft = (
        Draft.objects.filter(proposal=row)
        .select_related("version__template__attribute", "version__template__scope", "proposal__product")
        .first()
    )
    if draft is None:
        return None
    if value in (None, [], {}) or (isinstance(value, str) and not plain(value).strip()):
        raise CannotDecide("empty", "Nothing is left of it. Write something, or turn the draft down.", 422)
    if _is_seed(draft, value):
        raise CannotDecide("seed", "This text holds a known error, put there to check. Nothing was written.", 409)
    facts = facts_for(draft)
    if stale := stale_by(as_written(draft), facts.values):
        known = within(draft, row.product_id, stale)
        told = "; ".join(f"{code}: {was!r} is {now!r} now" for code, (was, now) in known.items())
        said = f"Facts changed since this was written{': ' if told else ''}{told}. Have it written anew."
        raise CannotDecide("stale", said, 409)
    if reads_values(draft):
        if any(is_flagged(claim) for claim in draft.claims) and not comment.strip():
            raise CannotDecide("unsupported", f"“{draft.text}” is not what its quote says. Say how you know.", 422)
        return draft
    book = rulebook(draft.version, draft.locale)
    found = recheck(draft, str(value), facts, book)
    draft.taken_by = list(book.packs)
    if blocking := [claim for claim in found.claims if is_blocking(claim)]:
        said = "; ".join(_told(claim) for claim in blocking[:3])
        raise CannotDecide("blocked", f"It cannot be taken as it is. {said}", 422)
    wrong = [claim for claim in found.claims if claim["verdict"] == Verdict.CONTRADICTED]
    if wrong and not comment.strip():
        said = ", ".join(f"“{claim['text']}” (fact {claim['fact']})" for claim in wrong[:3])
        raise CannotDecide("contradicted", f"It contradicts facts: {said}. Edit it, or say why it is right.", 422)
    if (long := too_long(draft.version, draft.locale, plain(str(value)))) and not comment.strip():
        raise CannotDecide("too_long", f"{' '.join(long)} Shorten it, or say why it may be that long.", 422)
    loose = [claim for claim in found.claims if is_flagged(claim)]
    if loose and not comment.strip():
        said = ", ".join(f"“{claim['text']}”" if claim["text"] else str(claim["message"]) for claim in loose[:3])
        raise CannotDecide("unsupported", f"No fact says {said}. Edit it, or say how you know.", 422)
    return draft


def _told(claim: Mapping[str, JSON]) -> str:
    """A breach in words; a text that lacks something has no place to name."""
    return f"“{claim['text']}”: {claim['message']}" if claim["text"] else str(claim["message"])


def recheck(draft: Draft, text: str, facts: Facts, book: Rulebook | None = None) -> Checked:
    """The checks of a text that somebody may have edited, by the rules of now."""
    version, text = draft.version, plain(text)
    found = checked(
        text,
        locale=draft.locale,
        facts=facts,
        rules=(book or rulebook(version, draft.locale)).rules,
        lists=brands(),
        points=prompts.points_of(version),
    )
    return replace(found, problems=[*too_long(version, draft.locale, text), *found.problems])


def taken(draft: Draft | None, row: Proposal, value: JSON) -> None:
    """The text was written into the working copy: note where it comes from, and how much of it was changed."""
    if draft is None:
        return
    text = draft.text if reads_values(draft) and value == row.value else plain(str(value))
    draft.edited_characters, draft.edited_words = distance(draft.text, text), distance(draft.text.split(), text.split())
    draft.save(update_fields=["edited_characters", "edited_words", "taken_by"])
    if kind := kind_of(draft, text):
        rests = as_written(draft)
        if kind == TextOrigin.Kind.EDITED:
            rests = as_edited(draft, text, rests, facts_for(draft))
        note(product=row.product, sku=row.sku, key=row.key, value=value, draft=draft, kind=kind, rests=rests)


def distance(one: Any, other: Any) -> int:
    """How many characters, or words, were put in, taken out or replaced."""
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return sum(max(i2 - i1, j2 - j1) for op, i1, i2, j1, j2 in matcher.get_opcodes() if op != "equal")
