"""What a channel says of its own fields, as fetched from it."""

from __future__ import annotations

from django.db import models


class ChannelDefinition(models.Model):
    """One document of a channel, such as Amazon's definition of a product type. `text` is JSON as it came.

    An empty `text` means that the channel has no such document: `problem` holds its words, and it is asked again
    from time to time.
    """

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="definitions")
    name = models.CharField(max_length=200)
    checksum = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True)
    problem = models.CharField(max_length=500, blank=True)
    fetched_at = models.DateTimeField()  # when this text came
    checked_at = models.DateTimeField()  # when the channel last said that it is still this one
    # A newer one that the channel has, and that is not in use yet: first it is known what it would block.
    next_checksum = models.CharField(max_length=100, blank=True)
    next_text = models.TextField(blank=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "name"], name="definition_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.channel_id}"
