"""Who is told of events at an address of theirs, and every try to tell them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.history import history
from pimhub.foundation import secrets


class Subscription(models.Model):
    """One address that is told of events, in their order, as far as its owner may see them.

    `cursor` is the number of the last event that is done with: delivered, or not for this subscriber. Whatever
    comes after it is still to be told, so there is no queue that could lose something.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        FAILING = "failing", "failing"  # the last try failed; it is tried again
        PAUSED = "paused", "paused"
        DISABLED = "disabled", "disabled"  # gone, or failed for days; a person sets it going again

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=1000)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")  # owner
    # What it is told; an empty list is everything. Types may end in ".*".
    types = models.JSONField(default=list, blank=True)
    scopes = models.JSONField(default=list, blank=True)
    families = models.JSONField(default=list, blank=True)
    states = models.JSONField(default=list, blank=True)
    key = models.CharField(max_length=32, unique=True)  # in the ids of its messages
    secret_encrypted = models.TextField()
    # Signs as well until then, so that the receiver can change over.
    previous_encrypted = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    cursor = models.BigIntegerField(default=0)
    paused = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=500, blank=True)
    notice_due = models.BooleanField(default=False)  # its owner is to be written to
    attempts = models.PositiveIntegerField(default=0)  # failed tries of the next event
    failing_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    history = history(
        excluded_fields=[
            *("secret_encrypted", "previous_encrypted", "cursor", "attempts", "failing_since", "retry_at"),
            *("last_success_at", "lease_token", "lease_until", "notice_due"),
        ]
    )

    class Meta:
        ordering = ["pk"]
        permissions = [("manage_webhooks", "Can have events sent to addresses")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.disabled_at is not None:
            return self.State.DISABLED
        if self.paused:
            return self.State.PAUSED
        return self.State.FAILING if self.failing_since is not None else self.State.ACTIVE

    @property
    def secret(self) -> str:
        return secrets.decrypt(self.secret_encrypted, settings.PIMHUB_FERNET_KEYS)["secret"]

    @property
    def previous_secret(self) -> str:
        if not self.previous_encrypted:
            return ""
        return secrets.decrypt(self.previous_encrypted, settings.PIMHUB_FERNET_KEYS)["secret"]


def sealed(secret: str) -> str:
    return secrets.encrypt({"secret": secret}, settings.PIMHUB_FERNET_KEYS)


class Delivery(models.Model):
    """One call to a subscriber's address. Written before it; without `finished_at`, how it ended is not known."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries")
    webhook_id = models.CharField(max_length=80)  # the same for every try of the same event
    number = models.BigIntegerField(null=True)  # of the event; a test has none
    type = models.CharField(max_length=50)
    attempt = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the body
    size = models.PositiveIntegerField(default=0)  # bytes of the body
    headers = models.JSONField(default=dict)  # as sent, the signature left out
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)  # of a test that was asked for: not yet
    finished_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    answer = models.JSONField(default=dict)  # some headers of the answer

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subscription", "-id"], name="delivery_by_subscription"),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.webhook_id} #{self.attempt}: {self.status}"

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
