"""How fast providers are asked, and reviewers take texts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from channels.sandbox.openai.endpoint import LIMITED
from governance.copywriting import evaluation, pace
from governance.copywriting.haste import ROW, of_decisions
from governance.copywriting.providers.base import Billed
from governance.models import AiProvider, CopyTrial, Draft, Proposal
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.test_pages import page


def test_a_server_that_allows_ten_a_second_refuses_hardly_any_call(models: Desk) -> None:
    models.price(LIMITED)
    version = models.version(LIMITED)
    products = [models.product(f"p{number}", fabric=f"Cloth {number}") for number in range(30)]
    run = models.run(version, *products)
    assert (run.state, run.items.filter(state="done").count()) == ("done", 30)
    assert models.sandbox is not None
    assert models.sandbox.sandbox.writer.refused <= 0.02 * run.calls.count()


def test_a_refusal_halves_what_is_asked_at_once_and_good_answers_bring_it_back(models: Desk) -> None:
    provider = models.provider("responses")
    AiProvider.objects.filter(pk=provider.pk).update(at_once=8)

    def now() -> AiProvider:
        return AiProvider.objects.get(pk=provider.pk)

    pace.refused(now(), 5)
    assert (now().now_at_once, 4 < pace.rest(now()) <= 5) == (4, True)
    pace.refused(now(), 9)  # a second worker heard the same
    assert (now().now_at_once, pace.rest(now()) > 5) == (4, True)
    for _ in range(4):
        pace.answered(now(), Billed())
    assert now().now_at_once == 5
    for _ in range(5 + 6 + 7 + 8):
        pace.answered(now(), Billed())
    assert (now().now_at_once, now().pace) == (8, 0)
    pace.answered(now(), Billed(remaining=1, reset=20))
    assert pace.rest(now()) > 10


def decisions(*steps: tuple[str, float]) -> list[tuple[str, dt.datetime]]:
    at, found = dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC), []
    for state, seconds in steps:
        at += dt.timedelta(seconds=seconds)
        found.append((state, at))
    return found


@pytest.mark.parametrize(
    ("steps", "fast", "warned"),
    [
        ([("accepted", 1.0)] * 6, 5, True),
        ([("accepted", 1.0)] * 5, 4, False),
        ([("accepted", 2.5)] * 20, 0, False),
        ([("accepted", 1.0), ("accepted", 1.0), ("accepted", 30.0)] * 5, 9, False),
        ([("rejected", 1.0)] * 20, 0, False),  # turning down costs one key, and is meant to
        ([("accepted", 9.0)] * (ROW + 1), 0, True),
        ([("accepted", 9.0)] * ROW + [("rejected", 9.0)] + [("accepted", 9.0)] * ROW, 0, False),
    ],
)
def test_what_is_too_fast(steps: list[tuple[str, float]], fast: int, warned: bool) -> None:
    found = of_decisions(decisions(*steps))
    assert (found.fast, found.is_warned) == (fast, warned)


def test_the_reviewer_and_who_answers_for_the_prompts_are_told(desk: Desk) -> None:
    version, mara = desk.version(), desk.world.people["mara"]
    drafts = [desk.draft(version, desk.product(f"p{number}")) for number in range(7)]
    at = timezone.now() - dt.timedelta(minutes=5)
    for number, draft in enumerate(drafts[:6]):
        moment = at + dt.timedelta(seconds=number)
        Proposal.objects.filter(pk=draft.proposal_id).update(state="accepted", decided_by=mara, decided_at=moment)
    client = Client()
    client.force_login(mara)
    address = f"/texts/drafts/{drafts[6].pk}/"
    assert "You took 5 texts in a row faster than they can be read." in page(client, address)
    client.force_login(desk.world.people["ada"])
    assert "faster than they can be read" not in page(client, address)
    told = "mara: 5 taken within 2 seconds of the decision before, 5 of them in a row."
    assert told in page(client, "/texts/figures/")
    assert '<td class="num" data-label="Too fast">5</td>' in page(client, "/texts/figures/?by=reviewer")


def test_a_trial_whose_worker_died_goes_on_with_the_product_it_was_at(models: Desk) -> None:
    version = models.version()
    products = [models.product("one"), models.product("two"), models.product("three")]
    trial = evaluation.plan(version=version, products=products, locale="en_US", by=models.world.people["ada"])
    assert evaluation.advance(trial.pk)
    later = timezone.now() + dt.timedelta(seconds=30)
    CopyTrial.objects.filter(pk=trial.pk).update(leased_until=later)  # taken by a worker that is killed now
    assert not evaluation.advance(trial.pk)
    assert evaluation.waiting() == []
    CopyTrial.objects.filter(pk=trial.pk).update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert evaluation.waiting() == [trial.pk]
    models.try_all()
    trial.refresh_from_db()
    version.refresh_from_db()
    assert [row["product"] for row in trial.rows] == ["one", "two", "three"]
    assert version.evaluation["written"] == 3
    assert not Draft.objects.exists()
