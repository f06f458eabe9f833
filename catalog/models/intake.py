"""What sources sent: when each was heard of last, and what of it could not be taken."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Heard(models.Model):
    """When a source last spoke of a price list or location. A source that is silent tells nothing of its figures."""

    KINDS = (("offer", "prices"), ("stock", "stock"))

    kind = models.CharField(max_length=10, choices=KINDS)
    source = models.CharField(max_length=50, blank=True)  # code of the system; "" = none was named
    place = models.CharField(max_length=50)  # code of the price list or location
    last_at = models.DateTimeField()  # by our clock
    source_at = models.DateTimeField(null=True)  # the newest of the source's own clock
    taken = models.BigIntegerField(default=0)  # messages that were the newest of their row
    overtaken = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["kind", "source", "place"]
        verbose_name_plural = "heard"
        constraints = [models.UniqueConstraint(fields=["kind", "source", "place"], name="heard_once")]

    def __str__(self) -> str:
        return f"{self.source or 'somebody'} of {self.kind} {self.place}"


class Reject(models.Model):
    """A message that could not be taken. It is kept until its cause is gone and it was tried again.

    The same thing said again takes the place of what was said before: a source that sends everything every minute
    has one row for each thing that is wrong.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        TAKEN = "taken", "taken after all"
        OVERTAKEN = "overtaken", "overtaken by a newer one"
        DROPPED = "dropped", "dropped by a person"

    kind = models.CharField(max_length=10, choices=(*Heard.KINDS, ("item", "items")))
    source = models.CharField(max_length=50, blank=True)
    sku = models.CharField(max_length=255, blank=True)  # as it was sent
    sku_key = models.CharField(max_length=255, blank=True)
    foreign = models.CharField(max_length=255, blank=True)  # key of the code, where the SKU is another system's
    place = models.CharField(max_length=255, blank=True)  # as it was sent
    fields = models.CharField(max_length=200, blank=True)  # what it speaks of
    line = models.JSONField()  # as it was sent
    sequence = models.BigIntegerField(null=True)
    at = models.DateTimeField(null=True)
    code = models.CharField(max_length=50)  # of the first error
    errors = models.JSONField()  # [{key, code, message}]
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # Who sent it: it is tried again as them, so that their roles reach no further then.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)  # again, by us
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-last_at", "-id"]
        indexes = [
            models.Index(fields=["state", "-last_at", "-id"], name="reject_recent"),
            models.Index(fields=["sku_key"], name="reject_open_sku", condition=models.Q(state="open")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source", "sku_key", "place", "fields"],
                condition=models.Q(state="open"),
                name="one_open_reject",
            )
        ]
        permissions = [("handle_rejects", "Can try rejected messages of sources again, or drop them")]

    def __str__(self) -> str:
        return f"{self.kind} {self.sku} {self.place}: {self.code}"
