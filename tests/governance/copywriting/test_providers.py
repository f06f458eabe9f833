"""The vendor's SDK against the sandbox's models: every fault ends as what it is, and its cost is booked."""

from __future__ import annotations

import orjson
import pytest

from channels.sandbox.openai.endpoint import FAULTS, HONEST
from governance.copywriting import generate, prompts
from governance.copywriting.facts import facts_now
from governance.models import AiProvider, ProviderCall
from tests.governance.copywriting.conftest import Desk

# Fault → the outcome of the call, the state of the run, whether its cost is known (else what was reserved counts).
EXPECTED = {
    "429": ("rate_limit", "done", True),
    "429-long": ("rate_limit", "stopped", True),
    "quota": ("quota", "stopped", True),
    "500": ("server_error", "done", True),
    "503-html": ("server_error", "done", True),
    "400": ("bad_request", "done", True),
    "401": ("credentials", "stopped", True),
    "timeout": ("timeout", "done", False),
    "drop": ("dropped", "done", False),
    "half": ("dropped", "done", False),
    "cut": ("no_json", "done", False),
    "html": ("no_json", "done", False),
    "invalid": ("bad_answer", "done", True),
    "prose": ("bad_answer", "done", True),
    "fenced": ("bad_answer", "done", True),
    "types": ("bad_answer", "done", True),
    "extra": ("bad_answer", "done", True),
    "refusal": ("refused", "done", True),
    "length": ("too_long", "done", True),
    "filter": ("filtered", "done", True),
    "empty": ("empty", "done", True),
    "no-usage": ("written", "done", False),
    "other-model": ("written", "done", True),
    "obedient": ("written", "done", True),
}
RETRIED = {"429", "500", "503-html", "timeout", "drop", "half", "cut", "html", "invalid", "prose", "fenced", "types", "extra", "empty"}  # fmt: skip  # noqa: E501


def test_the_table_names_every_fault() -> None:
    assert set(EXPECTED) == set(FAULTS)


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_as_what_it_is_and_the_run_goes_on(models: Desk, fault: str, api: str) -> None:
    models.price(f"sandbox-{fault}", api, micros=1_000_000)
    assert models.sandbox
    models.sandbox.sandbox.writer.patience = 2.5
    first, second = models.product("tee"), models.product("mug")
    run = models.run(models.version(f"sandbox-{fault}", api), first, second)
    outcome, state, is_known = EXPECTED[fault]
    calls = list(ProviderCall.objects.order_by("pk"))
    assert {call.outcome for call in calls} == {outcome}
    assert run.state == state
    assert len(calls) == (1 if state == "stopped" else 6 if fault in RETRIED else 2)
    for call in calls:
        assert call.reserved_micros > 0
        assert (call.cost_micros is not None) is is_known
        assert call.request
        assert "canary" not in call.request + call.response
    if fault in ("quota", "401"):
        assert AiProvider.objects.get(code=f"sandbox_{api}").is_paused
    items = set(run.items.values_list("state", flat=True))
    expected = {"written": {"done"}}.get(outcome, {"waiting"} if state == "stopped" else {"failed"})
    assert items == expected


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_what_passes_is_tried_again_and_written(models: Desk, api: str) -> None:
    models.price("sandbox-500-1", api)
    draft = models.draft(models.version("sandbox-500-1", api), models.product())
    assert list(ProviderCall.objects.values_list("outcome", flat=True)) == ["server_error", "written"]
    assert draft.call
    assert (draft.call.input_tokens, draft.call.output_tokens, draft.call.cost_micros) == (300, 100, 400)


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_the_preview_is_what_is_sent_byte_for_byte(models: Desk, api: str) -> None:
    product, version = models.product(), models.version(HONEST, api, parameters={"temperature": 0.2})
    how = prompts.how_to_read(version, "en_US")
    facts = prompts.given_facts(version, facts_now(product, how, target="description@en_US"))
    shown = generate.preview(version, prompts.asked(version, facts, locale="en_US", name=product.code))
    models.draft(version, product)
    assert models.sandbox
    assert models.sandbox.sandbox.writer.journal[-1]["body"] == shown
    assert ProviderCall.objects.get().request == shown
    sent = orjson.loads(shown)
    assert sent["temperature"] == 0.2
    assert "canary" not in shown


def test_a_model_without_a_price_is_not_called(models: Desk) -> None:
    run = models.run(models.version("sandbox-unpriced"), models.product())
    assert (run.state, run.items.get().state) == ("stopped", "waiting")
    assert "costs. Enter its price first." in run.problem
    assert models.sandbox
    assert models.sandbox.sandbox.writer.journal == []


def test_private_addresses_are_not_called(models: Desk, settings: object) -> None:
    settings.PIMHUB_ALLOWED_ORIGINS = []  # type: ignore[attr-defined]
    run = models.run(models.version(HONEST), models.product())
    assert run.items.get().code == "unreachable"
    assert models.sandbox
    assert models.sandbox.sandbox.writer.journal == []
