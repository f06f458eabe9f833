"""The contract between the publisher and a channel kind.

A connector is pure: it builds requests and reads responses, and never opens a socket, a file
or a database. The publisher sends, records, retries and decides. So a preview is exactly what
publishing would send, and a connector is tested with bytes alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from channels.connectors.outcome import Bodies, Issue, Outcome, RemoteState, Row
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON


class Facet(StrEnum):
    """Parts of a listing that change, are sent and are verified on their own."""

    CONTENT = "content"
    MEDIA = "media"
    PUBLICATION = "publication"
    OFFER = "offer"
    STOCK = "stock"
    # Lists that others write to as well, each with calls of its own.
    TAGS = "tags"
    COLLECTIONS = "collections"
    METAFIELDS = "metafields"
    TRANSLATION = "translation"
    COMPONENTS = "components"  # what a bundle holds


class Level(StrEnum):
    PRODUCT = "product"
    VARIANT = "variant"
    EACH = "each"  # of the product and, with its own value, of each variant


class Ownership(StrEnum):
    """Whose a field is on the channel, where others write as well."""

    OWNED = "owned"  # it is exactly what we say
    MERGED = "merged"  # a list: our entries come and go, the others' stay
    FOREIGN = "foreign"  # the channel's own affair: never written, never compared


@dataclass(frozen=True, slots=True)
class TargetField:
    """One field of the channel that a mapping rule can fill.

    `max_length` counts characters, `max_bytes` bytes in UTF-8. `source` names the page or schema the rule was read
    from.
    """

    code: str
    label: str
    level: Level
    facet: Facet = Facet.CONTENT
    required: bool = False
    max_length: int | None = None
    max_bytes: int | None = None
    choices: tuple[str, ...] = ()
    many: bool = False
    help: str = ""
    source: str = ""
    # The tree of categories that its values are from: our own categories are mapped to these.
    taxonomy: str = ""
    ownership: Ownership = Ownership.OWNED


# ---- what the publisher hands to a connector ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Price:
    """The offer of one variant on the channel's price list, at the moment of rendering."""

    currency: str
    price: Decimal
    compare_at: Decimal | None = None
    sale_price: Decimal | None = None
    sale_from: dt.datetime | None = None
    sale_to: dt.datetime | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """The bytes of a video or 3D model that is held here, by their hash."""

    sha256: str
    extension: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture, video or 3D model as the channel gets it. `key` is stable: "sha256:…" once fetched, else "url:…"."""

    key: str
    url: str
    alt: str = ""
    sku: str = ""  # the variant it belongs to, or "" for the product
    mime: str = ""
    width: int | None = None
    height: int | None = None
    file: MediaFile | None = None  # of a video or 3D model whose bytes are here

    @property
    def is_picture(self) -> bool:
        """As far as is known: what was never fetched is what its address ends with."""
        if self.mime:
            return not self.mime.startswith(("video/", "model/"))
        return not urlsplit(self.url).path.lower().endswith((".mp4", ".mov", ".glb", ".usdz", ".gltf"))


@dataclass(frozen=True, slots=True)
class MappedVariant:
    sku: str
    gtin: str
    # Target field code → value, after mapping rules and transforms. Absent = nothing to say.
    fields: Mapping[str, JSON]
    # The axes in order, as (option name, option label) in the channel's locale.
    options: tuple[tuple[str, str], ...] = ()
    price: Price | None = None
    # Location code → sellable units.
    stock: Mapping[str, int] = field(default_factory=dict)
    # Target field code → "ai", "ai_edited" or "translated", for texts that AI had a hand in.
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedProduct:
    code: str
    revision: int
    locale: str
    fields: Mapping[str, JSON]
    variants: tuple[MappedVariant, ...]
    media: tuple[Medium, ...] = ()
    axes: tuple[str, ...] = ()  # attribute codes, in the order of each variant's `options`
    url: str = ""  # the product's page in the shop, from the channel's URL template
    origins: Mapping[str, str] = field(default_factory=dict)  # as of a variant
    # {locale: {target field: value}} in the channel's further languages, for connectors that translate.
    translations: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a channel says of the fields of one kind of product, as fetched from it (see `Describes`)."""

    name: str
    checksum: str
    body: JSON


@dataclass(frozen=True, slots=True)
class Connection:
    """A channel's settings for one call. Never logged: `credentials` are in clear."""

    code: str
    base_url: str
    settings: Mapping[str, JSON]
    credentials: Mapping[str, str] = field(default_factory=dict)
    access_token: str = ""  # filled by the publisher when `token_request` is used
    definitions: Mapping[str, Definition] = field(default_factory=dict)  # filled where a connector asks for them


# ---- what a connector answers --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the channel should show: `{row: {facet: canonical body}}`, decimals as strings.

    The hash of each body is the desired hash of that facet. Bodies hold only what we own on
    the channel, in the form in which it is read back, so that equal hashes mean "live".
    `recheck_at` is the next moment at which the same inputs may render differently (a sale
    begins or ends, an offer must be refreshed). `media_urls` says where a channel that fetches
    pictures itself finds them, by media key: needed for sending, never compared; `files` likewise, what is uploaded.
    """

    product: str
    bodies: Bodies
    recheck_at: dt.datetime | None = None
    media_urls: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, MediaFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of the channel's side before a call.

    `links`: remote ids, keyed like `Outcome.links`. `accepted`: the bodies the channel last
    accepted or showed. `number`: a counter that grows with every call for this product, for
    channels that order writes by version.
    """

    links: Mapping[str, str] = field(default_factory=dict)
    accepted: Bodies = field(default_factory=dict)
    number: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, complete to the last byte, and the facets it carries."""

    name: str  # e.g. "productSet", for records and logs
    request: Request
    carries: tuple[tuple[Row, Facet], ...]
    # A repeated call has no further effect (natural upsert or idempotency key).
    idempotent: bool = True
    destructive: bool = False  # removes something on the channel
    # Asks only whether the calls to come would be taken: accepted, it changes nothing; refused, it stands for them.
    asks: bool = False
    # The channel counts the item's life anew from this call, where it forgets what is not sent again in time.
    renews: bool = True
    # What follows once ids are known, in words, for the preview.
    then: tuple[str, ...] = ()
    context: Mapping[str, JSON] = field(default_factory=dict)  # for `interpret`
    # Rows that must have been seen on the channel first. The call is shown in previews, but not sent; once they
    # are seen, `plan` names none.
    waits_for: tuple[Row, ...] = ()
    # Asks how an earlier call came out that the channel was WORKING on: the outcome is that call's, and so
    # are what it carries and, beside its own, the context.
    settles: bool = False
    # A step only: taken, it settles nothing yet of what it carries; refused, what it carries is refused.
    partial: bool = False
    # Links kept before the call leaves: what it puts on the channel stays ours even if its answer is lost.
    claims: Mapping[str, str] = field(default_factory=dict)
    # Follows the call to where its answer says (see `Uploads`).
    file: MediaFile | None = None


class Connector(Protocol):
    """A channel kind. Register the instance with `@connectors.register` (see registry.py)."""

    key: str
    label: str
    api_version: str
    # Which facets exist, and on which level their rows live.
    facets: Mapping[Facet, Level]
    target_fields: tuple[TargetField, ...]
    # The mapping a new channel starts with: {target field code: rule}; see channels/mapping/rules.py.
    default_rules: Mapping[str, JSON]
    # Calls in flight per channel that the kind allows, and seconds one call may take.
    deadline: float

    def render(self, product: MappedProduct, connection: Connection) -> Rendered:
        """What the channel should show. No I/O, no clock beyond the product's own data."""
        ...

    def validate(self, product: MappedProduct, rendered: Rendered, connection: Connection) -> list[Issue]:
        """Preflight: the official schema first, then limits, vocabularies, GTIN, media."""
        ...

    def plan(self, rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
        """The calls that are complete now and take `known` towards `rendered`; [] = nothing to do.

        The publisher sends them in order, merges each outcome into `known` and plans again, so a
        call that needs an id which an earlier one returns is planned in the next round.
        """
        ...

    def plan_removal(self, known: Known, connection: Connection) -> list[Operation]:
        """The calls that take the product off the channel in the safe order (unpublish, archive)."""
        ...

    def interpret(self, operation: Operation, response: Response) -> Outcome: ...

    def read(self, rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
        """The requests that read back this product and all its rows."""
        ...

    def interpret_read(
        self, rendered: Rendered, known: Known, responses: Sequence[Response], connection: Connection
    ) -> RemoteState: ...

    def token_request(self, connection: Connection, now: dt.datetime) -> Request | None:
        """The call that fetches an access token, or None when the credentials hold one."""
        ...

    def read_token(self, response: Response) -> tuple[str, float]:
        """Access token and its lifetime in seconds. Raises ValueError with the channel's words."""
        ...
