"""What a file format must do, and the formats there are.

A format is one file (with its tables beside it) that ends in `FORMATS.add(...)`; nobody else changes.
It turns the rows of a `Table` into `ParsedProduct`s and knows no database: options, categories and
new attributes are named by their labels, and whoever holds the database resolves them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from catalog.attributes.spec import AttributeSpec
from catalog.imports.problems import Cell, FileRefused, RowError
from catalog.imports.readers.csv import Table
from catalog.products.changes import ProductChange
from pimhub.foundation.registry import Registry

Role = Literal["variant", "image", "product", "blank"]


@dataclass(frozen=True, slots=True)
class HeldProduct:
    """What has to be known of a product that is there, to read what a row says of it."""

    code: str
    family: str
    axes: tuple[str, ...] = ()


class Catalogue(Protocol):
    """What the catalogue knows, for formats that speak its language."""

    specs: Mapping[str, AttributeSpec]
    price_lists: Collection[str]
    locations: Collection[str]
    systems: Collection[str]

    def attribute(self, name: str) -> str:
        """The attribute of that code or label; "" when there is none, or more than one."""
        ...

    def attributes(self, family: str) -> Collection[str]: ...

    def on_variant(self, family: str) -> Collection[str]:
        """Attributes that a variant of the family may have values of."""
        ...

    def products(self, keys: Collection[str]) -> Mapping[str, HeldProduct]:
        """Those that are there, by the key of their code."""
        ...

    def products_of(self, sku_keys: Collection[str]) -> Mapping[str, str]:
        """Key of SKU → code of its product."""
        ...


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the file does not say of itself.

    `bad_barcodes`: a wrong or repeated barcode rejects its row, or ("empty") is left out with a warning.
    `empty_cells`: an empty cell says nothing, or empties the value. `decimal_separator`: "." or ","; None refuses
    numbers that could be read in two ways.
    """

    locale: str = "en_US"
    price_list: str = "default"
    location: str = "main"
    bad_barcodes: Literal["reject", "empty"] = "reject"
    empty_cells: Literal["keep", "clear"] = "keep"
    decimal_separator: str | None = None
    family: str = "default"  # of a new product that names none
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True)
class AttributeNeed:
    """An attribute that the file's values speak of and that no new instance has from the start."""

    code: str
    type: str
    label: str
    group: str
    variant: bool
    localizable: bool = False


@dataclass(frozen=True, slots=True)
class IgnoredColumn:
    """A column that nothing is read from, and how many of its cells are filled."""

    name: str
    filled: int


@dataclass
class ParsedProduct:
    """One product of the file.

    `change` holds canonical values, but: select and multi_select values are label texts (str, list of
    str), and `change.categories` holds paths ("A > B > C"). Its `code` is "" for rows that belong to
    no product (blank or refused ones before any handle).

    `lines`: each input line → its role. A variant row with an error is in `rejected_lines`; what it
    says of the product as a whole (title, pictures) still counts while a good variant is left. With
    none left, all its lines but the blank ones are rejected. Each rejected line has at least one error.

    `cells`: (SKU or "", value key or part) → where it came from. Parts: "gtin", "media",
    "categories", "offers.<list>.price", "stock.<location>.available".

    `contexts`: line → {header: text} to be filled into empty cells of a rejected row, so that the row
    can be imported on its own. `media_adds`: the file shows only some of the product's pictures, so
    `change.media` is to be added to those it has, not to replace them. `category_codes`: categories are codes.
    `as_of`: number of the newest journal entry of the product when the file was made of it; None if it does not say.
    """

    change: ProductChange
    lines: dict[int, Role]
    line_of_sku: dict[str, int] = field(default_factory=dict)
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    rejected_lines: set[int] = field(default_factory=set)
    warnings: list[RowError] = field(default_factory=list)
    needs: list[AttributeNeed] = field(default_factory=list)
    contexts: dict[int, Mapping[str, str]] = field(default_factory=dict)
    media_adds: bool = False
    category_codes: bool = False
    as_of: int | None = None

    @property
    def nothing_to_write(self) -> bool:
        """True when no row with content is left, or none belongs to a product."""
        left = (line for line, role in self.lines.items() if role != "blank" and line not in self.rejected_lines)
        return not self.change.code or next(left, None) is None


class Reading(Protocol):
    """A file once surveyed: the whole is known, the products stream."""

    table: Table
    rows: int  # data rows; the lines of all products together
    product_count: int  # how many `products` yields
    warnings: Sequence[RowError]  # of the file as a whole
    ignored_columns: Sequence[IgnoredColumn]

    @property
    def needs(self) -> Mapping[str, AttributeNeed]:
        """Attributes by code; complete once `products` has run through."""
        ...

    def products(self, *, skip: int = 0, made_skus: Collection[str] = ()) -> Iterator[ParsedProduct]:
        """The products, each once, in the same order every time; may be called again.

        To go on where an earlier pass stopped, `skip` its products, which are not parsed then, and name the
        keys of the SKUs that were made up in it.
        """
        ...


class Format(Protocol):
    code: str
    label: str

    def score(self, headers: Sequence[str]) -> int:
        """How many of the headers it knows; 0 when it cannot read such a file."""
        ...

    def lacks(self, headers: Sequence[str]) -> str:
        """The column without which it cannot read a file that it would know otherwise; "" for other files."""
        ...

    def read(self, table: Table, options: ReadOptions = ...) -> Reading:
        """Survey the file. Raises FileRefused where it stops being a table."""
        ...


FORMATS: Registry[Format] = Registry("import format")


def detect(headers: Sequence[str], *, named: str = "") -> Format:
    """The format that knows most of the headers, or the `named` one. Raises FileRefused when none can read them."""
    able = [known for known in FORMATS if named in ("", known.code)]
    best = max(able, key=lambda known: known.score(headers), default=None)
    if best is None or not best.score(headers):
        for known in able:
            if column := known.lacks(headers):
                raise FileRefused(
                    "column_missing",
                    f"The file has no column “{column}”, without which its rows cannot be told apart "
                    f"({known.label}). Add it, or export the file again with all columns.",
                )
        shown = ", ".join(f"“{name}”" for name in headers[:8]) + (" …" if len(headers) > 8 else "")
        raise FileRefused(
            "unknown_columns",
            f"No known column was found; the header line reads {shown}. The first line must name the columns: as "
            "PIMHub exports them (“sku”, “product”, “name@en_US” …), or as the shop does (for Shopify “Handle”, "
            "“Title”, “Variant SKU”, “Variant Price” …).",
        )
    return best


__all__ = [
    "FORMATS",
    "AttributeNeed",
    "Cell",
    "FileRefused",
    "Format",
    "IgnoredColumn",
    "ParsedProduct",
    "ReadOptions",
    "Reading",
    "Role",
    "RowError",
    "detect",
]
