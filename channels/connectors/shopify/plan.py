"""The calls that take a product from what the shop is known to show towards what it should show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from channels.connectors.base import Connection, Facet, Known, Operation, Ownership, Rendered
from channels.connectors.outcome import Row
from channels.connectors.shopify import bundles, inputs, lists, operations, settings, translations, uploads, wire
from channels.connectors.shopify.fields import MEDIA
from channels.connectors.shopify.inputs import accepted, desired
from channels.connectors.shopify.read import product_read
from channels.connectors.shopify.settings import DEFINITION, NO_ID, OPERATION, PRODUCT
from pimhub.foundation.jsonvalue import JSON

# Above this many variants Shopify advises `synchronous: false`, which answers with an operation to poll.
# https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/productSet
SYNCHRONOUS_UP_TO = 100

QUANTITIES_PER_CALL = 250


# What a list is that was never written: nothing.
_NOTHING: Mapping[str, JSON] = {
    Facet.TAGS.value: {"tags": []},
    Facet.COLLECTIONS.value: {"collections": []},
    Facet.METAFIELDS.value: {"product": {}, "variants": {}},
    Facet.TRANSLATION.value: {},
}
# Those that follow a new product with calls of their own, unless there is nothing to say.
_EMPTY = (Facet.COLLECTIONS, Facet.TRANSLATION)


def plan(rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
    """The next calls, in order:

    0. While Shopify is at work on a productSet: ask how it came out, and nothing else.
    1. Without our custom id's definition: create it (once per shop).
    2. Files of videos and 3D models are uploaded before the productSet that names them.
       Without a product: one productSet with everything; its ids are needed for whatever follows.
       A product that was taken over by its SKU: write our custom id on it, by which it is found again.
    3. Content or media differ: productSet. A variant that only the shop's answer can name: read it first.
       Media, tags and collections are read first as well, for others' entries in them stay.
       Tags, metafields, collections, translations differ: what is ours is taken away and added.
       What is no bundle any more is taken apart before, and what is one is put together before it is published.
    4. Offers differ: one productVariantsBulkUpdate. Stock differs: inventorySetQuantities.
    5. Status differs: productUpdate. Sales channels differ: publish, unpublish.
    """
    if OPERATION in known.links:
        return [operations.product_operation(known, connection)]
    if PRODUCT not in known.links:
        calls = [] if DEFINITION in known.links else [operations.definition(connection)]
        calls += lists.definitions(rendered, known, connection)
        if files := _uploads(rendered, known, connection):
            return [*calls, *files]
        return [*calls, _create(rendered, known, connection)]
    return [*_own_id(rendered, known, connection), *_changes(rendered, known, connection)]


def _changes(rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
    """What a product that is there needs, by `plan` from 3."""
    if _anything_differs(rendered, known) and _unnamed_variants(rendered, known):
        return [_read_ids(rendered, known, connection)]
    asked = list(lists.collection_ids(rendered, known, connection))
    parts = list(bundles.component_ids(rendered, known, connection))
    media_changed = _media_changed(rendered, known, connection)
    if media_changed and (files := _uploads(rendered, known, connection)):
        return [*files, *_offers(rendered, known, connection), *_stock(rendered, known, connection)]
    if lists.must_look(rendered, known, connection, media_changed=media_changed):
        later = [*_offers(rendered, known, connection), *_stock(rendered, known, connection)]
        return [*asked, lists.look(rendered, known, connection), *later]
    return [
        *asked,
        *bundles.taken_apart(rendered, known, connection),
        *_content(rendered, known, connection, media_changed=media_changed),
        *lists.tags(rendered, known, connection),
        *lists.definitions(rendered, known, connection),
        *lists.metafields_calls(rendered, known, connection),
        *([] if asked else lists.collections(rendered, known, connection)),
        *_offers(rendered, known, connection),
        *_stock(rendered, known, connection),
        *parts,
        *([] if parts else bundles.put_together(rendered, known, connection)),
        *_status(rendered, known, connection),
        *_publications(rendered, known, connection),
        *translations.plan(rendered, known, connection),
    ]


def _own_id(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    if NO_ID not in known.links:
        return
    if DEFINITION not in known.links:
        yield operations.definition(connection)
    yield operations.custom_id(_custom_id(rendered), known, connection)


def plan_removal(known: Known, connection: Connection) -> list[Operation]:
    """Off the sales channels, then archived. Nothing is deleted: orders and statistics hang on it.

    While Shopify is at work on a productSet, that comes first: what it makes is to be taken off as well.
    """
    if OPERATION in known.links:
        return [operations.product_operation(known, connection)]
    if PRODUCT not in known.links:
        return []
    calls = []
    if published := _published(known):
        calls.append(operations.publishable("publishableUnpublish", published, known, connection, destructive=True))
    if accepted(known, "", Facet.PUBLICATION).get("status") != "ARCHIVED":
        calls.append(operations.update_status("ARCHIVED", known, connection, destructive=True))
    return calls


# ---- the product and its variants --------------------------------------------------------------


def _create(rendered: Rendered, known: Known, connection: Connection) -> Operation:
    state = desired(rendered, "", Facet.PUBLICATION)
    skus = [row for row in rendered.bodies if row]
    publications = state["publications"]
    filled = desired(rendered, "", Facet.METAFIELDS)["product"]
    return _product_set(
        rendered,
        known,
        connection,
        with_media=_has_media(connection),
        more={
            "status": state["status"],
            "tags": desired(rendered, "", Facet.TAGS)["tags"],
            "metafields": [_custom_id(rendered), *inputs.metafield_inputs(filled)],
        },
        carries=[("", facet) for facet in (Facet.PUBLICATION, Facet.TAGS, Facet.METAFIELDS)]
        + [("", facet) for facet in _EMPTY if desired(rendered, "", facet) == _NOTHING[facet]]
        + _rows(skus),
        then=(
            *(("put the bundle together",) if bundles.wanted(rendered) else ()),
            *((f"publish to {len(publications)} sales channels",) if publications else ()),
        ),
    )


def _custom_id(rendered: Rendered) -> dict[str, JSON]:
    """The id is unique in the shop: a product that has it already is never made a second time."""
    return {"namespace": settings.NAMESPACE, "key": settings.ID_KEY, "type": "id", "value": rendered.product}


def _of_new(rendered: Rendered, known: Known) -> dict[str, JSON]:
    return {
        "creates": rendered.product,
        "absent": settings.ABSENT in known.links,
        "look": f"{known.number}:{lists.wanted_mark(rendered)}",
    }


def _uploads(rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
    return list(uploads.missing(rendered, known, connection)) if _has_media(connection) else []


def _has_media(connection: Connection) -> bool:
    return settings.ownership(connection, MEDIA) is not Ownership.FOREIGN


def _media_changed(rendered: Rendered, known: Known, connection: Connection) -> bool:
    return _has_media(connection) and _differs(rendered, known, "", Facet.MEDIA)


def _content(rendered: Rendered, known: Known, connection: Connection, *, media_changed: bool) -> Iterator[Operation]:
    if media_changed or _differs(rendered, known, "", Facet.CONTENT):
        new = [row for row in rendered.bodies if row and inputs.is_new(row, known)]
        yield _product_set(rendered, known, connection, with_media=media_changed, carries=_rows(new))


def _product_set(
    rendered: Rendered,
    known: Known,
    connection: Connection,
    *,
    with_media: bool,
    carries: list[tuple[Row, Facet]],
    more: Mapping[str, JSON] | None = None,
    then: tuple[str, ...] = (),
) -> Operation:
    given = {**inputs.product_set_input(rendered, known, connection, with_media=with_media), **(more or {})}
    new = PRODUCT not in known.links
    skus = [variant["sku"] for variant in given["variants"]]
    files = [file["key"] for file in desired(rendered, "", Facet.MEDIA)["files"]] if with_media else []
    fetched = [file for file in given.get("files", []) if "originalSource" in file]
    removed = _removed_skus(rendered, known)
    variables = {
        # Without one, Shopify makes a new product, or refuses because the custom id is there already.
        "identifier": None if new else {"id": known.links[PRODUCT]},
        "input": given,
        "synchronous": len(skus) <= SYNCHRONOUS_UP_TO,
        "variants": min(max(len(skus), 1), operations.PAGE),
        "files": min(max(len(files), 1), operations.PAGE),
    }
    facets = [("", Facet.CONTENT), *([("", Facet.MEDIA)] if with_media else [])]
    return Operation(
        name="productSet",
        request=wire.graphql("productSet", variables, connection),
        carries=(*facets, *carries),
        # Sent twice, it would fetch the same pictures twice, or make the product twice.
        idempotent=PRODUCT in known.links and not fetched and not carries,
        destructive=bool(removed),
        then=then,
        claims={**(lists.claims(rendered) if new else {}), **lists.sending(files, given.get("files", []))},
        context={
            "skus": skus,
            "files": files,
            "uploaded": uploads.in_files(files, rendered),
            "file_ids": [file.get("id", "") for file in given.get("files", [])][: len(files)],
            "removed": removed,
            "ended": [*lists.metafields_on(removed, known), settings.ABSENT],
            "links": operations.product_links(known),
            **(_of_new(rendered, known) if new else {}),
        },
    )


def _unnamed_variants(rendered: Rendered, known: Known) -> list[str]:
    """Variants that the shop has but whose ids did not fit on the page it answered with."""
    shown = {variant["sku"] for variant in accepted(known, "", Facet.CONTENT).get("variants", [])}
    return [row for row in rendered.bodies if row in shown and inputs.is_new(row, known)]


def _read_ids(rendered: Rendered, known: Known, connection: Connection) -> Operation:
    return Operation(
        name="productRead",
        request=product_read(rendered, known, connection),
        carries=(),
        then=("send the changes once the variants' ids are known",),
        context={"skus": _unnamed_variants(rendered, known), "links": operations.product_links(known)},
    )


def _removed_skus(rendered: Rendered, known: Known) -> list[str]:
    """SKUs that the shop has from us and that a productSet would delete."""
    if PRODUCT not in known.links:
        return []
    linked = {key.removeprefix("variant:") for key in known.links if key.startswith("variant:")}
    shown = {variant["sku"] for variant in accepted(known, "", Facet.CONTENT).get("variants", [])}
    return sorted((linked | shown) - set(rendered.bodies))


# ---- price and stock ---------------------------------------------------------------------------


def _offers(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    skus = [sku for sku in _changed(rendered, known, Facet.OFFER) if desired(rendered, sku, Facet.OFFER)]
    if skus:
        variables = {
            "productId": known.links[PRODUCT],
            "variants": inputs.variants_bulk_input(rendered, known, skus),
        }
        yield Operation(
            name="productVariantsBulkUpdate",
            request=wire.graphql("productVariantsBulkUpdate", variables, connection),
            carries=tuple((sku, Facet.OFFER) for sku in skus),
            context={"skus": skus, "links": operations.product_links(known)},
        )


def _stock(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    batch: list[JSON] = []
    rows: list[str] = []
    for sku in _changed(rendered, known, Facet.STOCK):
        quantities = inputs.quantity_inputs(rendered, known, sku)
        if batch and len(batch) + len(quantities) > QUANTITIES_PER_CALL:
            yield operations.set_quantities(rendered.product, rows, batch, known, connection)
            batch, rows = [], []
        batch += quantities
        rows += [sku] * len(quantities)
    if batch:
        yield operations.set_quantities(rendered.product, rows, batch, known, connection)


# ---- status and sales channels -----------------------------------------------------------------


def _status(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    status = desired(rendered, "", Facet.PUBLICATION)["status"]
    held = accepted(known, "", Facet.PUBLICATION)
    if held.get("status") != status:
        call = operations.update_status(status, known, connection)
        # Where nothing is known, where it is published is not either: it is said anew.
        ended = [] if held else [settings.published_link(x) for x in _published(known)]
        yield replace(call, context={**call.context, "ended": ended}) if ended else call


def _publications(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    wanted = desired(rendered, "", Facet.PUBLICATION)["publications"]
    shown = accepted(known, "", Facet.PUBLICATION).get("publications", [])
    # Both records must agree that it is published: the link is kept from our own call, the accepted
    # body from the last read-back, and somebody may have unpublished it in between.
    missing = [x for x in wanted if settings.published_link(x) not in known.links or x not in shown]
    surplus = [x for x in _published(known) if x not in wanted]
    if missing:
        yield operations.publishable("publishablePublish", missing, known, connection)
    if surplus:
        yield operations.publishable("publishableUnpublish", surplus, known, connection, destructive=True)


def _published(known: Known) -> list[str]:
    linked = {k.removeprefix("published:") for k in known.links if k.startswith("published:")}
    return sorted(linked)


# ---- differences -------------------------------------------------------------------------------


def _differs(rendered: Rendered, known: Known, row: str, facet: Facet) -> bool:
    return known.accepted.get(row, {}).get(facet.value) != desired(rendered, row, facet)


def _anything_differs(rendered: Rendered, known: Known) -> bool:
    return any(
        known.accepted.get(row, {}).get(name, _NOTHING.get(name)) != body
        for row, own in rendered.bodies.items()
        for name, body in own.items()
    )


def _changed(rendered: Rendered, known: Known, facet: Facet) -> list[str]:
    """Existing variants whose body differs; new ones take price and stock along in productSet."""
    return [
        row
        for row in rendered.bodies
        if row and not inputs.is_new(row, known) and _differs(rendered, known, row, facet)
    ]


def _rows(skus: list[str]) -> list[tuple[Row, Facet]]:
    return [(sku, facet) for sku in skus for facet in (Facet.OFFER, Facet.STOCK)]
