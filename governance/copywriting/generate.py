"""One text: facts, preconditions, the call, the checks, and a proposal that carries the draft. Killable at any line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import Attribute, ChangeSet, Product, User
from governance import proposals
from governance.copywriting import budget, classification, extraction, pace, prompts
from governance.copywriting.brands import brands
from governance.copywriting.checks import Checked, checked, is_flagged
from governance.copywriting.facts import SOURCE, Facts, facts_now
from governance.copywriting.lengths import too_long
from governance.copywriting.pictures import Picture
from governance.copywriting.providers import offline
from governance.copywriting.providers.base import Answer, Billed, CannotWrite, Sentence
from governance.copywriting.rulebook import Rulebook, rulebook
from governance.models import CopyItem, CopyRun, Draft, PromptTemplate, PromptVersion, Proposal, ProviderCall
from governance.proposed_parts import alt_key
from pimhub.foundation.jsonvalue import JSON

S, T = CopyItem.State, PromptTemplate.Task
TRIES = 3
AI = "ai"  # source of a proposal


def claim(item_id: int) -> CopyItem | None:
    """Take one waiting text; None when another worker has it, or it is not due."""
    now = timezone.now()
    with transaction.atomic():
        item = CopyItem.objects.select_for_update(of=("self",)).filter(pk=item_id, state=S.WAITING).first()
        if item is None or (item.due_at and item.due_at > now):
            return None
        version = item.run.version
        seconds = (version.provider.timeout if version.provider else 30) + 60
        item.state, item.leased_until, item.tries = S.CALLING, now + dt.timedelta(seconds=seconds), item.tries + 1
        item.save(update_fields=["state", "leased_until", "tries"])
    return item


def write_item(item: CopyItem) -> None:
    """Write the text of a claimed item. Raises CannotWrite with `ends` when the run cannot go on."""
    run = item.run
    asked = prepare(item)
    if asked is None:
        return None
    billed, call = Billed(), None
    try:
        call = reserve(run.version, asked, by=run.requested_by, run=run, item=item)
        answer = ask(run.version, asked, billed)
    except CannotWrite as error:
        return failed(item, call, billed, error)
    return keep(item, call, billed, asked, answer, prompts.target_of(run.version, run.locale))


def claimed(run: CopyRun, most: int) -> Iterator[CopyItem]:
    """Due texts of a run that no other worker has, each claimed when it is come to."""
    due = run.items.filter(state=S.WAITING).filter(Q(due_at=None) | Q(due_at__lte=timezone.now()))
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:most]):
        if item := claim(pk):
            yield CopyItem.objects.select_related(
                "product", "run__version__template__attribute", "run__version__provider", "run__requested_by"
            ).get(pk=item.pk)


def prepare(item: CopyItem) -> prompts.Asked | None:
    """The request for a claimed item; None where nothing is to be asked, which ends it."""
    run = item.run
    version, product = run.version, item.product
    how = prompts.how_to_read(version, run.locale)
    target = prompts.target_of(version, run.locale)
    known = facts_now(product, how, target=target, source=prompts.source_key(version.template, run.locale))
    facts = prompts.given_facts(version, known).within(product.pk, run.requested_by)
    if lacking := prompts.missing(version, facts):
        names = [how.attributes[c].label() if c in how.attributes else c for c in lacking]
        _end(item, S.SKIPPED, "facts_missing", f"It has no {', '.join(names)}.")
        return None
    if _is_written(product, version, target, facts):
        _end(item, S.SKIPPED, "same_facts", "A draft of this version from the same facts waits already.")
        return None
    asked = prompts.asked(version, facts, locale=run.locale, name=product.code, product=product)
    if nothing := prompts.nothing_to_do(version, asked):
        _end(item, S.SKIPPED, *nothing)
        return None
    return asked


def ask(version: PromptVersion, asked: prompts.Asked, billed: Billed) -> Answer:
    """The answer of the version's writer. Raises CannotWrite."""
    if version.provider is None:
        labels = {a.code: a.label(asked.locale) for a in Attribute.objects.filter(code__in=asked.facts.values)}
        return offline.write(asked, billed, labels=labels)
    from governance.copywriting.providers import openai_api  # its SDK's hundreds of types would slow every start

    return openai_api.write(version.provider, asked, billed)


def preview(version: PromptVersion, asked: prompts.Asked) -> str:
    """The whole request, byte for byte as it would be sent."""
    if version.provider is None:
        return offline.preview(asked)
    from governance.copywriting.providers import openai_api

    return openai_api.preview(version.provider, asked)


def settle(call: ProviderCall, billed: Billed, outcome: str) -> None:
    budget.settle(call, billed, outcome)


def text_of(answer: Answer, version: PromptVersion) -> str:
    apart = "\n" if version.template.task == PromptTemplate.Task.BULLETS else " "
    return apart.join(sentence.text for sentence in answer.sentences)


def check(version: PromptVersion, answer: Answer, facts: Facts, locale: str, book: Rulebook | None = None) -> Checked:
    book = book or rulebook(version, locale)
    text = text_of(answer, version)
    found = checked(
        text,
        locale=locale,
        facts=facts,
        sentences=answer.sentences,
        rules=book.rules,
        lists=brands(),
        points=prompts.points_of(version),
    )
    return replace(found, problems=[*too_long(version, locale, text), *found.problems])


def reserve(
    version: PromptVersion, asked: prompts.Asked, *, by: User | None, run: CopyRun | None, item: CopyItem | None
) -> ProviderCall:
    """Book the call of a version before it is made. Raises CannotWrite that ends the run when it may not be made."""
    if version.provider is None:
        return ProviderCall.objects.create(item=item, run=run, provider="offline", model=offline.MODEL, asked_by=by)
    if version.provider.is_paused:
        raise CannotWrite("paused", f"{version.provider} is paused: {version.provider.problem}", ends=True)
    try:
        return budget.reserve(
            run=run,
            item=item,
            by=by,
            provider=version.provider,
            model=version.model,
            request_bytes=len(preview(version, asked).encode()),
            output_tokens=int(str(asked.parameters["max_output_tokens"])),
        )
    except (budget.OverBudget, budget.NoPrice) as error:
        raise CannotWrite("budget", str(error), again=True, ends=True) from error


def _is_written(product: Product, version: PromptVersion, target: str, facts: Facts) -> bool:
    same = Draft.objects.filter(version=version, facts_hash=facts.hash, proposal__product=product)
    if version.template.task not in (*prompts.READS, T.ALT):
        same = same.filter(proposal__key=target)
    return same.filter(proposal__state=Proposal.State.OPEN).exists()


def failed(item: CopyItem, call: ProviderCall | None, billed: Billed, error: CannotWrite) -> None:
    if call is not None:
        budget.settle(call, billed, error.code)
    if error.code == "rate_limit" and item.run.version.provider is not None:
        pace.refused(item.run.version.provider, error.wait)
    if error.ends:
        _again(item, error, at_once=True)
        raise error
    if error.again and item.tries < TRIES:
        return _again(item, error)
    return _end(item, S.FAILED, error.code, str(error))


def _again(item: CopyItem, error: CannotWrite, *, at_once: bool = False) -> None:
    wait = 0 if at_once else max(error.wait, 2.0**item.tries)
    CopyItem.objects.filter(pk=item.pk, state=S.CALLING, tries=item.tries).update(
        state=S.WAITING,
        due_at=timezone.now() + dt.timedelta(seconds=wait),
        leased_until=None,
        code=error.code,
        message=str(error)[:500],
        tries=item.tries - 1 if at_once else item.tries,
    )


def _end(item: CopyItem, state: str, code: str, message: str) -> None:
    CopyItem.objects.filter(pk=item.pk, state=S.CALLING, tries=item.tries).update(
        state=state, code=code, message=message[:500], leased_until=None
    )


def keep(
    item: CopyItem, call: ProviderCall | None, billed: Billed, asked: prompts.Asked, answer: Answer, target: str
) -> None:
    """Book the cost, check, and propose the text; a worker that lost its claim only books."""
    run, facts = item.run, asked.facts
    if call is not None:
        budget.settle(call, billed, "written")
    if run.version.provider is not None:
        pace.answered(run.version.provider, billed)
    if run.version.template.task in prompts.READS:
        return _keep_values(item, call, asked, answer)
    if run.version.template.task == T.ALT:
        return _keep_pictures(item, call, asked, answer)
    book = rulebook(run.version, run.locale)
    found = check(run.version, answer, facts, run.locale, book)
    with transaction.atomic():
        held = CopyItem.objects.select_for_update().filter(pk=item.pk, state=S.CALLING, tries=item.tries).first()
        if held is None:
            return None
        text = text_of(answer, run.version)
        value = prompts.value_of(run.version.template, text)
        reason = f"{run.version.template}, version {run.version.number}"
        with acting(user=run.requested_by, source=ChangeSet.Source.SYSTEM, reason=reason):
            try:
                with transaction.atomic():
                    made = proposals.propose(
                        product=item.product, wanted={"": {target: value}}, reason=reason, overlong=True
                    )
            except proposals.CannotPropose as error:
                return _end(item, S.FAILED, "refused", str(error))
        if not made:
            return _end(item, S.SKIPPED, "same_text", "That is what it says already.")
        Proposal.objects.filter(pk=made[0].pk).update(source=AI)
        Draft.objects.create(
            proposal=made[0],
            item=item,
            version=run.version,
            call=call,
            locale=run.locale,
            text=text,
            sentences=[asdict(sentence) for sentence in answer.sentences],
            facts=dict(facts.values),
            fact_keys=dict(facts.keys),
            facts_hash=facts.hash,
            used=found.used,
            claims=[*found.claims, *({"problem": problem} for problem in found.problems)],
            flags=found.flags,
            judged_by=list(book.packs),
        )
        return _end(item, S.DONE, "", "")


def read_out(version: PromptVersion, asked: prompts.Asked, answer: Answer) -> tuple[list[extraction.Found], list[str]]:
    """What was read out of a text, as values or categories, and why some of it cannot be proposed."""
    text, scope = str(asked.facts.values[SOURCE]), version.template.scope
    if version.template.task == T.CLASSIFY:
        return classification.judged(answer.values, text=text, offered=[dict(each) for each in asked.categories])
    return extraction.judged(
        answer.values,
        text=text,
        locale=asked.locale,
        scope=scope.code if scope else None,
        codes=version.inputs,
    )


def described(
    version: PromptVersion, asked: prompts.Asked, answer: Answer, book: Rulebook
) -> tuple[list[tuple[Picture, Sentence, Checked]], list[str]]:
    """The text of each picture with what was found in it, and why others cannot be proposed."""
    shown = {each.number: each for each in asked.pictures}
    found: dict[str, tuple[Picture, Sentence, Checked]] = {}
    refused = []
    for sentence in answer.sentences:
        picture = shown.get(sentence.picture)
        if picture is None:
            refused.append(f"“{sentence.picture[:20]}” is none of its pictures.")
        elif sentence.picture in found:
            refused.append(f"Picture {sentence.picture} is said to show two things.")
        else:
            one = Answer((sentence,))
            found[sentence.picture] = picture, sentence, check(version, one, asked.facts, asked.locale, book)
    return list(found.values()), refused


def _keep_pictures(item: CopyItem, call: ProviderCall | None, asked: prompts.Asked, answer: Answer) -> None:
    """Propose the text of each picture; none is a value before somebody took it."""
    run = item.run
    book = rulebook(run.version, run.locale)
    found, refused = described(run.version, asked, answer, book)
    parts = [
        _Part(
            key=alt_key(run.locale, picture.identity),
            value=sentence.text,
            name=f"Picture {picture.number}",
            draft={
                "text": sentence.text,
                "sentences": [asdict(sentence)],
                "used": judged.used,
                "claims": [*judged.claims, *({"problem": problem} for problem in judged.problems)],
                "flags": judged.flags,
                "judged_by": list(book.packs),
            },
        )
        for picture, sentence, judged in found
    ]
    _keep_parts(item, call, asked.facts, parts, refused, same=("same_text", "That is what they say already."))


def _keep_values(item: CopyItem, call: ProviderCall | None, asked: prompts.Asked, answer: Answer) -> None:
    """Propose each value that the text states; what cannot be is told with the item."""
    found, refused = read_out(item.run.version, asked, answer)
    parts = [
        _Part(
            key=each.key,
            value=each.value,
            name=each.key,
            draft={
                "text": each.told,
                "used": [SOURCE],
                "claims": [dict(each.claim)],
                "flags": int(is_flagged(each.claim)),
            },
        )
        for each in found
    ]
    _keep_parts(item, call, asked.facts, parts, refused, same=("same_values", "It says all of that already."))


@dataclass(frozen=True, slots=True)
class _Part:
    """One of several proposals that an answer comes to, and what its draft says beside facts and run."""

    key: str
    value: JSON
    name: str  # for the person who reads why it was refused
    draft: Mapping[str, Any]


def _keep_parts(
    item: CopyItem,
    call: ProviderCall | None,
    facts: Facts,
    parts: Sequence[_Part],
    refused: Sequence[str],
    *,
    same: tuple[str, str],
) -> None:
    """Propose each part by itself: one that cannot be proposed does not keep the others."""
    run, told = item.run, list(refused)
    reason = f"{run.version.template}, version {run.version.number}"
    made = 0
    with transaction.atomic():
        held = CopyItem.objects.select_for_update().filter(pk=item.pk, state=S.CALLING, tries=item.tries).first()
        if held is None:
            return None
        for part in parts:
            try:
                with (
                    acting(user=run.requested_by, source=ChangeSet.Source.SYSTEM, reason=reason),
                    transaction.atomic(),
                ):
                    rows = proposals.propose(product=item.product, wanted={"": {part.key: part.value}}, reason=reason)
            except proposals.CannotPropose as error:
                told.append(f"{part.name}: {error}")
                continue
            for row in rows:
                Proposal.objects.filter(pk=row.pk).update(source=AI)
                Draft.objects.create(
                    proposal=row,
                    item=item,
                    version=run.version,
                    call=call,
                    locale=run.locale,
                    facts=dict(facts.values),
                    fact_keys=dict(facts.keys),
                    facts_hash=facts.hash,
                    **part.draft,
                )
                made += 1
        words = " ".join(told)
        if made:
            return _end(item, S.DONE, "some_refused" if told else "", words)
        if told:
            return _end(item, S.FAILED, "refused", words)
        return _end(item, S.SKIPPED, *same)
