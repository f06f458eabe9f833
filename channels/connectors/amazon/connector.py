"""The Amazon connector: what the registry holds, each question answered by its own module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from channels.connectors.abilities import Changes, Found, Listed, Queued, Rate, Told
from channels.connectors.amazon import (
    about,
    changes,
    definitions,
    fields,
    find,
    listed,
    rates,
    settings,
    shape,
    tokens,
    webhooks,
    wire,
)
from channels.connectors.amazon.bulk import Bulk
from channels.connectors.amazon.interpret import interpret
from channels.connectors.amazon.plan import plan, plan_removal
from channels.connectors.amazon.read import interpret_read, read
from channels.connectors.amazon.render import render
from channels.connectors.amazon.validate import validate
from channels.connectors.base import Connection, Facet, Known, Level, MappedProduct, Operation, Rendered
from channels.connectors.outcome import Issue, Outcome, RemoteState
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON


class AmazonConnector(Bulk):
    """Amazon: Listings Items by the Selling Partner API, checked against Amazon's own product type definitions."""

    key = "amazon"
    label = "Amazon"
    api_version = settings.LISTINGS
    facets: Mapping[Facet, Level] = {
        Facet.CONTENT: Level.EACH,
        Facet.OFFER: Level.VARIANT,
        Facet.STOCK: Level.VARIANT,
    }
    target_fields = fields.TARGET_FIELDS
    other_fields = Level.EACH
    default_rules: Mapping[str, JSON] = fields.DEFAULT_RULES
    setting_fields = about.SETTINGS
    credentials = about.CREDENTIALS
    more_secrets = about.MORE_SECRETS
    message_help = "Amazon sends none to an address; its queue is asked at the setting queue."
    deadline = 30.0

    def takes_field(self, code: str) -> bool:
        return True  # an attribute that no definition knows is told by preflight

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

    def rate(self, request: Request) -> Rate | None:
        return rates.rate(request)

    def told_rate(self, response: Response) -> float | None:
        return rates.told(response)

    # ---- what was there before us ----------------------------------------------------------------

    takes_sku_twice = False

    def find(self, rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
        return read(rendered, connection)

    def read_matches(self, rendered: Rendered, responses: Sequence[Response], connection: Connection) -> list[Found]:
        return find.read_matches(rendered, responses, connection)

    def links_of_found(self, rendered: Rendered, found: Found, connection: Connection) -> dict[str, str]:
        return find.links_of_found(found)

    # ---- what changed there ----------------------------------------------------------------------

    changed_link = settings.ITEM

    def changes_request(self, since: str, token: str, connection: Connection) -> Request:
        return wire.changes(since, token, connection)

    def read_changes(self, response: Response, connection: Connection) -> Changes:
        return changes.read_changes(response, connection)

    # ---- all that is there -----------------------------------------------------------------------

    def list_request(self, cursor: str, connection: Connection) -> Request:
        return listed.list_request(cursor, connection)

    def read_list(self, cursor: str, response: Response, connection: Connection) -> Listed:
        return listed.read_list(cursor, response)

    def read_file(self, cursor: str, response: Response, connection: Connection) -> Listed:
        return listed.read_file(response)

    # ---- what Amazon says of its product types ---------------------------------------------------

    def definitions(self, product: MappedProduct) -> tuple[str, ...]:
        return definitions.definitions(product)

    def definition_request(self, name: str, connection: Connection) -> Request:
        return definitions.definition_request(name, connection)

    def definition_link(self, response: Response) -> tuple[Request, str]:
        return definitions.definition_link(response)

    def read_definition(self, response: Response, checksum: str) -> JSON:
        return definitions.read_definition(response, checksum)

    def terms(self, field: str, definitions: Mapping[str, JSON]) -> Mapping[str, str]:
        return shape.terms(field, definitions)

    # ---- what Amazon tells by itself -------------------------------------------------------------

    def queue_request(self, connection: Connection) -> Request | None:
        return webhooks.queue_request(connection)

    def read_queue(self, response: Response) -> list[Queued]:
        return webhooks.read_queue(response)

    def queue_done(self, connection: Connection, receipts: Sequence[str]) -> Request:
        return webhooks.queue_done(connection, receipts)

    def read_webhook(self, topic: str, raw: bytes) -> Told:
        return webhooks.read(raw)
