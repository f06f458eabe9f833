"""The providers of single sign-on, as the operator names them in environment variables."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured

NAME = re.compile(r"[a-z][a-z0-9]{0,29}")


def providers(env: Any) -> list[dict[str, Any]]:
    """One entry for each id in PIMHUB_SSO, in the form that django-allauth reads.

    Raises ImproperlyConfigured for an id that cannot be part of an address, or a provider without its server or key.
    """
    return [_provider(env, name) for name in env.list("PIMHUB_SSO", default=[])]


def _provider(env: Any, name: str) -> dict[str, Any]:
    if not NAME.fullmatch(name):
        raise ImproperlyConfigured(f"PIMHUB_SSO holds “{name}”. Use lower-case letters and digits, such as corp.")
    prefix = f"PIMHUB_SSO_{name.upper()}_"

    def needed(part: str) -> str:
        value: str = env.str(prefix + part, default="")
        if not value:
            raise ImproperlyConfigured(f"PIMHUB_SSO names {name}: set {prefix}{part}, or take {name} out.")
        return value

    return {
        "provider_id": name,
        "name": env.str(prefix + "NAME", default=name.title()),
        "client_id": needed("CLIENT_ID"),
        "secret": needed("CLIENT_SECRET"),
        "settings": {
            "server_url": needed("ISSUER").rstrip("/"),
            "domains": [domain.lower().lstrip("@") for domain in env.list(prefix + "DOMAINS", default=[])],
            "new_roles": env.list(prefix + "NEW_ROLES", default=[]),
        },
    }
