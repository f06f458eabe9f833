"""The parts of a product that are no values, and which of them a key speaks of."""

from __future__ import annotations

PRICES, SALES, STOCK, MEDIA = "prices", "sales", "stock", "media"
CATEGORIES, STRUCTURE, BARCODE, ASSOCIATIONS = "categories", "structure", "gtin", "associations"
PUBLICATION = "publication"
LABELS = {
    PRICES: "prices",
    SALES: "sale prices and their windows",
    STOCK: "stock",
    MEDIA: "pictures",
    CATEGORIES: "categories",
    STRUCTURE: "family, axes, and which variants there are",
    BARCODE: "barcodes",
    ASSOCIATIONS: "associations",
    PUBLICATION: "publishing by hand, archiving and reopening",
}
_NAMED = {
    "media": MEDIA,
    "categories": CATEGORIES,
    "family": STRUCTURE,
    "axes": STRUCTURE,
    "trashed": STRUCTURE,
    "": STRUCTURE,  # that there is such a variant at all
    "gtin": BARCODE,
    "stock": STOCK,
    "associations": ASSOCIATIONS,
    "publication": PUBLICATION,
}
_SALE = ("sale_price", "sale_from", "sale_to")


class NoPart(ValueError):
    """The key is no part of a product."""


def is_figure(key: str) -> bool:
    """Whether the key is a price or a stock level."""
    return key.startswith(("offers.", "stock."))


def part_of(key: str) -> tuple[str, str]:
    """The part that a dotted or named key speaks of, and its place (a price list, a location, or "").

    ("", "") for codes in other systems, which are no part of a product. Raises NoPart.
    """
    name, _, rest = key.partition(".")
    if name == "references":
        return "", ""
    if name == "offers":
        place, _, field = rest.rpartition(".")
        return (SALES if field in _SALE else PRICES), place
    if name not in _NAMED:
        raise NoPart(f"“{key}” is no part of a product.")
    return _NAMED[name], rest.rpartition(".")[0] if name == "stock" else ""
