"""Workers side by side: a budget is never passed, and no draft is taken whose facts changed under it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection  # noqa: F401 # `connection`: for skipif

from catalog.change_sets import acting
from catalog.models import Attribute, Product, User
from catalog.products.changes import ProductChange
from catalog.products.write import write_product
from governance import proposals
from governance.copywriting import budget, prompts, runs
from governance.copywriting.drafts import CannotDecide
from governance.models import AiProvider, CopyRun, Draft, ModelPrice, PromptTemplate, PromptVersion, ProviderCall
from tests.catalog.products.test_concurrency import at_once
from tests.world import World, build_world

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
]
WORKERS, CALLS, ROUNDS = 32, 100, 100


@pytest.fixture
def shop(transactional_db: None) -> World:
    return build_world()


def version_of(shop: World, provider: AiProvider | None = None) -> PromptVersion:
    template = PromptTemplate.objects.create(
        code="describe", label="Description", attribute=Attribute.objects.get(code="seo_description")
    )
    wording = {"instructions": "Describe it.", "inputs": ["name", "brand"], "provider": provider}
    wording |= {"model": "m"} if provider else {}
    version = prompts.write_version(template=template, by=shop.people["ada"], wording=wording)
    PromptVersion.objects.filter(pk=version.pk).update(evaluation={"green": True})
    return prompts.activate(version=version, by=shop.people["rafael"])


def spend(run: CopyRun, provider: AiProvider) -> int:
    """Reserve until there is no more; how many calls were let through."""
    close_old_connections()
    for made in range(CALLS * 2):
        try:
            budget.reserve(
                run=run,
                item=None,
                by=run.requested_by,
                provider=provider,
                model="m",
                request_bytes=300,
                output_tokens=100,
            )
        except budget.OverBudget:
            return made
    return CALLS * 2


def test_thirty_two_workers_never_pass_a_budget(shop: World) -> None:
    provider = AiProvider.objects.create(code="acme", label="Acme", base_url="https://ai.example/v1")
    price = ModelPrice.objects.create(
        provider=provider, model="m", valid_from=dt.date(2026, 1, 1), input_micros=10**6, output_micros=10**6
    )
    each = budget.at_most(price, 300, 100)
    run = runs.plan(
        version=version_of(shop, provider),
        locale="en_US",
        ids=[shop.product().pk],
        by=shop.people["mara"],
        budget_micros=each * CALLS + each // 2,
    )
    assert sum(at_once([partial(spend, run, provider)] * WORKERS)) == CALLS
    assert ProviderCall.objects.filter(run=run).count() == CALLS
    assert budget.spent(ProviderCall.objects.filter(run=run)) <= run.budget_micros


def change(brand: str, *, after: float) -> str:
    close_old_connections()
    time.sleep(after)
    with acting(user=User.objects.get(username="ada"), source="page"):
        return write_product(ProductChange(code="tee", values={"brand": brand})).status


def take(draft: Draft) -> str:
    close_old_connections()
    mara = User.objects.get(username="mara")
    try:
        with acting(user=mara, source="page"):
            proposals.accept(proposal=draft.proposal, user=mara)
    except CannotDecide as refused:
        return refused.code
    return "taken"


def test_a_fact_that_changes_while_a_draft_is_taken_never_slips_through(shop: World) -> None:
    product: Product = shop.product()
    version, mara = version_of(shop), shop.people["mara"]
    seen, after = {"taken": 0, "stale": 0}, 0.0
    for turn in range(ROUNDS):
        shop.change(values={"brand": f"B{turn}"})
        run = runs.plan(version=version, locale="en_US", ids=[product.pk], by=mara)
        runs.start(run, by=mara)
        runs.advance(run.pk)
        draft = Draft.objects.get(item__run=run)
        order = 1 - 2 * (turn % 2)
        both: list[Callable[[], Any]] = [partial(change, f"C{turn}", after=after), partial(take, draft)]
        changed, decided = at_once(both[::order])[::order]
        assert changed == "updated"
        seen[decided] += 1
        # Whoever lost gets a start next time, so that the two stay close to each other on any machine.
        after = max(after + (0.01 if decided == "stale" else -0.01), 0.0)
        now = shop.flat()[""]
        if decided == "taken":  # it came first; the change after it made the text stale
            assert now["seo_description@en_US"] == draft.text
            origin = product.text_origins.get(is_current=True)
            assert origin.stale == {"brand": [f"B{turn}", f"C{turn}"]}
    assert sum(seen.values()) == ROUNDS
    assert min(seen.values()) > 0, seen
