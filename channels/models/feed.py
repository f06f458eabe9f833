"""Feed files: each build is a new immutable file; one of them is served."""

from __future__ import annotations

from django.db import models


class FeedFile(models.Model):
    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="feed_files")
    kind = models.CharField(max_length=10, default="xml")  # extension of one of the connector's formats
    path = models.CharField(max_length=300)  # below PIMHUB_HOME/feeds
    sha256 = models.CharField(max_length=64)
    items = models.PositiveIntegerField()
    skipped = models.PositiveIntegerField(default=0)  # which, and why: `FeedFragment.skipped`, and the channel's issues
    bytes = models.PositiveBigIntegerField()
    seconds = models.FloatField()
    event = models.BigIntegerField(default=0)  # number of the newest event when it was built
    # Of all but the moment in the header, and since when the content is this.
    content = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(null=True)
    current = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind"], condition=models.Q(current=True), name="one_current_feed_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.path


class FeedFragment(models.Model):
    """The items of one product as a build last wrote them. A cache: `key` says of what they were made."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, default="xml")
    key = models.CharField(max_length=64)
    body = models.BinaryField()  # zlib
    items = models.PositiveIntegerField()
    skipped = models.JSONField(default=list)  # [{sku, code, message}]
    recheck_at = models.DateTimeField(null=True)  # from then on the same inputs may render differently

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "product", "kind"], name="fragment_of_a_kind_once")]

    def __str__(self) -> str:
        return f"{self.channel_id}/{self.product_id}: {self.items}"
