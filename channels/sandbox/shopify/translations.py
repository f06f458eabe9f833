"""Languages of the shop, and texts of products in them.

Rules: shopify.dev translatableResource, translationsRegister (100 keys), translationsRemove, shopLocales; messages as
Shopify answers them.
"""

from __future__ import annotations

import hashlib
from typing import Any

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    answers,
    mutation,
    unsupported,
    user_error,
)
from channels.sandbox.shopify.product_fields import handle_from
from channels.sandbox.store import Document
from channels.sandbox.world import LOCALES

PRIMARY = next(iter(LOCALES))
_MOST_KEYS = 100
_LONGEST_HANDLE = 255


def texts_of(product: Document) -> dict[str, str]:
    """Translatable texts by key; blank ones are not listed."""
    found = {
        "title": product["title"],
        "body_html": product["descriptionHtml"],
        "handle": product["handle"],
        "product_type": product["productType"],
        "meta_title": product["seo"]["title"],
        "meta_description": product["seo"]["description"],
    }
    return {key: text for key, text in found.items() if text}


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@answers("QueryRoot", "shopLocales")
def shop_locales(_: Any, info: Info, args: Arguments) -> list[Document]:
    return [
        {"locale": code, "name": name, "primary": code == PRIMARY, "published": published}
        for code, (name, published) in LOCALES.items()
        if args.get("published") in (None, published)
    ]


@answers("QueryRoot", "translatableResource")
def translatable_resource(_: Any, info: Info, args: Arguments) -> Document | None:
    if "/Product/" not in args["resourceId"]:
        raise unsupported("translatable resources beside products")
    product = info.context.store.get("product", args["resourceId"])
    return {"__typename": "TranslatableResource", "resourceId": product["id"], "_product": product} if product else None


@answers("TranslatableResource", "translatableContent")
def translatable_content(source: Document, info: Info, args: Arguments) -> list[Document]:
    kinds = {"body_html": "HTML", "handle": "URI"}
    return [
        {
            "key": key,
            "value": text,
            "digest": digest_of(text),
            "locale": PRIMARY,
            "type": kinds.get(key, "SINGLE_LINE_TEXT_FIELD"),
        }
        for key, text in texts_of(source["_product"]).items()
    ]


@answers("TranslatableResource", "translations")
def resource_translations(source: Document, info: Info, args: Arguments) -> list[Document]:
    return _shown(info.context, source["_product"], args["locale"], args.get("outdated"))


@answers("Product", "translations")
def product_translations(source: Document, info: Info, args: Arguments) -> list[Document]:
    return _shown(info.context, source, args["locale"], None)


def _shown(context: Context, product: Document, locale: str, outdated: bool | None) -> list[Document]:
    texts = texts_of(product)
    rows = []
    for key, held in _held(context, product["id"], locale).items():
        row = {
            "key": key,
            "value": held["value"],
            "locale": locale,
            "outdated": digest_of(texts.get(key, "")) != held["digest"],
            "market": None,
            "updatedAt": held["at"],
        }
        if outdated in (None, row["outdated"]):
            rows.append(row)
    return rows


def _held(context: Context, product: str, locale: str) -> Document:
    return dict(context.store.get("translation", f"{product}/{locale}") or {})


@mutation("translationsRegister", "translations")
def register(_: Any, info: Info, args: Arguments) -> Document:
    """Each row by itself: the good ones are kept, the others told."""
    context: Context = info.context
    rows = args["translations"]
    product = context.store.get("product", args["resourceId"])
    if product is None:
        message = f"Resource {args['resourceId']} does not exist"
        raise Refused(user_error(["resourceId"], message, "RESOURCE_NOT_FOUND"))
    if len(rows) > _MOST_KEYS:
        message = "Too many translation keys for the resource"
        raise Refused(user_error(["resourceId"], message, "TOO_MANY_KEYS_FOR_RESOURCE"))
    texts = texts_of(product)
    problems = {index: error for index, row in enumerate(rows) if (error := _problem(row, texts, index)) is not None}
    rows = [row | {"value": _kept(row)} for index, row in enumerate(rows) if index not in problems]
    for row in rows:
        held = _held(context, product["id"], row["locale"])
        held[row["key"]] = {"value": row["value"], "digest": row["translatableContentDigest"], "at": context.stamp}
        context.store.put("translation", f"{product['id']}/{row['locale']}", held)
    if rows:
        context.record.effect("translations.registered", product["id"])
    return {"translations": _plain(rows), "userErrors": list(problems.values())}


def _kept(row: Arguments) -> str:
    """A handle is written as addresses are."""
    if row["key"] != "handle":
        return str(row["value"])
    if not (handle := handle_from(row["value"])):
        raise unsupported("a translated handle of punctuation alone")
    return handle


def _problem(row: Arguments, texts: dict[str, str], index: int) -> Document | None:
    where = ["translations", str(index)]
    if row.get("marketId") is not None:
        raise unsupported("TranslationInput.marketId")
    if row["locale"] == PRIMARY:
        message = "Locale cannot be the same as the shop's primary locale"
        return user_error([*where, "locale"], message, "INVALID_LOCALE_FOR_SHOP")
    if row["locale"] not in LOCALES:
        return user_error([*where, "locale"], "Locale is not a valid locale for the shop", "INVALID_LOCALE_FOR_SHOP")
    if row["key"] not in ("title", "body_html", "handle", "product_type", "meta_title", "meta_description"):
        message = f"Key {row['key']} is not a valid translatable field"
        return user_error([*where, "key"], message, "INVALID_KEY_FOR_MODEL")
    if row["key"] not in texts or digest_of(texts[row["key"]]) != row["translatableContentDigest"]:
        message = "Translatable content hash is invalid"
        return user_error([*where, "translatableContentDigest"], message, "INVALID_TRANSLATABLE_CONTENT")
    if not row["value"].strip():
        return user_error([*where, "value"], "Value can't be blank", "BLANK")
    if row["key"] == "handle" and len(row["value"]) > _LONGEST_HANDLE:
        refusal = f"Handle is too long (maximum is {_LONGEST_HANDLE} characters)"
        message = f'Value fails validation on resource: ["{refusal}"]'
        return user_error([*where, "value"], message, "FAILS_RESOURCE_VALIDATION")
    return None


@mutation("translationsRemove", "translations")
def remove(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    product = context.store.get("product", args["resourceId"])
    if product is None:
        message = f"Resource {args['resourceId']} does not exist"
        raise Refused(user_error(["resourceId"], message, "RESOURCE_NOT_FOUND"))
    for locale in args["locales"]:
        held = _held(context, product["id"], locale)
        kept = {key: one for key, one in held.items() if key not in args["translationKeys"]}
        context.store.put("translation", f"{product['id']}/{locale}", kept)
    context.record.effect("translations.removed", product["id"])
    return {"translations": [], "userErrors": []}


def _plain(rows: list[Arguments]) -> list[Document]:
    return [
        {"key": row["key"], "value": row["value"], "locale": row["locale"], "outdated": False, "market": None}
        for row in rows
    ]
