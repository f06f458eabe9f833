"""What a writer answers, and every way in which it can fail to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    facts: tuple[str, ...]
    picture: str = ""  # the number of the picture that it describes


@dataclass(frozen=True, slots=True)
class Extracted:
    """A value that a text is said to state, with the words that state it."""

    attribute: str
    value: str
    quote: str


@dataclass(slots=True)
class Billed:
    """What a call cost and said, known before its answer is judged. None where the server did not say."""

    request: str = ""
    response: str = ""
    answered_model: str = ""
    request_id: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    remaining: int | None = None  # requests that may be made before `reset` seconds are over
    reset: float = 0
    is_known: bool = False  # whether the call is known to have been billed, or known not to have been


@dataclass(frozen=True, slots=True)
class Answer:
    sentences: tuple[Sentence, ...]
    raw: dict[str, Any] = field(default_factory=dict)
    values: tuple[Extracted, ...] = ()  # where values were asked for, not sentences


class CannotWrite(Exception):
    """The call gave no text. `code` says why; `again` whether trying again can help, after `wait` seconds;
    `ends` whether the whole run must stop, as every further call would fail the same way."""

    def __init__(self, code: str, message: str, *, again: bool = False, wait: float = 0, ends: bool = False) -> None:
        super().__init__(message)
        self.code, self.again, self.wait, self.ends = code, again, wait, ends
