"""What people are told about a row of a Shopify file: reason, then remedy. By code."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "handle_missing": "The row has no handle, and no product above it goes on here. "
    "Fill in the handle of the product it belongs to.",
    "row_too_long": "The row has more cells than the header has columns ({cells}), so its cells may stand in "
    "the wrong columns. Put texts that hold the separator in quotation marks.",
    "quote_lost": "A quotation mark is missing or one too many in this row, so it cannot be told where its cells "
    "end. Correct the row: a text with line breaks or the separator stands in quotation marks, and each quotation "
    'mark inside it is doubled ("").',
    "no_variant_here": "“{text}” says something of a variant, but the row names none; it was left out. "
    "Fill in the variant's option values or SKU in this row.",
    "differs": "“{text}” differs from what {where} says; a product has one “{column}”, so the first was "
    "kept. Make them equal, or leave this cell empty.",
    "alt_without_image": "The text describes a picture, but the row has none; it was left out. "
    "Fill in the picture's address.",
    "mojibake": "“{text}” looks like letters read in a wrong encoding; “{repaired}” was probably meant. "
    "The text was kept as given: correct it in the file, or in the product.",
    "option_name_missing": "The value has no name: fill in “Option{number} Name” (for example Color) on the "
    "first row of “{handle}”.",
    "option_value_missing": "The product has the option “{name}”, and this variant has no value for it. "
    "Fill in “Option{number} Value”.",
    "options_repeated": "The variant on line {line} has the same options ({options}). "
    "Give this one other option values, or remove the row.",
    "sku_repeated": "The SKU “{sku}” is already used on line {line}. "
    "Give this variant a SKU of its own, or leave the cell empty to have one made.",
    "gtin_repeated": "The barcode “{gtin}” is already used on line {line}. "
    "Give this variant its own, or leave the cell empty.",
    "product_rejected": "No variant of “{handle}” can be imported (see line {line}), so this row waits with "
    "them. Correct those rows; this one needs no change.",
}
LEFT_EMPTY = "The barcode was left empty."
