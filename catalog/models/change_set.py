"""Who changed what, when and why: the change set and its journal."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class ChangeSet(models.Model):
    """One act of one person or system. Its journal rows say what it touched."""

    class Source(models.TextChoices):
        PAGE = "page", "page"
        IMPORT = "import", "import"
        COMMAND = "command", "command line"
        API = "api", "API"
        SYSTEM = "system", "system"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=200)  # the name as it was then
    source = models.CharField(max_length=10, choices=Source.choices)
    system = models.CharField(max_length=100, blank=True)  # code of the other system that wrote, if one did
    reason = models.CharField(max_length=500, blank=True)
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        permissions = [("undo_changes", "Can undo change sets and change many products at once")]

    def __str__(self) -> str:
        return f"{self.actor}, {self.get_source_display()}"


class JournalEntry(models.Model):
    """What one change set did to one product or variant: `{key: [old, new]}`.

    Keys are value keys, or dotted parts that no value key can be: gtin, categories, media,
    offers.default.price, stock.main.available.
    """

    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="entries")
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="journal")
    variant = models.ForeignKey("catalog.Variant", null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.CharField(max_length=255, blank=True)  # stays readable when the variant is gone
    line = models.PositiveIntegerField(null=True)  # of the imported file
    changes = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["product", "-id"], name="journal_by_product")]
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return f"{self.product_id} {self.sku}: {', '.join(self.changes)}"
