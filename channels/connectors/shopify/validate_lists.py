"""Preflight of lists that others write to as well, of metafields, and of whose each field is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from channels.connectors.base import Connection, MappedProduct, Ownership
from channels.connectors.outcome import Issue
from channels.connectors.shopify import canonical, fields, metafields, settings
from channels.connectors.shopify.issues import error, warning
from pimhub.foundation.jsonvalue import JSON

MOST_COLLECTIONS = 250
# What a channel may say of a field; of most, "merged" has no meaning.
_LISTS: Mapping[str, frozenset[str]] = {
    "tags": frozenset(Ownership),
    fields.MEDIA: frozenset(Ownership),
    "collections": frozenset({Ownership.MERGED, Ownership.FOREIGN}),
}
_PLAIN = frozenset({Ownership.OWNED, Ownership.FOREIGN})


def ownership(connection: Connection) -> Iterator[Issue]:
    said = connection.settings.get("ownership") or {}
    if not isinstance(said, dict):
        yield error("config_ownership", "", "The channel's “ownership” is no table of fields. Mend its settings.")
        return
    for code, whose in said.items():
        allowed = _LISTS.get(code) or (_PLAIN if code in fields.BODY_NAMES else frozenset())
        if not allowed:
            words = ", ".join([*_LISTS, *fields.BODY_NAMES])
            yield error("config_ownership", "", f"“{code}” cannot be left to the shop. These can: {words}.")
        elif whose not in allowed:
            words = " or ".join(sorted(allowed))
            yield error("config_ownership", code, f"The channel says that {code} is “{whose}”. Say {words}.")


def collections(product: MappedProduct) -> Iterator[Issue]:
    handles = canonical.tags(product.fields.get("collections"))
    if len(handles) > MOST_COLLECTIONS:
        yield error(
            "too_many", "collections", f"{len(handles)} collections, Shopify takes {MOST_COLLECTIONS}. Remove some."
        )
    for handle in handles:
        if handle != canonical.handle(handle):
            yield error(
                "collection_handle",
                "collections",
                f"“{handle}” is no handle of a collection; it looks like {canonical.handle(handle) or 'summer-sale'}. "
                "Copy it from the end of the collection's address.",
            )


def metafields_of(product: MappedProduct, connection: Connection) -> Iterator[Issue]:
    types = settings.metafield_types(connection)
    rows: list[tuple[str, Mapping[str, JSON]]] = [("", product.fields), *((v.sku, v.fields) for v in product.variants)]
    told: set[tuple[str, str]] = set()
    for sku, said in rows:
        for code, value in said.items():
            if code in fields.BY_CODE:
                continue
            wanted_here = fields.VARIANT_METAFIELD if sku else fields.METAFIELD
            other = fields.METAFIELD if sku else fields.VARIANT_METAFIELD
            if code.startswith(other):
                continue
            for issue in _metafield(code, wanted_here, value, types, sku):
                # What is wrong with the mapping is said once, not of each variant.
                if issue.sku or (code, issue.code) not in told:
                    told.add((code, issue.code))
                    yield issue


def _metafield(code: str, prefix: str, value: JSON, types: Mapping[str, str], sku: str) -> Iterator[Issue]:
    place = code.removeprefix(prefix)
    if not code.startswith(prefix):
        yield warning(
            "unknown_field",
            code,
            f"Shopify products have no field “{code}”, so it is not sent. "
            "Metafields are written metafield:custom.material.",
        )
    elif not metafields.PLACE.fullmatch(place):
        yield error(
            "metafield", code, f"“{place}” names no metafield. Write namespace and key, such as custom.material."
        )
    elif place not in types:
        yield error(
            "metafield_type",
            code,
            f"The channel does not say of what type {place} is. Add it to the “metafields” of the channel's settings, "
            "such as single_line_text_field.",
        )
    elif problem := metafields.type_problem(types[place]):
        yield error("metafield_type", code, f"{place}: {problem}")
    else:
        try:
            metafields.encoded(types[place], value)
        except metafields.BadMetafield as bad:
            yield error("metafield", code, f"{place} ({types[place]}): “{str(value)[:60]}” {bad}.", sku)
