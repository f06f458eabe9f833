"""Transforms: small pure steps between a value and a target field, by name.

A transform takes the value, its options and the context; it never sees a model.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from channels.mapping import numbers, templates
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
    # Another attribute of the same product or variant, as the channel reads it; None when it says nothing.
    read: Callable[[str], JSON] = lambda source: None


logger = logging.getLogger("pimhub.mapping")
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


@transform("map")
def _map(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """The channel's word for ours: `tables` holds a table for each source, and sources without one pass.

    Of categories the first that its table knows counts, and none is nothing; an option that its table does not know
    stays as it is.
    """
    table = options["tables"].get(context.attribute)
    if table is None:
        return value
    if context.attribute.startswith("$"):
        return next((table[one] for one in (value if isinstance(value, list) else [value]) if one in table), None)
    return [table.get(one, one) for one in value] if isinstance(value, list) else table.get(value, value)


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


@transform("convert")
def _convert(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """A measurement in the unit `to`, with `places` decimals (exact without); nothing when it has none of that kind."""
    return numbers.convert_value(value, str(options["to"]), options.get("places"))


@transform("round")
def _round(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """To multiples of `step`, `mode` nearest, up or down; with an `ending` such as 0.99 to amounts that end so."""
    return numbers.round_value(value, {k: v for k, v in options.items() if k != "name"})


@transform("template")
def _template(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """What a Liquid template makes of `value` and of the product's attributes; nothing when it goes beyond bounds."""
    try:
        return templates.write(str(options["text"]), value, context.read)
    except templates.BadTemplate as error:
        logger.warning("a mapping's template yields nothing", extra={"reason": str(error)})
        return None


@transform("when")
def _when(value: JSON, options: Mapping[str, JSON], context: Context) -> JSON:
    """The value if the condition {attribute, is | is_not: one or several values} holds (without either: if the
    attribute says anything), else nothing."""
    condition = options["condition"]
    said = context.read(str(condition["attribute"]))
    values = said if isinstance(said, list) else [said]
    if "is" in condition:
        return value if any(one in _several(condition["is"]) for one in values) else None
    if "is_not" in condition:
        return None if any(one in _several(condition["is_not"]) for one in values) else value
    return value if said not in (None, "", []) else None


def _several(given: JSON) -> list[JSON]:
    return given if isinstance(given, list) else [given]


def option_label(code: str, context: Context) -> str:
    labels = context.labels.get(context.attribute, {}).get(str(code), {})
    for locale in context.locales:
        if labels.get(locale):
            return labels[locale]
    return labels.get("en_US") or next(iter(labels.values()), str(code))
