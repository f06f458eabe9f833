"""Ten products of our own: axes, GTINs, German texts, prices, stock, pictures.

GTINs come from the range 952, which GS1 keeps for examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from catalog.media.ingest import upload
from catalog.models import Attribute
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from catalog.products.gtin import check_digit
from catalog.products.options import OptionBook

PICTURES = Path(__file__).parent / "pictures"


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    name: tuple[str, str]  # English, German
    text: tuple[str, str]
    brand: str
    kind: str
    price: str
    cost: str
    grams: int
    picture: str
    alt: tuple[str, str]
    origin: str
    hs: str
    axes: tuple[str, ...] = ()
    variants: tuple[tuple[str, ...], ...] = ((),)  # one label per axis
    tags: tuple[str, ...] = ()


ITEMS = (
    Item(
        "kettlebell",
        ("Steel Kettlebell", "Kettlebell aus Stahl"),
        (
            "Cast in one piece, with a wide grip for two hands.",
            "In einem Stück gegossen, mit breitem Griff für zwei Hände.",
        ),
        "Nordform",
        "Fitness",
        "49.90",
        "21.00",
        8000,
        "unopim_sports-02.webp",
        ("Brushed steel kettlebell", "Kettlebell aus gebürstetem Stahl"),
        "DE",
        "950691",
        ("size",),
        (("8 kg",), ("12 kg",), ("16 kg",)),
        ("Fitness", "Steel"),
    ),
    Item(
        "casserole",
        ("Enamelled Casserole", "Emaillierter Bräter"),
        ("Cast iron that holds the heat, for stove and oven.", "Gusseisen, das die Wärme hält, für Herd und Backofen."),
        "Nordform",
        "Cookware",
        "129.00",
        "58.00",
        4600,
        "unopim_home-03.webp",
        ("Orange casserole with lid", "Orangefarbener Bräter mit Deckel"),
        "FR",
        "732394",
        ("color", "size"),
        (("Terracotta", "24 cm"), ("Terracotta", "28 cm"), ("Slate", "24 cm")),
        ("Kitchen",),
    ),
    Item(
        "carafe",
        ("Glass Carafe with Cork", "Glaskaraffe mit Korken"),
        (
            "Mouth-blown glass for one litre, closed with natural cork.",
            "Mundgeblasenes Glas für einen Liter, mit Naturkork verschlossen.",
        ),
        "Hellwasser",
        "Tableware",
        "24.50",
        "9.80",
        620,
        "unopim_home-07.webp",
        ("Clear glass carafe with cork stopper", "Klare Glaskaraffe mit Korken"),
        "CZ",
        "701337",
        tags=("Kitchen",),
    ),
    Item(
        "coffee-filter",
        ("Unbleached Coffee Filters", "Ungebleichte Kaffeefilter"),
        ("Paper filters from unbleached pulp.", "Papierfilter aus ungebleichtem Zellstoff."),
        "Hellwasser",
        "Coffee",
        "4.90",
        "1.60",
        150,
        "unopim_home-14.webp",
        ("Natural brown paper filter", "Naturbrauner Papierfilter"),
        "DE",
        "482320",
        ("size",),
        (("40 pieces",), ("100 pieces",)),
        ("Kitchen", "Coffee"),
    ),
    Item(
        "desk-speakers",
        ("Desk Speakers", "Schreibtischlautsprecher"),
        ("A pair of closed boxes from anodised aluminium.", "Ein Paar geschlossene Boxen aus eloxiertem Aluminium."),
        "Klangwerk",
        "Audio",
        "189.00",
        "92.00",
        3100,
        "unopim_audio-15.webp",
        ("Two dark metal speakers", "Zwei dunkle Metalllautsprecher"),
        "CN",
        "851822",
        ("color",),
        (("Graphite",), ("Silver",)),
        ("Audio",),
    ),
    Item(
        "headphone-adapter",
        ("USB-C Headphone Adapter", "USB-C-Kopfhöreradapter"),
        ("From USB-C to a 3.5 mm jack.", "Von USB-C auf 3,5-mm-Klinke."),
        "Klangwerk",
        "Audio",
        "14.90",
        "4.10",
        12,
        "unopim_audio-17.webp",
        ("Short cable with USB-C plug", "Kurzes Kabel mit USB-C-Stecker"),
        "CN",
        "854442",
        tags=("Audio",),
    ),
    Item(
        "sunglasses",
        ("Round Sunglasses", "Runde Sonnenbrille"),
        ("A light frame with tinted lenses.", "Ein leichter Rahmen mit getönten Gläsern."),
        "Lumen & Söhne",
        "Accessories",
        "79.00",
        "24.00",
        40,
        "saleor_saleor-sunnies.png",
        ("Sunglasses with blue lenses", "Sonnenbrille mit blauen Gläsern"),
        "IT",
        "900410",
        ("color",),
        (("Crystal",), ("Black",)),
        ("Summer",),
    ),
    Item(
        "parrot-cushion",
        ("Parrot Cushion", "Papageienkissen"),
        ("A cotton cover with an embroidered parrot.", "Ein Baumwollbezug mit gesticktem Papagei."),
        "Lumen & Söhne",
        "Home",
        "34.00",
        "12.50",
        700,
        "saleor_saleor-white-parrot-cushion.png",
        ("White cushion with a drawn parrot", "Weißes Kissen mit gezeichnetem Papagei"),
        "PT",
        "940490",
        ("size",),
        (("40 x 40 cm",), ("50 x 50 cm",)),
        ("Home",),
    ),
    Item(
        "water-bottle",
        ("Steel Water Bottle", "Trinkflasche aus Stahl"),
        ("Double-walled, with a lid to carry it by.", "Doppelwandig, mit einem Deckel zum Tragen."),
        "Hellwasser",
        "Outdoor",
        "29.90",
        "11.20",
        380,
        "solidus_solidus_bottles_2.png",
        ("White steel bottle", "Weiße Stahlflasche"),
        "CN",
        "961700",
        ("color", "size"),
        (("White", "0.5 l"), ("White", "0.75 l"), ("Grey", "0.5 l"), ("Grey", "0.75 l")),
        ("Outdoor", "Summer"),
    ),
    Item(
        "cap",
        ("Black Cap", "Schwarze Kappe"),
        ("Cotton twill with an adjustable strap.", "Baumwolltwill mit verstellbarem Band."),
        "Nordform",
        "Apparel",
        "19.90",
        "6.30",
        90,
        "solidus_solidus_cap_black_1.png",
        ("Black cap from the front", "Schwarze Kappe von vorn"),
        "PT",
        "650500",
        ("size",),
        (("S/M",), ("L/XL",)),
        ("Summer",),
    ),
)


def demo_changes() -> list[ProductChange]:
    """The ten products in the language of the write door; their options and pictures are made on the way."""
    book = OptionBook(locale="en_US", dry_run=False)
    attributes = {a.code: a for a in Attribute.objects.filter(code__in=("size", "color", "tags"))}

    def option(attribute: str, label: str) -> str:
        return book.codes(attributes[attribute], attribute, [label])[label]

    number = 0
    changes = []
    for item in ITEMS:
        variants = []
        for position, labels in enumerate(item.variants):
            number += 1
            variants.append(
                VariantChange(
                    sku="-".join([item.code.upper(), *(x.upper().replace(" ", "").replace("/", "") for x in labels)]),
                    gtin=_gtin(number),
                    values={axis: option(axis, label) for axis, label in zip(item.axes, labels, strict=True)},
                    offers={"default": _offer(item, position)},
                    stock={"main": 7 * number % 40 + 3},
                )
            )
        changes.append(_change(item, tuple(variants), sorted(option("tags", tag) for tag in item.tags)))
    return changes


def _change(item: Item, variants: tuple[VariantChange, ...], tags: list[str]) -> ProductChange:
    picture = upload((PICTURES / item.picture).read_bytes())
    return ProductChange(
        code=item.code,
        family="default",
        axes=item.axes,
        values={
            "name@en_US": item.name[0],
            "name@de_DE": item.name[1],
            "description@en_US": f"<p>{item.text[0]}</p>",
            "description@de_DE": f"<p>{item.text[1]}</p>",
            "brand": item.brand,
            "product_type": item.kind,
            "tags": tags,
            "condition": "new",
            "weight": {"amount": str(Decimal(item.grams) / 1000), "unit": "kg"},
            "country_of_origin": item.origin,
            "hs_code": item.hs,
            "requires_shipping": True,
            "track_inventory": True,
            "taxable": True,
        },
        variants=variants,
        media=(MediaChange(sha256=picture.sha256, alt={"en_US": item.alt[0], "de_DE": item.alt[1]}),),
    )


def _offer(item: Item, position: int) -> OfferChange:
    price = Decimal(item.price) + position * Decimal("5.00")
    return OfferChange(price=price, cost=Decimal(item.cost), tax_class="standard")


def _gtin(number: int) -> str:
    body = f"952000000{number:03d}"
    return f"{body}{check_digit(body)}"
