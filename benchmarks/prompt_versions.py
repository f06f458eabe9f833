"""The way back to the version of a prompt before, when the newer one has written many values that are in use."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.test import Client
from django.test.utils import override_settings

from benchmarks.catalogue import bare_catalogue
from benchmarks.measure import Table, latencies, own_instance, timed
from benchmarks.pages import PLAIN
from catalog.models import Attribute, Product, User
from governance.copywriting import prompts
from governance.models import Draft, PromptTemplate, PromptVersion, Proposal, TextOrigin

FEW, KEY = 10, "seo_description@en_US"


def run(say: Callable[[str], None], *, products: int = 10_000) -> Table:
    table = Table("prompt_versions", say)
    with own_instance(), override_settings(ALLOWED_HOSTS=["testserver"], **PLAIN):
        bare_catalogue(products)
        ada = User.objects.get(username="admin")
        client = Client()
        client.force_login(ada)
        ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        few = _click(table, client, "few", ids[-FEW:], by=ada)
        many = _click(table, client, "many", ids, by=ada)
        table.add("many beside few", ratio=many / few)
    return table


def _click(table: Table, client: Client, code: str, ids: list[int], *, by: User) -> float:
    """Seconds from the click to the page that says so, of a template whose second version wrote for these products."""
    template = PromptTemplate.objects.create(
        code=code, label=code, attribute=Attribute.objects.get(code="seo_description")
    )
    mara = User.objects.get(username="merchandiser")
    for _ in range(2):
        version = prompts.write_version(template=template, by=mara, wording={"instructions": "Name the facts."})
        PromptVersion.objects.filter(pk=version.pk).update(evaluation={"green": True})
        version = prompts.activate(version=version, by=by)
    _values(version, ids)
    page = f"/texts/prompts/{code}/"
    client.get(page)  # the first page of a process reads what all others need
    seconds, answer = timed(lambda: client.post(page, {"do": "activate", "number": 1}, follow=True))
    assert "Version 1 is used from now on." in answer.content.decode()
    assert PromptVersion.objects.get(template=template, state="active").number == 1
    table.add(f"one click back, {len(ids):,} values", seconds=seconds)
    listed = latencies(lambda: client.get(f"{page}2/texts/"), times=20)
    table.add(f"a page of the {len(ids):,} values", **listed)
    return seconds


def _values(version: PromptVersion, ids: list[int]) -> None:
    """Texts of the version that were taken and are in use, written as rows; another's before them are no more."""
    TextOrigin.objects.filter(product__in=ids, is_current=True).update(is_current=False)
    for start in range(0, len(ids), 1000):
        some = ids[start : start + 1000]
        taken = [
            Proposal(product_id=pk, key=KEY, base=None, value="A text.", source="ai", state=Proposal.State.ACCEPTED)
            for pk in some
        ]
        Proposal.objects.bulk_create(taken)
        drafts = [
            Draft(proposal=proposal, version=version, locale="en_US", text="A text.", facts_hash="0" * 64)
            for proposal in taken
        ]
        Draft.objects.bulk_create(drafts)
        TextOrigin.objects.bulk_create(
            TextOrigin(
                product_id=draft.proposal.product_id,
                key=KEY,
                change_set_id=uuid.uuid4(),
                draft=draft,
                kind="ai",
                value_hash="0" * 64,
            )
            for draft in drafts
        )
