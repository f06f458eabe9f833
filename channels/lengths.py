"""Which limits of channels' fields hold for a text: those that a mapping in force fills from its attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from channels.access import reached
from channels.connectors.registry import connectors
from channels.models import Channel
from governance.copywriting.lengths import Limit, destinations
from pimhub.foundation.jsonvalue import JSON


def limits(attribute: str, scope: str, locale: str) -> Iterator[Limit]:
    """Of every channel that shows a text of this scope ("" = of all) in this language."""
    channels = reached(Channel.objects.exclude(mapping=None).select_related("scope", "market", "mapping"))
    for channel in channels.order_by("code"):
        if (scope and channel.scope.code != scope) or locale not in channel.market.locales:
            continue
        assert channel.mapping is not None
        fields = {field.code: field for field in connectors.get(channel.connector).target_fields}
        for code, rule in channel.mapping.rules.items():
            field = fields.get(code)
            if field is None or attribute not in sources(rule):
                continue
            where = f"{channel.label}: {field.label}"
            if field.max_length:
                yield Limit(where, field.max_length, by_line=field.many)
            if field.max_bytes:
                yield Limit(where, field.max_bytes, by_line=field.many, in_bytes=True)


def sources(rule: Mapping[str, JSON]) -> list[str]:
    """The attributes that a rule reads."""
    given = rule.get("from", [])
    return list(given) if isinstance(given, list) else [given]


def plug_in() -> None:
    destinations.add("channels.lengths", limits)
