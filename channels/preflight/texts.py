"""Texts by AI that rest on facts which are no longer what the revision says."""

from __future__ import annotations

from collections.abc import Iterator

from channels.connectors.outcome import Issue
from channels.rendering.source import Source
from governance.copywriting.staleness import stale_in
from governance.models import PromptTemplate
from governance.proposed_parts import ALT, picture_of


def stale_texts(source: Source) -> Iterator[Issue]:
    """An issue for each stale text that goes to the channel, as its prompt's policy says: a warning, or a bar."""
    sent = {key: (sku, field) for (sku, field), key in source.keys.items()}
    alts = [key for _, key in source.origins if key.startswith(ALT) and picture_of(key)[0] == source.mapped.locale]
    sent |= dict.fromkeys(alts, ("", "media"))
    used = {where: origin for where, origin in source.origins.items() if where[1] in sent}
    if not used:
        return
    for (_, key), (origin, stale) in stale_in(source.revision, used).items():
        policy = origin.draft.version.template.when_stale
        if policy == PromptTemplate.WhenStale.KEEP:
            continue
        sku, field = sent[key]
        facts = ", ".join(sorted(stale))
        yield Issue(
            code="stale_text",
            message=(
                f"AI wrote the text {key} when {facts} said something else. "
                "Have it written anew, edit it, or say why it still holds."
            ),
            severity="error" if policy == PromptTemplate.WhenStale.BLOCK else "warning",
            field=field,
            sku=sku,
        )
