"""What other systems call our things: codes per system, with the time for which they hold."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models

from catalog.models.codes import code_key, key_code
from catalog.models.history import history


class ExternalSystem(models.Model):
    """A system that has codes of its own, such as the ERP."""

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100, blank=True)
    # The register: who answers for it, and what it does here, in words.
    owner = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True)
    creates = models.CharField(max_length=500, blank=True)
    reads = models.CharField(max_length=500, blank=True)
    updates = models.CharField(max_length=500, blank=True)
    publishes = models.CharField(max_length=500, blank=True)
    history = history()

    class Meta:
        ordering = ["code"]
        permissions = [("speak_for_system", "Can write on behalf of other systems")]

    def __str__(self) -> str:
        return self.code

    @property
    def last_seen(self) -> dt.datetime | None:
        """When one of its tokens was last used."""
        found: dt.datetime | None = self.tokens.aggregate(last=models.Max("last_used_at"))["last"]
        return found


class ExternalReference(models.Model):
    """A code of one system for one thing of ours.

    A thing may be renumbered: the old code gets an end and still finds it, until the system gives that code
    to something else. So a code has one present holder per system and kind (a constraint), and a thing one
    present code.
    """

    KINDS = ("product", "variant", "category", "option", "location")

    system = models.ForeignKey(ExternalSystem, on_delete=models.PROTECT, related_name="references")
    kind = models.CharField(max_length=10, choices=[(k, k) for k in KINDS])
    code = models.CharField(max_length=255)
    code_key = models.CharField(max_length=255, editable=False)
    product = models.ForeignKey("catalog.Product", null=True, on_delete=models.CASCADE, related_name="references")
    variant = models.ForeignKey("catalog.Variant", null=True, on_delete=models.CASCADE, related_name="references")
    category = models.ForeignKey("catalog.Category", null=True, on_delete=models.CASCADE, related_name="references")
    option = models.ForeignKey(
        "catalog.AttributeOption", null=True, on_delete=models.CASCADE, related_name="references"
    )
    location = models.ForeignKey("catalog.Location", null=True, on_delete=models.CASCADE, related_name="references")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)  # NULL = holds now
    change_set_id = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["system", "kind", "code_key", "-valid_from"], name="reference_by_code")]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "kind", "code_key"],
                condition=models.Q(valid_to__isnull=True),
                name="reference_once_at_a_time",
            ),
            *(
                models.UniqueConstraint(
                    fields=["system", kind],
                    condition=models.Q(valid_to__isnull=True),  # NULL holders never collide
                    name=f"one_code_a_{kind}",
                )
                for kind in ("product", "variant", "category", "option", "location")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system_id}:{self.code}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.code_key = code_key(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        if getattr(self, f"{self.kind}_id") is None:
            raise ValidationError({"kind": f"A reference of the kind {self.kind} must point to one."})
