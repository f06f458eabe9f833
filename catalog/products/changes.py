"""What a caller asks the write door to do, as plain values.

Editor, import, API, undo and demo data all speak this language; only `write.py` carries it out.
Values are canonical (see `catalog/attributes/types`), under their value keys. What a change does
not mention stays as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from pimhub.foundation.jsonvalue import JSON


class Unset(Enum):
    """`UNSET` = not mentioned, as opposed to None = deliberately empty."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True)
class OfferChange:
    """Fields of the offer on one price list; UNSET stays, None empties. Exact decimals."""

    price: Decimal | None | Unset = UNSET
    compare_at: Decimal | None | Unset = UNSET
    sale_price: Decimal | None | Unset = UNSET
    sale_from: dt.datetime | None | Unset = UNSET
    sale_to: dt.datetime | None | Unset = UNSET
    cost: Decimal | None | Unset = UNSET
    tax_class: str | Unset = UNSET
    confirmed: bool = False  # a second person looked at prices that would be held


@dataclass(frozen=True, slots=True)
class MediaChange:
    """One picture of a product, in order. Exactly one of `url` (fetched later) and `sha256` (held already)."""

    url: str = ""
    sha256: str = ""
    alt: Mapping[str, str] = field(default_factory=dict)  # locale → text
    sku: str = ""  # the variant it shows, or "" for the product


@dataclass(frozen=True, slots=True)
class AssociationChange:
    """One target of an association. Exactly one of `product` (a code) and `sku`; `quantity` where the type counts."""

    product: str = ""
    sku: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VariantChange:
    sku: str
    gtin: str | None | Unset = UNSET
    values: Mapping[str, JSON] = field(default_factory=dict)
    reset: tuple[str, ...] = ()  # value keys that inherit from the product again
    offers: Mapping[str, OfferChange] = field(default_factory=dict)  # price list code → fields
    stock: Mapping[str, int] = field(default_factory=dict)  # location code → available units
    sku_generated: bool = False
    taken: bool = False  # from the product that gives it in the same call, with all that hangs on it
    exact: bool = False  # the values replace all that the variant has
    add_values: Mapping[str, Sequence[JSON]] = field(default_factory=dict)  # to values that are lists
    remove_values: Mapping[str, Sequence[JSON]] = field(default_factory=dict)
    associations: Mapping[str, tuple[AssociationChange, ...]] = field(default_factory=dict)  # by type: what packs hold
    references: Mapping[str, str | None] = field(default_factory=dict)  # system → its code; None ends it
    trashed: bool | None = None  # True moves it to the trash, False brings it back
    line: int | None = None  # where it came from, in a file


@dataclass(frozen=True, slots=True)
class ProductChange:
    """The wanted change of one product. Unknown codes create a product, known ones change it.

    `base` holds the values the writer saw (value key → value, for a variant "SKU/value key"); a
    value that has changed since is a conflict, never overwritten.
    `media` replaces the whole ordered list when given; None leaves it.
    `categories` likewise (category codes).
    `axes` are the attribute codes that tell the variants apart, in order.
    `associations` replaces the targets of the types it names. What is added or removed with `add_…` and
    `remove_…` leaves the rest of the list alone, whoever wrote it.
    Without a code, `key` finds the product: (system, code there). A new one then gets a generated code.
    """

    code: str
    family: str = ""
    values: Mapping[str, JSON] = field(default_factory=dict)
    reset: tuple[str, ...] = ()
    axes: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    variants: tuple[VariantChange, ...] = ()
    media: tuple[MediaChange, ...] | None = None
    base: Mapping[str, JSON] = field(default_factory=dict)
    key: tuple[str, str] | None = None
    add_values: Mapping[str, Sequence[JSON]] = field(default_factory=dict)
    remove_values: Mapping[str, Sequence[JSON]] = field(default_factory=dict)
    add_categories: tuple[str, ...] = ()
    remove_categories: tuple[str, ...] = ()
    associations: Mapping[str, tuple[AssociationChange, ...]] = field(default_factory=dict)
    add_associations: Mapping[str, tuple[AssociationChange, ...]] = field(default_factory=dict)
    remove_associations: Mapping[str, tuple[AssociationChange, ...]] = field(default_factory=dict)
    references: Mapping[str, str | None] = field(default_factory=dict)
    trashed: bool | None = None
    force: bool = False  # what goes to the trash goes although it is in use
    gives: tuple[str, ...] = ()  # SKUs that another product of the same call takes over
    version: int | None = None  # refuse unless the product is at this version
    # Refuse unless exactly this would change: {SKU or "": {key: [old, new]}}.
    expected: Mapping[str, Mapping[str, Sequence[JSON]]] | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeError:
    """Why a change, or one value of it, was refused. `key` is a value key or a part such as "gtin"."""

    key: str
    code: str
    message: str
    sku: str = ""
    value: str = ""
    # For code "conflict": what the record holds now.
    current: JSON = None
