"""The shop's HTTP surface: GraphQL, tokens and the addresses of its images.

Sources: shopify.dev "GraphQL Admin API", "Client credentials grant", "Rate limits".
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record
from channels.sandbox.settings import settings
from channels.sandbox.shopify import (  # noqa: F401  # importing registers the resolvers
    bulk,
    bundles,
    collections,
    entries,
    inventory,
    media,
    metafields,
    operations,
    product_change,
    publishing,
    queries,
    reading,
    rules,
    staged,
    subscriptions,
    translations,
)
from channels.sandbox.shopify.bulk_work import BulkWork
from channels.sandbox.shopify.cost import DEAREST_REQUEST, Bucket, cost_extension, requested_cost
from channels.sandbox.shopify.graph import Context
from channels.sandbox.shopify.wall import Illegal, official_schema, read_request, run
from channels.sandbox.store import Store
from channels.sandbox.world import CLIENT_ID, CLIENT_SECRET, SHOPIFY_VERSION, TOKEN

GRAPHQL = f"/admin/api/{SHOPIFY_VERSION}/graphql.json"
_TOKENS = "/admin/oauth/access_token"
_WRONG_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105


@dataclass(slots=True)
class Shop:
    """The channel `shopify`. `handle` runs inside the transaction of the call."""

    store: Store
    bucket: Bucket = field(default_factory=Bucket)
    work: BulkWork = field(init=False)

    def __post_init__(self) -> None:
        self.work = BulkWork(self.store)
        if bulk.under_way(self.store):  # it was killed meanwhile
            self.work.ring()

    def warm_up(self) -> None:
        """Build the schema before the first caller has to wait for it."""
        official_schema()

    def handle(self, call: Call, record: Record, *, origin: str) -> Reply:
        if call.path == _TOKENS:
            return self._issue_token(call, record)
        if call.path.startswith("/cdn/"):
            return self._image(call, record)
        if call.path.startswith(staged.ADDRESS):
            return staged.receive(self.store, call, record)
        if call.path.startswith(bulk.RESULTS):
            return bulk.results(self.store, call, record)
        if call.path != GRAPHQL:
            record.violate("NOT_FOUND", f"{call.method} {call.path} is not in the {SHOPIFY_VERSION} API")
            return json_reply(404, {"errors": "Not Found"})
        if call.method != "POST":
            record.violate("METHOD_NOT_ALLOWED", f"GraphQL is sent with POST, not {call.method}")
            return json_reply(405, {"errors": "Method Not Allowed"})
        if not self._is_allowed(call.headers.get("x-shopify-access-token", "")):
            return self.unauthorized()
        return self._graphql(call, record, origin)

    def throttled(self) -> Reply:
        """What an empty bucket answers: HTTP 200, and nothing happened."""
        knobs = settings(self.store, "shopify")
        maximum, rate = knobs["bucket_maximum"], knobs["restore_rate"]
        return _answer(
            {
                "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                "extensions": cost_extension(10, None, 0, maximum=maximum, rate=rate),
            }
        )

    def unauthorized(self) -> Reply:
        return json_reply(401, {"errors": _WRONG_TOKEN})

    def broken(self) -> Reply:
        return json_reply(500, {"errors": "Internal Server Error"})

    # ---- GraphQL ---------------------------------------------------------------------------------

    def _graphql(self, call: Call, record: Record, origin: str) -> Reply:
        """1. Schema. 2. Run-time rules. 3. The bucket. 4. Execute. The cost is told in every answer."""
        try:
            query, variables, name = _read_body(call)
        except ValueError as problem:
            record.violate("BAD_REQUEST", str(problem))
            return json_reply(400, {"errors": {"query": str(problem)}})
        knobs = settings(self.store, "shopify")
        maximum, rate = knobs["bucket_maximum"], knobs["restore_rate"]
        try:
            request = read_request(query, variables, name)
            record.operation = " ".join(dict.fromkeys(root.name for root in request.roots))
            for root in request.roots:
                rules.check(root)
            cost = requested_cost(request)
            if request.mutates and cost > DEAREST_REQUEST:
                message = f"Query cost is {cost}, which exceeds the single query max cost limit {DEAREST_REQUEST}"
                raise Illegal([{"message": message, "extensions": {"code": "MAX_COST_EXCEEDED"}}])
        except Illegal as illegal:
            for error in illegal.errors:
                record.violate(error["extensions"]["code"], error["message"])
            return _answer({"errors": illegal.errors})
        if knobs["bucket"] and not self.bucket.take(cost, maximum=maximum, rate=rate):
            record.chaos = "throttle"
            left = self.bucket.available(maximum=maximum, rate=rate)
            return _answer(
                {
                    "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                    "extensions": cost_extension(cost, None, left, maximum=maximum, rate=rate),
                }
            )
        context = Context(self.store, record, dt.datetime.now(dt.UTC), origin)
        data, errors = run(request, context)
        if any(effect.startswith("bulk.created") for effect in record.effects):
            self.work.ring()
        left = self.bucket.available(maximum=maximum, rate=rate) if knobs["bucket"] else maximum - cost
        body: dict[str, Any] = {"data": data}
        if errors:
            body["errors"] = errors
        return _answer(body | {"extensions": cost_extension(cost, cost, left, maximum=maximum, rate=rate)})

    # ---- tokens and images -----------------------------------------------------------------------

    def _is_allowed(self, token: str) -> bool:
        if token == TOKEN:
            return True
        held = self.store.get("token", f"shopify/{token}")
        return held is not None and dt.datetime.now(dt.UTC).timestamp() < held["until"]

    def _issue_token(self, call: Call, record: Record) -> Reply:
        record.operation = "access_token"
        given = call.form()
        if call.method != "POST" or given.get("grant_type") != "client_credentials":
            record.violate("BAD_REQUEST", "a token is asked for with POST and grant_type=client_credentials")
            error = {"error": "invalid_request", "error_description": "grant_type must be client_credentials"}
            return json_reply(400, error)
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            error = {"error": "invalid_client", "error_description": "client id or secret is wrong"}
            return json_reply(401, error)
        token = f"shpat_{secrets.token_hex(16)}"
        lifetime = settings(self.store, "shopify")["token_ttl"]
        until = dt.datetime.now(dt.UTC).timestamp() + lifetime
        self.store.put("token", f"shopify/{token}", {"until": until})
        scope = ",".join(queries.SCOPES)
        return json_reply(200, {"access_token": token, "scope": scope, "expires_in": lifetime})

    def _image(self, call: Call, record: Record) -> Reply:
        """The shop's copy of an image leads on to where it came from; the sandbox downloads nothing."""
        record.operation = "image"
        number = call.path.split("/")[2]
        found = self.store.get("media", f"gid://shopify/MediaImage/{number}")
        if found is None:
            return json_reply(404, {"errors": "Not Found"})
        return Reply(302, headers={"Location": found["_source"]})


def _read_body(call: Call) -> tuple[str, dict[str, Any], str | None]:
    """Query, variables, operation name. Raises ValueError with what is wrong."""
    if "application/json" not in call.headers.get("content-type", ""):
        raise ValueError(f"Content-Type must be application/json, not {call.headers.get('content-type')!r}")
    try:
        body = json.loads(call.body)
    except ValueError as error:
        raise ValueError(f"The body is not valid JSON: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise ValueError("Required parameter missing or invalid")
    variables = body.get("variables") or {}
    if not isinstance(variables, dict):
        raise ValueError("variables must be an object")
    return body["query"], variables, body.get("operationName")


def _answer(body: dict[str, Any]) -> Reply:
    return json_reply(200, body, X_Request_Id=secrets.token_hex(8), X_Shopify_API_Version=SHOPIFY_VERSION)
