"""Where the texts of a revision come from: for renderers, the API, and whoever asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from catalog.access.reach import sight
from catalog.models import JournalEntry
from governance.models import Draft, Revision, TextOrigin
from governance.proposed_parts import ALT, alt_key
from governance.revisions.pending import Pending
from governance.revisions.read import Document, read_all
from pimhub.foundation.jsonvalue import digest

T = TypeVar("T")
Origins = dict[tuple[str, str], TextOrigin]  # {(SKU or "", value key): origin}


def within(draft: Draft, product_id: int, facts: Mapping[str, T]) -> dict[str, T]:
    """Of facts by code, those that the person acting may see."""
    if sight().reaches is None:
        return dict(facts)
    return {code: each for code, each in facts.items() if sight().shows(product_id, draft.fact_keys.get(code, code))}


def rests_on(origin: TextOrigin, keys: Iterable[str]) -> bool:
    """Whether one of these value keys or parts, in whatever language, is a fact that the text rests on."""
    attributes = {_attribute(origin.draft.fact_keys.get(code, code)) for code in origin.rests}
    return any(_attribute(key) in attributes for key in keys)


def _attribute(key: str) -> str:
    return re.split("[@#]", key, maxsplit=1)[0]


def origins_of(revision: Revision) -> Origins:
    """Of the texts that AI had a hand in; a person's own have none."""
    return origins_of_all([revision])[revision.pk]


def origins_of_all(
    revisions: Iterable[Revision], documents: Mapping[int, Document] | None = None
) -> dict[int, Origins]:
    """By revision id, with three queries for all; one less for whoever has read the documents."""
    wanted = list(revisions)
    rows: dict[int, list[TextOrigin]] = {}
    for row in TextOrigin.objects.filter(product_id__in={r.product_id for r in wanted}).select_related("draft"):
        rows.setdefault(row.product_id, []).append(row)
    written = [r for r in wanted if r.product_id in rows]
    if documents is None:
        documents = read_all(written) if written else {}
    acts = _acts([documents[r.pk] for r in written])
    found: dict[int, Origins] = {r.pk: {} for r in wanted}
    for revision in written:
        provenance = documents[revision.pk].provenance
        alts = _texts_of_pictures(documents[revision.pk])
        for row in rows[revision.product_id]:
            if row.key.startswith(ALT):  # the pictures were written as one: their texts tell whose they are
                if alts.get(row.key) == row.value_hash:
                    found[revision.pk][row.sku, row.key] = row
                continue
            entry = provenance.get(row.sku, {}).get(row.key, "")
            if acts.get(entry) == str(row.change_set_id):
                found[revision.pk][row.sku, row.key] = row
    return found


def _texts_of_pictures(document: Document) -> dict[str, str]:
    """{key of a text: its digest}"""
    texts = ((alt_key(locale, str(item["id"])), text) for item in document.media for locale, text in _alts(item))
    return {key: digest(text) for key, text in texts}


def _alts(item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((locale, text) for locale, text in (item.get("alt") or {}).items() if text)


def _acts(documents: Iterable[Document]) -> dict[str, str]:
    """{id of a journal entry: id of its change set}"""
    ids = {entry for d in documents for keys in d.provenance.values() for entry in keys.values() if entry}
    pairs = JournalEntry.objects.filter(pk__in=ids).values_list("pk", "change_set_id")
    return {str(pk): str(act) for pk, act in pairs}


def pending_texts(now: Pending) -> Origins:
    """Of what is pending, the texts that AI had a hand in."""
    rows = TextOrigin.objects.filter(product=now.product, is_current=True)
    found = rows.select_related("draft__version__template", "draft__call", "draft__proposal__decided_by")
    keys = now.keys()
    # A text of a picture is pending where the pictures are, and where it is another one than is live.
    live = _texts_of_pictures(now.live) if now.live else {}
    return {
        (row.sku, row.key): row
        for row in found
        if (row.sku, row.key) in keys
        or (row.key.startswith(ALT) and ("", "media") in keys and live.get(row.key) != row.value_hash)
    }
