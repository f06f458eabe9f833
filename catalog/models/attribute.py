"""Attributes: what can be said of a product. The type's behaviour lives in `catalog/attributes/types`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from catalog.attributes.spec import AttributeSpec
from catalog.attributes.values import RESERVED_CODES
from catalog.models.codes import code_key, key_code
from catalog.models.history import history
from catalog.models.trash import InUse


class AttributeGroup(models.Model):
    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0)
    history = history()

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.label


class Attribute(models.Model):
    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    type = models.CharField(max_length=30)
    labels = models.JSONField(default=dict, blank=True)  # locale → label
    group = models.ForeignKey(AttributeGroup, on_delete=models.PROTECT, related_name="attributes")
    position = models.PositiveIntegerField(default=0)
    localizable = models.BooleanField(default=False)
    scopable = models.BooleanField(default=False)
    unique = models.BooleanField(default=False)
    filterable = models.BooleanField(default=False)
    searchable = models.BooleanField(default=False)  # the search box finds its text
    # Never rewritten by AI; never leaves to an AI provider; an edit needs review.
    verbatim = models.BooleanField(default=False)
    never_send = models.BooleanField(default=False)
    requires_review = models.BooleanField(default=True)
    limits = models.JSONField(default=dict, blank=True)
    help = models.CharField(max_length=500, blank=True)
    # New labels in files become options; closed lists refuse them.
    open_options = models.BooleanField(default=True)
    history = history()

    class Meta:
        ordering = ["group__position", "position", "code"]
        permissions = [("manage_structure", "Can change attributes, families and settings")]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if self.code in RESERVED_CODES:
            raise ValidationError({"code": f"“{self.code}” names a part of every product; choose another code."})

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or self.code

    def spec(self) -> AttributeSpec:
        """The attribute as the pure code sees it."""
        return AttributeSpec(
            code=self.code,
            type=self.type,
            label=self.label(),
            localizable=self.localizable,
            scopable=self.scopable,
            unique=self.unique,
            limits=self.limits,
            help=self.help,
        )


class AttributeOption(models.Model):
    """One choice of a select. Tens of thousands per attribute must work, so nothing loads them all."""

    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE, related_name="options")
    code = models.CharField(max_length=255)
    # The label that files are matched by, without case.
    label_key = models.CharField(max_length=255, db_index=True)
    labels = models.JSONField(default=dict, blank=True)  # locale → label
    position = models.PositiveIntegerField(default=0)
    trashed_at = models.DateTimeField(null=True, blank=True)

    objects = InUse()
    everything: models.Manager[AttributeOption] = models.Manager()

    class Meta:
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["attribute", "code"], name="option_code_once"),
            models.UniqueConstraint(fields=["attribute", "label_key"], name="option_label_once"),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        self.label_key = self.label_key or code_key(self.label())
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or next(iter(self.labels.values()), self.code)
