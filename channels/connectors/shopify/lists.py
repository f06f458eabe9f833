"""Lists that others write to as well: tags, collections, metafields, and a look at what is there first.

Shopify's `productSet` replaces a list as a whole. Tags, collections and metafields have calls that add and
take away single entries, so what others put there is never sent and cannot be lost. Only media are replaced
as a whole: they are read immediately before.

What we put is kept as links (`tag:…`, `collection:…`, `metafield:…`) before the call leaves; what was there
already when we first wanted it stays theirs (`theirs:…`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.connectors.base import Connection, Facet, Known, Operation, Ownership, Rendered
from channels.connectors.shopify import inputs, metafields, operations, settings, wire
from channels.connectors.shopify.fields import MEDIA
from channels.connectors.shopify.inputs import Body, accepted, desired
from channels.connectors.shopify.read import product_read
from channels.connectors.shopify.settings import (
    COLLECTION,
    LOOKED,
    METAFIELD,
    PRODUCT,
    SHOP_COLLECTION,
    TAG,
    THEIR_COLLECTION,
    THEIR_TAG,
    variant_link,
)
from pimhub.foundation.jsonvalue import JSON, digest

# metafieldsSet takes 25 at once, all or none.
METAFIELDS_PER_CALL = 25
DELETED_PER_CALL = 250
# A look is good for the calls of one turn.
GOOD_FOR = 12

At = tuple[str, str]  # (SKU or "" for the product, "namespace.key")


def definitions(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """Definitions of metafields that the product fills and the shop does not have from us."""
    body = desired(rendered, "", Facet.METAFIELDS)
    owned: dict[At, str] = {("PRODUCT", place): said["type"] for place, said in body["product"].items()}
    for found in body["variants"].values():
        owned |= {("PRODUCTVARIANT", place): said["type"] for place, said in found.items()}
    for (owner, place), kind in sorted(owned.items()):
        if settings.definition_link(owner, place) not in known.links:
            yield operations.metafield_definition(place, kind, owner, connection)


def claims(rendered: Rendered) -> dict[str, str]:
    """Links for all that a new product brings along."""
    body = desired(rendered, "", Facet.METAFIELDS)
    found = {tag_link(tag): tag for tag in desired(rendered, "", Facet.TAGS)["tags"]}
    found |= {metafield_link(*at): "sent" for at in _flat(body)}
    return found


def sending(keys: Sequence[str], files: Sequence[Mapping[str, JSON]]) -> dict[str, str]:
    """Links for media whose ids only the answer tells: by place and text they are known again if it is lost."""
    return {
        settings.SENDING + key: f"{place}:{file['alt']}"[:400]
        for place, (key, file) in enumerate(zip(keys, files, strict=False))
        if "originalSource" in file
    }


def tag_link(tag: str) -> str:
    return f"{TAG}{tag.casefold()}"


def metafield_link(sku: str, place: str) -> str:
    return f"{METAFIELD}{place}:{sku}"


def metafields_on(skus: Sequence[str], known: Known) -> list[str]:
    """Links of the metafields that go with these variants."""
    return [key for key in known.links if key.startswith(METAFIELD) and _place(key)[0] in skus]


# ---- what is there -----------------------------------------------------------------------------


def look(rendered: Rendered, known: Known, connection: Connection, *facets: Facet) -> Operation:
    """Read which entries are others', just before lists are written."""
    return Operation(
        name="productRead",
        request=product_read(rendered, known, connection),
        carries=tuple(("", facet) for facet in facets),
        then=("write the lists, with what others put there",),
        context={
            "skus": [row for row in rendered.bodies if row],
            "look": f"{known.number}:{wanted_mark(rendered)}",
            "tags": desired(rendered, "", Facet.TAGS)["tags"],
            "collections": desired(rendered, "", Facet.COLLECTIONS)["collections"],
            "held": dict(known.links),
            "links": operations.product_links(known),
        },
    )


def wanted_mark(rendered: Rendered) -> str:
    """Of what a look was for."""
    return digest([desired(rendered, "", facet) for facet in (Facet.TAGS, Facet.COLLECTIONS)])[:16]


def looked(rendered: Rendered, known: Known, *, at_most: int = GOOD_FOR) -> bool:
    """Whether what others put there was seen within so many calls, with the same wishes."""
    number, _, mark = known.links.get(LOOKED, "").partition(":")
    return bool(number) and mark == wanted_mark(rendered) and 0 < known.number - int(number) <= at_most


def must_look(rendered: Rendered, known: Known, connection: Connection, *, media_changed: bool) -> bool:
    if media_changed and settings.ownership(connection, MEDIA) is Ownership.MERGED:
        return not looked(rendered, known, at_most=1)
    shared = settings.ownership(connection, "tags") is Ownership.MERGED and _tags_differ(rendered, known, connection)
    return (shared or _collections_differ(rendered, known, connection)) and not looked(rendered, known)


# ---- tags --------------------------------------------------------------------------------------


def _entries(body: Body, name: str) -> list[str]:
    return list(body.get(name, []))


def _tags_differ(rendered: Rendered, known: Known, connection: Connection) -> bool:
    wanted = desired(rendered, "", Facet.TAGS)["tags"]
    if settings.ownership(connection, "tags") is Ownership.FOREIGN:
        return False
    return bool(wanted != _entries(accepted(known, "", Facet.TAGS), "tags") or _surplus_tags(rendered, known))


def _surplus_tags(rendered: Rendered, known: Known) -> dict[str, str]:
    """Tags of ours that are no longer wanted, by link."""
    keep = {tag_link(tag) for tag in desired(rendered, "", Facet.TAGS)["tags"]}
    return {key: tag for key, tag in known.links.items() if key.startswith(TAG) and key not in keep}


def tags(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    if not _tags_differ(rendered, known, connection):
        return
    wanted: list[str] = desired(rendered, "", Facet.TAGS)["tags"]
    surplus = _surplus_tags(rendered, known)
    if settings.ownership(connection, "tags") is Ownership.OWNED:
        yield _exact_tags(wanted, surplus, known, connection)
        return
    theirs = {key.removeprefix(THEIR_TAG) for key in known.links if key.startswith(THEIR_TAG)}
    ours = [tag for tag in wanted if tag.casefold() not in theirs]
    if surplus:
        yield _tags("tagsRemove", surplus, known, connection, settles=not ours)
    if ours:
        yield _tags("tagsAdd", {tag_link(tag): tag for tag in ours}, known, connection, settles=True)
    elif not surplus:
        yield look(rendered, known, connection, Facet.TAGS)  # all are there already, put there by others


def _exact_tags(wanted: list[str], surplus: Mapping[str, str], known: Known, connection: Connection) -> Operation:
    """The list is ours alone: it becomes exactly this."""
    variables = {"product": {"id": known.links[PRODUCT], "tags": wanted}}
    return Operation(
        name="productUpdate",
        request=wire.graphql("productUpdate", variables, connection),
        carries=(("", Facet.TAGS),),
        claims={tag_link(tag): tag for tag in wanted},
        context={"links": operations.product_links(known), "ended": sorted(surplus)},
    )


def _tags(name: str, found: Mapping[str, str], known: Known, connection: Connection, *, settles: bool) -> Operation:
    adds = name == "tagsAdd"
    variables = {"id": known.links[PRODUCT], "tags": sorted(found.values())}
    return Operation(
        name=name,
        request=wire.graphql(name, variables, connection),
        carries=(("", Facet.TAGS),),
        partial=not settles,
        destructive=not adds,
        claims=dict(found) if adds else {},
        context={"links": operations.product_links(known), "ended": [] if adds else sorted(found)},
    )


# ---- collections -------------------------------------------------------------------------------


def _collections_differ(rendered: Rendered, known: Known, connection: Connection) -> bool:
    wanted = desired(rendered, "", Facet.COLLECTIONS)["collections"]
    if settings.ownership(connection, "collections") is Ownership.FOREIGN:
        return False
    shown = _entries(accepted(known, "", Facet.COLLECTIONS), "collections")
    return bool(wanted != shown or _surplus_collections(rendered, known))


def _surplus_collections(rendered: Rendered, known: Known) -> list[str]:
    """Ids of collections that we put the product in and that are no longer wanted."""
    keep = {known.links.get(SHOP_COLLECTION + h) for h in desired(rendered, "", Facet.COLLECTIONS)["collections"]}
    return [gid for key in known.links if key.startswith(COLLECTION) and (gid := key[len(COLLECTION) :]) not in keep]


def collection_ids(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """The ids of collections named for the first time on this shop: asked for one by one, and kept."""
    for handle in desired(rendered, "", Facet.COLLECTIONS)["collections"]:
        if SHOP_COLLECTION + handle not in known.links:
            yield Operation(
                name="collectionRead",
                request=wire.graphql("collectionRead", {"identifier": {"handle": handle}}, connection),
                carries=(("", Facet.COLLECTIONS),),
                then=("put the product in the collection",),
                context={"handle": handle},
                partial=True,
            )


def collections(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    if not _collections_differ(rendered, known, connection):
        return
    wanted: list[str] = desired(rendered, "", Facet.COLLECTIONS)["collections"]
    ids = [known.links[SHOP_COLLECTION + handle] for handle in wanted]
    surplus = _surplus_collections(rendered, known)
    theirs = {key.removeprefix(THEIR_COLLECTION) for key in known.links if key.startswith(THEIR_COLLECTION)}
    ours = [gid for gid in ids if gid not in theirs]
    if not (ours or surplus):
        yield look(rendered, known, connection, Facet.COLLECTIONS)
        return
    change = {"id": known.links[PRODUCT], "collectionsToJoin": ours, "collectionsToLeave": surplus}
    yield Operation(
        name="productUpdate",
        request=wire.graphql("productUpdate", {"product": change}, connection),
        carries=(("", Facet.COLLECTIONS),),
        destructive=bool(surplus),
        claims={COLLECTION + gid: gid for gid in ours},
        context={
            "links": operations.product_links(known),
            "ended": [COLLECTION + gid for gid in surplus],
            # Should one be gone or have become a smart one, it is looked up anew.
            "looked_up": [SHOP_COLLECTION + handle for handle in wanted],
        },
    )


# ---- metafields --------------------------------------------------------------------------------


def metafields_calls(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """Those that are no longer filled are deleted, those that differ are set; others' are never named."""
    wanted = _flat(desired(rendered, "", Facet.METAFIELDS))
    before = _flat(accepted(known, "", Facet.METAFIELDS))
    ours = {key for key in known.links if key.startswith(METAFIELD)}
    surplus = [at for at in map(_place, sorted(ours - {metafield_link(*at) for at in wanted})) if _owner(at, known)]
    changed = [
        (at, said)
        for at, said in sorted(wanted.items())
        # A batch that was taken is not sent again, though the facet as a whole is not settled.
        if before.get(at) != said and known.links.get(metafield_link(*at)) != digest(said)
    ]
    if surplus:
        batch = surplus[:DELETED_PER_CALL]
        yield _delete(batch, known, connection, settles=not changed and len(batch) == len(surplus))
    if changed:
        sets = changed[:METAFIELDS_PER_CALL]
        yield _set(sets, known, connection, settles=len(sets) == len(changed))
    elif not surplus and wanted != before:
        yield look(rendered, known, connection, Facet.METAFIELDS)


def _set(batch: Sequence[tuple[At, Any]], known: Known, connection: Connection, *, settles: bool) -> Operation:
    rows: list[JSON] = []
    for (sku, code), said in batch:
        rows += inputs.metafield_inputs({code: said}, _owner((sku, code), known))
    return Operation(
        name="metafieldsSet",
        request=wire.graphql("metafieldsSet", {"metafields": rows}, connection),
        carries=(("", Facet.METAFIELDS),),
        partial=not settles,
        claims={metafield_link(*at): "sent" for at, _ in batch},
        context={
            "links": operations.product_links(known),
            "taken": {metafield_link(*at): digest(said) for at, said in batch},
            "at": [list(at) for at, _ in batch],
        },
    )


def _delete(batch: Sequence[At], known: Known, connection: Connection, *, settles: bool) -> Operation:
    rows = []
    for sku, code in batch:
        namespace, key = metafields.place(code)
        rows.append({"ownerId": _owner((sku, code), known), "namespace": namespace, "key": key})
    return Operation(
        name="metafieldsDelete",
        request=wire.graphql("metafieldsDelete", {"metafields": rows}, connection),
        carries=(("", Facet.METAFIELDS),),
        partial=not settles,
        destructive=True,
        context={"links": operations.product_links(known), "ended": [metafield_link(*at) for at in batch]},
    )


def _owner(at: At, known: Known) -> str:
    """Id of what the metafield is on; "" when the variant is gone, and its metafields with it."""
    return known.links.get(variant_link(at[0]) if at[0] else PRODUCT, "")


def _place(link: str) -> At:
    code, _, sku = link.removeprefix(METAFIELD).partition(":")
    return sku, code


def _flat(body: Body) -> dict[At, Any]:
    """{(sku or "", "namespace.key"): {type, value}}."""
    found = {("", place): said for place, said in body.get("product", {}).items()}
    for sku, said in body.get("variants", {}).items():
        found |= {(sku, place): one for place, one in said.items()}
    return found
