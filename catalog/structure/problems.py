"""Why a row of the configuration cannot be as it was wanted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wrong:
    field: str
    code: str
    message: str


class CannotBe(ValueError):
    """Nothing was written. `wrong` names each field."""

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__(" ".join(w.message for w in wrong))
        self.wrong = list(wrong)


def cannot(field: str, code: str, message: str) -> CannotBe:
    return CannotBe(Wrong(field, code, message))
