"""An attribute as the pure code sees it: the row without the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """What a type needs to know of its attribute.

    `limits` by type: max_length, pattern (text, textarea) · min, max (integer, decimal, as strings)
    · decimal_places (decimal) · unit_family, default_unit (measurement) · min, max (date, ISO)
    · currencies (price, list of codes).
    """

    code: str
    type: str
    label: str = ""
    localizable: bool = False
    scopable: bool = False
    unique: bool = False
    limits: Mapping[str, JSON] = field(default_factory=dict)
    help: str = ""


class ValueProblem(Exception):
    """A value that its attribute cannot hold, in words for the person who typed it.

    `message` says what is wrong with this value, `remedy` what would be accepted.
    """

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.code = code
        self.message = message
        self.remedy = remedy
