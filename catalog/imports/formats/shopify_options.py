"""Shopify's options (what tells variants apart) → our axes, in the languages shops are kept in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.attributes.values import RESERVED_CODES
from catalog.defaults import ATTRIBUTES
from catalog.imports.formats.base import AttributeNeed
from catalog.imports.formats.shopify_columns import MAX_CODE, same
from catalog.imports.text import short_hash, slug

# Only words that mean the same thing: a frame size is not a size.
_SYNONYMS: dict[str, str] = {
    "color": "color colour colours colors farbe farben färg färger farve farver farge väri kleur kleuren "
    "couleur couleurs cor cores colore colori culoare culori renk kolor barva farba boja szín цвет колір "
    "χρώμα 颜色 色 カラー 색상 لون צבע",
    "size": "size sizes größe grösse groesse größen storlek størrelse koko maat maten taille tailles tamanho "
    "tamanhos tamaño tamaños talla tallas taglia taglie mărime marime mărimi beden rozmiar velikost veľkosť "
    "veličina méret размер розмір μέγεθος 尺码 尺寸 サイズ 사이즈 مقاس מידה",
    "material": "material materials stoff materiaal matériau matériaux matière materiale materiali materiál "
    "materjal materiał tela tecido tessuto tissu kumaş malzeme tyg anyag материал матеріал υλικό 材质 素材 "
    "재질",
}
AXIS_OF = {same(word): code for code, words in _SYNONYMS.items() for word in words.split()}

_TAKEN = RESERVED_CODES | {attribute.code for attribute in ATTRIBUTES}


def axis_codes(names: Sequence[str]) -> list[str]:
    """The attribute codes of a product's options, all distinct.

    A second name for one thing ("Color", "Colour") and a name that belongs to another kind of
    attribute ("Weight") get a code of their own.
    """
    codes: list[str] = []
    for name in names:
        known = AXIS_OF.get(same(name))
        code = known if known and known not in codes else _own_code(name)
        number = 2
        stem = code
        while code in codes:
            code = f"{stem}_{number}"
            number += 1
        codes.append(code)
    return codes


def _own_code(name: str) -> str:
    code = slug(name, "_")
    if not code:
        return f"option_{short_hash(same(name))}"
    if not code[0].isalpha() or code in _TAKEN:
        code = f"option_{code}"
    if len(code) > MAX_CODE:
        code = f"{code[: MAX_CODE - 10]}_{short_hash(same(name))}"
    return code


def axis_needs(names: Sequence[str]) -> list[AttributeNeed]:
    """The attributes behind the axes that a new instance does not have."""
    codes = axis_codes(names)
    return [
        AttributeNeed(code, "select", name, "variant", variant=True)
        for code, name in zip(codes, names, strict=True)
        if code not in _SYNONYMS
    ]


class Options:
    """The options of one product. `names`: number (1–3) → name; `values`: line → number → value.

    `axes`: attribute codes in order, () for a product without options, None when the file has no
    option columns and so says nothing. `codes`: number → attribute code.
    """

    def __init__(self, names: Mapping[int, str], values: Mapping[int, Mapping[int, str]], *, said: bool) -> None:
        self.names = dict(sorted(names.items()))
        self._values = values
        self.single = _is_single(self.names, values)
        used = {number for given in values.values() for number in given}
        # An option that no variant has a value for tells nothing apart.
        axes = {} if self.single else {n: name for n, name in self.names.items() if n in used}
        self.codes = dict(zip(axes, axis_codes(list(axes.values())), strict=True))
        self.axes: tuple[str, ...] | None = tuple(self.codes.values()) if said else None
        self.needs = axis_needs(list(axes.values()))

    def values_of(self, line: int) -> tuple[str, ...]:
        """The variant's option values in order; () without options."""
        given = self._values.get(line, {})
        return tuple(given[number] for number in self.codes if number in given)

    def axis_values(self, line: int) -> dict[str, str]:
        given = self._values.get(line, {})
        return {code: given[number] for number, code in self.codes.items() if number in given}

    def gaps(self, line: int) -> tuple[list[int], list[tuple[int, str]]]:
        """What keeps the variant from having a place: numbers of values without a name, and
        (number, name) of options without a value."""
        given = self._values.get(line, {})
        unnamed = [] if self.single else [number for number in sorted(given) if number not in self.codes]
        return unnamed, [(n, self.names[n]) for n in self.codes if n not in given]


def _is_single(names: Mapping[int, str], values: Mapping[int, Mapping[int, str]]) -> bool:
    """Whether the options are Shopify's way of saying that there are none: "Title" / "Default Title"."""
    return [same(name) for name in names.values()] in ([], ["title"]) and all(
        same(value) == "default title" for given in values.values() for value in given.values()
    )


def generated_sku(handle: str, option_values: Sequence[str]) -> str:
    """`<handle>` or `<handle>-<option slugs>`: the SKU of a variant that has none, always the same."""
    slugs = [slug(value, "-") or short_hash(value) for value in option_values if value]
    sku = "-".join([handle, *slugs])
    return sku if len(sku) <= 240 else f"{sku[:230]}-{short_hash(sku)}"
