"""What a connector may do beyond the contract of `base.py`. It takes one up by having its members; the publisher asks.

Limits, settings, messages, changes, rights, languages, definitions and feeds: each is one protocol here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from channels.connectors.base import Connection, Connector, Known, Level, MappedProduct, Operation, Rendered
from channels.connectors.outcome import Outcome, Row
from pimhub.foundation.http import FileBody, Request, Response
from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting of a channel of the kind. `kind`: text, url, number, flag, list (a line each), map (a line each,
    “ours = theirs”), rows (a line each with its `columns`), choices (some of the `choices`) or rounding (of prices).
    What is empty, and a flag that is as usual, is left out of the settings."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    help: str = ""
    usual: bool = False  # of a flag
    columns: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit that a call falls under: so many a second, and so many at once after a pause.

    Of a channel that does not tell its limits, `per_second` is the most that we try: each refusal halves the rate,
    and quiet minutes bring it back (`learns`).
    Of calls, or of points of which each call takes `cost` (as it is estimated before it leaves).
    """

    name: str
    per_second: float
    burst: float
    learns: bool = False
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What an answer says of a limit in points: how many are left, of how many, and how fast they come back."""

    available: float
    maximum: float
    per_second: float
    cost: float | None = None  # what the call took after all


class HasRates(Protocol):
    """A connector whose channel says how fast it may be called."""

    def rate(self, request: Request) -> Rate | None:
        """The limit of a call; None when there is none that is known."""
        ...

    def told_rate(self, response: Response) -> float | None:
        """Calls a second, where an answer tells."""
        ...


class HasSettings(Protocol):
    """A connector that says what the owner of a channel fills in."""

    setting_fields: Sequence[SettingField]
    credentials: Sequence[tuple[str, ...]]  # the ways to sign in, each with the names of its secrets
    more_secrets: Sequence[str]  # that nobody needs for signing in, such as those of messages


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of what changed on a channel: ids of items, the moment of the last of them, and how to ask on."""

    ids: tuple[str, ...]
    until: str = ""  # in the channel's own form; "" of an empty page
    token: str = ""


class TellsChanges(Protocol):
    """A connector whose channel can be asked what changed there since a moment, oldest first."""

    changed_link: str  # the link under which such an id is kept, without the row

    def changes_request(self, since: str, token: str, connection: Connection) -> Request: ...

    def read_changes(self, response: Response, connection: Connection) -> Changes:
        """Raises ValueError with the channel's words."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """An item that a channel has: its id there, the SKU it shows, and what people call it."""

    id: str
    sku: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of all that a channel has. `cursor`: how to ask on, "" = that was all; `wait`: seconds until then;
    `link`: an address at which this part lies as a file."""

    items: tuple[Item, ...] = ()
    cursor: str = ""
    wait: float = 0.0
    link: str = ""


class ListsItems(Protocol):
    """A connector whose channel can be asked for all that it has, ours or not, part by part."""

    def list_request(self, cursor: str, connection: Connection) -> Request:
        """The next call; `cursor` "" begins."""
        ...

    def read_list(self, cursor: str, response: Response, connection: Connection) -> Listed:
        """Raises ValueError with the channel's words."""
        ...

    def read_file(self, cursor: str, response: Response, connection: Connection) -> Listed:
        """The part that lay at its `link`. Raises ValueError when it cannot be read."""
        ...


class TellsBudget(HasRates, Protocol):
    """A connector whose channel tells in each answer what is left of its limit."""

    def told_budget(self, response: Response) -> Budget | None: ...


class ChecksAccess(Connector, Protocol):
    """A connector whose channel can be asked which rights it grants."""

    sunset: dt.date  # the end of support of `api_version`, as far as it is announced

    def needed_rights(self, connection: Connection) -> Mapping[str, str]:
        """{right: what it is for}."""
        ...

    def implied(self, granted: frozenset[str]) -> frozenset[str]:
        """The granted rights with all that they bring along."""
        ...

    def rights_request(self, connection: Connection) -> Request: ...

    def read_rights(self, response: Response) -> frozenset[str]:
        """Raises ValueError with the channel's words."""
        ...


class Translates(Protocol):
    """A connector whose channel shows a product in several languages at once."""

    def languages(self, connection: Connection) -> Sequence[str]:
        """Our locales beside the channel's own."""
        ...

    @property
    def translated(self) -> Collection[str]:
        """Target fields of the product that are translated."""
        ...


class Describes(Protocol):
    """A connector whose channel describes, in documents of its own, what it takes for one kind of product.

    The publisher fetches a document by two calls (where it lies, then itself), keeps it and hands it to all others
    in `Connection.definitions`.
    """

    # The level of fields that a mapping fills beyond `target_fields`: the documents know more than we list.
    other_fields: Level

    def takes_field(self, code: str) -> bool:
        """Whether a field of this name may be filled although we do not list it."""
        ...

    def definitions(self, product: MappedProduct) -> tuple[str, ...]:
        """Names of the documents that the product needs."""
        ...

    def definition_request(self, name: str, connection: Connection) -> Request: ...

    def definition_link(self, response: Response) -> tuple[Request, str]:
        """The call that fetches the document, and its checksum. Raises ValueError with the channel's words."""
        ...

    def read_definition(self, response: Response, checksum: str) -> JSON:
        """The document. Raises ValueError when it is not what the checksum says."""
        ...


# ---- what the channel had before us ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundVariant:
    """A variant as the channel has it. `row` is the row of ours that its SKU names."""

    id: str
    sku: str
    gtin: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A product that a channel has under an identity of ours. Its title is for people: nothing is matched by it."""

    id: str
    by: str  # "custom id": it says itself that it is this product; "SKU": it has one of its SKUs
    title: str
    variants: tuple[FoundVariant, ...]  # those with a SKU of ours
    more: int = 0  # variants that are none of ours
    doubt: str = ""  # what the connector finds strange, in a sentence


class FindsProducts(Protocol):
    """A connector whose channel can be asked, before the first call for a product, what it has of it already."""

    # Whether the channel would take a second product with the same SKUs.
    takes_sku_twice: bool

    def find(self, rendered: Rendered, known: Known, connection: Connection) -> Sequence[Request]:
        """The calls that look for it; none where nothing foreign could be there."""
        ...

    def read_matches(
        self, rendered: Rendered, responses: Sequence[Response], connection: Connection
    ) -> Sequence[Found]:
        """Products with our custom id, and those with one of our SKUs. Raises ValueError with the channel's words."""
        ...

    def links_of_found(self, rendered: Rendered, found: Found, connection: Connection) -> Mapping[str, str]:
        """The links by which it is ours from now on."""
        ...


class Uploads(Protocol):
    """A connector whose channel takes files only where it says: a call asks for the place (`Operation.file`)."""

    def upload(self, operation: Operation, response: Response, body: FileBody) -> Request | None:
        """The upload to where the answer says; None when it says no place."""
        ...

    def interpret_upload(self, operation: Operation, response: Response) -> Outcome | None:
        """What the call came to when the file was not taken; None when it was, and the first answer stands."""
        ...


class SideBySide(Protocol):
    """A connector whose channel is called for several products at once by one worker, as it takes one call each."""

    side_by_side: bool


class NamesTerms(Protocol):
    """A connector whose channel has words of its own for what a field may hold, beyond `TargetField.choices`."""

    def terms(self, field: str, definitions: Mapping[str, JSON]) -> Mapping[str, str]:
        """{value: what people call it}, as the documents say that the channel gave us (see `Describes`)."""
        ...


# ---- messages of the channel ---------------------------------------------------------------------


class NotGenuine(Exception):  # noqa: N818 - somebody else's fault
    """A message is not from the channel, or too old; the text says what is wrong, never a secret."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A genuine message. `id` is the sender's own, the same however often the message comes."""

    id: str
    topic: str
    at: dt.datetime | None = None  # when it happened, as the sender says


@dataclass(frozen=True, slots=True)
class Told:
    """What a message is about: items that may show something else now, by remote id or SKU.

    A message is a hint, never a fact: what the channel shows is what is read back. `ended` says in words why the
    channel takes no more calls (our app was removed); "" = it does. `finished`: it is done with a file of calls.
    """

    links: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    ended: str = ""
    finished: bool = False


class Receives(Protocol):
    """A connector whose channel sends messages. Others take messages by Standard Webhooks."""

    message_help: str  # how its messages are set up, in a sentence for people

    def verify_webhook(
        self, connection: Connection, headers: Mapping[str, str], raw: bytes, *, token: str, now: dt.datetime
    ) -> Heard:
        """Check a message: header names in lower case, the raw body, the `token` at the end of the address it came to.

        Secrets are in the connection's credentials, the present one and, while it is rotated, the one before. Every
        comparison is in constant time. Raises NotGenuine.
        """
        ...

    def read_webhook(self, topic: str, raw: bytes) -> Told:
        """What a genuine message says. Raises ValueError when it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that lay in a queue. `receipt` is what the queue wants to hear when it is kept."""

    heard: Heard
    raw: bytes
    receipt: str


class PollsQueue(Protocol):
    """A connector whose channel puts its messages into a queue that is asked."""

    def queue_request(self, connection: Connection) -> Request | None:
        """Ask for the next messages; None when the channel's settings name no queue."""
        ...

    def read_queue(self, response: Response) -> list[Queued]:
        """Raises ValueError with the queue's words."""
        ...

    def queue_done(self, connection: Connection, receipts: Sequence[str]) -> Request:
        """Tell the queue which messages are kept; it forgets them."""
        ...

    def read_webhook(self, topic: str, raw: bytes) -> Told: ...


class BuildsFeed(Protocol):
    """A connector that also writes feed files, in one or several formats."""

    # Extension → content type; the first is what a channel has unless its setting `feed_formats` says others.
    feed_formats: Mapping[str, str]

    def feed_header(self, connection: Connection, title: str, changed: dt.datetime, kind: str) -> bytes:
        """What comes first. As many bytes for every moment `changed`, at which the content last was another."""
        ...

    def feed_item(self, rendered: Rendered, row: Row, connection: Connection, kind: str) -> bytes: ...

    def feed_footer(self, kind: str) -> bytes: ...
