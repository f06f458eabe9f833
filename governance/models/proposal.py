"""Proposals: values that somebody would write who may not, or should not, by themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.proposed_parts import told_key


class Proposal(models.Model):
    """One value of a product or variant, beside the value that it was proposed for."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted"
        REJECTED = "rejected", "rejected"
        REPLACED = "replaced", "replaced by a newer one"

    class Why(models.TextChoices):
        WRONG = "wrong", "it is wrong"
        UNPROVEN = "unproven", "nothing shows that it is so"
        STYLE = "style", "not how we say it"
        LENGTH = "length", "it is too long or too short"
        LEGAL = "legal", "it must not be said"
        LANGUAGE = "language", "it is not good language"
        DUPLICATE = "duplicate", "it is said elsewhere already"
        OUTDATED = "outdated", "overtaken by something newer"
        OTHER = "other", "for another reason"

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="proposals")
    sku = models.CharField(max_length=255, blank=True)  # "" = of the product itself
    key = models.CharField(max_length=255)
    base = models.JSONField(null=True)  # the value then
    value = models.JSONField(null=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    system = models.CharField(max_length=50, blank=True)  # code of the system that it came from
    source = models.CharField(max_length=20)
    reason = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    why = models.CharField(max_length=10, blank=True, choices=Why.choices)  # of a rejection
    comment = models.CharField(max_length=1000, blank=True)
    # Who shall decide.
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    change_set_id = models.UUIDField(null=True, db_index=True)  # that wrote it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["id"], name="proposal_open", condition=Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.sku} {self.key}"

    @property
    def told_key(self) -> str:
        return told_key(self.key)
