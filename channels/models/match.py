"""What a channel had of a product before our first call for it, and what a person said to that."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Match(models.Model):
    """One meeting of a product with what its channel has under an identity of ours.

    `found`: the products there, as channels/connectors/abilities.py:Found says them. While it is TAKEN, what is there
    counts as foreign: nothing is sent over a difference before somebody said to (channels/publishing/meeting.py).
    """

    class State(models.TextChoices):
        OPEN = "open", "waits for an answer"
        TAKEN = "taken", "taken over; what differs waits for an answer"
        DONE = "done", "taken over"
        LEFT = "left", "left as it is"
        ANEW = "anew", "made a second time"
        OVER = "over", "not there any more"

    placement = models.ForeignKey("channels.Placement", on_delete=models.CASCADE, related_name="matches")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    found = models.JSONField(default=list)
    doubts = models.JSONField(default=list)  # why it is a question, in sentences; none: it was clear
    found_at = models.DateTimeField(auto_now_add=True)
    # Nobody, where it was clear.
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement"], condition=~models.Q(state__in=["over", "done"]), name="one_match_a_placement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.placement_id}: {self.state}"
