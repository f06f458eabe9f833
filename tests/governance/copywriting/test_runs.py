"""Prompts, runs and budgets, as those who use them meet them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from catalog.models import Product
from channels.sandbox.openai.endpoint import HALLUCINATING, HONEST
from governance.copywriting import prompts, runs
from governance.models import AiProvider, CopyBudget, CopyItem, CopyRun, Draft, PromptVersion, ProviderCall
from tests.governance.copywriting.conftest import Desk

S = PromptVersion.State


def draft_version(desk: Desk, **wording: Any) -> PromptVersion:
    given = {"instructions": "Describe it.", "packs": ["eu_green_claims"], **wording}
    return prompts.write_version(template=desk.template, by=desk.world.people["ada"], wording=given)


@pytest.mark.parametrize(
    ("wording", "field"),
    [
        ({"instructions": " "}, "instructions"),
        ({"inputs": ["nonsense"]}, "inputs"),
        ({"required": ["nonsense"]}, "inputs"),
        ({"packs": ["nonsense"]}, "packs"),
        ({"parameters": {"tools": 1}}, "parameters"),
    ],
)
def test_a_wording_that_cannot_be_names_what_is_wrong(desk: Desk, wording: dict[str, Any], field: str) -> None:
    with pytest.raises(prompts.BadPrompt) as refused:
        draft_version(desk, **wording)
    assert refused.value.field == field


def test_a_version_goes_active_with_a_green_evaluation_by_somebody_else(desk: Desk) -> None:
    version, people = draft_version(desk), desk.world.people
    with pytest.raises(prompts.BadPrompt, match="Evaluate it first"):
        prompts.activate(version=version, by=people["mara"])
    result = desk.evaluate(version, desk.product("tee"), desk.product("mug"))
    assert (result["green"], result["written"], result["flagged"]) == (True, 2, 0)
    assert not Draft.objects.exists()
    with pytest.raises(prompts.BadPrompt, match="other than its author"):
        prompts.activate(version=version, by=people["ada"])
    assert prompts.activate(version=version, by=people["mara"]).state == S.ACTIVE


def test_an_evaluation_with_blocked_texts_is_not_green(models: Desk) -> None:
    models.price(HALLUCINATING)
    version = draft_version(models, provider=models.provider("responses"), model=HALLUCINATING)
    result = models.evaluate(version, *[models.product(f"p{n}") for n in range(6)])
    assert not result["green"]
    assert result["flagged"] == 6
    with pytest.raises(prompts.BadPrompt):
        prompts.activate(version=version, by=models.world.people["mara"])


def test_what_an_active_version_says_is_fixed_in_code_and_in_the_database(desk: Desk) -> None:
    version = desk.version()
    version.instructions = "Something else"
    with pytest.raises(TypeError):
        version.save()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE governance_promptversion SET instructions = 'x' WHERE id = %s", [version.pk])
    version.refresh_from_db()
    assert version.instructions == "Describe the product."


def test_one_click_brings_the_version_before_back(desk: Desk) -> None:
    first, second = desk.version(), desk.version(instructions="Be brief.")
    first.refresh_from_db()
    assert (first.state, second.state) == (S.RETIRED, S.ACTIVE)
    prompts.activate(version=first, by=desk.world.people["ada"])  # no evaluation anew: it had its own
    second.refresh_from_db()
    assert second.state == S.RETIRED
    assert [v.number for v in desk.template.versions.filter(state=S.ACTIVE)] == [1]


def test_an_estimate_says_what_is_lacking_and_what_it_costs_at_most(models: Desk) -> None:
    version = models.version(HONEST, required=["hs_code"])
    ready, lacking = models.product("a", hs_code="610910"), models.product("b")
    run = runs.plan(
        version=version, locale="en_US", ids=[ready.pk, lacking.pk], by=models.world.people["mara"], budget_micros=10**6
    )
    found = runs.estimate(run)
    assert (found.products, found.ready, found.lacking) == (2, 1, {"hs_code": 1})
    assert found.micros
    runs.start(run, by=models.world.people["mara"])
    models.advance(run)
    call = ProviderCall.objects.get()
    assert (call.cost_micros or 0) < call.reserved_micros
    assert abs(call.reserved_micros - found.micros) <= 10


def test_who_may_not_use_ai_starts_no_run(desk: Desk) -> None:
    with pytest.raises(runs.CannotRun, match="governance.use_ai"):
        runs.plan(version=desk.version(), locale="en_US", ids=[1], by=desk.world.people["chiara"])


def test_a_budget_is_never_passed_and_the_run_goes_on_when_there_is_more(models: Desk) -> None:
    products = [models.product(f"p{n}") for n in range(5)]
    version = models.version(HONEST, parameters={"max_output_tokens": 100})
    probe = models.run(version, models.product("probe"))
    reserved = probe.calls.get().reserved_micros
    run = models.run(version, *products, budget=reserved + 400)
    assert run.state == "stopped"
    assert "budget has" in run.problem
    assert run.items.filter(state="done").count() == 2  # 400 spent, what is left holds one more reservation
    CopyRun.objects.filter(pk=run.pk).update(budget_micros=10**9)
    runs.start(run, by=models.world.people["mara"])
    models.advance(run)
    assert (run.state, run.items.filter(state="done").count()) == ("done", 5)
    assert run.calls.count() == 5


def test_a_budget_of_a_day_holds_for_all_runs(models: Desk) -> None:
    CopyBudget.objects.create(per="day", micros=1)
    run = models.run(models.version(HONEST), models.product())
    assert run.state == "stopped"
    assert "budget of the day" in run.problem
    assert models.sandbox
    assert models.sandbox.sandbox.writer.journal == []


def test_pause_resume_and_cancel(desk: Desk) -> None:
    mara = desk.world.people["mara"]
    ids = [desk.product(f"p{n}").pk for n in range(3)]
    run = runs.plan(version=desk.version(), locale="en_US", ids=ids, by=mara)
    runs.start(run, by=mara)
    runs.pause(run, by=mara)
    desk.advance(run)
    assert runs.counts(run)["waiting"] == 3
    runs.start(run, by=mara)
    desk.advance(run)
    assert (run.state, runs.counts(run)["done"]) == ("done", 3)
    with pytest.raises(runs.CannotRun, match="The run is done"):
        runs.cancel(run, by=mara)


def test_a_worker_that_died_loses_no_cost_and_doubles_no_draft(models: Desk) -> None:
    from django.utils import timezone

    product, version = models.product(), models.version(HONEST)
    mara = models.world.people["mara"]
    run = runs.plan(version=version, locale="en_US", ids=[product.pk], by=mara, budget_micros=10**9)
    runs.start(run, by=mara)
    item = runs._next(run)
    assert item
    from governance.copywriting import budget

    budget.reserve(run=run, item=item, by=mara, provider=models.provider("responses"), model=HONEST, request_bytes=900, output_tokens=100)  # fmt: skip  # noqa: E501
    CopyItem.objects.filter(pk=item.pk).update(leased_until=timezone.now())  # killed here; its lease ran out
    models.advance(run)
    assert run.state == "done"
    assert [c.outcome for c in run.calls.order_by("pk")] == ["lost", "written"]
    assert all((c.cost_micros or c.reserved_micros) > 0 for c in run.calls.all())
    assert Draft.objects.count() == 1


def test_a_worker_that_lost_its_claim_only_books(models: Desk) -> None:
    product, version = models.product(), models.version(HONEST)
    mara = models.world.people["mara"]
    run = runs.plan(version=version, locale="en_US", ids=[product.pk], by=mara, budget_micros=10**9)
    runs.start(run, by=mara)
    slow = runs._next(run)
    assert slow
    CopyItem.objects.filter(pk=slow.pk).update(state="waiting", leased_until=None)
    fast = runs._next(run)
    assert fast
    from governance.copywriting.generate import write_item

    write_item(fast)
    write_item(slow)  # finds the draft of the other, or books its call and leaves
    assert Draft.objects.count() == 1
    assert not ProviderCall.objects.filter(outcome="sent").exists()


def test_no_more_texts_are_under_way_than_the_provider_allows(models: Desk) -> None:
    mara = models.world.people["mara"]
    version = models.version(HONEST)
    AiProvider.objects.update(at_once=2)
    ids = [models.product(f"p{n}").pk for n in range(4)]
    run = runs.plan(version=version, locale="en_US", ids=ids, by=mara, budget_micros=10**9)
    runs.start(run, by=mara)
    run.refresh_from_db()
    assert [runs._next(run) is not None for _ in range(3)] == [True, True, False]
    assert runs.advance(run.pk) is False  # another worker's turn: nothing is rung again
    assert ProviderCall.objects.count() == 0


def test_a_dead_worker_of_a_cancelled_run_does_not_hold_the_writer(desk: Desk) -> None:
    from django.utils import timezone

    mara, version = desk.world.people["mara"], desk.version()
    ids = [desk.product(f"p{n}").pk for n in range(3)]
    dead = runs.plan(version=version, locale="en_US", ids=ids, by=mara)
    runs.start(dead, by=mara)
    dead.refresh_from_db()
    assert [runs._next(dead) is not None for _ in range(2)] == [True, True]
    runs.cancel(dead, by=mara)
    CopyItem.objects.update(leased_until=timezone.now())
    run = runs.plan(version=version, locale="de_DE", ids=ids, by=mara)
    runs.start(run, by=mara)
    desk.advance(run)
    assert (run.state, runs.counts(run)["done"]) == ("done", 3)


def test_trying_a_version_obeys_the_budgets(models: Desk) -> None:
    version, product = draft_version(models, provider=models.provider("responses"), model=HONEST), models.product()
    CopyBudget.objects.create(per="day", micros=1)
    with pytest.raises(prompts.BadPrompt, match="budget of the day"):
        models.evaluate(version, product)
    assert models.sandbox
    assert models.sandbox.sandbox.writer.journal == []
    CopyBudget.objects.all().delete()
    assert models.evaluate(version, product)["green"]
    with pytest.raises(prompts.BadPrompt, match="Choose 1 to 50 products"):
        models.evaluate(version, *[product] * 51)


def test_texts_are_written_in_the_language_and_scope_of_the_template(desk: Desk) -> None:
    product: Product = desk.product()
    run = desk.run(desk.version(), product, locale="de_DE")
    draft = Draft.objects.get(item__run=run)
    assert draft.proposal.key == "description@de_DE"
    assert draft.facts["colour"] == "Blau"
