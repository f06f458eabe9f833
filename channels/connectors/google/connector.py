"""The Google connector: what the registry holds, each question answered by its own module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from channels.connectors.abilities import Found, Heard, Listed, Rate, Told
from channels.connectors.base import Connection, Facet, Known, Level, MappedProduct, Operation, Rendered
from channels.connectors.google import about, feeds, fields, find, listed, rates, settings, tokens, webhooks, wire
from channels.connectors.google.interpret import interpret
from channels.connectors.google.plan import plan, plan_removal
from channels.connectors.google.read import interpret_read, read
from channels.connectors.google.render import render
from channels.connectors.google.validate import validate
from channels.connectors.outcome import Issue, Outcome, RemoteState, Row
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON


class GoogleConnector:
    """Google Merchant Center: the Merchant API products/v1, and RSS 2.0 feeds."""

    key = "google"
    label = "Google Merchant Center"
    api_version = settings.VERSION
    facets: Mapping[Facet, Level] = {
        Facet.CONTENT: Level.VARIANT,
        Facet.OFFER: Level.VARIANT,
        Facet.STOCK: Level.VARIANT,
    }
    target_fields = fields.TARGET_FIELDS
    default_rules: Mapping[str, JSON] = fields.DEFAULT_RULES
    setting_fields = about.SETTINGS
    credentials = about.CREDENTIALS
    more_secrets = about.MORE_SECRETS
    message_help = (
        "Google signs nothing: the address ends with the secret webhook_token of the credentials and a slash."
    )
    deadline = 30.0
    side_by_side = True  # the Merchant API takes no batch: one call an offer, many at once
    # Google drops an offer 30 days after its last insert, changed or not: it must be sent again before.
    refresh_after = dt.timedelta(days=25)
    feed_formats: Mapping[str, str] = feeds.FORMATS

    def render(self, product: MappedProduct, connection: Connection) -> Rendered:
        return render(product, connection)

    def validate(self, product: MappedProduct, rendered: Rendered, connection: Connection) -> list[Issue]:
        return validate(product, rendered, connection)

    def plan(self, rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
        return plan(rendered, known, connection)

    def plan_removal(self, known: Known, connection: Connection) -> list[Operation]:
        return plan_removal(known, connection)

    def interpret(self, operation: Operation, response: Response) -> Outcome:
        return interpret(operation, response)

    def read(self, rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
        return read(rendered, connection)

    def interpret_read(
        self, rendered: Rendered, known: Known, responses: Sequence[Response], connection: Connection
    ) -> RemoteState:
        return interpret_read(rendered, known, responses, connection)

    def token_request(self, connection: Connection, now: dt.datetime) -> Request | None:
        return tokens.token_request(connection, now)

    def read_token(self, response: Response) -> tuple[str, float]:
        return tokens.read_token(response)

    # ---- what was there before us ----------------------------------------------------------------

    takes_sku_twice = False

    def find(self, rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
        return find.find(rendered, connection)

    def read_matches(self, rendered: Rendered, responses: Sequence[Response], connection: Connection) -> list[Found]:
        return find.read_matches(rendered, responses)

    def links_of_found(self, rendered: Rendered, found: Found, connection: Connection) -> dict[str, str]:
        return find.links_of_found(rendered, found)

    # ---- all that is there -----------------------------------------------------------------------

    def list_request(self, cursor: str, connection: Connection) -> Request:
        return wire.every(cursor, connection)

    def read_list(self, cursor: str, response: Response, connection: Connection) -> Listed:
        return listed.read_list(response, connection)

    # ---- limits ----------------------------------------------------------------------------------

    def rate(self, request: Request) -> Rate | None:
        return rates.rate(request)

    def told_rate(self, response: Response) -> float | None:
        return None  # Google says no rates with its answers; they are learnt from its refusals

    def feed_header(self, connection: Connection, title: str, changed: dt.datetime, kind: str = "xml") -> bytes:
        return feeds.header(connection, title, changed, kind)

    def feed_item(self, rendered: Rendered, row: Row, connection: Connection, kind: str = "xml") -> bytes:
        return feeds.item(rendered, row, connection, kind)

    def feed_footer(self, kind: str = "xml") -> bytes:
        return feeds.footer(kind)

    def verify_webhook(
        self, connection: Connection, headers: Mapping[str, str], raw: bytes, *, token: str, now: dt.datetime
    ) -> Heard:
        return webhooks.verify(connection, raw, token)

    def read_webhook(self, topic: str, raw: bytes) -> Told:
        return webhooks.read(raw)
