"""How good a product's content is, in one scope and language."""

from __future__ import annotations

from django.db import models


class ContentScore(models.Model):
    """0 to 100 points of the working copy, with the parts that they come from. Derived: it may be measured anew."""

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="content_scores")
    scope = models.ForeignKey("catalog.Scope", on_delete=models.CASCADE, related_name="+")
    locale = models.CharField(max_length=20)
    score = models.PositiveSmallIntegerField()
    parts = models.JSONField(default=list)  # [{part, label, points, of, why: [words]}]
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "scope", "locale"], name="score_once")]
        indexes = [models.Index(fields=["scope", "locale", "score"], name="score_filter")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.locale}: {self.score}"
