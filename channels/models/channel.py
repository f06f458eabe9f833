"""A channel: one shop, account or feed that one audience of the catalogue is published to."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history
from pimhub.foundation import secrets


def here() -> str:
    """The name of this instance's environment: a channel made here is called from here."""
    return str(settings.PIMHUB_ENVIRONMENT)


class Channel(models.Model):
    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100)
    connector = models.CharField(max_length=50)  # key in channels/connectors/registry.py
    scope = models.ForeignKey("catalog.Scope", on_delete=models.PROTECT, related_name="channels")
    market = models.ForeignKey("catalog.Market", on_delete=models.PROTECT, related_name="channels")
    # Checked by the connector. "endpoint" is a base address, or "sandbox" (resolved when called).
    settings = models.JSONField(default=dict)
    credentials_encrypted = models.TextField(blank=True)
    # Approved products go out by themselves; otherwise only when somebody publishes them.
    publishes_on_approval = models.BooleanField(default=True)
    # A new channel shows what it would send, and sends nothing until somebody lets it.
    sends = models.BooleanField(default=True)
    # Which approved products it shows: {"filter": [conditions], "text": words}; none: all. Whether a product is one of
    # them is asked when it is approved, and when a rollout changes this; never on an unapproved edit.
    selection = models.JSONField(null=True, blank=True)
    # When to send, what to ask about first, how fresh it shall be: channels/publishing/policy.py.
    policy = models.JSONField(default=dict, blank=True)
    paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=300, blank=True)
    # Of the one instance that may call it: a copy of the data elsewhere finds another name here, and calls nobody.
    environment = models.CharField(max_length=100, default=here, blank=True)
    # No call before this moment: a throttled or quota-bound channel waits as a whole.
    wait_until = models.DateTimeField(null=True)
    access_token_encrypted = models.TextField(blank=True)
    access_token_until = models.DateTimeField(null=True)
    mapping = models.ForeignKey(
        "channels.MappingVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    feed_token = models.CharField(max_length=64, default=secrets.token, unique=True)
    history = history(
        excluded_fields=[
            "credentials_encrypted",
            "access_token_encrypted",
            "access_token_until",
            "wait_until",
            "feed_token",
        ]
    )

    class Meta:
        ordering = ["pk"]
        permissions = [("publish_channel", "Can publish to channels")]

    def __str__(self) -> str:
        return self.code

    @property
    def is_elsewhere(self) -> bool:
        """It belongs to another instance, whose data this one is a copy of."""
        return self.environment != here()

    @property
    def credentials(self) -> dict[str, str]:
        if not self.credentials_encrypted:
            return {}
        return secrets.decrypt(self.credentials_encrypted, settings.PIMHUB_FERNET_KEYS)

    @credentials.setter
    def credentials(self, value: dict[str, str]) -> None:
        self.credentials_encrypted = secrets.encrypt(value, settings.PIMHUB_FERNET_KEYS)
