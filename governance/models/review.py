"""What was said and decided of a product, in order."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ReviewStep(models.Model):
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="review_steps")
    verb = models.CharField(max_length=20)  # of governance/workflow/moves.py
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    from_state = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    comment = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64)
    details = models.JSONField(default=dict)  # what the verb was given besides: keys, reviewer, due date
    revision = models.ForeignKey("governance.Revision", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["product_id", "-id"]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.verb}"

    @property
    def told(self) -> str:
        """What was done, in words that follow a name."""
        number = f" revision {self.revision.number}" if self.revision else ""
        return {
            "submit": "asked for review",
            "withdraw": "took the request back",
            "request_changes": "asked for changes",
            "approve": f"approved{number}"
            + (" in part" if self.details.get("keys") else "")
            + (", to go live later" if self.details.get("live_at") else ""),
            "make_live": f"made{number} live again",
            "archive": "archived it",
            "reopen": "reopened it",
            "comment": "said",
            "agree": "agreed; more people must",
            "approve_trusted": f"trusted the system that wrote it:{number}",
            "take_back": "took the decision back",
            "hold_back": "held it back",
            "lift": "ended the embargo",
            "release": "went live as planned",
            "assign": "gave the review to somebody" if self.details.get("to") else "gave the review to nobody",
        }.get(self.verb, self.verb)


class Reminder(models.Model):
    """That somebody was told once that a review of theirs is due soon, or overdue."""

    class Kind(models.TextChoices):
        SOON = "soon", "due soon"
        OVERDUE = "overdue", "overdue"

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    due_at = models.DateTimeField()  # another due date is told of anew
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["product", "user", "kind", "due_at"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.kind}"
