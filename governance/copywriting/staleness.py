"""Which texts of a revision are stale by the facts of the same revision: what a channel is about to say, and whether
it may."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from catalog import events
from catalog.models import Product
from governance.copywriting.facts import facts_of_document
from governance.copywriting.prompts import given_facts, how_to_read, source_key
from governance.copywriting.provenance import Origins
from governance.copywriting.resting import stale_by
from governance.models import Draft, PromptTemplate, Revision, TextOrigin
from governance.revisions.read import read
from pimhub.foundation import audit

Stale = dict[tuple[str, str], tuple[TextOrigin, dict[str, list[Any]]]]


class BadPolicy(ValueError):
    """There is no such policy."""


def stale_in(revision: Revision, origins: Origins) -> Stale:
    """{(SKU or "", value key): (origin, {fact: [when it was written, as approved]})}, only of what is stale."""
    ids = {origin.draft_id for origin in origins.values()}
    drafts = Draft.objects.select_related("version__template__attribute", "version__template__scope").in_bulk(ids)
    document = read(revision)
    found: Stale = {}
    for where, origin in origins.items():
        draft = drafts[origin.draft_id]
        template = draft.version.template
        facts = facts_of_document(
            document,
            how_to_read(draft.version, draft.locale),
            target=template.key(draft.locale),
            source=source_key(template, draft.locale),
        )
        if stale := stale_by(origin.rests, given_facts(draft.version, facts).values):
            origin.draft = draft
            found[where] = origin, stale
    return found


def set_policy(template: PromptTemplate, when_stale: str) -> None:
    """What is done with texts of this prompt that go stale. Raises BadPolicy. All its texts are looked at again."""
    if when_stale not in PromptTemplate.WhenStale.values:
        raise BadPolicy("When a fact changed: choose what happens.")
    with transaction.atomic():
        row = PromptTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
        if row.when_stale == when_stale:
            return
        was, row.when_stale = row.when_stale, when_stale
        row.save(update_fields=["when_stale"])
        audit.record("prompt.stale_policy", f"prompt:{row.code}", was=was, now=when_stale)
        origins = TextOrigin.objects.filter(draft__version__template=row)
        products = Product.objects.filter(pk__in=origins.values("product_id")).only("code")
        events.append_all([("text.policy_changed", product, {"prompt": row.code}) for product in products])
    template.refresh_from_db()
