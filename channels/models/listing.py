"""What should be on a channel, and what is: the listing is a controller, not a queue item."""

from __future__ import annotations

from collections.abc import Set

from django.db import models

from pimhub.foundation import clock


def first_number() -> int:
    return int(clock.now().timestamp())


class Placement(models.Model):
    """One product on one channel: the unit that is leased, rendered and sent.

    `due_at` is the next moment at which a worker should look (NULL: nothing to do). Losing a task
    loses nothing: the row stays due.
    """

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="placements")
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="placements")
    revision = models.ForeignKey(
        "governance.Revision", null=True, on_delete=models.PROTECT, related_name="+"
    )  # rendered last
    due_at = models.DateTimeField(null=True, db_index=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # fruitless tries in a row
    # Of the last call, for channels that order by version. It begins at the clock, so that a product
    # placed anew is never older than what the channel remembers of it.
    number = models.PositiveBigIntegerField(default=first_number)
    # Price and stock overtake content in the queue.
    priority = models.PositiveSmallIntegerField(default=0)
    read_at = models.DateTimeField(null=True, db_index=True)  # when it was last compared with what is shown there
    selected = models.BooleanField(default=True)  # one of those that the channel shows (Channel.selection)
    # Everything that takes it off the channel was accepted; it counts as off when that is seen.
    withdrawn_at = models.DateTimeField(null=True)
    reads = models.PositiveSmallIntegerField(default=0)  # read-backs in a row that did not show the product
    # The channel's side is uncertain (lost answer, stale state): read before the next write.
    must_read = models.BooleanField(default=False)
    # The channel said that something changed there: to be read back, and only read.
    check_at = models.DateTimeField(null=True, db_index=True)
    problem = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, blank=True)  # the worst of its listings, as last told to those who follow
    changed_at = models.DateTimeField(auto_now=True)
    # Kinds of rows of which there were none when it was claimed. Workers make them, under the lease; whoever else does
    # makes the placement due with it.
    lacks: Set[str] = frozenset()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "product"], name="placed_once")]

    def __str__(self) -> str:
        return f"{self.product_id} on {self.channel_id}"


class Listing(models.Model):
    """One remote item: the product (`sku` empty) or a variant. Hashes are by facet."""

    class State(models.TextChoices):
        BLOCKED = "blocked", "blocked"  # preflight found an error, or nothing is approved
        QUEUED = "queued", "queued"
        ACCEPTED = "accepted", "accepted"  # the channel took it
        LIVE = "live", "live"  # it was read back as it should be
        DRIFTED = "drifted", "drifted"  # the channel shows something else
        REJECTED = "rejected", "rejected"
        HELD = "held", "held"  # waits for a person's word: channels/publishing/holds.py
        OFF = "off", "off"  # should not be there, and was seen not to be
        FAILED = "failed", "failed"  # the channel could not be reached, or we are at fault

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="listings")
    sku = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    desired = models.JSONField(default=dict)  # {facet: hash of the body it should show}
    accepted = models.JSONField(default=dict)  # {facet: hash the channel took}
    verified = models.JSONField(default=dict)  # {facet: hash that was read back}
    refused = models.JSONField(default=dict)  # {facet: hash the channel rejected}; not sent again unchanged
    wanted = models.JSONField(default=dict)  # {facet: since when it should show what it does not yet}
    # Of the variant as the channel accepted it last, a running sale included; what a move is measured against.
    price = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    # Seconds from wanted to accepted and to live, of the last change.
    lag_accepted = models.FloatField(null=True)
    lag_live = models.FloatField(null=True)
    desired_at = models.DateTimeField(null=True)  # since when that is wanted
    accepted_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["placement_id", "sku"]
        constraints = [models.UniqueConstraint(fields=["placement", "sku"], name="listing_once")]

    def __str__(self) -> str:
        return f"{self.placement_id}/{self.sku}: {self.state}"


class RemoteLink(models.Model):
    """An id on the channel. Kept per product; ids of the channel itself have no placement."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="links")
    placement = models.ForeignKey(Placement, null=True, on_delete=models.CASCADE, related_name="links")
    key = models.CharField(max_length=400)  # product, variant:<sku>, media:<key>, definition:pim_id
    remote_id = models.CharField(max_length=400)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["placement", "key"], name="link_once"),
            models.UniqueConstraint(
                fields=["channel", "key"],
                condition=models.Q(placement__isnull=True),
                name="channel_link_once",
            ),
        ]
        indexes = [models.Index(fields=["channel", "remote_id"], name="link_by_remote_id")]

    def __str__(self) -> str:
        return f"{self.key} = {self.remote_id}"
