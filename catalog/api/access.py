"""Own tokens: made, listed, rotated, revoked; and the OAuth 2.0 way to short-lived ones."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.utils import timezone
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import scopes, signed, tokens
from catalog.api import params
from catalog.api.authentication import Credentials
from catalog.api.base import ApiView
from catalog.api.describe import MOMENT, NUMBER, OBJECT, PAGING, TEXT, TEXTS, Op, array, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.shapes import TOKEN
from catalog.models import ApiToken, User
from catalog.sign_in import fresh, second_factor
from pimhub.foundation import moments

MAX_DAYS = 366
RATE = 600  # calls a minute, unless another is asked for


class TokenList(ApiView):
    """`GET` one's own tokens, newest first. `POST` makes one, whose text is in this answer and nowhere else:
    {"name", "scopes", "expires", "networks", "rate", "system"}."""

    resource = "tokens"
    rights = {"GET": (), "POST": ()}
    keeps_secret = True
    operations = {
        "GET": Op(query=PAGING, answers={200: page_of(TOKEN)}),
        "POST": Op(
            body=thing("scopes", name=TEXT, scopes=TEXTS, expires=MOMENT, networks=TEXTS, rate=NUMBER, system=TEXT),
            answers={201: TOKEN},
        ),
    }

    def get(self, request: Request) -> Response:
        params.only(request, params.PAGING)
        query = ApiToken.objects.filter(user=_person(request))
        return Response(page(request, query, Order("pk", descending=True), lambda rows: [shown(t) for t in rows]))

    def post(self, request: Request) -> Response:
        params.only(request, ())
        _fresh(request)
        given = _object(request)
        wanted = given.get("scopes")
        if not isinstance(wanted, list) or not all(isinstance(s, str) for s in wanted):
            raise Problem(422, "bad_scopes", 'Give "scopes" as a list, such as ["read"].')
        maker = request.auth if isinstance(request.auth, Credentials) else None
        bounds: Any = {
            "scopes_wanted": wanted,
            "expires_at": _expiry(given, maker),
            "networks": _texts(given, "networks") or (maker.token.networks if maker else []),
            "rate": _rate(given, min(RATE, maker.token.rate) if maker else RATE),
        }
        try:
            if maker:  # a token makes no stronger one
                tokens.check_within(maker.token, maker.scopes, **bounds)
            token, text = tokens.create(
                user=_person(request), name=_text(given, "name") or "API", system=_text(given, "system"), **bounds
            )
        except tokens.TooStrong as error:
            raise Problem(422, "too_strong", f"A token makes no stronger one. {error}") from error
        except tokens.BadSystem as error:
            raise Problem(422, "bad_system", str(error)) from error
        except scopes.BadScope as error:
            raise Problem(422, "bad_scopes", str(error)) from error
        except ValueError as error:
            raise Problem(422, "bad_network", f"{error}. Write networks as 203.0.113.0/24.") from error
        return Response(shown(token) | {"token": text}, status=201)


class TokenDetail(ApiView):
    """One of one's own tokens, by its prefix."""

    resource = "tokens"
    rights = {"GET": (), "DELETE": ()}
    operations = {"GET": Op(answers={200: TOKEN}), "DELETE": Op(answers={204: None})}

    def get(self, request: Request, prefix: str) -> Response:
        params.only(request, ())
        return Response(shown(_own(request, prefix)))

    def delete(self, request: Request, prefix: str) -> Response:
        """Revoke it, at once and for good."""
        params.only(request, ())
        tokens.revoke(_own(request, prefix))
        return Response(status=204)


class TokenRotate(ApiView):
    """A new text for the token; the old one works on for `overlap` seconds (a day, if not said)."""

    resource = "tokens"
    rights = {"POST": ()}
    keeps_secret = True
    operations = {"POST": Op(body=thing("", overlap=NUMBER), answers={200: TOKEN})}

    def post(self, request: Request, prefix: str) -> Response:
        params.only(request, ())
        _fresh(request)
        token = _own(request, prefix)
        overlap = _object(request).get("overlap", 86_400)
        if isinstance(overlap, bool) or not isinstance(overlap, int) or not 0 <= overlap <= 30 * 86_400:
            raise Problem(422, "bad_overlap", "overlap is a number of seconds, up to 30 days.")
        if token.revoked_at is not None:
            raise Problem(409, "revoked", "This token was revoked. Make a new one.")
        if isinstance(request.auth, Credentials):
            _within(request.auth, token)
        text = tokens.rotate(token, overlap=dt.timedelta(seconds=overlap))
        token.refresh_from_db()
        return Response(shown(token) | {"token": text})


class OAuthToken(ApiView):
    """RFC 6749, 4.4: `grant_type=client_credentials` with the token's prefix and text as id and secret."""

    resource = "tokens"
    rights = {"POST": ()}
    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (FormParser,)
    operations = {
        "POST": Op(
            body=thing("grant_type", grant_type=TEXT, client_id=TEXT, client_secret=TEXT, scope=TEXT),
            body_type="application/x-www-form-urlencoded",
            answers={200: thing("*", access_token=TEXT, token_type=TEXT, expires_in=NUMBER, scope=TEXT)},
        )
    }

    def post(self, request: Request) -> Response:
        given = _object(request)
        client, secret = _client(request, given)
        if given.get("grant_type") != "client_credentials":
            raise _oauth(400, "unsupported_grant_type", "Only grant_type=client_credentials is spoken here.")
        try:
            token = tokens.find_client(client, secret, address=request.META.get("REMOTE_ADDR", ""))
        except tokens.Refused as refusal:
            raise _oauth(401, "invalid_client", str(refusal), {"WWW-Authenticate": "Basic"}) from refusal
        try:
            wanted = str(given.get("scope", "")).split()
            granted = scopes.narrower(wanted, token.scopes) if wanted else list(token.scopes)
        except scopes.BadScope as error:
            raise _oauth(400, "invalid_scope", str(error)) from error
        text, seconds = signed.issue(token, scopes=granted)
        answer = {"access_token": text, "token_type": "Bearer", "expires_in": seconds, "scope": " ".join(granted)}
        return Response(answer, headers={"Cache-Control": "no-store"})


def _oauth(status: int, error: str, text: str, headers: dict[str, str] | None = None) -> Problem:
    """A problem that also speaks as RFC 6749, 5.2 wants it."""
    return Problem(status, error, text, headers=headers, error=error, error_description=text)


class PublicKeys(ApiView):
    """The public halves of the keys that sign, as a JSON Web Key Set."""

    resource = "tokens"
    rights = {"GET": ()}
    authentication_classes = ()
    permission_classes = (AllowAny,)
    operations = {"GET": Op(answers={200: thing("*", keys=array(OBJECT))})}

    def get(self, request: Request) -> Response:
        return Response(signed.public_keys())


def shown(token: ApiToken) -> dict[str, Any]:
    def at(moment: dt.datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "prefix": token.prefix,
        "name": token.name,
        "scopes": token.scopes,
        "networks": token.networks,
        "rate": token.rate,
        "created": at(token.created_at),
        "expires": at(token.expires_at),
        "revoked": at(token.revoked_at),
        "last_used": at(token.last_used_at),
        "previous_works_until": at(token.previous_until),
    }


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _fresh(request: Request) -> None:
    """New secrets are for who signed in a short while ago; a token makes none for who lacks the second factor."""
    if isinstance(request.auth, Credentials):
        if second_factor.lacks(_person(request)):
            raise Problem(403, "second_factor_needed", "Set up a second factor on the page “Your account” first.")
    elif not fresh.is_fresh(request):
        minutes = settings.PIMHUB_FRESH_MINUTES
        raise Problem(403, "sign_in_again", f"You signed in more than {minutes} minutes ago. Sign in again.")


def _own(request: Request, prefix: str) -> ApiToken:
    token = ApiToken.objects.filter(user=_person(request), prefix=prefix).first()
    if token is None:
        raise Problem(404, "not_found", "You have no such token.")
    return token


def _within(maker: Credentials, token: ApiToken) -> None:
    """Who holds a token gets the text of no stronger one. Raises Problem."""
    bounds: Any = {"networks": token.networks, "expires_at": token.expires_at, "rate": token.rate}
    try:
        tokens.check_within(maker.token, maker.scopes, scopes_wanted=token.scopes, **bounds)
    except (tokens.TooStrong, scopes.BadScope) as error:
        text = f"A token rotates no stronger one. {error} Use that token itself, or the page API tokens."
        raise Problem(403, "too_strong", text) from error


def _client(request: Request, given: Mapping[str, Any]) -> tuple[str, str]:
    """Id and secret from HTTP Basic (RFC 6749, 2.3.1) or from the form."""
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _oauth(400, "invalid_request", "The Basic header cannot be read.") from error
        return unquote_plus(client), unquote_plus(secret)
    return str(given.get("client_id", "")), str(given.get("client_secret", ""))


def _object(request: Request) -> dict[str, Any]:
    if isinstance(request.data, dict):
        return request.data
    raise Problem(422, "bad_form", "Send an object.")


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > 100:
        raise Problem(422, f"bad_{name}", f"{name} is a text of at most 100 characters.")
    return value


def _texts(given: dict[str, Any], name: str) -> list[str]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value) or len(value) > 50:
        raise Problem(422, f"bad_{name}", f"{name} is a list of at most 50 texts.")
    return value


def _rate(given: dict[str, Any], default: int) -> int:
    rate = given.get("rate", default)
    if isinstance(rate, bool) or not isinstance(rate, int) or not 1 <= rate <= 100_000:
        raise Problem(422, "bad_rate", "rate is a number of calls a minute, up to 100,000.")
    return rate


def _expiry(given: dict[str, Any], maker: Credentials | None) -> dt.datetime:
    """When it ends: a moment, or a year from now (or when its maker ends); never later than a year."""
    latest = timezone.now() + dt.timedelta(days=MAX_DAYS)
    if (text := given.get("expires")) is None:
        own = maker.token.expires_at if maker else None
        return min(latest, own) if own else latest
    moment = moments.exact(text)
    if moment is None or not timezone.now() < moment <= latest:
        raise Problem(422, "bad_expires", "expires is a moment with its offset, ahead of us by at most a year.")
    return moment
