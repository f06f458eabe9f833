"""A stale text is written anew by itself, as a draft, within budget and once for each change."""

from __future__ import annotations

import pytest

from catalog.change_sets import acting
from catalog.models import ChangeSet
from channels.sandbox.openai.endpoint import HONEST
from governance import proposals
from governance.copywriting import runs
from governance.copywriting.renewal import renew_stale
from governance.models import CopyBudget, CopyRun, Draft, PromptTemplate, Proposal
from tests.governance.copywriting.conftest import Desk


def taken(desk: Desk, model: str = "", when: str = "renew") -> Draft:
    PromptTemplate.objects.update(when_stale=when)
    desk.template.refresh_from_db()
    draft, mara = desk.draft(desk.version(model), desk.product()), desk.world.people["mara"]
    with acting(user=mara, source=ChangeSet.Source.PAGE):
        proposals.accept(proposal=draft.proposal, user=mara)
    return draft


@pytest.mark.parametrize("model", ["", HONEST])
def test_a_stale_text_is_written_anew_as_a_draft_and_once(models: Desk, model: str) -> None:
    first = taken(models, model)
    assert renew_stale() == 0
    models.world.change(values={"fabric": "Wool"})
    text = models.world.flat("tee")[""]["description@en_US"]
    assert renew_stale() == 1
    assert renew_stale() == 0  # the sweep comes every two seconds
    run = CopyRun.objects.get(state="running")
    assert (run.requested_by, run.version) == (models.world.people["mara"], first.version)
    models.advance(run)
    draft = Draft.objects.exclude(pk=first.pk).get()
    assert draft.facts["fabric"] == "Wool"
    assert draft.proposal.state == Proposal.State.OPEN
    assert models.world.flat("tee")[""]["description@en_US"] == text  # a draft is never a value
    assert renew_stale() == 0
    models.world.change(values={"brand": "Other"})
    newer = models.world.flat("tee")[""]["brand"]
    models.world.change(values={"fabric": "Linen"})  # changed once more while stale
    assert (renew_stale(), newer) == (1, "Other")
    models.advance(CopyRun.objects.get(state="running"))
    assert Draft.objects.latest("pk").facts["fabric"] == "Linen"
    assert renew_stale() == 0


def test_other_policies_write_nothing(desk: Desk) -> None:
    taken(desk, when="warn")
    desk.world.change(values={"fabric": "Wool"})
    assert renew_stale() == 0


def test_it_ends_at_the_budget_and_with_the_right_of_its_person(models: Desk) -> None:
    taken(models, HONEST)
    models.world.change(values={"fabric": "Wool"})
    mara = models.world.people["mara"]
    groups = list(mara.groups.all())
    mara.groups.clear()
    assert renew_stale() == 0
    mara.groups.set(groups)
    CopyBudget.objects.create(per="day", micros=1)
    assert renew_stale() == 1
    run = CopyRun.objects.latest("created_at")
    models.advance(run)
    assert (run.state, "budget of the day" in run.problem) == ("stopped", True)
    assert runs.counts(run)["done"] == 0
