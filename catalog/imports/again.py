"""The same again: products that a file brings just as the last file did, and that nobody has touched since.

Most rows of a daily file are such. They need no reading, no checking and no comparing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db.models import F

from catalog.models import ImportFingerprint
from catalog.models.codes import code_key
from catalog.products.changes import ProductChange
from catalog.products.write import WriteResult


def fingerprint(change: ProductChange) -> str:
    """The digest of all that a file says of a product, wherever in the file it stands."""
    variants = tuple(replace(v, line=None) for v in change.variants)
    said = repr(replace(change, line=None, variants=variants))
    return hashlib.blake2b(said.encode(), digest_size=32).hexdigest()


def recognised(changes: Sequence[ProductChange]) -> list[WriteResult | None]:
    """For each change the result "unchanged", if it is the same again; else None, and the door must look."""
    keys = [code_key(c.code) for c in changes]
    held = {
        row[0]: row
        for row in ImportFingerprint.objects.filter(
            product__code_key__in=keys, version=F("product__version")
        ).values_list("product__code_key", "digest", "product_id", "version")
    }
    return [_result(change, held.get(key)) for change, key in zip(changes, keys, strict=True)]


def _result(change: ProductChange, held: tuple[str, str, int, int] | None) -> WriteResult | None:
    if held is None or held[1] != fingerprint(change):
        return None
    return WriteResult(code=change.code, status="unchanged", product_id=held[2], version=held[3])


def remember(done: Iterable[tuple[ProductChange, WriteResult]]) -> None:
    """Note what was taken as it is. What was refused or held in part must be looked at again each time."""
    ImportFingerprint.objects.bulk_create(
        [
            ImportFingerprint(product_id=result.product_id, digest=fingerprint(change), version=result.version)
            for change, result in done
            if result.product_id is not None and not (result.errors or result.waits or result.rejected_skus)
        ],
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=["digest", "version"],
        batch_size=500,
    )
