"""Test cases of a mapping: from these values comes that field. They are kept with a version and bind it.

A case is {"field": "title", "values": {"name@de_DE": "Hemd"}, "variant": {"color": "red"}, "expect": "Hemd"};
`variant` holds the variant's own values (with "$sku" and "$gtin"), `expect` null means that nothing comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import orjson

from catalog.models import Attribute, AttributeOption
from channels.mapping.rules import Reader
from channels.models import Channel, MappingVersion
from governance.revisions.read import Document, FrozenVariant
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.locales import fallback_chain

MOST = 200
_NAMES = frozenset({"name", "field", "values", "variant", "expect"})


class BadCase(ValueError):
    """What is wrong with a test case, in words for whoever wrote it."""


def read_lines(text: str) -> list[dict[str, JSON]]:
    """Cases as they are written: one JSON object a line. Raises BadCase naming the line."""
    found: list[JSON] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(orjson.loads(line))
            except ValueError as error:
                raise BadCase(f"Test case in line {number} is no JSON object: {error}.") from error
    return checked(found)


def write_lines(cases: Sequence[Mapping[str, JSON]]) -> str:
    return "\n".join(orjson.dumps(case).decode() for case in cases)


def checked(cases: JSON) -> list[dict[str, JSON]]:
    """Raises BadCase."""
    if not isinstance(cases, list) or len(cases) > MOST:
        raise BadCase(f"Test cases are a list of at most {MOST}.")
    for number, case in enumerate(cases, 1):
        if not isinstance(case, dict) or not isinstance(case.get("field"), str) or "expect" not in case:
            raise BadCase(f"Test case {number} needs a field and what is expected of it.")
        if unknown := sorted(set(case) - _NAMES):
            raise BadCase(f"Test case {number} knows no “{unknown[0]}”, only {', '.join(sorted(_NAMES))}.")
        if not all(isinstance(case.get(part, {}), dict) for part in ("values", "variant")):
            raise BadCase(f"The values of test case {number} are an object of value keys.")
    return cases


def failures(version: MappingVersion) -> list[str]:
    """Which cases the version does not fulfil, in words; [] when all pass."""
    if not version.cases:
        return []
    channel = version.channel
    labels = _labels(version.cases)
    attributes = dict(Attribute.objects.values_list("code", "localizable"))
    found = []
    for number, case in enumerate(version.cases, 1):
        said = _yield(version.rules.get(case["field"]), case, channel, labels, attributes)
        if said != case["expect"]:
            name = case.get("name") or f"{number}"
            found.append(f"Test case {name}: {case['field']} is {_text(said)}, expected {_text(case['expect'])}.")
    return found


def _yield(
    rule: Mapping[str, JSON] | None,
    case: Mapping[str, JSON],
    channel: Channel,
    labels: Mapping[str, Mapping[str, Mapping[str, str]]],
    attributes: Mapping[str, bool],
) -> JSON:
    if rule is None:
        return None
    own = dict(case.get("variant", {}))
    variant = FrozenVariant(str(own.pop("$sku", "")), str(own.pop("$gtin", "")), own, 0)
    values = dict(case.get("values", {}))
    document = Document(0, str(values.pop("$code", "")), "", (), {}, values, (variant,), (), labels, {})
    locales = tuple(dict.fromkeys(x for locale in channel.market.locales for x in fallback_chain(locale)))
    reader = Reader(document=document, scope=channel.scope.code, locales=locales, attributes=attributes)
    mapped = reader.field(rule, variant if "variant" in case else None)
    return mapped.value if mapped else None


def _labels(cases: Sequence[Mapping[str, JSON]]) -> dict[str, dict[str, dict[str, str]]]:
    """Labels of the options that the cases name, as they are now."""
    codes = {re.split("[@#]", key)[0] for case in cases for part in ("values", "variant") for key in case.get(part, {})}
    found: dict[str, dict[str, dict[str, str]]] = {}
    rows = AttributeOption.objects.filter(attribute__code__in=codes)
    for attribute, code, labels in rows.values_list("attribute__code", "code", "labels"):
        found.setdefault(attribute, {})[code] = labels
    return found


def _text(value: JSON) -> str:
    return "nothing" if value is None else orjson.dumps(value).decode()
