"""The audit: entries that are only ever added, each sealed by the one before it."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One fact. Inserted without a number; `governance/audit/chain.py` numbers and seals it after the commit.

    `user_id` is no foreign key: the entry outlives the person's row, and holds no name.
    """

    number = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=50)
    about = models.CharField(max_length=300, blank=True, db_index=True)
    user_id = models.BigIntegerField(null=True, db_index=True)
    source = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict)
    seal = models.CharField(max_length=64, blank=True)

    class Meta:
        permissions = [
            ("read_audit", "Can read the audit and its proof"),
            ("manage_people", "Can add people and give them roles"),
        ]
        indexes = [models.Index(fields=["id"], name="audit_unsealed", condition=models.Q(number__isnull=True))]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.number}: {self.kind} {self.about}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise TypeError("an audit entry is never changed")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise TypeError("an audit entry is never deleted")


class AuditHead(models.Model):
    """One row: the last seal. Locked while entries are sealed, so that the chain has no branches."""

    number = models.BigIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.number}: {self.seal}"
