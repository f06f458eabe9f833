"""What rules make of one product, before anybody keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.access.reach import seen
from catalog.models import Product
from catalog.models.codes import code_key
from channels.connectors.outcome import Issue
from channels.mapping import versions
from channels.models import Channel, MappingVersion
from channels.publishing.desire import Desired, desire
from channels.publishing.read_back import apart
from governance.models import Standing
from pimhub.foundation.jsonvalue import JSON

SHOWN = 100


def attempt(channel: Channel, rules: Mapping[str, JSON], code: str) -> dict[str, Any]:
    """What the rules make of one product, beside what is in force."""
    product = seen(Product.objects.filter(code_key=code_key(code))).first()
    standing = Standing.objects.select_related("live", "product").filter(product=product).first() if product else None
    if standing is None:
        return {"problem": f"There is no product “{code}”. Enter the code of one on this channel."}
    draft = MappingVersion(channel=channel, number=0, rules=dict(rules))
    after = desire(versions.with_mapping(channel, draft), standing)
    if isinstance(after, Issue):
        return {"problem": after.message}
    before = desire(channel, standing) if channel.mapping else None
    held = before.rendered.bodies if isinstance(before, Desired) else {}
    mapped = after.source.mapped
    return {
        "product": standing.product,
        "issues": after.issues,
        "blocked": after.blocked,
        "changes": [
            (row, path, old, new)
            for row, facets in after.rendered.bodies.items()
            for facet, body in facets.items()
            for path, old, new in apart(str(facet), held.get(row, {}).get(facet), body)
        ][:SHOWN],
        "rows": [("", mapped.fields), *((v.sku, v.fields) for v in mapped.variants[:5])],
    }
