"""Where a product stands: its workflow state, its working content, and what is live of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Standing(models.Model):
    """One per product, kept by the write door's hook and the workflow verbs."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        IN_REVIEW = "in_review", "in review"
        CHANGES_REQUESTED = "changes_requested", "changes requested"
        APPROVED = "approved", "approved"
        ARCHIVED = "archived", "archived"

    product = models.OneToOneField("catalog.Product", on_delete=models.CASCADE, related_name="standing")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT, db_index=True)
    # Of the working copy: what an approval would freeze.
    content_hash = models.CharField(max_length=64)
    live = models.ForeignKey("governance.Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    last_number = models.PositiveIntegerField(default=0)  # of the newest revision
    last_editor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(null=True)
    # Who shall look at it, and until when.
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    due_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [
            ("submit_product", "Can submit products for review"),
            ("approve_product", "Can approve products or request changes"),
            ("archive_product", "Can archive products and reopen them"),
        ]
        indexes = [models.Index(fields=["state", "requested_at"], name="review_queue")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.state}"

    @property
    def has_unpublished_changes(self) -> bool:
        """The working copy differs from what is live."""
        return self.live is None or self.live.content_hash != self.content_hash
