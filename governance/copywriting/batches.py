"""Runs by batch: all requests of a run in files that the provider works off within a day, at a lower price.

A batch is sent once and looked at until it has ended; answers are found by their own ids, in whatever order they come.
What a batch does not answer is asked again in the next one. A worker may die anywhere: requests whose batch was not
noted stay booked as they were reserved, and their texts are asked for again.

A run that does not go on is looked after still: what is out of a paused one comes in, and what is out of a cancelled
one is given up, so that only what was answered by then is paid.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance.copywriting import generate, prompts
from governance.copywriting.providers.base import Billed, CannotWrite
from governance.models import AiProvider, CopyBatch, CopyItem, CopyRun, ProviderCall

MOST = 500  # requests of one batch
WINDOW = dt.timedelta(hours=26)  # a day, and what it takes to notice
KEPT = dt.timedelta(days=30)  # so long a provider keeps the answers
PAUSE = dt.timedelta(seconds=20)  # between two looks at one batch
I = CopyItem.State  # noqa: E741


def advance(run: CopyRun) -> None:
    """Look at the batches that are out, and send what waits. Raises CannotWrite when the run cannot go on."""
    look_after(run)
    _send(run)


def out() -> QuerySet[CopyBatch]:
    """Batches that have not ended, as far as we know, and whose answers the provider still has."""
    return CopyBatch.objects.filter(ended_at=None, created_at__gt=timezone.now() - KEPT)


def look_after(run: CopyRun) -> None:
    """Look at the batches that are out, and send nothing. Raises CannotWrite."""
    now = timezone.now()
    for batch in out().filter(run=run).filter(Q(look_at=None) | Q(look_at__lte=now)):
        # Who moves the moment looks; the others find it moved.
        if CopyBatch.objects.filter(pk=batch.pk, look_at=batch.look_at).update(look_at=now + PAUSE):
            _look(run, batch)


def _send(run: CopyRun) -> None:
    lines: list[bytes] = []
    calls: list[ProviderCall] = []
    version, provider = run.version, run.version.provider
    assert provider is not None
    try:
        for item in generate.claimed(run, MOST):
            ready = generate.prepare(item)
            if ready is None:
                continue
            try:
                call = generate.reserve(version, ready, by=run.requested_by, run=run, item=item)
            except CannotWrite as error:
                generate.failed(item, None, Billed(), error)
                continue
            body = generate.preview(version, ready)
            ProviderCall.objects.filter(pk=call.pk).update(request=body)
            calls.append(call)
            lines.append(_line(provider, call, body))
    finally:  # what is claimed and booked already goes out, though the budget ended in the midst
        if lines:
            _submit(run, provider, calls, b"\n".join(lines))


def _line(provider: AiProvider, call: ProviderCall, body: str) -> bytes:
    url = "/v1/responses" if provider.api == AiProvider.Api.RESPONSES else "/v1/chat/completions"
    return orjson.dumps({"custom_id": str(call.pk), "method": "POST", "url": url, "body": orjson.loads(body)})


def _submit(run: CopyRun, provider: AiProvider, calls: list[ProviderCall], content: bytes) -> None:
    from governance.copywriting.providers import openai_batches

    ids = [call.pk for call in calls]
    try:
        remote = openai_batches.submit(provider, content)
    except CannotWrite as error:
        for call in ProviderCall.objects.filter(pk__in=ids).select_related("item__run__version__provider"):
            if call.item is not None:
                generate.failed(call.item, call, Billed(is_known=error.code != "timeout"), error)
        return
    batch = CopyBatch.objects.create(run=run, remote_id=remote)
    ProviderCall.objects.filter(pk__in=ids).update(batch=batch)
    held = CopyItem.objects.filter(calls__in=ids, state=I.CALLING)
    CopyItem.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(leased_until=timezone.now() + WINDOW)


def _look(run: CopyRun, batch: CopyBatch) -> None:
    from governance.copywriting.providers import openai_batches

    provider = run.version.provider
    assert provider is not None
    given_up = run.state == CopyRun.State.CANCELLED
    found = openai_batches.look(provider, batch.remote_id, give_up=given_up)
    if not found.has_ended:
        CopyBatch.objects.filter(pk=batch.pk).update(told=found.told)
        return
    for call in batch.calls.filter(outcome="sent").select_related("item"):
        line = found.answers.get(str(call.pk))
        if given_up:
            _let_go(call, line)
        else:
            _settle(run, provider, call, line)
    CopyBatch.objects.filter(pk=batch.pk).update(told=found.told, ended_at=timezone.now())


def _let_go(call: ProviderCall, line: dict[str, Any] | None) -> None:
    """Book what a call of a cancelled run cost; no text comes of it."""
    from governance.copywriting.providers import openai_batches

    billed = Billed(request=call.request)
    openai_batches.cost_only(line, billed)
    generate.settle(call, billed, "cancelled")
    if call.item_id is not None:
        CopyItem.objects.filter(pk=call.item_id, state=I.CALLING).update(state=I.WAITING, leased_until=None)


def _settle(run: CopyRun, provider: AiProvider, call: ProviderCall, line: dict[str, Any] | None) -> None:
    """Book one answer and keep its text; the item may have gone on without it."""
    from governance.copywriting.providers import openai_batches

    billed = Billed(request=call.request)
    item = _item(call)
    if item is None or item.state != I.CALLING:
        billed.is_known = line is None
        generate.settle(call, billed, "lost")
        return
    ready = generate.prepare(item)
    if ready is None:
        generate.settle(call, billed, "not_needed")
        return
    try:
        answer = openai_batches.answer(provider, line, billed, ready)
        if generate.preview(run.version, ready) != call.request:
            raise CannotWrite("facts_changed", "Facts changed while the batch was out.", again=True)
    except CannotWrite as error:
        generate.failed(item, call, billed, error)
        return
    generate.keep(item, call, billed, ready, answer, prompts.target_of(run.version, run.locale))


def _item(call: ProviderCall) -> CopyItem | None:
    rows = CopyItem.objects.select_related(
        "product", "run__version__template__attribute", "run__version__provider", "run__requested_by"
    )
    return rows.filter(pk=call.item_id).first() if call.item_id else None
