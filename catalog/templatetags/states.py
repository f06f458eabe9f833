"""How each state looks and what it is called: tone, icon and words, never a colour alone."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """`tone` is one of neutral, info, success, warning, danger."""

    tone: str
    icon: str
    label: str


STATES: dict[str, Look] = {
    # a product under review
    "draft": Look("neutral", "pencil", "Draft"),
    "in_review": Look("info", "eye", "In review"),
    "changes_requested": Look("warning", "message-2", "Changes requested"),
    "approved": Look("success", "circle-check", "Approved"),
    "archived": Look("neutral", "archive", "Archived"),
    # a listing on a channel
    "not_listed": Look("neutral", "circle-dashed", "Not listed"),
    "pending": Look("info", "clock", "Pending"),
    "queued": Look("info", "clock", "Queued"),
    "blocked": Look("warning", "ban", "Blocked"),
    "accepted": Look("info", "check", "Accepted"),
    "live": Look("success", "broadcast", "Live"),
    "rejected": Look("danger", "circle-x", "Rejected"),
    "failed": Look("danger", "alert-triangle", "Failed"),
    "drifted": Look("warning", "git-compare", "Drifted"),
    "held": Look("warning", "hourglass", "Held"),
    "off": Look("neutral", "circle-dashed", "Off"),
    "paused": Look("neutral", "player-pause", "Paused"),
    # a line of an import (rejected is above)
    "created": Look("success", "plus", "New"),
    "updated": Look("info", "pencil", "Changed"),
    "unchanged": Look("neutral", "equal", "Unchanged"),
    "merged": Look("neutral", "git-merge", "Part of its product"),
    # an import as a whole
    "uploaded": Look("info", "clock", "Waiting for the dry run"),
    "planning": Look("info", "loader-2", "Dry run under way"),
    "planned": Look("warning", "checkbox", "Ready to apply"),
    "applying": Look("info", "loader-2", "Being applied"),
    "applied": Look("success", "circle-check", "Applied"),
    "refused": Look("danger", "circle-x", "File refused"),
    # a message of a channel (failed is above)
    "waiting": Look("info", "clock", "Waiting"),
    "done": Look("success", "check", "Done"),
    # an alert
    "open": Look("danger", "bell", "Open"),
    "acknowledged": Look("warning", "eye-check", "Seen to"),
    "over": Look("success", "circle-check", "Over"),
    # a webhook (paused and failed are above)
    "active": Look("success", "circle-check", "Active"),
    "failing": Look("warning", "alert-triangle", "Failing"),
    "disabled": Look("danger", "ban", "Disabled"),
    # how bad a problem is
    "error": Look("danger", "circle-x", "Error"),
    "warning": Look("warning", "alert-triangle", "Warning"),
    "info": Look("info", "info-circle", "Note"),
}


def look(state: str) -> Look:
    """The look of a state; one that is not listed keeps its own name, in neutral grey."""
    known = STATES.get(state)
    return known or Look("neutral", "circle-dot", state.replace("_", " ").capitalize() or "Unknown")
