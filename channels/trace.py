"""From each field of a payload to whoever wrote it: mapping rule, value key, revision, approval, author."""

from __future__ import annotations

from typing import TypedDict

from catalog.access.reach import sight
from catalog.models import JournalEntry, Product
from channels.connectors.outcome import Issue
from channels.mapping.expressions import write
from channels.models import Channel
from channels.publishing.desire import Desired, desire
from governance.models import Standing
from governance.revisions.read import read_all
from pimhub.foundation.jsonvalue import JSON


class Step(TypedDict):
    sku: str
    field: str
    value: JSON
    rule: str  # as the mapping editor writes it
    key: str  # value key; empty for a constant
    by: str
    through: str  # page, file, API …
    at: str | None
    line: int | None  # of the file
    change_set: str | None
    origin: str  # human, ai, ai_edited or translated


class Trace(TypedDict):
    revision: int | None
    approved_by: str
    approved_at: str | None
    mapping: int | None
    put_back_to: str | None
    fields: list[Step]


def trace(channel: Channel, product: Product) -> Trace:
    """What would be shown now, field by field; empty while nothing is approved. What one may not see is absent."""
    standing = Standing.objects.select_related("live", "product").get(product=product)
    desired = desire(channel, standing)
    if isinstance(desired, Issue):
        return {
            "revision": None,
            "approved_by": "",
            "approved_at": None,
            "mapping": channel.mapping.number if channel.mapping else None,
            "put_back_to": None,
            "fields": [],
        }
    revision = desired.source.revision
    return {
        "revision": revision.number,
        "approved_by": revision.approved_by.display_name if revision.approved_by else "",
        "approved_at": revision.approved_at.isoformat(),
        "mapping": desired.mapping.number if desired.mapping else None,
        "put_back_to": desired.pin.at.isoformat() if desired.pin else None,
        "fields": _steps(desired, product),
    }


def _steps(desired: Desired, product: Product) -> list[Step]:
    source = desired.source
    provenance = read_all([source.revision])[source.revision.pk].provenance
    rules = desired.mapping.rules if desired.mapping else {}
    rows = {"": source.mapped.fields} | {v.sku: v.fields for v in source.mapped.variants}
    wanted = [(sku, code) for sku, fields in rows.items() for code in fields]
    keys = {place: source.keys.get(place, "") for place in wanted}
    if (reach := sight()).reaches is not None:
        keys = {place: key for place, key in keys.items() if not key or reach.shows(product.pk, key)}
    entries = {place: _entry(provenance, place[0], key) for place, key in keys.items()}
    found = JournalEntry.objects.filter(pk__in=[e for e in entries.values() if e]).select_related("change_set")
    journal = {str(row.pk): row for row in found}
    steps = []
    for (sku, code), key in keys.items():
        row = journal.get(entries[sku, code])
        origin = source.origins.get((sku, key)) or source.origins.get(("", key))
        act = row.change_set if row else None
        steps.append(
            Step(
                sku=sku,
                field=code,
                value=rows[sku][code],
                rule=write(rules[code]) if code in rules else "",
                key=key,
                by=act.actor if act else "",
                through=act.get_source_display() if act else "",
                at=act.created_at.isoformat() if act else None,
                line=row.line if row else None,
                change_set=str(act.pk) if act else None,
                origin=str(origin.kind) if origin else "human",
            )
        )
    return steps


def _entry(provenance: object, sku: str, key: str) -> str:
    """The journal entry of a value: the variant's own, else the product's."""
    rows = provenance if isinstance(provenance, dict) else {}
    return str(rows.get(sku, {}).get(key) or rows.get("", {}).get(key) or "")
