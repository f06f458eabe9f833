"""Preflight: what Shopify would refuse or a customer would miss, before anything is sent.

Limits: the official schema's descriptions and Shopify's recorded refusals; see fields.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from channels.connectors.base import Connection, Known, Level, MappedProduct, Rendered, TargetField
from channels.connectors.outcome import Issue
from channels.connectors.shopify import (
    bundles,
    canonical,
    errors,
    media_kinds,
    settings,
    validate_lists,
    validate_variants,
    wire,
)
from channels.connectors.shopify.documents import document
from channels.connectors.shopify.fields import TARGET_FIELDS
from channels.connectors.shopify.issues import error, warning
from channels.connectors.shopify.plan import plan
from channels.connectors.shopify.schema import check_variables
from pimhub.foundation.jsonvalue import JSON

MOST_FILES = MOST_TAGS = 250
MOST_ALT = 512
MOST_DESCRIPTION = 512 * 1024  # bytes
ADVISED_SEO_TITLE = 70


def validate(product: MappedProduct, rendered: Rendered, connection: Connection) -> list[Issue]:
    """Errors block, warnings are shown. `field` is a target field, or price, sku, stock, options, media."""
    found = [
        *_fields(product),
        *_product(product),
        *_media(product),
        *validate_variants.variants(product),
        *_config(product, connection),
        *validate_lists.ownership(connection),
        *validate_lists.collections(product),
        *validate_lists.metafields_of(product, connection),
    ]
    for variant in product.variants:
        found += [
            *validate_variants.identity(variant),
            *validate_variants.price(variant, connection),
            *validate_variants.measures(variant),
            *bundles.problems(variant),
        ]
    return [*found, *_schema(rendered, connection, found)]


# ---- fields ------------------------------------------------------------------------------------


def _fields(product: MappedProduct) -> Iterator[Issue]:
    """Required, length and choices, as the target fields say."""
    for target in TARGET_FIELDS:
        if target.level is Level.PRODUCT:
            yield from _field(target, product.fields.get(target.code), "")
        else:
            for variant in product.variants:
                yield from _field(target, variant.fields.get(target.code), variant.sku)


def _field(target: TargetField, value: JSON, sku: str) -> Iterator[Issue]:
    if target.required and not canonical.text(value):
        yield error("required", target.code, f"{target.label} is missing. Shopify needs one.", sku)
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and target.max_length and len(one.strip()) > target.max_length:
            yield error(
                "too_long",
                target.code,
                f"{target.label} has {len(one.strip())} characters, Shopify takes {target.max_length}: "
                f"“{one.strip()[:40]}…”. Shorten it.",
                sku,
            )
        if target.choices and one is not None and one not in target.choices:
            yield error(
                "choice",
                target.code,
                f"{target.label} “{one}” is none of {', '.join(target.choices)}. Choose one, or adjust the mapping.",
                sku,
            )


def _product(product: MappedProduct) -> Iterator[Issue]:
    fields = product.fields
    size = len(canonical.html(fields.get("description_html")).encode())
    if size > MOST_DESCRIPTION:
        yield error(
            "too_long",
            "description_html",
            f"The description has {size // 1024} KB, Shopify takes 512 KB. Shorten it.",
        )
    if len(canonical.text(fields.get("seo_title"))) > ADVISED_SEO_TITLE:
        yield warning(
            "seo_title_long",
            "seo_title",
            f"Search engines cut a page title after about {ADVISED_SEO_TITLE} characters.",
        )
    yield from _handle(canonical.text(fields.get("handle")))
    tags = canonical.tags(fields.get("tags"))
    if len(tags) > MOST_TAGS:
        yield error("too_many", "tags", f"{len(tags)} tags, Shopify takes {MOST_TAGS}. Remove some.")
    for tag in tags:
        if "," in tag:
            yield error("tag_comma", "tags", f"Shopify would split the tag “{tag}” at its comma. Rename the tag.")
    category = canonical.category(fields.get("category"))
    if category and not category.startswith(canonical.CATEGORY_PREFIX):
        yield error("category", "category", f"“{category}” is no id of Shopify's taxonomy. Use one such as aa-1-13-8.")


def _handle(given: str) -> Iterator[Issue]:
    made = canonical.handle(given)
    if given and not made:
        yield warning(
            "handle",
            "handle",
            f"“{given}” has no letter or digit that an address can hold, so Shopify makes one of the title. "
            "Give a handle such as oak-table to choose it.",
        )
    elif given.lower() != made:
        yield warning(
            "handle_changed",
            "handle",
            f"An address holds small letters, digits and hyphens: “{given}” becomes “{made}”.",
        )


def _media(product: MappedProduct) -> Iterator[Issue]:
    keys = {medium.key for medium in product.media}
    if len(keys) > MOST_FILES:
        yield error("too_many", "media", f"{len(keys)} pictures, Shopify takes {MOST_FILES}. Remove some.")
    for medium in {m.key: m for m in reversed(product.media)}.values():
        address = urlsplit(medium.url)
        if address.scheme not in ("http", "https") or not address.netloc:
            yield error(
                "media_url",
                "media",
                f"Shopify fetches pictures from web addresses; “{medium.url}” is none. "
                "Give one that begins with http:// or https://.",
                medium.sku,
            )
        if media_kinds.is_upload(medium):
            if medium.file is None:
                yield warning(
                    "media_kind",
                    "media",
                    f"{medium.url} is a video or 3D model that was not held here when this was approved. Shopify takes "
                    "such files only as uploads, so it is not sent. Upload it here, or have it approved once it is.",
                    medium.sku,
                )
        elif medium.key.startswith("url:") and media_kinds.content_type(medium.url) == "IMAGE":
            yield warning(
                "media_not_fetched",
                "media",
                f"The picture {medium.url} is not held here yet. Shopify fetches it from there, and shows "
                "nothing if that fails.",
                medium.sku,
            )
        if len(medium.alt) > MOST_ALT:
            yield error(
                "too_long",
                "media",
                f"The picture's text has {len(medium.alt)} characters, Shopify takes {MOST_ALT}. Shorten it.",
                medium.sku,
            )


# ---- the channel's settings --------------------------------------------------------------------


def _config(product: MappedProduct, connection: Connection) -> Iterator[Issue]:
    known = settings.locations(connection)
    used = {place for variant in product.variants for place in variant.stock}
    if used and not known:
        yield error(
            "config_location",
            "stock",
            "The channel does not say which Shopify location is which of ours. Fill in its locations.",
        )
    elif used - set(known):
        yield warning(
            "location_unmapped",
            "stock",
            f"Stock at {', '.join(sorted(used - set(known)))} is not sent: "
            "the channel names no Shopify location for it.",
        )
    for code, gid in known.items():
        if not re.fullmatch(r"gid://shopify/Location/\d+", str(gid)):
            yield error(
                "config_location",
                "stock",
                f"Location {code}: “{gid}” is no Shopify id (gid://shopify/Location/1).",
            )
    publications = settings.publications(connection)
    if not publications:
        yield warning(
            "config_publication",
            "published",
            "The channel names no Shopify sales channel, so customers will not see the product.",
        )
    for gid in publications:
        if not re.fullmatch(r"gid://shopify/Publication/\d+", str(gid)):
            yield error(
                "config_publication",
                "published",
                f"“{gid}” is no Shopify sales channel (gid://shopify/Publication/1).",
            )


# ---- the official schema -----------------------------------------------------------------------


def _schema(rendered: Rendered, connection: Connection, found: list[Issue]) -> Iterator[Issue]:
    """Shopify's own schema, over the very variables that would be sent for a new product."""
    told = {(issue.field, issue.sku) for issue in found if issue.severity == "error"}
    for operation in plan(rendered, Known(), connection):
        body = wire.sent(operation.request)
        for sentence in check_variables(document(operation.name), body["variables"]):
            path, _, reason = sentence.partition(": ")
            parts = re.findall(r"\w+", path)
            place = errors.index_of(parts, "variants")
            skus = operation.context.get("skus", [])
            sku = skus[place] if place is not None and place < len(skus) else ""
            field = errors.field_of(parts)
            # One complaint per place: the one in a merchandiser's words came first.
            if (field, sku) not in told:
                yield error("schema", field, f"Shopify's schema refuses {path}: {reason}", sku)
