"""A made-up catalogue, the same for the same number: three variants a product, a long text, twelve attributes."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NOUNS = ("shirt", "jacket", "trousers", "dress", "coat", "sweater", "skirt", "boots", "scarf", "belt")
BRANDS = ("Alder", "Birke", "Cedro", "Dune", "Esker", "Fjord", "Garrigue", "Heide")
COLORS = ("black", "white", "navy", "red", "green", "sand", "grey", "rust")
SIZES = ("XS", "S", "M", "L", "XL")
CHOICES = {
    "material": ("cotton", "wool", "linen", "polyester", "leather", "silk", "viscose", "denim"),
    "fit": ("slim", "regular", "relaxed", "oversized"),
    "season": ("SS26", "AW26", "SS27", "all"),
    "gender": ("women", "men", "unisex", "kids"),
    "care": ("30C wash", "40C wash", "hand wash", "dry clean"),
    "pattern": ("plain", "striped", "checked", "floral", "dotted"),
    "energy_class": tuple("ABCDEFG"),
    "collection": tuple(f"C{n}" for n in range(40)),
    "collar": ("none", "button", "round", "polo"),
    "lining": ("yes", "no"),
    "origin": ("DE", "PT", "TR", "IT", "BD", "IN", "CN", "VN", "PL", "ES"),
    "closure": ("zip", "buttons", "none"),
}
TEXT = (
    "light durable woven soft brushed natural fibre everyday classic modern tailored seam pocket button lining "
    "collar breathable stretch organic certified washable season edition heritage craft detail hem cuff waist "
    "regular comfortable warm dry weatherproof garment fabric quality finished made"
)
WORDS = TEXT.split()
VARIANTS = 3
HEADER = [
    *("Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value"),
    *("Option2 Name", "Option2 Value", "Variant SKU", "Variant Barcode", "Variant Price", "Variant Inventory Qty"),
    *("Image Src", "Status"),
    *(f"{name.replace('_', ' ').capitalize()} (product.metafields.custom.{name})" for name in CHOICES),
]


def products(number: int, *, bump: str = "") -> Iterator[dict[str, Any]]:
    """Products as plain values; `bump` changes every title and every price, for imports of changes."""
    source = random.Random(20260101)  # noqa: S311 (no secret)
    for n in range(number):
        noun, brand = source.choice(NOUNS), source.choice(BRANDS)
        first, price = source.randrange(len(COLORS)), source.randrange(900, 29900)
        yield {
            "code": f"p{n:07d}",
            "title": f"{brand} {source.choice(WORDS)} {noun} {n}{bump}",
            "text": f"<p>{' '.join(source.choice(WORDS) for _ in range(85))} &amp; more.</p>",
            "brand": brand,
            "type": noun,
            "image": f"https://img.example.com/p{n:07d}.jpg",
            "values": {name: source.choice(options) for name, options in CHOICES.items()},
            "variants": [
                {
                    "sku": f"P{n:07d}-{v + 1}",
                    "gtin": gtin(n * VARIANTS + v),
                    "color": COLORS[(first + v) % len(COLORS)],
                    "size": source.choice(SIZES),
                    "price": f"{(price + 100 * v + bool(bump)) / 100:.2f}",
                    "stock": str(source.randrange(200)),
                }
                for v in range(VARIANTS)
            ],
        }


def gtin(number: int) -> str:
    digits = f"40{number:010d}"
    check = (10 - sum((3 if at % 2 else 1) * int(digit) for at, digit in enumerate(digits)) % 10) % 10
    return f"{digits}{check}"


def write_shopify(path: Path, number: int, *, bump: str = "") -> int:
    """The catalogue as a Shopify product CSV, a row per variant; how many rows."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for product in products(number, bump=bump):
            for place, variant in enumerate(product["variants"]):
                shared = [product["title"], product["text"], product["brand"], product["type"], "new, core", "true"]
                first = place == 0
                out.writerow(
                    [
                        product["code"],
                        *(shared if first else [""] * len(shared)),
                        *("Color" if first else "", variant["color"]),
                        *("Size" if first else "", variant["size"]),
                        *(variant["sku"], variant["gtin"], variant["price"], variant["stock"]),
                        *((product["image"], "active") if first else ("", "")),
                        *(product["values"].values() if first else [""] * len(CHOICES)),
                    ]
                )
    return number * VARIANTS
