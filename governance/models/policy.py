"""What an approval needs: who, how many, by when; and what needs none."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history


class ApprovalPolicy(models.Model):
    """Everything that is set must fit; of a value, the most specific policy that fits decides.

    Without any, one person with the right to approve is enough.
    """

    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    group = models.ForeignKey("catalog.AttributeGroup", null=True, blank=True, on_delete=models.CASCADE)
    scope = models.ForeignKey("catalog.Scope", null=True, blank=True, on_delete=models.CASCADE)
    category = models.ForeignKey("catalog.Category", null=True, blank=True, on_delete=models.CASCADE)
    family = models.ForeignKey("catalog.Family", null=True, blank=True, on_delete=models.CASCADE)
    roles = models.ManyToManyField(Group, blank=True, related_name="+")  # who; none: whoever may approve
    people = models.PositiveSmallIntegerField(default=1)  # how many must agree
    item_by_item = models.BooleanField(default=False)
    due_hours = models.PositiveIntegerField(null=True, blank=True)  # after the request
    # What this system writes goes live by itself, on the word of whoever set the policy.
    trusted = models.ForeignKey("catalog.ExternalSystem", null=True, blank=True, on_delete=models.PROTECT)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    history = history()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "approval policies"
        permissions = [("manage_policies", "Can say what an approval needs")]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if not 1 <= self.people <= 10:
            raise ValidationError({"people": "One to ten people can be asked for."})
        if self.due_hours is not None and not 1 <= self.due_hours <= 8760:
            raise ValidationError({"due_hours": "Give one hour to a year (8,760 hours)."})
        if self.trusted is not None and (self.people > 1 or self.item_by_item):
            raise ValidationError({"trusted": "What goes live by itself cannot ask for people."})


class Vote(models.Model):
    """Somebody agreed to what is pending, and more must. Bound to what was shown: an edit voids it."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    review_hash = models.CharField(max_length=64)
    keys = models.JSONField(default=list)  # [[row, key], …]
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "user"], name="vote_once")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.user_id}"
