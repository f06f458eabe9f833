"""What a Shopify channel is told: its locations and sales channels, and its names for our ids.

settings = {"locations": {"main": "gid://shopify/Location/1"},
            "publications": ["gid://shopify/Publication/1"],
            "currency": "EUR",                                  (this and what follows is optional)
            "ownership": {"tags": "owned", "media": "merged", "vendor": "foreign"},
            "metafields": {"custom.material": "single_line_text_field"},    types of what a mapping fills
            "translations": {"de_DE": "de"},                    the shop's further languages, by ours
            "bulk_from": 250,                                   so many waiting products go in one file; 0: never
            "redirects": True}                                  old addresses lead to the new one
credentials = {"access_token"} or {"client_id", "client_secret"}
"""

from __future__ import annotations

from channels.connectors.base import Connection, Ownership
from channels.connectors.shopify import fields

API_VERSION = "2026-10"

# The custom id by which a product is found again, whatever becomes of its handle.
# "$app" is the app's own namespace: nobody else can write there.
NAMESPACE = "$app"
ID_KEY = "pim_id"

# ---- link keys ---------------------------------------------------------------------------------
PRODUCT = "product"
DEFINITION = "definition:pim_id"
OPERATION = "operation"  # the productSet that Shopify is still at work on


def variant_link(sku: str) -> str:
    return f"variant:{sku}"


def inventory_link(sku: str) -> str:
    return f"inventory:{sku}"


def media_link(key: str) -> str:
    return f"media:{key}"


def published_link(publication: str) -> str:
    return f"published:{publication}"


# The list entries that we put there, so that they can be told from others': written before they are sent.
TAG, COLLECTION, METAFIELD, SENDING = "tag:", "collection:", "metafield:", "sending:"
# What others put there, as seen just before a list is written.
THEIRS = "theirs:"
THEIR_TAG, THEIR_COLLECTION, THEIR_MEDIA = "theirs:tag:", "theirs:collection:", "theirs:media:"
LOOKED = "looked"  # number of the call that saw it, and what it looked for
NO_ID = "no_id"  # it was taken over by its SKU: our custom id is still to be written on it
ABSENT = "absent"  # the shop was asked for the product, and had none
TRANSLATION, DIGEST, DIGESTS = "translation:", "digest:", "digests"  # and what the texts had as digests, and when
SHOP_COLLECTION = "channel:collection:"  # id by handle
UPLOADED = "uploaded:"  # by media key: where a file lies that the shop is to make a video or model of
BUNDLE, COMPONENT = "bundle:", "component:"  # a variant that we made a bundle of; id by SKU of what one holds


def definition_link(owner: str, place: str) -> str:
    return f"definition:{owner}:{place}"


# ---- settings ----------------------------------------------------------------------------------


def locations(connection: Connection) -> dict[str, str]:
    """Location id by our location code."""
    return dict(connection.settings.get("locations") or {})


def publications(connection: Connection) -> list[str]:
    """The sales channels a product is published to."""
    return sorted(connection.settings.get("publications") or [])


def ownership(connection: Connection, code: str) -> Ownership:
    """Whose a target field (or "media") is: the channel's word, else ours for most, shared for lists."""
    said = (connection.settings.get("ownership") or {}).get(code)
    if said in list(Ownership):
        return Ownership(said)
    return Ownership.MERGED if code in fields.MERGED_BY_DEFAULT else Ownership.OWNED


def foreign(connection: Connection) -> frozenset[str]:
    """Names, as in bodies, of the fields that are the shop's own affair."""
    said: dict[str, str] = connection.settings.get("ownership") or {}
    return frozenset(
        fields.BODY_NAMES[code]
        for code, whose in said.items()
        if whose == Ownership.FOREIGN and code in fields.BODY_NAMES
    )


def metafield_types(connection: Connection) -> dict[str, str]:
    """Official type by "namespace.key"."""
    return dict(connection.settings.get("metafields") or {})


def redirects(connection: Connection) -> bool:
    """Whether the shop leads from a product's old address to its new one."""
    return bool(connection.settings.get("redirects", True))
