"""Templates of a mapping: Liquid, as shops know it, in a sandbox.

A template sees the value that it is given (`value`) and the product's attributes by their codes; no files, no other
templates, no environment. Its loops, its memory and its output are bounded, so that no template holds up a channel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from pimhub.foundation.jsonvalue import JSON

LONGEST = 4_000  # characters of a template
LARGEST = 50_000  # bytes of what it writes
LOOPS = 1_000  # turns of all its loops together
MEMORY = 100_000  # of what it assigns

_REFUSED = ("include", "render", "extends", "block", "macro", "call", "import", "increment", "decrement")


class BadTemplate(ValueError):
    """What is wrong with a template, in words for whoever wrote it."""


class _Sandbox(Environment):
    loop_iteration_limit = LOOPS
    output_stream_limit = LARGEST
    local_namespace_limit = MEMORY
    context_depth_limit = 10
    block_nesting_limit = 10


def _sandbox() -> Environment:
    made = _Sandbox(autoescape=False)
    for tag in _REFUSED:
        made.tags.pop(tag, None)
    return made


_ENVIRONMENT = _sandbox()


@lru_cache(maxsize=256)
def read(text: str) -> BoundTemplate:
    """Raises BadTemplate."""
    if len(text) > LONGEST:
        raise BadTemplate(f"The template has {len(text)} characters; {LONGEST} is the most.")
    try:
        return _ENVIRONMENT.from_string(text)
    except LiquidError as error:
        raise BadTemplate(f"The template cannot be read: {error.message}.") from error


@lru_cache(maxsize=256)
def names_in(text: str) -> tuple[str, ...]:
    """What the template asks for from outside: the value, and attributes by their codes."""
    return tuple(dict.fromkeys(read(text).global_variables()))


def write(text: str, value: JSON, attribute: Callable[[str], JSON]) -> str:
    """What the template makes of a value. Raises BadTemplate where it goes beyond its bounds."""
    try:
        given = {name: attribute(name) for name in names_in(text) if name != "value"}
        return str(read(text).render({**given, "value": value})).strip()
    except LiquidError as error:
        raise BadTemplate(f"The template failed: {error.message}.") from error
