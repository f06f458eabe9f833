"""Fields of products that governance knows of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.products import represent
from governance.models import Embargo, Standing
from pimhub.foundation.jsonvalue import JSON


def standing(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    rows = Standing.objects.filter(product_id__in=ids)
    found = rows.values_list("product_id", "state", "content_hash", "live__number", "live__content_hash")
    held: dict[int, list[JSON]] = {}
    for embargo in Embargo.objects.filter(product_id__in=ids).select_related("scope", "shown"):
        held.setdefault(embargo.product_id, []).append(
            {
                "scope": embargo.scope.code,
                "until": embargo.until.isoformat(),
                "shown_revision": embargo.shown.number if embargo.shown else None,
            }
        )
    return {
        pk: {
            "state": state,
            "content_hash": content_hash,
            "live_revision": number,
            "has_unpublished_changes": live_hash != content_hash,
            "embargoes": held.get(pk, []),
        }
        for pk, state, content_hash, number, live_hash in found
    }


FIELDS = ("state", "content_hash", "live_revision", "has_unpublished_changes", "embargoes")


def plug_in() -> None:
    represent.plug_in("governance.standing", FIELDS, standing)
