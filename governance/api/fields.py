"""Fields of products that governance knows of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.products import represent
from governance.models import Standing
from pimhub.foundation.jsonvalue import JSON


def standing(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    rows = Standing.objects.filter(product_id__in=ids)
    found = rows.values_list("product_id", "state", "content_hash", "live__number", "live__content_hash")
    return {
        pk: {
            "state": state,
            "content_hash": content_hash,
            "live_revision": number,
            "has_unpublished_changes": live_hash != content_hash,
        }
        for pk, state, content_hash, number, live_hash in found
    }


def plug_in() -> None:
    represent.plug_in(
        "governance.standing", ("state", "content_hash", "live_revision", "has_unpublished_changes"), standing
    )
