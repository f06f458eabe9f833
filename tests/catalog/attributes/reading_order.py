"""The one table of who reads what: level first, then scope, then language. Every reader agrees."""

from __future__ import annotations

from dataclasses import dataclass

from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True)
class Case:
    """Reading `name` from `levels` (variant first) gives `value` under `key` on `level`; key "" = nothing."""

    promise: str
    levels: list[dict[str, JSON]]
    key: str
    value: JSON = None
    level: int = 0
    scopes: tuple[str | None, ...] = ("web", None)
    locales: tuple[str | None, ...] = ("de_AT", "de", None)


CASES = [
    Case("nothing anywhere", [{}, {}], ""),
    Case("no levels", [], ""),
    Case("the exact key wins", [{"name@de_AT#web": "A", "name@de_AT": "B", "name": "C"}], "name@de_AT#web", "A"),
    Case("the language falls back", [{"name@de": "D", "name": "C"}], "name@de", "D"),
    Case("then to no language", [{"name": "C", "name@fr_FR": "F"}], "name", "C"),
    Case("another language is never read", [{"name@fr_FR": "F"}], ""),
    Case("another scope is never read", [{"name@de#print": "P"}], ""),
    Case("scope before language", [{"name@de#web": "W", "name@de_AT": "A"}], "name@de#web", "W"),
    Case("scope without language before language", [{"name#web": "W", "name@de_AT": "A"}], "name#web", "W"),
    Case("level before scope", [{"name": "V"}, {"name@de_AT#web": "P"}], "name", "V"),
    Case("an absent value is inherited", [{"color": "red"}, {"name": "P"}], "name", "P", 1),
    Case("null is deliberately empty", [{"name": None}, {"name": "P"}], "name", None),
    Case("null ends the search in its scope", [{"name@de#web": None, "name@de": "D"}], "name@de#web", None),
    Case("null ends the search in its language", [{"name@de_AT": None, "name@de": "D"}], "name@de_AT", None),
    Case("false and zero are values", [{"name": False}, {"name": "P"}], "name", False),
    Case("an empty text is a value", [{"name": ""}, {"name": "P"}], "name", ""),
    Case("only the scopes that are asked for", [{"name": "C"}], "", scopes=("web",), locales=(None,)),
    Case("only the languages that are asked for", [{"name": "C"}], "", locales=("de",)),
    Case("no similar name", [{"name_2": "x", "names": "y"}], ""),
]
