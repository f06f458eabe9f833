"""Keys of machines: hashed, scoped, expiring, bounded by what their owner may do."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """The secret is shown once and kept as SHA-256: it has 256 bits, so there is nothing to guess."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    # The system that writes with it: what it owns, it may write.
    system = models.ForeignKey("catalog.ExternalSystem", null=True, on_delete=models.PROTECT, related_name="tokens")
    prefix = models.CharField(max_length=12, unique=True)  # the public half: names the token in logs and lists
    secret_hash = models.CharField(max_length=64)
    # The secret before the last rotation, for as long as clients may still use it.
    previous_hash = models.CharField(max_length=64, blank=True)
    previous_until = models.DateTimeField(null=True)
    scopes = models.JSONField(default=list)  # "read", "write", or "<resource>:read", "<resource>:write"
    networks = models.JSONField(default=list, blank=True)  # CIDR; empty = from anywhere
    rate = models.PositiveIntegerField(default=600)  # calls a minute
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    minute = models.BigIntegerField(default=0)  # since 1970, that `calls` counts
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class IdempotentCall(models.Model):
    """What was answered to a call with an `Idempotency-Key`, so that its repetition gets the same answer."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)  # of method, address and body
    status = models.PositiveSmallIntegerField(null=True)  # NULL = not answered yet
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")  # zlib
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
