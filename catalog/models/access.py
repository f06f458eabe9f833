"""People. The user model is ours from the first migration, so that it can grow."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who works here. What they may do comes from the groups in `catalog/permissions.py`."""

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username
