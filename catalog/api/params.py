"""Query parameters, read strictly: a misspelt one is an answer, not a surprise."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from rest_framework.request import Request

from catalog.api.problems import Problem

PAGING = frozenset({"limit", "cursor", "count"})


def only(request: Request, known: Collection[str]) -> None:
    """Refuse parameters that there are not."""
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(sorted(known)) or 'none'}."
            raise Problem(400, "unknown_parameter", f"There is no parameter “{name[:50]}”. {hint}", parameter=name)


def names(request: Request, parameter: str, *, known: Collection[str] | None = None) -> frozenset[str]:
    """A list separated by commas, each of `known`."""
    given = frozenset(n.strip() for n in request.query_params.get(parameter, "").split(",") if n.strip())
    for name in sorted(given - frozenset(known)) if known is not None else ():
        near = difflib.get_close_matches(name, known or (), n=1)
        hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(sorted(known or ()))}."
        raise Problem(400, f"bad_{parameter}", f"{parameter} cannot hold “{name[:50]}”. {hint}", parameter=parameter)
    return given


def flag(request: Request, parameter: str) -> bool | None:
    text = request.query_params.get(parameter)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise Problem(400, f"bad_{parameter}", f"{parameter} is true or false, not “{text[:20]}”.", parameter=parameter)
    return text == "true"


def choice(request: Request, parameter: str, choices: Collection[str], default: str) -> str:
    text = request.query_params.get(parameter, default)
    if text not in choices:
        raise Problem(
            400,
            f"bad_{parameter}",
            f"{parameter} is one of {', '.join(choices)}, not “{text[:50]}”.",
            parameter=parameter,
        )
    return text


def number(request: Request, parameter: str, default: int) -> int:
    text = request.query_params.get(parameter, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Problem(
            400, f"bad_{parameter}", f"{parameter} is a whole number, not “{text[:20]}”.", parameter=parameter
        )
    return int(text)
