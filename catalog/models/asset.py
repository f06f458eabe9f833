"""Pictures: the asset (content-addressed once its bytes are here) and where it is used."""

from __future__ import annotations

from django.db import models


class MediaAsset(models.Model):
    """A picture, by upload (no URL) or by URL (no SHA-256 until it is fetched)."""

    class State(models.TextChoices):
        EXTERNAL = "external", "at its address, not fetched yet"
        READY = "ready", "held here"
        FAILED = "failed", "could not be fetched"

    # Two addresses may hold the same bytes, so this is no key; the file behind it is stored once.
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    source_url = models.TextField(blank=True)
    # Digest of the URL: a TEXT column has no portable unique index.
    url_digest = models.CharField(max_length=64, null=True, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.EXTERNAL)
    mime = models.CharField(max_length=50, blank=True)
    extension = models.CharField(max_length=5, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    bytes = models.PositiveBigIntegerField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    host = models.CharField(max_length=255, blank=True, db_index=True)  # of `source_url`
    attempts = models.PositiveSmallIntegerField(default=0)
    fetch_at = models.DateTimeField(null=True, db_index=True)  # next try; NULL = none wanted
    title = models.CharField(max_length=255, blank=True)
    tags = models.JSONField(default=list, blank=True)
    tags_key = models.TextField(default="", blank=True)  # the tags without case, a line each, so that each is found
    trashed_at = models.DateTimeField(null=True, blank=True)  # only where nothing uses it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("upload_media", "Can upload pictures")]

    def __str__(self) -> str:
        return self.key

    def save(self, *args: object, **kwargs: object) -> None:
        self.tags_key = "\n".join(["", *(str(tag).casefold() for tag in self.tags), ""]) if self.tags else ""
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def key(self) -> str:
        """The picture as revisions pin it: by its bytes once they are here."""
        return f"sha256:{self.sha256}" if self.sha256 else f"url:{self.url_digest}"

    @property
    def identity(self) -> str:
        """The picture as people chose it. Fetching its bytes is no edit, so this does not change then."""
        return f"url:{self.url_digest}" if self.url_digest else f"sha256:{self.sha256}"


class MediaHost(models.Model):
    """How a host that pictures come from behaves: after failures in a row it is left alone for a while."""

    name = models.CharField(max_length=255, unique=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    closed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class MediaLink(models.Model):
    """A picture of a product (or of one of its variants), in its place."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="media_links")
    variant = models.ForeignKey(
        "catalog.Variant", null=True, blank=True, on_delete=models.CASCADE, related_name="media_links"
    )
    asset = models.ForeignKey(MediaAsset, on_delete=models.PROTECT, related_name="links")
    position = models.PositiveIntegerField(default=0)
    alt = models.JSONField(default=dict, blank=True)  # locale → text

    class Meta:
        ordering = ["product_id", "position", "id"]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.asset_id}"
