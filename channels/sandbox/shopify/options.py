"""The options of a product (Size, Color) and how variants name their values.

Rules: shopify.dev "Product options and variants": at most 3 options, each value once.
"""

from __future__ import annotations

from collections.abc import Sequence

from channels.sandbox.shopify.graph import Arguments, Context, Refused, unsupported, user_error
from channels.sandbox.store import Document

_MOST_OPTIONS = 3
_LONGEST_NAME = 255
# (option id, value id), one pair per option, in the order of the options.
Combination = tuple[tuple[str, str], ...]


def default_options(context: Context) -> list[Document]:
    """What a product without options has."""
    value = {"id": context.new_id("ProductOptionValue"), "name": "Default Title"}
    return [{"id": context.new_id("ProductOption"), "name": "Title", "position": 1, "values": [value]}]


def write_options(context: Context, existing: Sequence[Document], inputs: Sequence[Arguments]) -> list[Document]:
    """The product's options as listed; options and values keep their ids by id or by name."""
    field = ["input", "productOptions"]
    if len(inputs) > _MOST_OPTIONS:
        message = f"Can only specify a maximum of {_MOST_OPTIONS} options"
        raise Refused(user_error(field, message, "OPTIONS_OVER_LIMIT"))
    options: list[Document] = []
    for index, given in enumerate(inputs):
        where = [*field, str(index)]
        if given.get("linkedMetafield") is not None:
            raise unsupported("OptionSetInput.linkedMetafield")
        old = _match(existing, given)
        if given.get("id") is not None and old is None:
            raise Refused(user_error([*where, "id"], "Option does not exist", "OPTION_DOES_NOT_EXIST"))
        name = _name(given.get("name") or (old or {}).get("name"), [*where, "name"])
        if any(other["name"].casefold() == name.casefold() for other in options):
            raise Refused(user_error(where, f"Duplicated option name '{name}'", "DUPLICATED_OPTION_NAME"))
        options.append(
            {
                "id": old["id"] if old else context.new_id("ProductOption"),
                "name": name,
                "position": given.get("position") or index + 1,
                "values": _values(context, (old or {}).get("values", []), given.get("values"), where),
            }
        )
    options.sort(key=lambda option: option["position"])
    for position, option in enumerate(options, start=1):
        option["position"] = position
    return options


def _values(
    context: Context, existing: Sequence[Document], inputs: Sequence[Arguments] | None, where: list[str]
) -> list[Document]:
    if not inputs:
        message = "Each option must have at least one option value specified."
        raise Refused(user_error([*where, "values"], message, "OPTION_VALUES_MISSING"))
    values: list[Document] = []
    for index, given in enumerate(inputs):
        place = [*where, "values", str(index)]
        old = _match(existing, given)
        if given.get("id") is not None and old is None:
            message = "Option value does not exist"
            raise Refused(user_error([*place, "id"], message, "OPTION_VALUE_DOES_NOT_EXIST"))
        name = _name(given.get("name") or (old or {}).get("name"), [*place, "name"])
        if any(other["name"].casefold() == name.casefold() for other in values):
            raise Refused(user_error(place, f"Duplicated option value '{name}'", "DUPLICATED_OPTION_VALUE"))
        values.append({"id": old["id"] if old else context.new_id("ProductOptionValue"), "name": name})
    return values


def _match(existing: Sequence[Document], given: Arguments) -> Document | None:
    if given.get("id") is not None:
        return next((item for item in existing if item["id"] == given["id"]), None)
    name = (given.get("name") or "").casefold()
    return next((item for item in existing if item["name"].casefold() == name), None)


def _name(name: str | None, where: list[str]) -> str:
    if not name or not name.strip():
        raise Refused(user_error(where, "Name can't be blank", "INVALID_INPUT"))
    if len(name) > _LONGEST_NAME:
        message = f"is too long (maximum is {_LONGEST_NAME} characters)"
        raise Refused(user_error(where, message, "INVALID_INPUT"))
    return name


def combination_of(options: Sequence[Document], inputs: Sequence[Arguments], where: list[str]) -> Combination:
    """The one value per option that a variant names. Raises Refused for what the product lacks."""
    chosen: dict[str, str] = {}
    for index, given in enumerate(inputs):
        place = [*where, "optionValues", str(index)]
        if given.get("linkedMetafieldValue") is not None:
            raise unsupported("VariantOptionValueInput.linkedMetafieldValue")
        option = _match(options, {"id": given.get("optionId"), "name": given.get("optionName")})
        if option is None:
            raise Refused(user_error(place, "Option does not exist", "OPTION_DOES_NOT_EXIST"))
        value = _match(option["values"], given)
        if value is None:
            raise Refused(user_error(place, "Option value does not exist", "OPTION_VALUE_DOES_NOT_EXIST"))
        if option["id"] in chosen:
            message = f"Duplicated option name '{option['name']}'"
            raise Refused(user_error([*where, "optionValues"], message, "INVALID_VARIANT"))
        chosen[option["id"]] = value["id"]
    for option in options:
        if option["id"] not in chosen:
            message = f"You need to add option values for {option['name']}"
            raise Refused(user_error(where, message, "INVALID_VARIANT"))
    return tuple((option["id"], chosen[option["id"]]) for option in options)


def names_of(options: Sequence[Document], combination: Combination) -> list[tuple[Document, Document]]:
    """(option, value) pairs of a combination, in the order of the options."""
    chosen = dict(combination)
    return [
        (option, next(value for value in option["values"] if value["id"] == chosen[option["id"]]))
        for option in options
        if option["id"] in chosen
    ]
