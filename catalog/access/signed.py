"""Short-lived signed tokens (JWT, RFC 7519) for clients that speak OAuth 2.0 client credentials (RFC 6749, 4.4).

Signed with Ed25519: whoever wants to check one reads the public half from `/api/v1/oauth/jwks.json`.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils import timezone

from catalog.access import tokens
from catalog.models import ApiToken

LIFETIME = dt.timedelta(minutes=15)
ALGORITHM = "EdDSA"
AUDIENCE = "pimhub-api"


@lru_cache(maxsize=16)
def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


def _public_bytes(seed: str) -> bytes:
    return _private(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _kid(seed: str) -> str:
    return hashlib.sha256(_public_bytes(seed)).hexdigest()[:16]


def _keys() -> dict[str, str]:
    """Key id → secret: the first of the settings signs, all of them verify."""
    return {_kid(seed): seed for seed in settings.PIMHUB_JWT_KEYS}


def issue(token: ApiToken, *, scopes: Sequence[str]) -> tuple[str, int]:
    """A signed token that stands for `token` with these scopes, and for how many seconds."""
    kid, seed = next(iter(_keys().items()))
    now = timezone.now()
    claims = {
        "iss": settings.PIMHUB_PUBLIC_URL,
        "aud": AUDIENCE,
        "sub": str(token.user_id),
        "client_id": f"pim_{token.prefix}",
        "scope": " ".join(scopes),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
    }
    text = jwt.encode(claims, _private(seed), algorithm=ALGORITHM, headers={"kid": kid})
    return text, int(LIFETIME.total_seconds())


def read(text: str, *, address: str) -> tuple[ApiToken, list[str]]:
    """The token that the signed one stands for, and its scopes. Raises tokens.Refused.

    A wrong issuer, audience, algorithm or key, a bad signature and an expired one are all refused; so is one
    whose token was revoked meanwhile.
    """
    try:
        kid = str(jwt.get_unverified_header(text).get("kid", ""))
        seed = _keys()[kid]
        claims = jwt.decode(
            text,
            _private(seed).public_key(),
            algorithms=[ALGORITHM],
            issuer=settings.PIMHUB_PUBLIC_URL,
            audience=AUDIENCE,
            options={"require": ["exp", "iss", "aud", "sub", "client_id", "scope"]},
        )
    except (jwt.InvalidTokenError, KeyError) as error:
        raise tokens.Refused("This signed token is not valid (any more). Ask for a new one.") from error
    prefix = str(claims["client_id"]).removeprefix("pim_")
    token = ApiToken.objects.select_related("user").filter(prefix=prefix, user_id=claims["sub"]).first()
    return tokens.checked(token, secret=None, address=address), str(claims["scope"]).split()


def public_keys() -> dict[str, Any]:
    """The public halves as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    keys = []
    for kid, seed in _keys().items():
        x = base64.urlsafe_b64encode(_public_bytes(seed)).rstrip(b"=").decode()
        keys.append({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "use": "sig", "alg": ALGORITHM})
    return {"keys": keys}
