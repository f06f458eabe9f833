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
    words: str = ""  # of a refusal: "You do not have the right to …"


MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        # What is approved may be submitted where names or pictures read differently since.
        Move(
            "submit",
            frozenset({S.DRAFT, S.CHANGES_REQUESTED, S.APPROVED}),
            S.IN_REVIEW,
            "governance.submit_product",
        ),
        Move("withdraw", frozenset({S.IN_REVIEW}), S.DRAFT, "governance.submit_product"),
        Move(
            "request_changes",
            frozenset({S.IN_REVIEW}),
            S.CHANGES_REQUESTED,
            "governance.approve_product",
            comment_needed=True,
        ),
        Move("approve", frozenset({S.IN_REVIEW}), S.APPROVED, "governance.approve_product"),
        Move(
            "take_back",
            frozenset({S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED}),
            S.IN_REVIEW,
            "governance.approve_product",
        ),
        Move("approve_trusted", frozenset({S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED}), "", ""),
        Move(
            "make_live",
            frozenset({S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED}),
            "",  # approved when the working copy is the same, else a draft
            "governance.approve_product",
            comment_needed=True,
            words="make revisions of products live",
        ),
        Move(
            "archive",
            frozenset({S.DRAFT, S.CHANGES_REQUESTED, S.APPROVED}),
            S.ARCHIVED,
            "governance.archive_product",
            comment_needed=True,
        ),
        Move(
            "hold_back",
            frozenset({S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED}),
            "",
            "governance.approve_product",
            words="hold products back",
        ),
        Move(
            "lift",
            frozenset({S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED}),
            "",
            "governance.approve_product",
            comment_needed=True,
            words="end embargoes",
        ),
        Move("reopen", frozenset({S.ARCHIVED}), S.DRAFT, "governance.archive_product"),
    )
}
