"""Who is signed in: looked up once per request, together with whether they need and have a second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Exists, OuterRef

from catalog.models import User
from catalog.sign_in import second_factor


class Backend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: Any) -> User | None:
        """One query, as before: who must show what is asked of everybody on every page."""
        user = User.objects.annotate(
            told_second_factor=Exists(second_factor.demands(OuterRef("pk"))),
            has_second_factor=Exists(second_factor.of(OuterRef("pk"))),
        )
        found = user.filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
