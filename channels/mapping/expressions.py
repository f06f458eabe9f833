"""Rules of a mapping as people write them, in one line:

    name                                         an attribute, in the channel's language
    seo_title, name | plain_text | truncate: 150 the first that has a value, then step by step
    material | labels | default: "Cotton"        what to say when there is nothing
    "new"                                        a constant (JSON: "text", 12.5, true, ["a", "b"], {…})
    condition | lookup: {"new": "new_new"}       a step with its table

Reading what was written gives the rule back; see channels/mapping/rules.py for the rules themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from channels.mapping import numbers, templates
from channels.mapping.transforms import transforms
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.quantities import UNITS

Rule = dict[str, JSON]

SPECIAL = ("$code", "$sku", "$gtin", "$categories", "$category", "$contents")
# The option that a step's one argument fills, and what it must be.
ARGUMENT: Mapping[str, tuple[str, type]] = {
    "truncate": ("length", int),
    "lookup": ("table", dict),
    "match": ("table", dict),
    "map": ("tables", dict),
    "join": ("with", str),
    "template": ("text", str),
    "convert": ("to", str),
    "round": ("step", str),
    "when": ("condition", dict),
}
NEEDED = frozenset({"truncate", "lookup", "match", "map", "template", "convert", "round", "when"})
# Further options that a step takes beside its argument.
MORE: Mapping[str, frozenset[str]] = {"convert": frozenset({"places"}), "round": frozenset({"mode", "ending"})}
_SOURCE = re.compile(r"\s*(\$?[a-z][a-z0-9_]*)\s*(,|\||$)")
_STEP = re.compile(r"\s*([a-z_]+)\s*(:|\||$)")
_DECODER = json.JSONDecoder()


class BadExpression(ValueError):
    """What is wrong with an expression, in words for whoever wrote it."""


def parse(text: str) -> Rule | None:
    """The rule; None of an empty expression. Raises BadExpression."""
    text = text.strip()
    if not text:
        return None
    if text[0] in '"[{-0123456789' or re.match(r"(true|false)\b", text):
        value, rest = _json(text, 0)
        if rest != len(text):
            raise BadExpression(f"After the constant comes “{text[rest:][:40]}”. A constant stands by itself.")
        return {"const": value}
    sources, at = _sources(text)
    rule: Rule = {"from": sources[0] if len(sources) == 1 else sources}
    steps: list[JSON] = []
    while at < len(text):
        name, argument, at = _step(text, at)
        if name == "default":
            rule["default"] = argument
        elif "default" in rule:
            raise BadExpression(f"The step “{name}” stands after the default. Put the default last.")
        else:
            steps.append(_checked(name, argument))
    if steps:
        rule["transforms"] = steps
    return rule


def write(rule: Mapping[str, JSON]) -> str:
    """The expression of a rule."""
    if "const" in rule:
        return _text(rule["const"])
    sources = rule["from"] if isinstance(rule["from"], list) else [rule["from"]]
    parts = [", ".join(sources), *(_written(step) for step in rule.get("transforms", []))]
    if "default" in rule:
        parts.append(f"default: {_text(rule['default'])}")
    return " | ".join(parts)


def _sources(text: str) -> tuple[list[str], int]:
    found: list[str] = []
    at, mark = 0, ","
    while mark == ",":
        step = _SOURCE.match(text, at)
        if step is None:
            raise BadExpression(
                f"“{text[at:].strip()[:40]}” is no attribute. Name attributes by their codes with commas between them, "
                "or put a constant in quotes."
            )
        if step[1].startswith("$") and step[1] not in SPECIAL:
            raise BadExpression(f"“{step[1]}” is unknown. There are {', '.join(SPECIAL)}.")
        found.append(step[1])
        at, mark = step.end(), step[2]
    if mark == "|" and not text[at:].strip():
        raise BadExpression("After the last | a step is missing.")
    return found, at


def _step(text: str, at: int) -> tuple[str, JSON, int]:
    """(name, argument or None, where the next begins)."""
    step = _STEP.match(text, at)
    if step is None:
        raise BadExpression(f"“{text[at:].strip()[:40]}” is no step. Steps are {', '.join(_names())}.")
    name = step[1]
    if name != "default" and name not in transforms:
        raise BadExpression(f"There is no step “{name}”. Steps are {', '.join(_names())}.")
    if step[2] != ":":
        if name == "default":
            raise BadExpression('The default needs a value, such as default: "Cotton".')
        return name, None, step.end()
    argument, at = _json(text, step.end())
    rest = re.compile(r"\s*(\||$)").match(text, at)
    if rest is None:
        raise BadExpression(f"After “{name}: …” comes “{text[at:].strip()[:40]}”. Put a | between steps.")
    if rest[1] == "|" and not text[rest.end() :].strip():
        raise BadExpression("After the last | a step is missing.")
    return name, argument, rest.end()


def _checked(name: str, argument: JSON) -> JSON:
    if name not in ARGUMENT:
        if argument is not None:
            raise BadExpression(f"The step “{name}” takes nothing after it.")
        return name
    option, kind = ARGUMENT[name]
    if argument is None:
        if name in NEEDED:
            raise BadExpression(f"The step “{name}” needs {_wanted(kind)}, such as {name}: {_example(kind)}.")
        return name
    if name == "round" and isinstance(argument, dict):
        if wrong := numbers.problem(argument):
            raise BadExpression(wrong)
        return {"name": name, **argument}
    if isinstance(argument, dict) and isinstance(argument.get(option), kind):
        unknown = set(argument) - {option, "default"} - MORE.get(name, frozenset())
        if unknown:
            raise BadExpression(f"The step “{name}” knows no “{sorted(unknown)[0]}”, only {option} and default.")
        _read(name, argument)
        return {"name": name, **argument}
    if not isinstance(argument, kind) or isinstance(argument, bool) or (isinstance(argument, int) and argument < 1):
        raise BadExpression(f"The step “{name}” needs {_wanted(kind)}, not {_text(argument)[:40]}.")
    _read(name, {option: argument})
    return {"name": name, option: argument}


def _read(name: str, options: Mapping[str, JSON]) -> None:
    """What a step says of its own options. Raises BadExpression."""
    if name == "template":
        try:
            templates.read(options["text"])
        except templates.BadTemplate as error:
            raise BadExpression(str(error)) from error
    elif name == "convert":
        if options["to"] not in UNITS:
            raise BadExpression(f"“{options['to']}” is no unit. Units are {', '.join(UNITS)}.")
        places = options.get("places", 0)
        if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= 9:
            raise BadExpression("The places of “convert” are a whole number from 0 to 9.")
    elif name == "map":
        if not all(isinstance(table, dict) for table in options["tables"].values()):
            raise BadExpression('The step “map” needs a table for each source: map: {"color": {"nvy": "Navy"}}.')
    elif name == "round" and (wrong := numbers.problem(options)):
        raise BadExpression(wrong)
    elif name == "when":
        condition = options["condition"]
        if not isinstance(condition.get("attribute"), str) or set(condition) - {"attribute", "is", "is_not"}:
            raise BadExpression(
                'The step “when” reads an attribute, such as when: {"attribute": "gender", "is": ["male", "unisex"]}.'
            )


def _written(step: JSON) -> str:
    if isinstance(step, str):
        return step
    options = {key: value for key, value in step.items() if key != "name"}
    if not options:
        return str(step["name"])
    option = ARGUMENT.get(step["name"], ("", str))[0]
    plain = set(options) == {option} and not (isinstance(options[option], dict) and option in options[option])
    return f"{step['name']}: {_text(options[option] if plain else options)}"


def _json(text: str, at: int) -> tuple[JSON, int]:
    start = len(text) - len(text[at:].lstrip())
    try:
        return _DECODER.raw_decode(text, start)
    except ValueError as error:
        raise BadExpression(
            f'“{text[start:][:40]}” cannot be read. Put texts in quotes; tables look like {{"new": "new_new"}}.'
        ) from error


def _names() -> list[str]:
    return [*transforms.names(), "default"]


def _wanted(kind: type) -> str:
    return {int: "a length", dict: "a table", str: "a text in quotes"}[kind]


def _example(kind: type) -> str:
    return {int: "150", dict: '{"new": "new_new"}', str: '", "'}[kind]


def _text(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)
