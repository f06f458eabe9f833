"""Shopify's rows become products with variants, pictures and a place for every complaint."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from catalog.attributes.values import RESERVED_CODES
from catalog.imports.formats.base import FORMATS, AttributeNeed, detect
from catalog.imports.formats.shopify_options import AXIS_OF, axis_codes
from catalog.imports.problems import FileRefused
from catalog.products.changes import UNSET, MediaChange, OfferChange
from tests.catalog.imports.tables import DATA, codes, products, reading, warned, write, write_rows

URL = "https://img.example/"


def variant(handle: str, price: str = "5.00", **cells: str) -> dict[str, str]:
    names = {"o1": "Option1 Name", "v1": "Option1 Value", "o2": "Option2 Name", "v2": "Option2 Value",
             "sku": "Variant SKU", "gtin": "Variant Barcode", "title": "Title", "img": "Image Src",
             "vimg": "Variant Image", "mpn": "Google Shopping / MPN"}  # fmt: skip
    return {"Handle": handle, "Variant Price": price} | {names.get(k, k): v for k, v in cells.items()}


# --- recognising


def test_the_format_is_known_by_its_headers() -> None:
    assert detect(["Handle", "Title", "Variant SKU"]) is FORMATS.get("shopify")
    assert detect([" HANDLE", "body  (html)"]).code == "shopify"
    assert (
        detect(["Title", "URL handle", "SKU", "Price", "Product image URL"]).score(
            ["Title", "URL handle", "SKU", "Price", "Product image URL"]
        )
        == 5
    )


@pytest.mark.parametrize("headers", [["a", "b"], ["Handle"], ["Title", "Variant SKU"], ["PK\x03", ""]])
def test_a_file_without_known_columns_is_refused(headers: list[str]) -> None:
    with pytest.raises(FileRefused, match="Handle") as refused:
        detect(headers)
    assert refused.value.code == "unknown_columns"


# --- a small real file


def test_packt_furniture_is_read_without_a_complaint() -> None:
    source = reading(DATA / "packt_furniture.csv")
    found = {product.change.code: product for product in source.products()}
    assert (source.rows, source.product_count, len(found)) == (21, 20, 20)
    assert [p for p in found.values() if p.errors or p.warnings or p.rejected_lines] == []
    assert source.ignored_columns == []
    assert dict(source.needs) == {}

    lamp = found["floor-lamp"]
    assert lamp.change.values == {
        "name@en_US": "Floor Lamp",
        "description@en_US": "<p>Black floor lamp</p>",
        "brand": "Company 123",
        "product_type": "Indoor",
        "tags": ["Black", "Lamp"],
        "published": True,
        "gift_card": False,
        "shop_status": "active",
    }
    assert (lamp.change.axes, lamp.change.categories, lamp.change.line) == ((), None, 2)
    assert [media.url for media in lamp.change.media or ()] == [
        "https://cdn.shopify.com/s/files/1/0559/0089/7434/products/photo-1494438639946-1ebd1d20bf85.jpg?v=1623104890"
    ]
    (one,) = lamp.change.variants
    assert (one.sku, one.sku_generated, one.gtin, one.line) == ("floor-lamp", True, UNSET, 2)
    assert one.offers == {"default": OfferChange(price=Decimal("69.99"), compare_at=Decimal("85.00"))}
    assert one.stock == {"main": 1}
    assert one.values == {
        "track_inventory": False,
        "inventory_policy": "deny",
        "fulfillment_service": "manual",
        "requires_shipping": True,
        "taxable": True,
    }

    (pots,) = [product for product in found.values() if product.change.axes]
    assert pots.change.axes == ("color",)
    assert len(pots.change.variants) == 2
    assert all(v.sku == f"{pots.change.code}-{v.values['color'].lower()}" for v in pots.change.variants)


# --- the warts, all in one small file


def test_every_wart_has_its_line_column_and_code() -> None:
    found = products(DATA / "workshop_warts.csv")
    assert {code: codes(product) for code, product in found.items()} == {
        "apron": [
            (9, "Image Src", "url"),
            (4, "Variant Barcode", "gtin_check_digit"),
            (5, "Option1 Value", "options_repeated"),
            (7, "Variant SKU", "sku_repeated"),
        ],
        "mug": [(6, "Variant Price", "price_decimals")],
        "spoon": [],
        "": [(13, "Handle", "handle_missing")],
        "tray": [(14, "", "row_too_long")],
    }
    assert {code: warned(product) for code, product in found.items() if product.warnings} == {
        "apron": [(2, "Variant Price", "price_format"), (8, "Country of Origin", "country")],
        "mug": [(6, "Title", "mojibake")],
    }


def test_every_row_has_one_role() -> None:
    found = products(DATA / "workshop_warts.csv")
    assert {code: product.lines for code, product in found.items()} == {
        "apron": {
            2: "variant",
            4: "variant",
            5: "variant",
            7: "variant",
            8: "variant",
            9: "image",
            10: "blank",
        },
        "mug": {6: "variant"},
        "spoon": {11: "variant", 12: "image"},
        "": {13: "product"},
        "tray": {14: "variant"},
    }
    assert {code for code, product in found.items() if product.nothing_to_write} == {"mug", "", "tray"}


def test_a_product_keeps_its_good_variants() -> None:
    apron = products(DATA / "workshop_warts.csv")["apron"]
    first, last = apron.change.variants
    assert (first.sku, first.gtin, first.line) == ("AP-OL-M", "4006381333931", 2)
    assert first.values == {
        "weight": {"amount": "420", "unit": "g"},
        "hs_code": "621143",
        "country_of_origin": "DE",
        "color": "Oliv",
        "size": "M",
    }
    assert first.offers == {"default": OfferChange(price=Decimal("49.90"))}
    assert first.stock == {"main": 12}
    assert (last.sku, last.sku_generated, last.values["color"], last.values["size"]) == (
        "apron-rost-l",
        True,
        "Rost",
        "L",
    )
    assert apron.change.axes == ("color", "size")
    assert apron.rejected_lines == {4, 5, 7, 9}
    assert apron.line_of_sku == {"AP-OL-M": 2, "apron-rost-l": 8}


def test_what_a_rejected_row_says_of_the_product_still_counts() -> None:
    apron = products(DATA / "workshop_warts.csv")["apron"]
    assert apron.change.media == (
        MediaChange(url=URL + "apron-0.jpg", alt={"en_US": "Back"}),  # of the row with the wrong barcode
        MediaChange(url=URL + "apron-1.jpg", alt={"en_US": "Front"}),
        MediaChange(url=URL + "apron-olive.jpg", sku="AP-OL-M"),
    )
    assert apron.change.values["tags"] == ["Linen", "shop"]
    assert apron.change.values["description@en_US"] == "<p>Waxed cotton,\ntwo pockets.</p>"


def test_each_value_knows_its_cell() -> None:
    cells = products(DATA / "workshop_warts.csv")["apron"].cells
    places = {key: (cell.line, cell.column) for key, cell in cells.items()}
    assert places["", "name@en_US"] == (2, "Title")
    assert places["AP-OL-M", "gtin"] == (2, "Variant Barcode")
    assert places["AP-OL-M", "offers.default.price"] == (2, "Variant Price")
    assert places["AP-OL-M", "stock.main.available"] == (2, "Variant Inventory Qty")
    assert places["AP-OL-M", "media"] == (2, "Variant Image")
    assert places["apron-rost-l", "size"] == (8, "Option2 Value")
    assert places["", "media"] == (2, "Image Src")
    assert cells["AP-OL-M", "gtin"].text == "'4006381333931"


def test_unknown_columns_are_reported_and_metafields_become_attributes() -> None:
    source = reading(DATA / "workshop_warts.csv")
    assert [(column.name, column.filled) for column in source.ignored_columns] == [("Lager-Notiz", 1)]
    need = AttributeNeed("mf_care_machine_wash", "textarea", "Waschbar", "other", variant=False)
    assert dict(source.needs) == {need.code: need}
    assert products(DATA / "workshop_warts.csv")["apron"].needs == [need]


# --- rows and products


def test_a_handle_that_comes_back_is_one_product(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Size", v1="S", sku="1"),
        variant("b", title="B", o1="Title", v1="Default Title", sku="2"),
        variant("A", v1="M", sku="3"),
        variant("c", title="C", o1="Title", v1="Default Title", sku="4"),
        variant("a", v1="L", sku="5"),
    )
    found = products(path)
    assert {code: [v.sku for v in p.change.variants] for code, p in found.items()} == {
        "b": ["2"],
        "c": ["4"],
        "a": ["1", "3", "5"],
    }
    assert found["a"].lines == {2: "variant", 4: "variant", 6: "variant"}
    assert not any(product.errors or product.warnings for product in found.values())


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    source = reading(DATA / "workshop_warts.csv")
    assert [p.change for p in source.products()] == [p.change for p in source.products()]


def test_a_row_without_handle_goes_on_with_the_product_above(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        "Handle,Title,Option1 Name,Option1 Value,Variant Price\n"
        ",,,,\na,A,Size,S,1\n,,,M,2\n,,,,\n,B,,,3\n,,,L,4\nc,C,Title,Default Title,5\n",
    )
    found = list(reading(path).products())
    assert [(p.change.code, p.lines) for p in found] == [
        ("", {2: "blank"}),
        ("a", {3: "variant", 4: "variant", 5: "blank"}),
        ("", {6: "product", 7: "product"}),
        ("c", {8: "variant"}),
    ]
    assert found[0].rejected_lines == set()
    assert codes(found[2]) == [(6, "Handle", "handle_missing"), (7, "Handle", "handle_missing")]


def test_a_product_without_variant_row_has_one_variant(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "Handle,Title,Variant SKU,Variant Price,Image Src\na,A,,,\na,,,,https://x.y/z\n")
    product = products(path)["a"]
    assert [(v.sku, v.sku_generated) for v in product.change.variants] == [("a", True)]
    assert product.lines == {2: "variant", 3: "image"}


def test_a_file_that_says_nothing_of_variants_gives_none(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "Handle,Title,Image Src\na,A,\nb,,https://x.y/z\n")
    found = products(path)
    assert [(p.change.variants, p.change.axes, p.media_adds) for p in found.values()] == [
        ((), None, False),
        ((), None, True),
    ]
    assert found["b"].change.media == (MediaChange(url="https://x.y/z"),)
    assert found["a"].change.media is None


def test_a_product_without_a_good_variant_is_rejected_whole(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", "much", title="A", o1="Title", v1="Default Title"),
        {"Handle": "a", "Image Src": URL + "1.jpg"},
        {"Handle": "a"},
    )
    product = products(path)["a"]
    assert product.nothing_to_write
    assert product.rejected_lines == {2, 3}
    assert codes(product) == [(2, "Variant Price", "price"), (3, "", "product_rejected")]
    assert "line 2" in product.errors[1].message


def test_a_title_said_twice_is_believed_the_first_time(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Size", v1="S"),
        variant("a", title="A", v1="M"),
        variant("a", title="B", v1="L"),
    )
    product = products(path)["a"]
    assert product.change.values == {"name@en_US": "A"}
    assert warned(product) == [(4, "Title", "differs")]
    assert "line 2" in product.warnings[0].message


def test_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", "", title="A", gtin="", sku="x") | {"Vendor": "", "Tags": " ", "Variant Inventory Qty": ""},
    )
    change = products(path)["a"].change
    assert change.values == {"name@en_US": "A"}
    (one,) = change.variants
    assert (one.gtin, one.offers, one.stock, one.values) == (UNSET, {}, {}, {})


def test_the_profile_names_locale_price_list_and_location(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", img=URL) | {"Image Alt Text": "Bild", "Variant Inventory Qty": "1"},
    )
    change = products(path, locale="de_DE", price_list="b2b", location="lager")["a"].change
    assert change.values == {"name@de_DE": "A"}
    assert change.media == (MediaChange(url=URL, alt={"de_DE": "Bild"}),)
    assert list(change.variants[0].offers) == ["b2b"]
    assert list(change.variants[0].stock) == ["lager"]


def test_a_formula_is_a_text(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "f.csv", variant("a", title="=1+1", sku="-5") | {"Vendor": "@home"})
    change = products(path)["a"].change
    assert change.values == {"name@en_US": "=1+1", "brand": "@home"}
    assert change.variants[0].sku == "-5"


def test_a_manufacturers_number_may_differ_by_variant(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Size", v1="S", mpn="M1"),
        variant("a", v1="M", mpn="M2"),
        variant("a", v1="L"),
    )
    product = products(path)["a"]
    assert product.change.values["mpn"] == "M1"
    assert [v.values.get("mpn") for v in product.change.variants] == [None, "M2", None]
    assert product.warnings == []


def test_settings_on_a_row_without_variant_are_not_lost_silently(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Title", v1="Default Title"),
        {"Handle": "a", "Image Src": URL, "Variant Taxable": "true"},
        {"Handle": "a", "Image Alt Text": "of what?"},
    )
    assert warned(products(path)["a"]) == [
        (3, "Variant Taxable", "no_variant_here"),
        (4, "Image Alt Text", "alt_without_image"),
    ]


# --- options


@pytest.mark.parametrize(
    ("names", "axes"),
    [
        (["Color"], ["color"]),
        (["FARBE", "Größe"], ["color", "size"]),
        (["Färg"], ["color"]),
        (["Cor", "Tamanho"], ["color", "size"]),
        (["Culoare", "Mărime"], ["color", "size"]),
        (["Renk", "Beden"], ["color", "size"]),
        (["Kleur", "Maat"], ["color", "size"]),
        (["Couleur", "Taille", "Matière"], ["color", "size", "material"]),
        (["Ramstorlek"], ["ramstorlek"]),
        (["Length - Density"], ["length_density"]),
        (["Color", "Colour"], ["color", "colour"]),
        (["Color", "color"], ["color", "option_color"]),
        (["Weight"], ["option_weight"]),
        (["State"], ["option_state"]),
        (["2nd color"], ["option_2nd_color"]),
        (["颜色", "尺码"], ["color", "size"]),
        (["Name", "name"], ["option_name", "option_name_2"]),
    ],
)
def test_options_become_axes(names: list[str], axes: list[str]) -> None:
    assert axis_codes(names) == axes


def test_an_option_in_letters_without_a_slug_has_a_lasting_code() -> None:
    (code,) = axis_codes(["Мощность двигателя"])
    assert code == axis_codes(["мощность  двигателя"])[0]
    assert code.startswith("option_")
    assert code.isascii()


def test_no_axis_takes_a_name_that_means_something_else() -> None:
    assert not RESERVED_CODES & set(axis_codes(sorted(RESERVED_CODES)))
    assert set(AXIS_OF.values()) == {"color", "size", "material"}


def test_a_new_axis_is_named_as_a_need(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Farbe", v1="Rot", o2="Mounting point", v2="front"),
        variant("a", v1="Rot", v2="rear"),
    )
    source = reading(path)
    (product,) = source.products()
    need = AttributeNeed("mounting_point", "select", "Mounting point", "variant", variant=True)
    assert product.needs == [need]
    assert dict(source.needs) == {"mounting_point": need}
    assert product.change.axes == ("color", "mounting_point")
    assert [v.sku for v in product.change.variants] == ["a-rot-front", "a-rot-rear"]


def test_an_option_without_any_value_is_no_axis(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "f.csv", variant("a", title="A", o1="Size", v1="S", o2="Color", v2=""))
    product = products(path)["a"]
    assert (product.change.axes, product.errors) == (("size",), [])


def test_values_without_a_name_and_options_without_a_value_are_refused(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Size", v1="S", v2="red"),
        variant("a", v1="M"),
        variant("a", v1=""),
        variant("b", title="B", v1="S"),
    )
    found = products(path)
    assert codes(found["a"]) == [
        (2, "Option2 Value", "option_name_missing"),
        (4, "Option1 Value", "option_value_missing"),
    ]
    assert codes(found["b"]) == [(5, "Option1 Value", "option_name_missing")]


def test_a_second_variant_with_the_same_options_is_refused_naming_the_first(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Size", v1="S", sku="1"),
        variant("a", v1="s ", sku="2"),
        variant("b", title="B", sku="3"),
        variant("b", sku="4"),
    )
    found = products(path)
    assert codes(found["a"]) == [(3, "Option1 Value", "options_repeated")]
    assert "line 2" in found["a"].errors[0].message
    assert codes(found["b"]) == [(5, "Option1 Value", "options_repeated")]


# --- SKUs and barcodes


def test_the_first_row_keeps_a_sku_in_the_whole_file(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f.csv",
        variant("a", title="A", o1="Size", v1="S", sku="X-1"),
        variant("a", v1="M", sku="'x-1"),
        variant("b", title="B", sku="Ｘ-1"),
        variant("a", v1="L", sku="X-2"),
    )
    found = products(path)
    assert codes(found["a"]) == [(3, "Variant SKU", "sku_repeated")]
    assert codes(found["b"]) == [(4, "Variant SKU", "sku_repeated")]
    assert "line 2" in found["b"].errors[0].message
    assert [v.sku for v in found["a"].change.variants] == ["X-1", "X-2"]


def test_generated_skus_are_lasting_and_avoid_those_given(tmp_path: Path) -> None:
    rows = [
        variant("a", title="A", o1="Size", v1="1/2"),
        variant("a", v1="1-2"),
        variant("a", v1="½ Ω"),
        variant("b", title="B"),
        variant("c", title="C", sku="B"),
    ]
    found = products(write_rows(tmp_path / "f.csv", *rows))
    skus = [v.sku for p in found.values() for v in p.change.variants]
    assert skus[0] == "a-1-2"
    assert skus[1].startswith("a-1-2-")
    assert skus[3].startswith("b-")
    assert len({sku.casefold() for sku in skus}) == 5
    again = products(write_rows(tmp_path / "g.csv", *rows))
    assert skus == [v.sku for p in again.values() for v in p.change.variants]


def test_a_barcode_belongs_to_one_variant(tmp_path: Path) -> None:
    rows = [
        variant("a", title="A", gtin="4006381333931"),
        variant("b", title="B", gtin="04006381333931"),
        variant("c", title="C", gtin="4006381333932"),
    ]
    path = write_rows(tmp_path / "f.csv", *rows)
    found = products(path)
    assert codes(found["b"]) == [(3, "Variant Barcode", "gtin_repeated")]
    assert "line 2" in found["b"].errors[0].message
    assert codes(found["c"]) == [(4, "Variant Barcode", "gtin_check_digit")]

    left_empty = products(path, bad_barcodes="empty")
    assert [p.errors for p in left_empty.values()] == [[], [], []]
    assert [p.change.variants[0].gtin for p in left_empty.values()] == ["4006381333931", UNSET, UNSET]
    assert warned(left_empty["b"]) == [(3, "Variant Barcode", "gtin_repeated")]
    assert warned(left_empty["c"]) == [(4, "Variant Barcode", "gtin_check_digit")]
    assert all("left empty" in left_empty[code].warnings[0].message for code in "bc")


def test_the_newer_template_is_read_alike(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        "Title,URL handle,SKU,Barcode,Option1 name,Option1 value,Price,Compare-at price,Inventory quantity,"
        "Continue selling when out of stock,Weight value (grams),Weight unit for display,Product image URL,"
        "Material (variant.metafields.own.material)\n"
        "Cup,cup,C-1,,Color,Blue,9.00,12.00,4,DENY,250,g,https://x.y/1.jpg,clay\n",
    )
    product = products(path)["cup"]
    (one,) = product.change.variants
    assert (one.sku, one.stock, one.offers["default"].compare_at) == ("C-1", {"main": 4}, Decimal("12.00"))
    assert one.values == {
        "inventory_policy": "deny",
        "weight": {"amount": "250", "unit": "g"},
        "mf_own_material": "clay",
        "color": "Blue",
    }
    assert [(need.code, need.variant) for need in product.needs] == [("mf_own_material", True)]


# --- pictures


def test_pictures_stand_in_their_order_each_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        "Handle,Title,Variant SKU,Image Src,Image Position,Image Alt Text,Variant Image\n"
        f"a,A,1,{URL}3.jpg,3,,{URL}2.jpg\na,,,{URL}1.jpg,1,,\na,,,{URL}1b.jpg,,,\n"
        f"a,,,{URL}2.jpg,2,two,\na,,,{URL}1.jpg,9,one,\na,,,{URL}last.jpg,last,,\n",
    )
    product = products(path)["a"]
    assert [(m.url.removeprefix(URL), m.alt.get("en_US"), m.sku) for m in product.change.media or ()] == [
        ("1.jpg", "one", ""),
        ("1b.jpg", None, ""),
        ("2.jpg", "two", ""),
        ("3.jpg", None, ""),
        ("last.jpg", None, ""),
        ("2.jpg", "two", "1"),
    ]
    assert warned(product) == [(7, "Image Position", "position")]
