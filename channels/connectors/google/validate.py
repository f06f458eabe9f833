"""Preflight: what Google would refuse or hide, before anything is sent, in a merchandiser's words.

Limits: product data specification, page by page as in `fields.py`. Last comes the wall: the very calls
that would be sent, checked against Google's own description of the API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from channels.connectors.base import Connection, Facet, Known, MappedProduct, MappedVariant, Rendered
from channels.connectors.google import canonical, gtin, names, settings, tokens
from channels.connectors.google.attributes import CONTENT, STRUCTURED, Form, field_of
from channels.connectors.google.fields import BY_CODE, TARGET_FIELDS
from channels.connectors.google.plan import plan
from channels.connectors.google.schema import check_call
from channels.connectors.google.settings import Settings
from channels.connectors.google.validate_offer import media, price, stock
from channels.connectors.outcome import Issue
from pimhub.foundation.jsonvalue import JSON

_DATA_SOURCE = re.compile(r"accounts/([0-9]+)/dataSources/[0-9]+")
_KNOWN = {attribute.code for attribute in CONTENT} | {"price", "availability"}
_NEEDED = ("title", "description", "link", "image_link")


def validate(product: MappedProduct, rendered: Rendered, connection: Connection) -> list[Issue]:
    """Errors block, warnings are shown. `field` is a target field, or price, sku, stock, options."""
    config, given = list(_config(product, connection)), settings.read(connection)
    found = [*config, *(media(product) if given.sends("image_link") else ())]
    for variant in product.variants:
        found += identity(variant)
        if variant.sku in rendered.bodies:
            attributes = rendered.bodies[variant.sku][Facet.CONTENT]["productAttributes"]
            found += content(attributes, variant, given)
            found += price(variant) if given.sends("price") else ()
            found += stock(variant, connection) if given.sends("availability") else ()
    return found if config else [*found, *_wall(rendered, connection, found)]


# ---- the channel -------------------------------------------------------------------------------


def _config(product: MappedProduct, connection: Connection) -> Iterator[Issue]:
    given = settings.read(connection)
    source = _DATA_SOURCE.fullmatch(given.data_source)
    if source is None:
        yield _setting("data_source", given.data_source, "accounts/1001/dataSources/2001")
    elif source[1] != given.account:
        yield _setting("account", given.account, f"{source[1]}, the account of the data source")
    if not re.fullmatch(r"[A-Z0-9_-]{1,20}", given.feed_label):
        yield _setting("feed_label", given.feed_label, "US: at most 20 of A-Z, 0-9, - and _")
    language = given.content_language or product.locale[:2]
    if not re.fullmatch(r"[a-z]{2}", language):
        yield _setting("content_language", language, "en: two letters, as in ISO 639-1")
    for one in given.shipping:
        if one.get("country") not in given.countries:
            yield _setting("shipping", one.get("country", ""), f"one of the countries {', '.join(given.countries)}")
        if not canonical.is_amount(one.get("price", "")):
            yield _setting("shipping", one.get("price", ""), "a price of 4.90")
    if unknown := sorted(given.supplements - _KNOWN):
        yield _setting("supplements", ", ".join(unknown), "title: a field of Google's, by its code")
    held = connection.credentials
    if held.get("service_account") and not held.get("access_token"):
        try:
            tokens.service_account(held["service_account"])
        except ValueError as error:
            yield Issue(code="credentials", message=str(error))


def _setting(name: str, value: str, wanted: str) -> Issue:
    said = f"is “{value}”" if value else "is empty"
    return Issue("setting", f"The channel's setting {name} {said}. Google needs one such as {wanted}.")


# ---- one variant -------------------------------------------------------------------------------


def identity(variant: MappedVariant) -> Iterator[Issue]:
    """The SKU is the id of the offer at Google."""
    sku, longest = variant.sku, names.LONGEST_OFFER_ID
    if not sku:
        yield Issue("sku_missing", "A variant has no SKU. Google tells offers apart by it.", field="sku")
    if len(sku) > longest:
        message = f"The SKU has {len(sku)} characters, Google takes {longest}: “{sku}”. Use a shorter SKU."
        yield Issue("too_long", message, field="sku", sku=sku)
    if sku != " ".join(sku.split()):
        message = f"The SKU “{sku}” holds spaces that Google would drop. Use a SKU without them."
        yield Issue("sku_spaces", message, field="sku", sku=sku)


def content(attributes: Mapping[str, JSON], variant: MappedVariant, given: Settings) -> Iterator[Issue]:
    """What the rendered attributes lack, and what in them Google would not take."""
    sku = variant.sku
    for attribute in CONTENT:
        value = attributes.get(attribute.api)
        if attribute.api in STRUCTURED and (said := attributes.get(STRUCTURED[attribute.api])):
            value = said["content"]
        label = BY_CODE[attribute.code].label if attribute.code in BY_CODE else attribute.code
        if attribute.code in _NEEDED and not value and not given.supplements:
            yield _missing(attribute.code, label, sku)
        if attribute.form in (Form.TEXT, Form.TEXTS) and attribute.code in BY_CODE:
            yield from _lengths(attribute.code, value if isinstance(value, list) else [value], sku)
    yield from _choices(variant)
    yield from _addresses(attributes, sku)
    yield from _identifiers(attributes, sku, given)
    several = str(attributes.get("multipack") or "")
    if several and not (several.isascii() and several.isdecimal() and 2 <= int(several) < 10**9):
        message = f"“{several}” is no number of items in a multipack. Write a whole number from 2 on, or nothing."
        yield Issue("multipack", message, field="multipack", sku=sku)
    measured = variant.fields.get("shipping_weight")
    if measured not in (None, "") and canonical.weight(measured) is None:
        message = f"The shipping weight “{_measure(measured)}” is no weight above zero in kg, g, lb or oz."
        yield Issue("weight", message, field="shipping_weight", sku=sku)


def _missing(code: str, label: str, sku: str) -> Issue:
    remedy = {
        "link": "Set the channel's product address.",
        "image_link": "Add a picture to the product.",
    }.get(code, "Write one.")
    return Issue("required", f"{label} is missing, and Google needs one. {remedy}", field=code, sku=sku)


def _lengths(code: str, values: list[JSON], sku: str) -> Iterator[Issue]:
    field = BY_CODE[code]
    for value in values:
        if field.max_length and value and len(value) > field.max_length:
            message = (
                f"{field.label} has {len(value)} characters, Google takes {field.max_length}: "
                f"“{value[:40]}…”. Shorten it."
            )
            yield Issue("too_long", message, field=code, sku=sku)


def _choices(variant: MappedVariant) -> Iterator[Issue]:
    for field in TARGET_FIELDS:
        value = canonical.text(variant.fields.get(field.code))
        if field.choices and value and value.lower() not in field.choices:
            message = (
                f"{field.label} “{value}” is none of {', '.join(field.choices)}. "
                "Choose one of these, or adjust the mapping."
            )
            yield Issue("choice", message, field=field.code, sku=variant.sku)


def _addresses(attributes: Mapping[str, JSON], sku: str) -> Iterator[Issue]:
    addresses = [
        ("link", attributes.get("link")),
        ("image_link", attributes.get("imageLink")),
        *(("additional_image_link", one) for one in attributes.get("additionalImageLinks", [])),
    ]
    for code, address in addresses:
        if address and not is_web_address(address):
            label = BY_CODE[code].label
            message = f"{label} “{address}” is no full web address. It starts with https:// and a host name."
            yield Issue("address", message, field=code, sku=sku)


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        return False


def _identifiers(attributes: Mapping[str, JSON], sku: str, given: Settings) -> Iterator[Issue]:
    for number in attributes.get("gtins", []):
        if problem := gtin.problem(number):
            yield Issue("gtin", f"The GTIN “{number}” {problem}", field="gtin", sku=sku)
        elif gtin.is_restricted(number):
            message = (
                f"The GTIN “{number}” is from a range for use inside a shop, so Google ignores it. "
                "Ask the maker for the real one."
            )
            yield Issue("gtin_restricted", message, field="gtin", sku=sku, severity="warning")
    if attributes.get("identifierExists") is False:
        message = (
            "There is neither a GTIN nor a brand with a part number, so the offer goes out as one "
            "without identifiers. Google shows such offers less; add the GTIN if there is one."
        )
        yield Issue("no_identifier", message, field="gtin", sku=sku, severity="warning")
    if not attributes.get("brand") and given.sends("brand"):
        message = "The brand is missing. Google wants one for all but books, music and films."
        yield Issue("no_brand", message, field="brand", sku=sku, severity="warning")


def _measure(value: JSON) -> str:
    if isinstance(value, dict):
        return f"{value.get('amount')} {value.get('unit')}"
    return str(value)


# ---- the wall ----------------------------------------------------------------------------------


def _wall(rendered: Rendered, connection: Connection, found: list[Issue]) -> Iterator[Issue]:
    """Google's own description of the API against each call, where nothing else was found wrong."""
    wrong = {issue.sku for issue in found if issue.severity == "error"}
    for call in plan(rendered, Known(), connection):
        sku = str(call.context["row"])
        if sku in wrong or "" in wrong:
            continue
        request = call.request
        method = f"merchantapi.accounts.{call.name}"
        for path, problem in check_call(method, request.method, request.url, request.body):
            message = f"{path or 'The call'} {problem}, by Google's description of its API."
            yield Issue("schema", message, field=field_of(path), sku=sku)
