"""The Shopify connector: what the registry holds, each question answered by its own module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence

from channels.connectors.abilities import Budget, Found, Heard, Listed, Rate, Told
from channels.connectors.base import Connection, Facet, Known, Level, MappedProduct, Operation, Rendered
from channels.connectors.bulk import BulkJob
from channels.connectors.outcome import Issue, Outcome, RemoteState
from channels.connectors.shopify import (
    about,
    bulk,
    fields,
    find,
    listed,
    rates,
    rights,
    settings,
    subscriptions,
    tokens,
    translations,
    uploads,
    webhooks,
)
from channels.connectors.shopify.interpret import interpret
from channels.connectors.shopify.plan import plan, plan_removal
from channels.connectors.shopify.read import interpret_read, read
from channels.connectors.shopify.render import render
from channels.connectors.shopify.validate import validate
from channels.connectors.subscriptions import Subscribed
from pimhub.foundation.http import FileBody, Request, Response
from pimhub.foundation.jsonvalue import JSON


class ShopifyConnector:
    """Shopify's Admin GraphQL API, one version pinned."""

    key = "shopify"
    label = "Shopify"
    api_version = settings.API_VERSION
    sunset = rights.SUNSET
    facets: Mapping[Facet, Level] = {
        Facet.CONTENT: Level.PRODUCT,
        Facet.MEDIA: Level.PRODUCT,
        Facet.PUBLICATION: Level.PRODUCT,
        Facet.TAGS: Level.PRODUCT,
        Facet.COLLECTIONS: Level.PRODUCT,
        Facet.METAFIELDS: Level.PRODUCT,
        Facet.TRANSLATION: Level.PRODUCT,
        Facet.COMPONENTS: Level.PRODUCT,
        Facet.OFFER: Level.VARIANT,
        Facet.STOCK: Level.VARIANT,
    }
    target_fields = fields.TARGET_FIELDS
    other_fields = Level.EACH  # metafields, by their prefix of the product or of each variant
    default_rules: Mapping[str, JSON] = fields.DEFAULT_RULES
    setting_fields = about.SETTINGS
    credentials = about.CREDENTIALS
    more_secrets = about.MORE_SECRETS
    message_help = "Shopify signs them with the app's client secret (client_secret among the credentials)."
    translated = frozenset(translations.KEYS)
    bulk_limits = bulk.LIMITS
    bulk_by_row = False
    deadline = 60.0  # a synchronous productSet of many variants takes its time

    def upload(self, operation: Operation, response: Response, body: FileBody) -> Request | None:
        return uploads.upload(operation, response, body)

    def interpret_upload(self, operation: Operation, response: Response) -> Outcome | None:
        return uploads.interpret_upload(operation, response)

    def languages(self, connection: Connection) -> list[str]:
        return list(translations.locales(connection))

    def takes_field(self, code: str) -> bool:
        return code.startswith((fields.METAFIELD, fields.VARIANT_METAFIELD))

    def render(self, product: MappedProduct, connection: Connection) -> Rendered:
        return render(product, connection)

    def validate(self, product: MappedProduct, rendered: Rendered, connection: Connection) -> list[Issue]:
        return validate(product, rendered, connection)

    def plan(self, rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
        return plan(rendered, known, connection)

    def plan_removal(self, known: Known, connection: Connection) -> list[Operation]:
        return plan_removal(known, connection)

    def is_archived(self, state: RemoteState) -> bool:
        """Archived products are in no shop window, and keep their orders and statistics."""
        shown = state.bodies.get("", {}).get(Facet.PUBLICATION)
        return isinstance(shown, dict) and shown.get("status") == "ARCHIVED"

    def interpret(self, operation: Operation, response: Response) -> Outcome:
        return interpret(operation, response)

    def read(self, rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
        return read(rendered, known, connection)

    def interpret_read(
        self, rendered: Rendered, known: Known, responses: Sequence[Response], connection: Connection
    ) -> RemoteState:
        return interpret_read(rendered, known, responses, connection)

    takes_sku_twice = True

    def find(self, rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
        return find.find(rendered, known, connection)

    def read_matches(self, rendered: Rendered, responses: Sequence[Response], connection: Connection) -> list[Found]:
        return find.read_matches(rendered, responses)

    def links_of_found(self, rendered: Rendered, found: Found, connection: Connection) -> dict[str, str]:
        return find.links_of_found(found)

    def list_request(self, cursor: str, connection: Connection) -> Request:
        return listed.list_request(cursor, connection)

    def read_list(self, cursor: str, response: Response, connection: Connection) -> Listed:
        return listed.read_list(response)

    def rate(self, request: Request) -> Rate | None:
        return rates.rate(request)

    def told_rate(self, response: Response) -> float | None:
        return None  # told together with what is left

    def told_budget(self, response: Response) -> Budget | None:
        return rates.told(response)

    def needed_rights(self, connection: Connection) -> Mapping[str, str]:
        return rights.needed(connection)

    def implied(self, granted: frozenset[str]) -> frozenset[str]:
        return rights.implied(granted)

    def rights_request(self, connection: Connection) -> Request:
        return rights.request(connection)

    def read_rights(self, response: Response) -> frozenset[str]:
        return rights.read(response)

    def needed_topics(self, connection: Connection) -> Mapping[str, str]:
        return subscriptions.needed(connection)

    def subscriptions_request(self, connection: Connection) -> Request:
        return subscriptions.request(connection)

    def read_subscriptions(self, response: Response) -> Sequence[Subscribed]:
        return subscriptions.read(response)

    def subscribe_request(self, topic: str, address: str, connection: Connection) -> Request:
        return subscriptions.subscribe(topic, address, connection)

    def aim_request(self, subscribed: Subscribed, address: str, connection: Connection) -> Request:
        return subscriptions.aim(subscribed, address, connection)

    def check_subscribed(self, response: Response) -> None:
        subscriptions.check(response)

    def token_request(self, connection: Connection, now: dt.datetime) -> Request | None:
        return tokens.token_request(connection, now)

    def read_token(self, response: Response) -> tuple[str, float]:
        return tokens.read_token(response)

    def verify_webhook(
        self, connection: Connection, headers: Mapping[str, str], raw: bytes, *, token: str, now: dt.datetime
    ) -> Heard:
        return webhooks.verify(connection, headers, raw)

    def read_webhook(self, topic: str, raw: bytes) -> Told:
        return webhooks.read(topic, raw)

    def bulk_from(self, connection: Connection) -> int | None:
        return bulk.worth_from(connection)

    def bulk_kind(self, operation: Operation) -> str:
        return bulk.kind(operation)

    def bulk_line(self, kind: str, request: Request, number: int) -> bytes:
        return bulk.line(kind, request.body)

    def bulk_file(self, kind: str, lines: Sequence[bytes], connection: Connection) -> bytes:
        return b"".join(line + b"\n" for line in lines)

    def upload_request(self, kind: str, mark: str, size: int, connection: Connection) -> Request:
        return bulk.upload_request(kind, mark, size, connection)

    def read_upload(self, response: Response, file: bytes) -> tuple[Request, str]:
        return bulk.read_upload(response, file)

    def start_request(self, kind: str, path: str, mark: str, connection: Connection) -> Request:
        return bulk.start_request(kind, path, mark, connection)

    def find_request(self, since: dt.datetime, connection: Connection) -> Request:
        return bulk.find_request(since, connection)

    def read_found(self, response: Response, mark: str, others: Collection[str]) -> BulkJob | None:
        return bulk.read_found(response, mark, others)

    def ask_request(self, job: str, connection: Connection) -> Request:
        return bulk.ask_request(job, connection)

    def read_job(self, response: Response) -> BulkJob:
        return bulk.read_job(response)

    def bulk_answers(self, body: bytes, lines: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        return bulk.answers(body)
