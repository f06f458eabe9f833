"""Runs by batch, through the vendor's SDK: answers in any order, missing ones, an expired batch, an error file."""

from __future__ import annotations

import pytest

from channels.sandbox.openai.batches import EXPIRED, MISSING
from channels.sandbox.openai.endpoint import HONEST
from governance.copywriting import budget, runs
from governance.models import AiProvider, CopyBatch, CopyItem, CopyRun, Draft, ProviderCall
from tests.governance.copywriting.conftest import Desk


def batched(desk: Desk, model: str, api: str = "responses", count: int = 6, budget: int = 10**9) -> CopyRun:
    if model != HONEST:
        desk.price(model, api)
    AiProvider.objects.filter(pk=desk.provider(api).pk).update(takes_batches=True)
    desk.providers[api] = AiProvider.objects.get(code=f"sandbox_{api}")
    mara = desk.world.people["mara"]
    ids = [desk.product(f"p{number}", fabric=f"Cloth {number}").pk for number in range(count)]
    run = runs.plan(version=desk.version(model, api), locale="en_US", ids=ids, by=mara)
    runs.start(run, by=mara, budget_micros=budget, by_batch=True)
    return run


def turn(run: CopyRun, rounds: int = 1) -> None:
    """What the sweep does, without its pauses."""
    for _ in range(rounds):
        CopyBatch.objects.update(look_at=None)
        CopyItem.objects.filter(run=run).update(due_at=None)
        runs.advance(run.pk)
    run.refresh_from_db()


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_a_batch_is_sent_looked_at_and_its_answers_are_found_by_their_ids(models: Desk, api: str) -> None:
    run = batched(models, HONEST, api)
    turn(run)
    assert (run.state, CopyBatch.objects.count(), Draft.objects.count()) == ("running", 1, 0)
    turn(run, 3)
    assert (run.state, CopyBatch.objects.get().told, Draft.objects.count()) == ("done", "completed", 6)
    for draft in Draft.objects.select_related("proposal__product"):
        assert f"Cloth {draft.proposal.product.code[1:]}" in draft.text
        assert draft.claims
        assert not draft.flags
    calls = ProviderCall.objects.all()
    assert {(call.outcome, call.cost_micros) for call in calls} == {("written", 200)}  # 400 tokens at half the price
    assert all(call.request_id for call in calls)
    assert models.sandbox is not None
    assert {entry["body"] for entry in models.sandbox.sandbox.writer.journal}


@pytest.mark.parametrize("model", [MISSING, EXPIRED])
def test_what_a_batch_does_not_answer_is_asked_again_and_costs_nothing(models: Desk, model: str) -> None:
    run = batched(models, model, count=4)
    turn(run, 4)
    answered = {MISSING: 3, EXPIRED: 2}[model]
    assert Draft.objects.count() == answered
    gone = ProviderCall.objects.filter(outcome="not_answered")
    assert (gone.count(), set(gone.values_list("cost_micros", flat=True))) == (4 - answered, {0})
    turn(run, 14)
    assert run.state == "done"
    assert CopyBatch.objects.count() > 1
    assert Draft.objects.values("proposal__product").distinct().count() == Draft.objects.count()


def test_an_error_file_fails_its_items_and_no_others(models: Desk) -> None:
    run = batched(models, "sandbox-400", count=2)
    turn(run, 4)
    assert run.state == "done"
    assert set(run.items.values_list("state", "code")) == {("failed", "bad_request")}
    assert set(ProviderCall.objects.values_list("outcome", "cost_micros")) == {("bad_request", 0)}


def test_facts_that_change_while_a_batch_is_out_are_asked_for_again(models: Desk) -> None:
    run = batched(models, HONEST, count=2)
    turn(run)
    models.world.change("p0", values={"fabric": "Silk"})
    turn(run, 3)
    assert Draft.objects.count() == 1
    turn(run, 4)
    assert run.state == "done"
    assert "Silk" in Draft.objects.get(proposal__product__code="p0").text
    assert ProviderCall.objects.get(outcome="facts_changed").cost_micros == 200


def test_a_budget_ends_a_batch_before_it_is_passed(models: Desk) -> None:
    probe = batched(models, HONEST, count=1)
    turn(probe, 4)
    each = ProviderCall.objects.get().reserved_micros
    models.world.change("p0", values={"fabric": "Other"})
    mara, version = models.world.people["mara"], probe.version
    ids = [models.product(f"q{number}").pk for number in range(4)]
    run = runs.plan(version=version, locale="en_US", ids=ids, by=mara)
    runs.start(run, by=mara, budget_micros=2 * each + each // 2, by_batch=True)
    turn(run)
    assert (run.state, run.calls.count()) == ("stopped", 2)
    assert "budget has" in run.problem
    runs.start(run, by=mara, budget_micros=10**9)
    turn(run, 6)
    assert (run.state, run.items.filter(state="done").count()) == ("done", 4)


def test_who_takes_no_batches_gets_none(models: Desk) -> None:
    mara = models.world.people["mara"]
    run = runs.plan(version=models.version(HONEST), locale="en_US", ids=[models.product().pk], by=mara)
    with pytest.raises(runs.CannotRun, match="takes no batches"):
        runs.start(run, by=mara, budget_micros=1, by_batch=True)


def test_a_cancelled_batch_is_given_up_and_only_what_was_answered_is_paid(models: Desk) -> None:
    run = batched(models, HONEST, count=6)
    turn(run)
    calls = ProviderCall.objects.all()
    reserved = budget.spent(calls)
    assert reserved > 6 * 200
    runs.cancel(run, by=models.world.people["mara"])
    assert runs.waiting() == [run.pk]
    turn(run)
    assert CopyBatch.objects.get().told == "cancelling"
    assert budget.spent(calls) == reserved  # not known yet
    turn(run)
    assert (CopyBatch.objects.get().told, runs.waiting()) == ("cancelled", [])
    assert sorted(calls.values_list("outcome", "cost_micros")) == [("cancelled", 0)] * 3 + [("cancelled", 200)] * 3
    assert budget.spent(calls) == 3 * 200
    assert (run.state, Draft.objects.count(), runs.counts(run)["calling"]) == ("cancelled", 0, 0)
    turn(run, 3)
    assert budget.spent(calls) == 3 * 200


def test_a_batch_that_ended_before_it_was_given_up_is_paid_in_full(models: Desk) -> None:
    run = batched(models, HONEST, count=2)
    turn(run)
    assert models.sandbox is not None
    held = models.sandbox.sandbox.writer.batches
    for _ in range(2):
        held._look(CopyBatch.objects.get().remote_id, models.sandbox.sandbox.writer._one)
    runs.cancel(run, by=models.world.people["mara"])
    turn(run)
    assert (CopyBatch.objects.get().told, Draft.objects.count()) == ("completed", 0)
    assert list(ProviderCall.objects.values_list("outcome", "cost_micros")) == [("cancelled", 200)] * 2


def test_what_is_out_of_a_paused_run_comes_in_and_nothing_more_is_sent(models: Desk) -> None:
    run = batched(models, MISSING, count=4)
    turn(run)
    runs.pause(run, by=models.world.people["mara"])
    turn(run, 4)
    assert (run.state, Draft.objects.count(), CopyBatch.objects.count()) == ("paused", 3, 1)
    assert runs.waiting() == []
    assert runs.counts(run)["waiting"] == 1  # the missing one
    runs.start(run, by=models.world.people["mara"])
    turn(run)
    assert CopyBatch.objects.count() == 2


def test_a_batch_that_is_out_keeps_no_other_run_waiting(models: Desk) -> None:
    run = batched(models, HONEST, count=8)  # more than the provider is asked at once
    turn(run)
    other = models.run(models.version(HONEST), models.product("other", fabric="Cloth"))
    assert (other.state, other.items.get().state) == ("done", "done")
    assert runs.counts(run)["calling"] == 8
