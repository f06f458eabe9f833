"""Seeds: now and then a reviewer sees a draft with one known error in it first. Whether it is caught is counted.

A seed is shown where its draft is, decided there, and told at once. It is no proposal: nothing can write it, and the
true draft waits behind it. Its text is refused for the true draft as well, in case an old page sends it.
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass

import yaml
from django.db.models import Count, Q
from django.utils import timezone

from catalog.models import User
from governance.copywriting.claims.rules import HERE
from governance.copywriting.drafts import facts_for, reads_values, recheck
from governance.models import Draft, PromptTemplate, Proposal, SeededDraft, SeedPolicy
from pimhub.foundation import audit

MOST = 20  # percent
ENOUGH, LEAST = 20, 0.8  # of so many seeds, so large a part must be caught, or nothing is passed in batches
PACK, RULE = "eu_green_claims", "generic_environmental"
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?(?![\w.,]*\d)")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing changed for the worse."""

    kind: str
    before: str
    after: str
    text: str


def percent() -> int:
    row = SeedPolicy.objects.first()
    return row.percent if row else 0


def set_percent(value: int, *, by: User) -> None:
    """Raises ValueError for a share that would make reviewing a guessing game."""
    if not 0 <= value <= MOST:
        raise ValueError(f"Seed 0 to {MOST} percent of the drafts, not {value}.")
    SeedPolicy.objects.update_or_create(pk=1, defaults={"percent": value, "set_by": by})
    audit.record("seeds.set", "copy_seeds", by=by.pk, percent=value)


def waiting(draft: Draft, user: User) -> SeededDraft | None:
    """The seed that this reviewer has to decide before the draft."""
    return SeededDraft.objects.filter(draft=draft, reviewer=user, caught=None).first()


def offer(draft: Draft, user: User) -> SeededDraft | None:
    """The seed to be shown in place of a draft, if this draft is one of the share; the same one until it is decided."""
    if found := SeededDraft.objects.filter(draft=draft, reviewer=user).first():
        return found if found.caught is None else None
    if draft.proposal.state != Proposal.State.OPEN or reads_values(draft) or not _is_drawn(draft, user):
        return None
    change = worsened(draft)
    if change is None:
        return None
    checked = recheck(draft, change.text, facts_for(draft))
    row, _ = SeededDraft.objects.get_or_create(
        draft=draft,
        reviewer=user,
        defaults={
            "text": change.text,
            "kind": change.kind,
            "before": change.before[:500],
            "after": change.after[:500],
            "claims": [*checked.claims, *({"problem": problem} for problem in checked.problems)],
            "flags": checked.flags,
        },
    )
    return row if row.caught is None else None


def _is_drawn(draft: Draft, user: User) -> bool:
    """Drawn by the draft and the person, so that reloading the page changes nothing."""
    drawn = int.from_bytes(hashlib.sha256(f"seed {draft.pk} {user.pk}".encode()).digest()[:4], "big")
    return drawn % 100 < percent()


def worsened(draft: Draft) -> Change | None:
    """The text with a number changed or a claim added that nothing proves."""
    dice = random.Random(draft.pk)  # noqa: S311 # the same for every reviewer
    told = [c for c in draft.claims if c.get("kind") == "number" and c.get("verdict") == "supported"]
    places = [m for c in told if (m := _NUMBER.search(draft.text, c["start"], c["end"]))]
    if places:
        found = dice.choice(places)
        after = _other_number(found[0], dice)
        return Change("number", found[0], after, draft.text[: found.start()] + after + draft.text[found.end() :])
    rules = yaml.safe_load((HERE / f"{PACK}.yaml").read_text(encoding="utf-8"))["rules"]
    terms = next(rule["terms"] for rule in rules if rule["code"] == RULE)
    words = [word for word in terms.get(draft.locale.split("_")[0], terms["en"]) if "*" not in word] or terms["en"]
    after = dice.choice(words).capitalize() + "."
    apart = "\n" if draft.version.template.task == PromptTemplate.Task.BULLETS else " "
    return Change("claim", "", after, f"{draft.text}{apart}{after}")


def _other_number(text: str, dice: random.Random) -> str:
    """Another number of as many digits, written alike: a slip that one reads over."""
    at = dice.choice([i for i, c in enumerate(text) if c.isdigit()])
    digit = dice.choice([d for d in ("123456789" if at == 0 else "0123456789") if d != text[at]])
    return text[:at] + digit + text[at + 1 :]


def decide(seed: SeededDraft, *, accepted: bool, typed: str) -> bool:
    """Note whether the error was caught: turned down, or gone from what the reviewer would have taken."""
    caught = not accepted or _mended(seed, typed)
    SeededDraft.objects.filter(pk=seed.pk, caught=None).update(caught=caught, decided_at=timezone.now())
    seed.caught = caught
    return caught


def _mended(seed: SeededDraft, typed: str) -> bool:
    return " ".join(typed.split()) != " ".join(seed.text.split()) and typed.count(seed.after) < seed.text.count(
        seed.after
    )


def told(seed: SeededDraft) -> str:
    """What was wrong with it."""
    what = f"“{seed.after}” instead of “{seed.before}”" if seed.before else f"“{seed.after}”, which nothing proves"
    return (
        f"This draft held a known error, put there to check: {what}. Nothing was written; the true draft is here now."
    )


def caught_by(user: User) -> tuple[int, int]:
    """How many seeds a person decided, and how many of them they caught."""
    found = SeededDraft.objects.filter(reviewer=user, caught__isnull=False).aggregate(
        decided=Count("pk"), caught=Count("pk", filter=Q(caught=True))
    )
    return found["decided"], found["caught"]


def may_batch(user: User) -> bool:
    """Whether somebody's eye is trusted with many products at once."""
    decided, caught = caught_by(user)
    return decided < ENOUGH or caught >= LEAST * decided
