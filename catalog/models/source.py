"""Where data comes from by itself: a watched folder, an address, a signed call; and each delivery that came."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from catalog.models.codes import key_code
from catalog.models.history import history
from pimhub.foundation import sandbox, secrets


class Source(models.Model):
    """What a system of the register delivers, and how. It writes what that system owns."""

    class Kind(models.TextChoices):
        FOLDER = "folder", "watched folder"
        HTTPS = "https", "fetched by address"
        SFTP = "sftp", "fetched by SFTP"
        WEBHOOK = "webhook", "sent to us, signed"

    class Delivers(models.TextChoices):
        OFFER = "offer", "prices"
        STOCK = "stock", "stock"
        ITEM = "item", "items"

    class Format(models.TextChoices):
        NDJSON = "ndjson", "NDJSON"
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel workbook (.xlsx)"

    class Afterwards(models.TextChoices):
        ARCHIVE = "archive", "moved into the folder “archive” beside it"
        DELETE = "delete", "deleted"
        LEAVE = "leave", "left where it is, and remembered"

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100, blank=True)
    system = models.ForeignKey("catalog.ExternalSystem", on_delete=models.PROTECT, related_name="sources")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    delivers = models.CharField(max_length=10, choices=Delivers.choices)
    format = models.CharField(max_length=10, choices=Format.choices, default=Format.NDJSON)
    columns = models.JSONField(default=dict, blank=True)  # our field → the column's name in their file
    constants = models.JSONField(default=dict, blank=True)  # what no column says, such as {"location": "main"}
    decimal_comma = models.BooleanField(default=False)
    # Of HTTPS and SFTP (there of a folder); a watched folder is PIMHUB_HOME/sources/<code>.
    address = models.CharField(max_length=500, blank=True)
    username = models.CharField(max_length=100, blank=True)  # at the SFTP server, as the next four
    pattern = models.CharField(max_length=100, default="*")  # of names that are taken
    afterwards = models.CharField(max_length=10, choices=Afterwards.choices, default=Afterwards.ARCHIVE)
    host_key = models.CharField(max_length=1000, blank=True)  # that a person confirmed: "ssh-ed25519 AAAA…"
    shown_key = models.CharField(max_length=1000, blank=True)  # that the server showed instead
    # File there → {"seen": [size, changed], "at"}; once it was taken, {"taken": [size, changed]}.
    marks = models.JSONField(default=dict)
    snapshot = models.CharField(max_length=500, blank=True)  # where all of its figures can be had, to compare
    every_minutes = models.PositiveIntegerField(default=5)  # how often one looks
    expected_minutes = models.PositiveIntegerField(default=60)  # silent for longer = late
    credentials_encrypted = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True)
    last_seen = models.DateTimeField(null=True, blank=True)  # a delivery, or word that nothing changed
    etag = models.CharField(max_length=200, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    history = history(
        excluded_fields=["credentials_encrypted", "shown_key", "marks", "next_at", "last_seen", "etag", "problem"]
    )

    class Meta:
        ordering = ["code"]
        permissions = [("manage_sources", "Can set up where data comes from")]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if self.kind == self.Kind.HTTPS and not self.address.startswith(("https://", "http://", sandbox.SCHEME)):
            raise ValidationError({"address": "Give the whole address, such as https://erp.example/stock.csv."})
        if self.kind == self.Kind.SFTP:
            self._clean_sftp()
        if not 1 <= self.every_minutes <= 10080:
            raise ValidationError({"every_minutes": "Give one minute to a week (10,080 minutes)."})
        for name in ("columns", "constants"):
            given = getattr(self, name)
            if not isinstance(given, dict) or not all(isinstance(x, str) for kv in given.items() for x in kv):
                raise ValidationError({name: 'Write an object of texts, such as {"sku": "Item no."}.'})

    def _clean_sftp(self) -> None:
        try:
            parts = urlsplit(self.address)
            ok = parts.scheme == "sftp" and parts.hostname and parts.port != 0 and not parts.username
        except ValueError:
            ok = False
        if not ok:
            text = (
                "Give the server and its folder, such as sftp://files.erp.example/outgoing, without name or password."
            )
            raise ValidationError({"address": text})
        if not self.username:
            raise ValidationError({"username": "Give the name to sign in with at the SFTP server."})

    @property
    def credentials(self) -> dict[str, str]:
        """{"authorization"} of HTTPS, {"password", "private_key", "passphrase"} of SFTP, {"secret", "previous"} of a
        webhook."""
        if not self.credentials_encrypted:
            return {}
        return secrets.decrypt(self.credentials_encrypted, settings.PIMHUB_FERNET_KEYS)

    @credentials.setter
    def credentials(self, value: dict[str, str]) -> None:
        self.credentials_encrypted = secrets.encrypt(value, settings.PIMHUB_FERNET_KEYS) if value else ""

    @property
    def is_late(self) -> bool:
        """Whether it has been silent for longer than was expected."""
        if not self.enabled or self.last_seen is None:
            return False
        return timezone.now() - self.last_seen > dt.timedelta(minutes=self.expected_minutes)


class Delivery(models.Model):
    """One file, answer or call of a source, worked through in slices."""

    class State(models.TextChoices):
        WORKING = "working", "working"
        DONE = "done", "done"
        SAME = "same", "the same again"
        FAILED = "failed", "failed"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WORKING)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    message = models.CharField(max_length=255, null=True)  # id of the call, so that a doubled one is known
    cursor = models.BigIntegerField(default=0)  # bytes worked through
    line = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)  # {updated, unchanged, overtaken, rejected}
    first_errors = models.JSONField(default=list)  # [{line, sku, code, message}], a few to look at
    problem = models.CharField(max_length=500, blank=True)
    change_set = models.ForeignKey("catalog.ChangeSet", null=True, on_delete=models.PROTECT, related_name="+")
    failures = models.PositiveSmallIntegerField(default=0)
    wait_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "sha256"], name="delivery_by_content")]
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["source", "message"], name="delivery_once_a_message")]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.name}"
