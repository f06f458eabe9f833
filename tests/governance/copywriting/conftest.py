"""A shop with facts to write about, and the sandbox's models to write with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings as SettingsWrapper

from catalog.models import Attribute, AttributeGroup, AttributeOption, Family, FamilyAttribute, Product
from channels.sandbox.openai.endpoint import HONEST
from channels.sandbox.server import RunningSandbox
from governance.copywriting import evaluation, prompts, runs
from governance.models import AiProvider, CopyItem, CopyRun, Draft, ModelPrice, PromptTemplate, PromptVersion
from tests.world import World


@dataclass
class Desk:
    """Where copy is written: a template for descriptions, and helpers that do what its users do."""

    world: World
    template: PromptTemplate
    sandbox: RunningSandbox | None = None
    providers: dict[str, AiProvider] = field(default_factory=dict)

    def product(self, code: str = "tee", **values: Any) -> Product:
        product = self.world.product(code)
        given = {"fabric": "Cotton", "net_weight": {"amount": "180", "unit": "g"}, "colour": "blue", **values}
        result = self.world.change(code, values=given)
        assert result.status == "updated", result.errors
        return product

    def version(self, model: str = "", api: str = "responses", **wording: Any) -> PromptVersion:
        """An active version; without a model, of the offline writer."""
        given = {"instructions": "Describe the product.", "packs": ["eu_green_claims", "health_claims"]}
        if model:
            given |= {"provider": self.provider(api), "model": model}  # type: ignore[dict-item]
        version = prompts.write_version(
            template=self.template, by=self.world.people["ada"], wording={**given, **wording}
        )
        PromptVersion.objects.filter(pk=version.pk).update(evaluation={"green": True})
        return prompts.activate(version=version, by=self.world.people["mara"])

    def provider(self, api: str) -> AiProvider:
        assert self.sandbox is not None
        if api not in self.providers:
            provider = AiProvider(code=f"sandbox_{api}", label=api, base_url=f"{self.sandbox.url}/openai/v1", api=api)
            provider.key, provider.timeout = "sk-canary-4711", 2
            provider.save()
            self.providers[api] = provider
        return self.providers[api]

    def price(self, model: str, api: str = "responses", micros: int = 1_000_000) -> None:
        """Two of the currency for a million tokens either way, unless it says otherwise."""
        ModelPrice.objects.create(
            provider=self.provider(api),
            model=model,
            valid_from=dt.date(2026, 1, 1),
            input_micros=micros,
            output_micros=micros,
        )

    def run(self, version: PromptVersion, *products: Product, budget: int = 10**9, locale: str = "en_US") -> CopyRun:
        mara = self.world.people["mara"]
        run = runs.plan(version=version, locale=locale, ids=[p.pk for p in products], by=mara, budget_micros=budget)
        runs.start(run, by=mara)
        self.advance(run)
        return run

    def advance(self, run: CopyRun, rounds: int = 10) -> None:
        """What the sweep does, without its pauses."""
        for _ in range(rounds):
            CopyItem.objects.filter(run=run).update(due_at=None)
            runs.advance(run.pk)
        run.refresh_from_db()

    def draft(self, version: PromptVersion, product: Product) -> Draft:
        run = self.run(version, product)
        item = run.items.get()
        assert item.state == "done", (run.problem, item.code, item.message)
        return Draft.objects.get(item=item)

    def try_all(self) -> None:
        """What the worker does with versions that are to be tried."""
        for trial in evaluation.waiting():
            while evaluation.advance(trial):
                pass

    def evaluate(self, version: PromptVersion, *products: Product) -> dict[str, Any]:
        return evaluation.evaluate(version=version, products=products, locale="en_US", by=self.world.people["ada"])


@pytest.fixture
def desk(world: World) -> Desk:
    group, family = AttributeGroup.objects.all()[0], Family.objects.get(code="default")
    kinds = {"fabric": "text", "net_weight": "measurement", "colour": "select", "cost_price": "text", "warning": "text"}
    for code, kind in kinds.items():
        limits = {"unit_family": "mass"} if kind == "measurement" else {}
        attribute = Attribute.objects.create(
            code=code,
            type=kind,
            group=group,
            limits=limits,
            never_send=code == "cost_price",
            verbatim=code == "warning",
        )
        FamilyAttribute.objects.create(family=family, attribute=attribute)
    colour = Attribute.objects.get(code="colour")
    AttributeOption.objects.create(attribute=colour, code="blue", labels={"en_US": "Blue", "de_DE": "Blau"})
    template = PromptTemplate.objects.create(
        code="describe", label="Description", attribute=Attribute.objects.get(code="description")
    )
    return Desk(world, template)


@pytest.fixture
def models(desk: Desk, tmp_path: Path, settings: SettingsWrapper) -> Iterator[Desk]:
    """The desk with the sandbox's models; the honest one has a price on both APIs."""
    running = RunningSandbox(tmp_path)
    settings.PIMHUB_ALLOWED_ORIGINS = [running.url]
    desk.sandbox = running
    for api in ("responses", "chat"):
        desk.price(HONEST, api)
    yield desk
    running.stop()
