"""The frame of every endpoint: sign in, count, may it, act, repeat, answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.contrib.auth.models import Permission
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import http_date
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import scopes, tokens
from catalog.api import idempotency
from catalog.api.authentication import BrowserAuthentication, Credentials, TokenAuthentication
from catalog.api.describe import Op
from catalog.api.formats import ExactJSONParser, ExactJSONRenderer
from catalog.api.problems import Problem
from catalog.change_sets import current_act
from catalog.models import ChangeSet, User
from pimhub.foundation.address import client_address

SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Leaving:
    """An endpoint that will go: announced since a moment, gone on a day, with what takes its place."""

    since: dt.datetime
    gone: dt.datetime
    successor: str = ""

    def headers(self) -> dict[str, str]:
        """RFC 9745 and RFC 8594."""
        found = {"Deprecation": f"@{int(self.since.timestamp())}", "Sunset": http_date(self.gone.timestamp())}
        return found | ({"Link": f'<{self.successor}>; rel="successor-version"'} if self.successor else {})


class MayDo(BasePermission):
    """The token's scopes cover the verb on the resource, and the person has the right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            raise exceptions.NotAuthenticated("Send a token: Authorization: Bearer pim_…")
        verb = scopes.READ if request.method in SAFE else scopes.WRITE
        token = request.auth if isinstance(request.auth, Credentials) else None
        allowed = (view.resource, *view.also)
        if token and not any(scopes.allow(token.scopes, resource=name, verb=verb) for name in allowed):
            wanted = f"{view.resource}:{verb}"
            raise Problem(403, "missing_scope", f"The token lacks the scope “{wanted}”.", scope=wanted)
        for right in view.rights_for(request.method):
            if not request.user.has_perm(right):
                raise Problem(
                    403,
                    "missing_right",
                    f"This needs the right “{right_label(right)}” ({right}). An administrator can give it to you.",
                    right=right,
                )
        return True


def right_label(right: str) -> str:
    app, _, code = right.partition(".")
    names = Permission.objects.filter(content_type__app_label=app, codename=code).values_list("name", flat=True)
    return names.first() or code


class ApiView(APIView):
    """An endpoint. `resource` is what token scopes speak of; `rights` the permissions by method."""

    resource: ClassVar[str]
    rights: ClassVar[Mapping[str, tuple[str, ...]]]
    also: ClassVar[tuple[str, ...]] = ()  # other resources whose scopes open it too
    streams: ClassVar[frozenset[str]] = frozenset()  # methods that keep their answers for an Idempotency-Key themselves
    keeps_secret: ClassVar[bool] = False  # the answer holds a secret: repeated calls do not get it again
    authentication_classes: Sequence[type[BaseAuthentication]] = (TokenAuthentication, BrowserAuthentication)
    permission_classes: Sequence[type[BasePermission]] = (MayDo,)
    parser_classes: Sequence[type[BaseParser]] = (ExactJSONParser,)
    renderer_classes = (ExactJSONRenderer,)
    leaving: ClassVar[Leaving | None] = None
    calls: int | None = None
    operations: ClassVar[Mapping[str, Op]] = {}

    def operation(self, method: str) -> Op | None:
        """What OpenAPI says of one method."""
        return self.operations.get(method)

    def rights_for(self, method: str | None) -> tuple[str, ...]:
        name = "GET" if method in SAFE else method or ""
        if name in self.rights:
            return self.rights[name]
        if method in ("OPTIONS", "HEAD") or self.handler(method) is None:
            return next(iter(self.rights.values()))
        raise AssertionError(f"{type(self).__name__} names no right for {name}")

    def handler(self, method: str | None) -> Callable[..., Any] | None:
        """What answers a method; no other function of ours is called from outside, as `rows` by the method ROWS."""
        name = (method or "").lower()
        found: Callable[..., Any] | None = getattr(self, name, None) if name in self.http_method_names else None
        return found

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        self.request = asked = self.initialize_request(request, *args, **kwargs)
        response: Any
        try:
            self.initial(asked, *args, **kwargs)
            handler = self.handler(asked.method) or self.http_method_not_allowed
            # Keys are each person's own; who proves only now who they are has none.
            once = asked.method in UNSAFE and asked.method not in self.streams and asked.user.is_authenticated
            if once and idempotency.key_of(asked):
                response = idempotency.once(self, asked, lambda: handler(asked, *args, **kwargs))
            else:
                response = handler(asked, *args, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(asked, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.META["REMOTE_ADDR"] = client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            trusted=settings.PIMHUB_TRUSTED_PROXIES,
        )
        super().initial(request, *args, **kwargs)
        if self.leaving is not None and timezone.now() >= self.leaving.gone:
            instead = f" Use {self.leaving.successor}." if self.leaving.successor else ""
            raise Problem(410, "gone", f"This ended on {self.leaving.gone:%Y-%m-%d}.{instead}")
        act_for(request)

    def check_permissions(self, request: Request) -> None:
        self._count(request)  # before rights: who knocks at closed doors is slowed down too
        super().check_permissions(request)

    def _count(self, request: Request) -> None:
        if not isinstance(request.auth, Credentials):
            return
        now = time.time()
        self.calls = tokens.count_call(request.auth.token, minute=int(now // 60))
        if self.calls > request.auth.token.rate:
            wait = 60 - int(now % 60)
            raise Problem(
                429,
                "too_many_calls",
                f"This token may make {request.auth.token.rate} calls a minute. Go on in {wait} seconds.",
                headers={"Retry-After": str(wait)},
            )

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.calls is not None and isinstance(request.auth, Credentials):
            rate, reset = request.auth.token.rate, 60 - int(time.time() % 60)
            # draft-ietf-httpapi-ratelimit-headers
            response["RateLimit-Policy"] = f'"token";q={rate};w=60'
            response["RateLimit"] = f'"token";r={max(rate - self.calls, 0)};t={reset}'
        for name, value in self.leaving.headers().items() if self.leaving else ():
            response[name] = value
        if isinstance(response, Response) and request.method in ("GET", "HEAD") and response.status_code == 200:
            _conditional(request, response)
        return response


class Nowhere(ApiView):
    """Whatever address below /api/ there is not."""

    resource = "api"
    rights = {}
    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Problem(404, "not_found", f"There is nothing at {request.path[:200]}.")


def act_for(request: Request) -> None:
    """What the call changes hangs on one change set: of this person, through this token, for this reason."""
    act = current_act()
    act.user = request.user if isinstance(request.user, User) else None
    act.source = ChangeSet.Source.API
    act.reason = request.headers.get("X-Change-Reason", "")[:500]
    if isinstance(request.auth, Credentials):
        act.system = request.auth.token.system.code if request.auth.token.system else ""
        act.actor = f"{request.auth.token.user.display_name} ({request.auth.token.name})"[:200]


def etag_of(data: Any) -> str:
    """The tag of a representation."""
    return f'"{hashlib.sha256(orjson.dumps(data, default=str)).hexdigest()[:32]}"'


def matches(header: str, tag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` header names the tag (weak comparison)."""
    given = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in given or tag in given


def _conditional(request: Request, response: Response) -> None:
    tag = response.get("ETag") or etag_of(response.data)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    if matches(request.headers.get("If-None-Match", ""), tag):
        response.status_code, response.data = 304, None
