"""Who is signed in: looked up once per request, together with whether they need and have a second factor, and rights
of their own."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Exists, OuterRef

from catalog.access import roles
from catalog.models import User
from catalog.sign_in import second_factor
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.rows import columns, stored


class Backend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: Any) -> User | None:
        """One query, as before: who must show what is asked of everybody on every page."""
        found = [stored(User, dict(zip(_CELLS, cells, strict=True))) for cells in _BY_ID([int(user_id)])]
        return found[0] if found and self.user_can_authenticate(found[0]) else None

    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> set[str]:
        """Rights come from the roles as they are kept; hardly anybody has rights of their own."""
        if user_obj.is_active and not user_obj.is_superuser and not user_obj.is_anonymous and obj is None:
            if from_name == "group":
                return set[str]().union(*(role.rights for role in roles.of(user_obj)))
            if not getattr(user_obj, "has_own_rights", True):
                return set()
        found: set[str] = super()._get_permissions(user_obj, obj, from_name)
        return found


_TOLD = {
    "told_second_factor": Exists(second_factor.demands(OuterRef("pk"))),
    "has_second_factor": Exists(second_factor.of(OuterRef("pk"))),
    "has_own_rights": Exists(User.user_permissions.through.objects.filter(user_id=OuterRef("pk"))),
}
_CELLS = (*columns(User), *_TOLD)
_BY_ID = Compiled(lambda ids: User.objects.filter(among("pk", ids)).annotate(**_TOLD).values_list(*_CELLS))
