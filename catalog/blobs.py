"""Keep a JSON document once, whoever needs it, and find it by its hash."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import orjson

from catalog.models import Blob
from pimhub.foundation.jsonvalue import JSON, canonical, digest


def put(value: JSON) -> str:
    """Store `value` unless it is here already; its hash."""
    return put_all([value])[0]


def put_all(values: Iterable[JSON]) -> list[str]:
    """The same for many, in one statement; hashes in order."""
    documents = [(digest(v), v) for v in values]
    Blob.objects.bulk_create(
        [Blob(hash=h, data=zlib.compress(canonical(v))) for h, v in dict(documents).items()] if documents else [],
        ignore_conflicts=True,
        batch_size=200,
    )
    return [h for h, _ in documents]


def get(hash: str) -> JSON:
    """The document of that hash. Raises LookupError when it was never stored."""
    return get_all([hash])[hash]


def get_all(hashes: Iterable[str]) -> Mapping[str, JSON]:
    wanted = set(hashes)
    found = {b.hash: orjson.loads(zlib.decompress(b.data)) for b in Blob.objects.filter(hash__in=wanted)}
    if missing := wanted - found.keys():
        raise LookupError(f"no document is stored under {sorted(missing)[0]}")
    return found
