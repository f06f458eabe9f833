"""The words a channel's field may hold, and what shipped tables and other channels say of our values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import orjson
from django.db.models import Q

from catalog.models import Category
from catalog.structure.taxonomy import GOOGLE, ROOT
from channels.connectors.abilities import NamesTerms
from channels.connectors.base import Connector, TargetField
from channels.connectors.registry import connectors
from channels.mapping.suggest import ELSEWHERE, SHIPPED, Suggestion, Term
from channels.mapping.tables import table_of
from channels.models import Channel, ChannelDefinition, MappingVersion

PREFIX = f"{ROOT}_"


def vocabulary(channel: Channel, connector: Connector, field: TargetField) -> list[Term]:
    """From the field's own choices, the channel's definitions, and the taxonomy that was loaded."""
    terms = {choice: Term(choice, choice.replace("_", " ")) for choice in field.choices}
    if hasattr(connector, "terms"):
        rows = ChannelDefinition.objects.filter(channel=channel).exclude(checksum="")
        definitions = {row.name: orjson.loads(row.text) for row in rows}
        said = cast(NamesTerms, connector).terms(field.code, definitions)
        terms |= {value: Term(value, label, (label, value)) for value, label in said.items()}
    if field.taxonomy in ("shopify", "google"):
        for term in _tree(field.taxonomy):
            terms.setdefault(term.value, term)
    return list(terms.values())


def _tree(taxonomy: str) -> Iterator[Term]:
    """Shopify's categories by their ids; Google's by the numbers that Shopify's release maps to, widest first."""
    paths: dict[str, str] = {}
    for code, labels, values, path in _nodes():
        label = labels.get("en_US") or code
        above = paths.get(path[: -Category.steplen], "")
        paths[path] = f"{above} > {label}" if above else label
        value = code.removeprefix(PREFIX) if taxonomy == "shopify" else str(values.get(GOOGLE, ""))
        if value:
            yield Term(value, paths[path], tuple(labels.values()))


def _nodes() -> Iterator[tuple[str, dict[str, str], dict[str, str], str]]:
    rows = Category.objects.filter(code_key__startswith=PREFIX, trashed_at=None).order_by("depth", "path")
    yield from rows.values_list("code", "labels", "values", "path").iterator(chunk_size=2000)


def shipped(
    channel: Channel, field: TargetField, codes: Sequence[str], terms: Sequence[Term]
) -> dict[str, list[Suggestion]]:
    """Of categories that are Shopify's own, or say themselves what they are at Google."""
    labels = {term.value: term.label for term in terms}
    found: dict[str, list[Suggestion]] = {}
    for code, values in Category.objects.filter(code__in=codes).values_list("code", "values"):
        value = ""
        if field.taxonomy == "google":
            value = str(values.get(GOOGLE, ""))
        elif field.taxonomy == "shopify" and code.startswith(PREFIX):
            value = code.removeprefix(PREFIX)
        if value:
            reason = "Shopify's own table" if code.startswith(PREFIX) else "said by the category"
            found[code] = [Suggestion(value, labels.get(value, value), reason, SHIPPED)]
    return found


def known_elsewhere(
    channel: Channel, field: TargetField, source: str, codes: Sequence[str], terms: Sequence[Term]
) -> dict[str, list[Suggestion]]:
    """What other channels' mappings in force say of the same values: the same taxonomy, or Shopify's, which knows
    Google's."""
    labels = {term.value: term.label for term in terms}
    to_google: dict[str, str] = {}
    found: dict[str, list[Suggestion]] = {}
    others = Channel.objects.exclude(pk=channel.pk).filter(~Q(mapping=None)).select_related("mapping")
    for other in others:
        if other.connector not in connectors:
            continue
        rules = cast(MappingVersion, other.mapping).rules
        for theirs in connectors.get(other.connector).target_fields:
            same = theirs.taxonomy == field.taxonomy if field.taxonomy else theirs.code == field.code
            crosses = (theirs.taxonomy, field.taxonomy) == ("shopify", "google")
            if not (same or crosses):
                continue
            table = table_of(rules.get(theirs.code), source)
            if crosses and table and not to_google:
                to_google = {code.removeprefix(PREFIX): str(values.get(GOOGLE, "")) for code, _, values, _ in _nodes()}
            for code in set(codes) & table.keys():
                value = to_google.get(table[code], "") if crosses else table[code]
                if value and (not labels or value in labels):
                    reason = f"as on {other.label}"
                    found.setdefault(code, []).append(Suggestion(value, labels.get(value, value), reason, ELSEWHERE))
    return found
