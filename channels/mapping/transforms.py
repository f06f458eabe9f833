"""Transforms: small pure steps between a value and a target field, by name.

A transform takes the value, its options and the context; it never sees a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pimhub.foundation.html import to_text
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Context:
    """What a transform may need besides the value."""

    attribute: str = ""
    locales: tuple[str, ...] = ()
    # {attribute: {option code: {locale: label}}}, frozen with the revision
    labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


_WORD = re.compile(r"\w+")

Transform = Callable[[JSON, Mapping[str, JSON], Context], JSON]
transforms: Registry[Transform] = Registry("transform")


def transform(name: str) -> Callable[[Transform], Transform]:
    return lambda function: transforms.add(name, function)


def run(value: JSON, steps: list[JSON], context: Context) -> JSON:
    """Apply the steps in order; each is a name, or {"name": …, option: …}."""
    for step in steps:
        options = {"name": step} if isinstance(step, str) else step
        value = transforms.get(options["name"])(value, options, context)
    return value


@transform("upper")
def _upper(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    return value.upper() if isinstance(value, str) else value


@transform("lower")
def _lower(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    return value.lower() if isinstance(value, str) else value


@transform("plain_text")
def _plain_text(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    return to_text(value) if isinstance(value, str) else value


@transform("truncate")
def _truncate(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """Shorten to `length` characters at the end of a word, with an ellipsis."""
    length = int(options["length"])
    if not isinstance(value, str) or len(value) <= length:
        return value
    head = value[: length - 1]
    whole = head.rsplit(None, 1)[0] if any(c.isspace() for c in head) else head
    return f"{whole.rstrip()}…"


@transform("lookup")
def _lookup(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """Replace by `table`; what is not in it becomes `default` (or stays, without one)."""
    key = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return options["table"].get(key, options.get("default", value))


@transform("match")
def _match(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """The entry of `table` whose words stand in the value (whole words, in any case; the first that fits), else
    `default` or nothing. Of several values the first that fits counts: “Apparel > Caps” by {"apparel": "SHIRT"}."""
    for one in value if isinstance(value, list) else [value]:
        said = _words(one)
        for words, found in options["table"].items():
            if _words(words) in said:
                return found
    return options.get("default")


def _words(text: JSON) -> str:
    return f" {' '.join(re.findall(_WORD, str(text).casefold()))} "


@transform("labels")
def _labels(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """Option codes as people read them, in the channel's language."""
    if isinstance(value, list):
        return [option_label(code, context) for code in value]
    return option_label(value, context) if value is not None else None


@transform("number")
def _number(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """The bare amount of a measurement."""
    return value.get("amount") if isinstance(value, Mapping) else value


@transform("join")
def _join(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    return str(options.get("with", ", ")).join(map(str, value)) if isinstance(value, list) else value


def option_label(code: str, context: Context) -> str:
    labels = context.labels.get(context.attribute, {}).get(str(code), {})
    for locale in context.locales:
        if labels.get(locale):
            return labels[locale]
    return labels.get("en_US") or next(iter(labels.values()), str(code))
