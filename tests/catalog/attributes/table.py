"""Each attribute type's own table: what people type, what is refused, and a strategy for its values.

A new type adds an entry; the contract suite runs over it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from catalog.attributes.spec import AttributeSpec
from pimhub.foundation.jsonvalue import JSON

HASH = "0" * 63 + "a"
words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
digits = st.integers(-(10**9), 10**9)


@dataclass(frozen=True)
class Table:
    """`typed`: text → canonical. `refused`: text → problem code. `sent`: JSON → canonical, as pairs."""

    spec: AttributeSpec
    typed: dict[str, JSON]
    refused: dict[str, str]
    sent: list[tuple[JSON, JSON]]
    not_sent: list[tuple[JSON, str]]
    values: st.SearchStrategy[JSON]  # JSON that may be sent: validate must take it
    shown: list[tuple[JSON, str, str]] = field(default_factory=list)  # value, locale, text
    indexed: list[tuple[JSON, list[tuple[str, str]]]] = field(default_factory=list)  # value, [(kind, text)]


def spec(type: str, **limits: JSON) -> AttributeSpec:
    return AttributeSpec(code="sample", type=type, label="Sample", limits=limits)


def decimal_text(number: int) -> str:
    return f"{'-' if number < 0 else ''}{abs(number) // 1000}.{abs(number) % 1000:03}"
