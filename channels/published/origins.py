"""Where each approved value comes from: a person, a file, another system, or AI."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.models import ChangeSet, JournalEntry
from governance.copywriting.provenance import Origins, origins_of_all
from governance.models import Revision
from governance.proposed_parts import ALT
from governance.revisions.read import Document
from pimhub.foundation.jsonvalue import JSON

# How the change set came in → who says so, where neither AI nor a named system does.
KINDS: dict[str, str] = {
    ChangeSet.Source.PAGE: "person",
    ChangeSet.Source.IMPORT: "import",
    ChangeSet.Source.COMMAND: "person",
    ChangeSet.Source.API: "api",
    ChangeSet.Source.SYSTEM: "system",
}
# https://cv.iptc.org/newscodes/digitalsourcetype/
BY_MACHINE = "trainedAlgorithmicMedia"


@dataclass(frozen=True, slots=True)
class Origin:
    """`kind`: person, import, api, system, or ai, ai_edited, translated; `system`: the code of the one that wrote."""

    kind: str
    system: str
    at: dt.datetime
    by_ai: bool

    def told(self, key: str = "") -> dict[str, JSON]:
        found: dict[str, JSON] = {"origin": self.kind, "at": self.at.isoformat()}
        found |= {"system": self.system} if self.system else {}
        found |= {"digital_source_type": BY_MACHINE} if self.by_ai else {}
        return found | ({"key": key} if key else {})


def origins_of_values(
    revisions: Iterable[Revision], documents: Mapping[int, Document]
) -> dict[int, dict[tuple[str, str], Origin]]:
    """{revision id: {(SKU or "", value key): origin}}, with a fixed number of queries."""
    wanted = list(revisions)
    texts = origins_of_all(wanted, documents)
    entries = {e for d in documents.values() for keys in d.provenance.values() for e in keys.values() if e}
    rows = JournalEntry.objects.filter(pk__in=entries).values_list(
        "pk", "change_set__source", "change_set__system", "change_set__created_at"
    )
    acts = {str(pk): (source, system, at) for pk, source, system, at in rows}
    found: dict[int, dict[tuple[str, str], Origin]] = {}
    for revision in wanted:
        held = found.setdefault(revision.pk, {})
        for sku, keys in documents[revision.pk].provenance.items():
            for key, entry in keys.items():
                if entry not in acts:
                    continue
                source, system, at = acts[entry]
                text = texts[revision.pk].get((sku, key))
                kind = str(text.kind) if text else "system" if system else KINDS.get(source, source)
                held[sku, key] = Origin(kind, system, at, by_ai=text is not None)
    _pictures(found, texts)
    return found


def _pictures(found: dict[int, dict[tuple[str, str], Origin]], texts: Mapping[int, Origins]) -> None:
    """The texts of pictures that AI had a hand in, each by its key: a journal knows the pictures as one."""
    alts = [(pk, where, text) for pk, rows in texts.items() for where, text in rows.items() if where[1].startswith(ALT)]
    if alts:
        acts = {text.change_set_id for _, _, text in alts}
        moments = dict(ChangeSet.objects.filter(pk__in=acts).values_list("pk", "created_at"))
        for pk, where, text in alts:
            found[pk][where] = Origin(str(text.kind), "", moments[text.change_set_id], by_ai=True)
