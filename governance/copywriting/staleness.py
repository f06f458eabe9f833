"""Which texts of a revision are stale by the facts of the same revision: what a channel is about to say."""

from __future__ import annotations

from typing import Any

from governance.copywriting.facts import changed, facts_of_document
from governance.copywriting.prompts import given_facts, how_to_read, source_key
from governance.copywriting.provenance import Origins
from governance.models import Draft, Revision, TextOrigin
from governance.revisions.read import read

Stale = dict[tuple[str, str], tuple[TextOrigin, dict[str, list[Any]]]]


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
        if stale := changed(draft.facts, given_facts(draft.version, facts).values, draft.used):
            origin.draft = draft
            found[where] = origin, stale
    return found
