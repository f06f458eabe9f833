"""The moves a product can make. The verbs obey this table, and the docs print it."""

from __future__ import annotations

from dataclasses import dataclass

from governance.models import Standing

S = Standing.State


@dataclass(frozen=True, slots=True)
class Move:
    verb: str
    sources: frozenset[str]
    target: str
    permission: str
    comment_needed: bool = False


MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move("submit", frozenset({S.DRAFT, S.CHANGES_REQUESTED}), S.IN_REVIEW, "governance.submit_product"),
        Move("withdraw", frozenset({S.IN_REVIEW}), S.DRAFT, "governance.submit_product"),
        Move(
            "request_changes",
            frozenset({S.IN_REVIEW}),
            S.CHANGES_REQUESTED,
            "governance.approve_product",
            comment_needed=True,
        ),
        Move("approve", frozenset({S.IN_REVIEW}), S.APPROVED, "governance.approve_product"),
    )
}
