"""The HTTP surface of the Merchant API: routing by the discovery document, tokens and quotas.

Sources: discovery document of products/v1; OAuth 2.0 JWT bearer grant (RFC 7523).
"""

from __future__ import annotations

import base64
import collections
import datetime as dt
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from channels.sandbox.google.discovery import body_problems, document, method_for, query_problems, read_only
from channels.sandbox.google.errors import Failed, error_reply
from channels.sandbox.google.products import ACCOUNT, Offers
from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record
from channels.sandbox.settings import settings
from channels.sandbox.store import Store
from channels.sandbox.world import DATA_SOURCES, TOKEN

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE = "https://www.googleapis.com/auth/content"
_SOURCE = re.compile(r"accounts/\d+/dataSources/\d+")
# Parameters of every Google API that change the shape of the answer, which the sandbox does not.
_UNHELD = frozenset({"fields", "callback", "uploadType", "upload_protocol"})


@dataclass(slots=True)
class Merchant:
    """The channel `google`. `handle` runs inside the transaction of the call."""

    store: Store
    _recent: collections.deque[float] = field(default_factory=collections.deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def warm_up(self) -> None:
        document()

    def handle(self, call: Call, record: Record, *, origin: str) -> Reply:
        if call.path == "/token":
            return self._issue_token(call, record)
        try:
            return json_reply(200, self._answer(call, record))
        except Failed as failed:
            if failed.fault:
                record.violate(failed.status, failed.message)
            return error_reply(failed)

    def throttled(self) -> Reply:
        message = "Quota exceeded: requests per minute"
        return error_reply(Failed("RESOURCE_EXHAUSTED", message, reason="quota/request_rate_too_high"))

    def quota(self) -> Reply:
        message = "Quota exceeded: requests per day"
        return error_reply(Failed("RESOURCE_EXHAUSTED", message, reason="quota/daily_limit_exceeded"))

    def unauthorized(self) -> Reply:
        message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
        return error_reply(Failed("UNAUTHENTICATED", message, reason="ACCESS_TOKEN_TYPE_UNSUPPORTED"))

    def broken(self) -> Reply:
        return error_reply(Failed("INTERNAL", "Internal error encountered."))

    def _answer(self, call: Call, record: Record) -> Any:
        """1. Who asks. 2. Which method. 3. Its schema. 4. Its quota. 5. The account and the data source."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._is_allowed(token):
            raise Failed("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        found = method_for(call.method, call.path.lstrip("/"))
        if found is None:
            message = f"{call.method} {call.path} is no method of products/v1"
            raise Failed("NOT_FOUND", message, fault=True)
        method, name = found
        record.operation = method["id"].removeprefix("merchantapi.")
        query = dict(call.query)
        body = self._checked(call, method)
        self._spend(record)
        if not f"{name}/".startswith(f"{ACCOUNT}/"):
            message = f"The caller has no access to {'/'.join(name.split('/')[:2])}"
            raise Failed("PERMISSION_DENIED", message, reason="no_access")
        offers = Offers(self.store, record)
        match record.operation.rpartition(".")[2]:
            case "insert":
                return offers.insert(body, self._source(query))
            case "patch":
                return offers.patch(name, body, self._source(query), query.get("updateMask"))
            case "delete":
                return offers.delete(name, self._source(query))
            case "get":
                return offers.get(name)
            case _:
                size = query.get("pageSize")
                return offers.list_page(None if size is None else int(size), query.get("pageToken"))

    def _checked(self, call: Call, method: dict[str, Any]) -> dict[str, Any]:
        """The decoded body. Raises Failed with everything that the discovery document refuses."""
        problems = query_problems(method, call.query)
        problems += [f"The sandbox does not hold the parameter {n}" for n, _ in call.query if n in _UNHELD]
        body: Any = {}
        if "request" in method:
            try:
                body = json.loads(call.body)
            except ValueError as error:
                problems.append(f"Invalid JSON payload received. {error}")
            else:
                schema = method["request"]["$ref"]
                problems += body_problems(schema, body)
                if isinstance(body, dict):
                    problems += [f"Field '{name}' is output only" for name in read_only(schema, body)]
        elif call.body:
            problems.append(f"{call.method} takes no body")
        if problems:
            fields = [("", problem) for problem in problems]
            raise Failed("INVALID_ARGUMENT", "\n".join(problems), fields=fields, fault=True)
        return dict(body)

    def _source(self, query: dict[str, str]) -> str:
        source = query.get("dataSource", "")
        if not _SOURCE.fullmatch(source):
            message = f"dataSource must be accounts/{{account}}/dataSources/{{source}}, not {source!r}"
            raise Failed("INVALID_ARGUMENT", message, fields=[("dataSource", message)], fault=True)
        if source not in DATA_SOURCES:
            raise Failed("NOT_FOUND", f"Data source {source} was not found", reason="data_source_not_found")
        return source

    def _spend(self, record: Record) -> None:
        limit = settings(self.store, "google")["requests_per_minute"]
        if limit is None:
            return
        with self._lock:
            now = time.monotonic()
            while self._recent and now - self._recent[0] > 60:
                self._recent.popleft()
            if len(self._recent) >= limit:
                record.chaos = "throttle"
                message = f"Quota exceeded: {limit} requests per minute"
                raise Failed("RESOURCE_EXHAUSTED", message, reason="quota/request_rate_too_high")
            self._recent.append(now)

    # ---- tokens ----------------------------------------------------------------------------------

    def _is_allowed(self, token: str) -> bool:
        if token == TOKEN:
            return True
        held = self.store.get("token", f"google/{token}")
        return held is not None and dt.datetime.now(dt.UTC).timestamp() < held["until"]

    def _issue_token(self, call: Call, record: Record) -> Reply:
        """A token for a signed assertion. Its claims are checked; its signature has no key to check with."""
        record.operation = "token"
        given = call.form()
        if call.method != "POST" or given.get("grant_type") != _GRANT:
            record.violate("INVALID_ARGUMENT", f"a token is asked for with POST and grant_type={_GRANT}")
            error = {"error": "unsupported_grant_type", "error_description": f"grant_type must be {_GRANT}"}
            return json_reply(400, error)
        problem = _assertion_problem(given.get("assertion", ""))
        if problem:
            return json_reply(400, {"error": "invalid_grant", "error_description": problem})
        token = f"ya29.{secrets.token_urlsafe(24)}"
        lifetime = settings(self.store, "google")["token_ttl"]
        until = dt.datetime.now(dt.UTC).timestamp() + lifetime
        self.store.put("token", f"google/{token}", {"until": until})
        return json_reply(200, {"access_token": token, "expires_in": lifetime, "token_type": "Bearer"})


def _assertion_problem(assertion: str) -> str:
    """What is wrong with a JWT; "" when nothing is."""
    parts = assertion.split(".")
    if len(parts) != 3 or not all(parts):
        return "assertion must be a signed JWT"
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        return "assertion must be a signed JWT"
    missing = [name for name in ("iss", "scope", "aud", "exp", "iat") if not claims.get(name)]
    if missing:
        return f"assertion lacks {', '.join(missing)}"
    if _SCOPE not in str(claims["scope"]).split():
        return f"scope must hold {_SCOPE}"
    if float(claims["exp"]) < time.time():
        return "assertion has expired"
    return ""
