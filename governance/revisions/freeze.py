"""Freeze the working copy of a product as an immutable revision."""

from __future__ import annotations

from catalog import blobs
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import (
    Attribute,
    AttributeOption,
    Category,
    JournalEntry,
    MediaLink,
    Product,
    User,
)
from catalog.products.state import content_of, flatten, is_part, load_states
from governance.models import Revision, Standing
from pimhub.foundation.jsonvalue import JSON, digest


class HashMismatch(RuntimeError):
    """The standing's hash is not the hash of the rows: a write went past the door."""


def freeze(*, product: Product, standing: Standing, number: int, user: User, comment: str) -> Revision:
    """Make revision `number` of the working copy. Call it inside a transaction that locks the standing."""
    state = load_states(ids=[product.pk], lock=True)[product.code_key]
    flat = flatten(state)
    if digest(content_of(flat)) != standing.content_hash:
        raise HashMismatch(f"{product.code}: the stored content hash does not fit the rows")
    content = content_of(flat)
    own = content.pop("")
    media = own.pop("media")
    variants = {
        sku: {
            "values": {k: v for k, v in row.items() if not is_part(k)},
            "gtin": row["gtin"],
            "position": i,
            **{k: v for k, v in row.items() if k.startswith("associations.")},
        }
        for i, (sku, row) in enumerate(content.items())
    }
    structure = {name: own.pop(name) for name in ("family", "axes", "categories")}
    structure |= {key: own.pop(key) for key in list(own) if key.startswith("associations.")}
    parts: list[JSON] = [
        {"code": product.code, **structure, "values": own},
        _pinned_media(product, media),
        {
            "labels": _option_labels([own, *(v["values"] for v in variants.values())]),
            "categories": _category_names(structure["categories"]),
        },
        _provenance(product),
        *variants.values(),
    ]
    hashes = blobs.put_all(parts)
    return Revision.objects.create(
        product=product,
        number=number,
        content_hash=standing.content_hash,
        manifest={
            "product": hashes[0],
            "media": hashes[1],
            "context": hashes[2],
            "provenance": hashes[3],
            "variants": dict(zip(variants, hashes[4:], strict=True)),
        },
        requested_by=standing.requested_by,
        approved_by=user,
        comment=comment,
    )


def _pinned_media(product: Product, chosen: list[dict[str, JSON]]) -> list[dict[str, JSON]]:
    """The pictures in order, pinned by their bytes where these are here, else by their address."""
    links = MediaLink.objects.filter(product=product).select_related("asset", "variant").order_by("position", "pk")
    return [
        {
            **item,
            "key": link.asset.key,
            "url": link.asset.source_url,
            "sha256": link.asset.sha256,
            "extension": link.asset.extension,
            "mime": link.asset.mime,
            "width": link.asset.width,
            "height": link.asset.height,
        }
        for item, link in zip(chosen, links, strict=True)
    ]


def _option_labels(values: list[dict[str, JSON]]) -> dict[str, dict[str, dict[str, str]]]:
    """{attribute: {option code: {locale: label}}} of every option in use, as they read today."""
    kinds = dict(Attribute.objects.values_list("code", "type"))
    used: dict[str, set[str]] = {}
    for row in values:
        for key, value in row.items():
            attribute = ValueKey.parse(key).attribute
            if value is not None and type_of(kinds[attribute]).has_options:
                used.setdefault(attribute, set()).update(value if isinstance(value, list) else [value])
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for attribute, codes in used.items():
        for option in AttributeOption.objects.filter(attribute__code=attribute, code__in=codes):
            labels.setdefault(attribute, {})[option.code] = option.labels or {"en_US": option.code}
    return labels


def _category_names(codes: list[str]) -> dict[str, list[dict[str, str]]]:
    """{category code: labels of the path from the root}."""
    names = {}
    for category in Category.objects.filter(code__in=codes):
        path = [*Category.objects.get_ancestors(category), category]
        names[category.code] = [c.labels or {"en_US": c.code} for c in path]
    return names


def _provenance(product: Product) -> dict[str, dict[str, str]]:
    """{row: {key: id of the journal entry that wrote the present value}}."""
    found: dict[str, dict[str, str]] = {}
    for entry in JournalEntry.objects.filter(product=product).order_by("pk").only("id", "sku", "changes"):
        for key in entry.changes:
            found.setdefault(entry.sku, {})[key] = str(entry.pk)
    return found
