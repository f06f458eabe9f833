"""How far a role reaches."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models

from catalog.models.history import history


class RoleLimit(models.Model):
    """One thing of its kind that a role is limited to; no row of a kind: the role reaches everything of it.

    Kept by code and not by foreign key: where the thing goes, the role must not reach further.
    """

    role = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="limits")
    kind = models.CharField(max_length=20)  # a name of `catalog/access/reach.py`: category, locale, …
    code = models.CharField(max_length=255)
    history = history()

    class Meta:
        ordering = ["kind", "code"]
        constraints = [models.UniqueConstraint(fields=["role", "kind", "code"], name="role_limit_once")]

    def __str__(self) -> str:
        return f"{self.role}: {self.kind} {self.code}"


class RoleSignIn(models.Model):
    """How people of a role must sign in. No row: as everybody."""

    role = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="sign_in")
    second_factor = models.BooleanField(default=False)  # without one, they can only set one up
    history = history()

    def __str__(self) -> str:
        return f"{self.role}: second factor {'needed' if self.second_factor else 'as they like'}"
