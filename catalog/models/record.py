"""Reference entities: things that many products point to, such as brands, designers or materials."""

from __future__ import annotations

from django.db import models

from catalog.models.attribute import Attribute
from catalog.models.codes import code_key, key_code
from catalog.models.history import history


class ReferenceEntity(models.Model):
    """A kind of record, with the attributes that its records have."""

    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    labels = models.JSONField(default=dict, blank=True)  # locale → label
    attributes = models.ManyToManyField(Attribute, blank=True, related_name="+")
    history = history(m2m_fields=[attributes])

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "reference entities"

    def __str__(self) -> str:
        return self.code

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or self.code


class ReferenceRecord(models.Model):
    """One record. Its values live under value keys, as a product's do."""

    entity = models.ForeignKey(ReferenceEntity, on_delete=models.PROTECT, related_name="records")
    code = models.CharField(max_length=255)
    code_key = models.CharField(max_length=255, editable=False)
    labels = models.JSONField(default=dict, blank=True)  # locale → label
    values = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
    history = history()

    class Meta:
        ordering = ["entity_id", "code_key"]
        constraints = [models.UniqueConstraint(fields=["entity", "code_key"], name="record_once")]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        self.code_key = code_key(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def label(self, locale: str = "en_US") -> str:
        return self.labels.get(locale) or self.labels.get("en_US") or self.code
