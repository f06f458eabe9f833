"""Freeze content as an immutable revision."""

from __future__ import annotations

from collections.abc import Mapping

from catalog import blobs
from catalog.models import User
from catalog.products.state import Flat, is_part
from governance.models import Revision, Standing
from governance.revisions.context import Context
from pimhub.foundation.jsonvalue import JSON, digest


def freeze(
    *,
    standing: Standing,
    content: Flat,
    context: Context,
    provenance: Mapping[str, Mapping[str, str]],
    user: User | None,
    comment: str,
) -> Revision:
    """Make the next revision of this content. Call it inside a transaction that locks the standing."""
    product = standing.product
    standing.last_number += 1
    rows = {row: dict(values) for row, values in content.items()}
    own = rows.pop("")
    own.pop("media")
    variants = {
        sku: {
            "values": {k: v for k, v in row.items() if not is_part(k)},
            "gtin": row["gtin"],
            "position": i,
            **{k: v for k, v in row.items() if k.startswith("associations.")},
        }
        for i, (sku, row) in enumerate(rows.items())
    }
    structure = {name: own.pop(name) for name in ("family", "axes", "categories")}
    structure |= {key: own.pop(key) for key in list(own) if key.startswith("associations.")}
    parts: list[JSON] = [
        {"code": product.code, **structure, "values": own},
        list(context.media),
        {"labels": context.labels, "categories": context.categories, "axes": context.axes},
        provenance,
        *variants.values(),
    ]
    hashes = blobs.put_all(parts)
    return Revision.objects.create(
        product=product,
        number=standing.last_number,
        content_hash=digest(content),
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
