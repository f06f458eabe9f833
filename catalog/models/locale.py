"""Languages, currencies, and the audiences (scopes) that values can be written for."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history


class Locale(models.Model):
    code = models.CharField(
        max_length=20,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|[0-9]{3}))?\Z", "For example en_US or de.")
        ],
    )
    name = models.CharField(max_length=100)
    history = history()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Currency(models.Model):
    code = models.CharField(max_length=3, unique=True, validators=[RegexValidator(r"\A[A-Z]{3}\Z")])

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "currencies"

    def __str__(self) -> str:
        return self.code


class Scope(models.Model):
    """A named audience: values may differ for it, and completeness is measured for it."""

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=100)
    locales = models.ManyToManyField(Locale, related_name="scopes")
    currencies = models.ManyToManyField(Currency, related_name="scopes")
    category_tree = models.ForeignKey(
        "catalog.Category", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    history = history(m2m_fields=[locales, currencies])

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code
