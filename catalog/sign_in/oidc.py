"""OpenID Connect, strictly: who the provider says somebody is counts only when every part of it holds.

OpenID Connect Core 1.0, 3.1.3.7 (ID Token validation) and 5.3.2 (UserInfo), Discovery 1.0, 4.3.
"""

from __future__ import annotations

import time
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings

# Asymmetric ones only: with others, whoever knows the public key could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
MAX_SUBJECT = 191  # what allauth's table holds; the standard allows 255
LEEWAY = 60  # seconds that clocks may differ
# What is kept of a person; the rest of what the provider tells is let go.
KEPT = ("sub", "email", "email_verified", "given_name", "family_name", "preferred_username", "nonce", "auth_time")
PROFILE = ("email", "email_verified", "given_name", "family_name", "preferred_username")


class StrictAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself. Raises OAuth2Error when it speaks for another issuer."""
        known = getattr(self, "_config", None)
        if known is None:
            try:
                known = super().openid_config
            except (ValueError, TypeError, AttributeError) as error:  # no JSON, or no object
                raise OAuth2Error("The provider's configuration cannot be read.") from error
            issuer = self.get_provider().app.settings["server_url"]
            if not isinstance(known, dict) or str(known.get("issuer", "")).rstrip("/") != issuer:
                raise OAuth2Error(f"The configuration at {issuer} is that of another issuer.")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _checked(str(known.get(name, "")), name)
            self._config = known
        return known

    def complete_login(self, request: Any, app: Any, token: Any, **kwargs: Any) -> Any:
        """The login that the token endpoint's answer stands for. Raises OAuth2Error."""
        text = kwargs["response"].get("id_token")
        if not isinstance(text, str):
            raise OAuth2Error("The provider sent no ID token.")
        claims = self._verified(app, text)
        if "email" not in claims and self.openid_config.get("userinfo_endpoint"):
            _checked(str(self.openid_config["userinfo_endpoint"]), "userinfo_endpoint")
            about = self._fetch_user_info(token.token)
            if not isinstance(about, dict) or about.get("sub") != claims["sub"]:
                raise OAuth2Error("The provider told of somebody else than it signed for.")
            # All of it from there: what was said of one address must not be believed of another.
            claims = {name: value for name, value in claims.items() if name not in PROFILE}
            claims |= {name: about[name] for name in PROFILE if name in about}
        kept = {name: claims[name] for name in KEPT if isinstance(claims.get(name), str | int | bool)}
        if not isinstance(kept.get("email", ""), str):
            del kept["email"]
        return self.get_provider().sociallogin_from_response(request, {"id_token": kept})

    def _verified(self, app: Any, text: str) -> dict[str, Any]:
        try:
            key = self._key(jwt.get_unverified_header(text))
            claims: dict[str, Any] = jwt.decode(
                text,
                key=key.key,
                algorithms=[key.algorithm_name],
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise OAuth2Error(f"The ID token does not hold: {type(error).__name__}") from error
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("The ID token was made for another client.")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= MAX_SUBJECT:
            raise OAuth2Error("The ID token names nobody.")
        return claims

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The provider's key that the token names; with one key only, a token need not name it."""
        if header.get("alg") not in ALGORITHMS:
            raise OAuth2Error("The ID token is not signed as it must be.")
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            rows = [row for row in answer.json()["keys"] if row.get("use", "sig") == "sig"]
        named = [row for row in rows if row.get("kid") == header["kid"]] if "kid" in header else rows
        if len(named) != 1:
            raise OAuth2Error("The ID token is signed with a key that the provider does not publish.")
        return jwt.PyJWK(named[0], algorithm=header["alg"])


class StrictProvider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = StrictAdapter


def provider(request: Any, name: str) -> StrictProvider:
    """The configured provider of that id. Raises SocialApp.DoesNotExist."""
    return StrictProvider(request=request, app=get_adapter(request).get_app(request, provider=name))


def recently(auth_time: object) -> bool:
    """Whether somebody proved at the provider who they are within PIMHUB_FRESH_MINUTES; unsaid is no."""
    if isinstance(auth_time, bool) or not isinstance(auth_time, int | float):
        return False
    return bool(-LEEWAY <= time.time() - auth_time < settings.PIMHUB_FRESH_MINUTES * 60)


def _checked(url: str, name: str) -> None:
    """The provider's addresses are as strictly https as its own."""
    origin = "/".join(url.split("/")[:3])
    if not url.startswith("https://") and origin not in settings.PIMHUB_ALLOWED_ORIGINS:
        raise OAuth2Error(f"The provider's {name} is no https address.")
