"""Rules of one's own for texts: words that are banned, need proof, must be there, or are not how one speaks."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.codes import key_code
from catalog.models.history import history


class RulePack(models.Model):
    """A named set of rules in versions. The shipped packs are files; these stand beside them."""

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=200)
    history = history()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label or self.code


class RulePackVersion(models.Model):
    """One wording of a pack, immutable from the moment it is written. Drafts name the version that judged them."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    pack = models.ForeignKey(RulePack, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    rules = models.JSONField(default=list)  # see governance.copywriting.rulebook
    # Where it holds; an empty list is everywhere.
    scopes = models.JSONField(default=list)
    markets = models.JSONField(default=list)
    locales = models.JSONField(default=list)
    everywhere = models.BooleanField(default=True)  # for every prompt, not only those that name the pack
    source = models.CharField(max_length=500, blank=True)  # the law, the contract, the style guide
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pack", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="rule_pack_version_once"),
            models.UniqueConstraint(
                fields=["pack"], condition=models.Q(state="active"), name="rule_pack_version_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack_id} v{self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Raises TypeError when what a version says would change."""
        before = RulePackVersion.objects.filter(pk=self.pk).values(*PACK_WORDING).first()
        if before is not None and any(before[name] != getattr(self, name) for name in PACK_WORDING):
            raise TypeError("a version of a rule pack is immutable; write a new one")
        super().save(*args, **kwargs)  # type: ignore[arg-type]


# What a version says: fixed, by the database as well.
PACK_WORDING = (
    "pack_id",
    "number",
    "rules",
    "scopes",
    "markets",
    "locales",
    "everywhere",
    "source",
    "author_id",
)
