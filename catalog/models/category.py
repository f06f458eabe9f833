"""Category trees. A root node is a tree."""

from __future__ import annotations

from django.db import models
from treebeard.mp_tree import MP_Node

from catalog.models.codes import code_key
from catalog.models.history import history


class Category(MP_Node):  # type: ignore[misc] # treebeard has no types
    code = models.CharField(max_length=255)
    code_key = models.CharField(max_length=255, unique=True, editable=False)
    labels = models.JSONField(default=dict, blank=True)  # locale → label
    # Of a root: the attributes that the categories of its tree may have values for.
    attributes = models.ManyToManyField("catalog.Attribute", blank=True, related_name="+")
    values = models.JSONField(default=dict, blank=True)  # by value key
    # No manager hides these: treebeard must see every node to place a new one.
    trashed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    history = history(excluded_fields=["path", "depth", "numchild"])

    node_order_by = ["code_key"]

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        self.code_key = code_key(self.code)
        super().save(*args, **kwargs)

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or self.code
