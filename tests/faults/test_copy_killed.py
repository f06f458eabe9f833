"""A run over five hundred products whose worker is killed twenty times: every text once, every call booked."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from channels.sandbox.openai.endpoint import HONEST
from channels.sandbox.server import RunningSandbox
from tests.flows.product import ROOT, Product

pytestmark = [pytest.mark.flow, pytest.mark.long, pytest.mark.timeout(1800)]
PRODUCTS, KILLS = 500, 20
MAKE = """
import datetime as dt
from catalog.change_sets import acting
from catalog.models import Attribute, Product, User
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.write import write_products
from governance.copywriting import prompts, runs
from governance.models import AiProvider, ModelPrice, PromptTemplate, PromptVersion
mara, ada, rafael = (User.objects.get(username=n) for n in ("merchandiser", "admin", "reviewer"))
with acting(user=mara, source="command"):
    write_products([
        ProductChange(code=f"lamp-{{n:03}}", family="default", variants=(VariantChange(sku=f"lamp-{{n:03}}-1"),),
                      values={{"name@en_US": f"Lamp {{n:03}}", "brand": "Acme"}})
        for n in range({products})
    ])
provider = AiProvider.objects.create(code="sandbox", label="Sandbox", base_url="{url}/openai/v1")
ModelPrice.objects.create(provider=provider, model="{model}", valid_from=dt.date(2026, 1, 1), input_micros=10**6,
                          output_micros=10**6)
template = PromptTemplate.objects.create(code="describe", label="D",
                                         attribute=Attribute.objects.get(code="seo_description"))
wording = {{"instructions": "Describe it.", "provider": provider, "model": "{model}", "inputs": ["name", "brand"]}}
version = prompts.write_version(template=template, by=ada, wording=wording)
PromptVersion.objects.filter(pk=version.pk).update(evaluation={{"green": True}})
version = prompts.activate(version=version, by=rafael)
ids = list(Product.objects.filter(code__startswith="lamp-").values_list("pk", flat=True))
run = runs.plan(version=version, locale="en_US", ids=ids, by=mara, budget_micros=10**12)
runs.start(run, by=mara)
print(run.pk)
"""
# The lease of a killed worker's text runs out at once, in place of a minute and more.
WORK = """
from django.utils import timezone
from governance.copywriting import runs
from governance.models import CopyItem
CopyItem.objects.filter(state="calling").update(leased_until=timezone.now())
print("at work", flush=True)
while runs.waiting():
    runs.advance("{run}", seconds=30)
    CopyItem.objects.filter(state="waiting").update(due_at=None)
"""
COUNT = """
from collections import Counter
from governance.models import CopyItem, CopyRun, Draft, ProviderCall
print(CopyRun.objects.get().state, Draft.objects.count(), Draft.objects.values("proposal__product").distinct().count(),
      CopyItem.objects.filter(state="done").count(),
      ProviderCall.objects.filter(outcome="sent").count(),
      ProviderCall.objects.filter(outcome="written").count(), ProviderCall.objects.filter(outcome="lost").count(),
      ProviderCall.objects.filter(cost_micros=None, reserved_micros=0).count())
"""


def test_a_worker_is_killed_twenty_times_in_a_run(tmp_path: Path) -> None:
    dice, sandbox = random.Random(4), RunningSandbox(tmp_path / "sandbox")
    product = Product(tmp_path / "home")
    env = product.env | {"PIMHUB_ALLOWED_ORIGINS": sandbox.url}
    try:
        assert product.run("demo", "--empty").code == 0
        made = product.run("shell", "-c", MAKE.format(products=PRODUCTS, url=sandbox.url, model=HONEST))
        assert made.code == 0, made.err
        work = WORK.format(run=made.out.strip().splitlines()[-1])
        for turn in range(KILLS + 1):
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "shell", "-c", work], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
            )
            assert worker.stdout
            while "at work" not in worker.stdout.readline():
                assert worker.poll() is None
            if turn == KILLS:
                assert worker.wait(timeout=600) == 0
                break
            time.sleep(dice.uniform(0.05, 1.0))
            worker.kill()
            worker.wait()
        counted = product.run("shell", "-c", COUNT).out.strip().splitlines()[-1].split()
        state, drafts, products, done, open_calls, written, lost, unbooked = counted
        assert (state, drafts, products, done) == ("done", str(PRODUCTS), str(PRODUCTS), str(PRODUCTS))
        assert (open_calls, unbooked) == ("0", "0")
        asked = len(sandbox.sandbox.writer.journal)
        assert asked <= int(written) + int(lost), counted  # each call that arrived is booked
        assert int(written) >= PRODUCTS
    finally:
        sandbox.stop()
