"""Families: which attributes a kind of product has, which are required, what tells variants apart."""

from __future__ import annotations

from django.db import models

from catalog.models.attribute import Attribute
from catalog.models.codes import key_code
from catalog.models.history import history
from catalog.models.locale import Scope


class Family(models.Model):
    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    labels = models.JSONField(default=dict, blank=True)
    # Attribute codes, at most five, that a new product of the family starts with. A product keeps
    # its own axes (docs/decisions/0003): shops vary them within one family.
    axes = models.JSONField(default=list, blank=True)
    label_attribute = models.ForeignKey(Attribute, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    image_attribute = models.ForeignKey(Attribute, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # How new codes and SKUs are made, e.g. "shirt-{number:5}" and "{code}-{size}"; "" = typed by people.
    code_pattern = models.CharField(max_length=200, blank=True)
    sku_pattern = models.CharField(max_length=200, blank=True)
    last_number = models.PositiveIntegerField(default=0)  # that `code_pattern` used
    # Grows when what is required changes: figures measured by an older one are not current.
    requirements = models.PositiveIntegerField(default=0)
    attributes = models.ManyToManyField(Attribute, through="FamilyAttribute", related_name="families")
    history = history(excluded_fields=["last_number", "requirements"])

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "families"

    def __str__(self) -> str:
        return self.code

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or self.code


class FamilyAttribute(models.Model):
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="family_attributes")
    attribute = models.ForeignKey(Attribute, on_delete=models.PROTECT, related_name="family_attributes")
    position = models.PositiveIntegerField(default=0)
    # A variant may hold (and override) the value.
    on_variant = models.BooleanField(default=False)
    required_for = models.ManyToManyField(Scope, blank=True, related_name="+")
    history = history(m2m_fields=[required_for])

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["family", "attribute"], name="attribute_once_in_family")]

    def __str__(self) -> str:
        return f"{self.family}: {self.attribute}"
