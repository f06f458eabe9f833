"""From bodies to GraphQL inputs. The only place where a decimal becomes a float: Shopify's weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channels.connectors.base import Connection, Facet, Known, Ownership, Rendered
from channels.connectors.shopify import media_kinds, metafields, settings, unit_price
from channels.connectors.shopify.fields import MEDIA
from channels.connectors.shopify.settings import PRODUCT, THEIR_MEDIA, UPLOADED, inventory_link, variant_link
from pimhub.foundation.jsonvalue import JSON

Body = Mapping[str, JSON]

# What empties a field that we once filled and now have nothing to say about. The handle is not
# here: a product always has one.
_EMPTY: Mapping[str, JSON] = {
    "descriptionHtml": "", "vendor": "", "productType": "", "seoTitle": "",
    "seoDescription": "", "category": None,
}  # fmt: skip
_EMPTY_VARIANT: Mapping[str, JSON] = {
    "barcode": "", "taxCode": "", "unitPrice": None, "countryCodeOfOrigin": None, "harmonizedSystemCode": None,
    "weight": {"value": "0", "unit": "KILOGRAMS"}, "requiresComponents": False,
}  # fmt: skip

_SEO = {"seoTitle": "title", "seoDescription": "description"}
_ITEM = ("tracked", "requiresShipping", "countryCodeOfOrigin", "harmonizedSystemCode")


def accepted(known: Known, row: str, facet: Facet) -> Body:
    """The body the channel last accepted, {} when it accepted none."""
    body = known.accepted.get(row, {}).get(facet.value)
    return body if isinstance(body, Mapping) else {}


def desired(rendered: Rendered, row: str, facet: Facet) -> Body:
    body: Body = rendered.bodies[row][facet.value]
    return body


def is_new(sku: str, known: Known) -> bool:
    """The shop does not have this variant yet, as far as we know."""
    return PRODUCT not in known.links or variant_link(sku) not in known.links


def product_set_input(rendered: Rendered, known: Known, connection: Connection, *, with_media: bool) -> dict[str, JSON]:
    """`ProductSetInput` for the whole content.

    Lists are declarative: a variant or file left out is deleted on the channel, a list left out
    altogether stays. So `files` is only there when the media changed, with what others put there; tags,
    collections and metafields of an existing product have calls that add and take away. Price and
    stock are there for new variants only; those of existing ones have their own calls.
    """
    content = desired(rendered, "", Facet.CONTENT)
    foreign = settings.foreign(connection)
    before = {k: v for k, v in accepted(known, "", Facet.CONTENT).items() if k not in foreign}
    result = _product_fields({**_emptied(_EMPTY, content, before), **content})
    if "handle" in before and before["handle"] != content.get("handle", before["handle"]):
        # With it, links to the old address go on working.
        result["redirectNewHandle"] = settings.redirects(connection)
    result["productOptions"] = [
        {
            "name": option["name"],
            "position": position,
            "values": [{"name": value} for value in option["values"]],
        }
        for position, option in enumerate(content["options"], 1)
    ]
    files = media_files(rendered, known) if with_media else {}
    if with_media:
        theirs: list[JSON] = [{"id": gid} for gid in their_media(known, connection)]
        result["files"] = [*files.values(), *theirs]
    result["variants"] = variant_set_inputs(rendered, known, connection, files, with_media=with_media)
    return result


def their_media(known: Known, connection: Connection) -> list[str]:
    """Ids of what others put among the product's media, in the order last seen; none where the list is ours alone."""
    if settings.ownership(connection, MEDIA) is not Ownership.MERGED or PRODUCT not in known.links:
        return []
    seen = {k.removeprefix(THEIR_MEDIA): v for k, v in known.links.items() if k.startswith(THEIR_MEDIA)}
    return sorted(seen, key=lambda gid: (int(seen[gid]), gid))


def metafield_inputs(found: Mapping[str, Any], owner: str = "") -> list[dict[str, JSON]]:
    """`MetafieldInput`s, or with an owner `MetafieldsSetInput`s, of {"namespace.key": {type, value}}."""
    more: dict[str, JSON] = {"ownerId": owner} if owner else {}
    result = []
    for code, said in sorted(found.items()):
        namespace, key = metafields.place(code)
        result.append({**more, "namespace": namespace, "key": key, "type": said["type"], "value": said["value"]})
    return result


def variant_set_inputs(
    rendered: Rendered, known: Known, connection: Connection, files: Mapping[str, JSON], *, with_media: bool
) -> list[JSON]:
    content = desired(rendered, "", Facet.CONTENT)
    names = [option["name"] for option in content["options"]]
    foreign = settings.foreign(connection)
    before = {
        v["sku"]: {name: value for name, value in v.items() if name not in foreign}
        for v in accepted(known, "", Facet.CONTENT).get("variants", [])
    }
    filled: Body = desired(rendered, "", Facet.METAFIELDS)["variants"] if PRODUCT not in known.links else {}
    shows: Body = desired(rendered, "", Facet.MEDIA)["variants"] if with_media else {}
    showed: Body = accepted(known, "", Facet.MEDIA).get("variants", {}) if with_media else {}
    result = []
    for position, variant in enumerate(content["variants"], 1):
        sku = variant["sku"]
        said = {**_emptied(_EMPTY_VARIANT, variant, before.get(sku, {})), **variant}
        one = _variant_fields(said)
        one["position"] = position
        if sku in filled:
            one["metafields"] = metafield_inputs(filled[sku])
        one["optionValues"] = [
            {"optionName": name, "name": value} for name, value in zip(names, said["options"], strict=False)
        ]
        if sku in shows:
            one["file"] = files[shows[sku]]
        elif sku in showed:
            one["file"] = None
        if not is_new(sku, known):
            one["id"] = known.links[variant_link(sku)]
        elif sku and sku in rendered.bodies:
            _add_offer(one, desired(rendered, sku, Facet.OFFER))
            _add_stock(one, desired(rendered, sku, Facet.STOCK))
        result.append(one)
    return result


def media_files(rendered: Rendered, known: Known) -> dict[str, JSON]:
    """`FileSetInput` by media key, in order: the id of what the shop already has, else where to fetch it."""
    held = media_held(known)
    files: dict[str, JSON] = {}
    for file in desired(rendered, "", Facet.MEDIA)["files"]:
        key = file["key"]
        if key in held:
            files[key] = {"id": held[key], "alt": file["alt"]}
        else:
            source = rendered.media_urls.get(key, key.removeprefix("url:"))
            kind = file.get("kind") or media_kinds.content_type(source)
            source = known.links.get(UPLOADED + key, source) if "kind" in file else source
            files[key] = {"originalSource": source, "alt": file["alt"], "contentType": kind}
    return files


def media_held(known: Known) -> dict[str, str]:
    """Ids of the media that the shop has, by our key.

    Without a record of what is shown, the link alone vouches for it; with one, what is no longer shown may be deleted
    there too, and its id dead.
    """
    if PRODUCT not in known.links:
        return {}
    body = accepted(known, "", Facet.MEDIA)
    shown = {file["key"] for file in body["files"]} if "files" in body else None
    links = {k.removeprefix("media:"): gid for k, gid in known.links.items() if k.startswith("media:")}
    return {key: gid for key, gid in links.items() if shown is None or key in shown}


def variants_bulk_input(rendered: Rendered, known: Known, skus: list[str]) -> list[JSON]:
    """`ProductVariantsBulkInput` with price, compare-at price and cost of existing variants."""
    result: list[JSON] = []
    for sku in skus:
        offer = dict(desired(rendered, sku, Facet.OFFER))
        if "cost" in accepted(known, sku, Facet.OFFER):
            offer.setdefault("cost", None)
        one: dict[str, Any] = {"id": known.links[variant_link(sku)]}
        _add_offer(one, offer)
        result.append(one)
    return result


def quantity_inputs(rendered: Rendered, known: Known, sku: str) -> list[JSON]:
    """`InventoryQuantityInput` for each location whose quantity is to change, against the one we know."""
    wanted = desired(rendered, sku, Facet.STOCK)
    before = accepted(known, sku, Facet.STOCK)
    changed = {place: units for place, units in wanted.items() if before.get(place) != units}
    return [
        {
            "inventoryItemId": known.links[inventory_link(sku)],
            "locationId": place,
            "quantity": units,
            # Always there: null means "whatever it is", leaving it out is an error.
            "changeFromQuantity": before.get(place),
        }
        # When only a location went away, the remaining ones are confirmed as they are.
        for place, units in sorted((changed or wanted).items())
    ]


def _product_fields(said: Body) -> dict[str, Any]:
    plain = ("title", "descriptionHtml", "vendor", "productType", "handle", "category", "giftCard")
    result = {name: said[name] for name in plain if name in said}
    if seo := {ours: said[name] for name, ours in _SEO.items() if name in said}:
        result["seo"] = seo
    return result


def _variant_fields(said: Body) -> dict[str, Any]:
    plain = ("sku", "barcode", "taxable", "taxCode", "inventoryPolicy", "requiresComponents")
    result = {name: said[name] for name in plain if name in said}
    item: dict[str, Any] = {name: said[name] for name in _ITEM if name in said}
    if weight := said.get("weight"):
        item["measurement"] = {"weight": {"value": float(weight["value"]), "unit": weight["unit"]}}
    if item:
        result["inventoryItem"] = item
    if "unitPrice" in said:
        result |= unit_price.to_input(said["unitPrice"])
    return result


def _add_offer(variant: dict[str, Any], offer: Body) -> None:
    for name in ("price", "compareAtPrice"):
        if name in offer:
            variant[name] = offer[name]
    if "cost" in offer:
        variant["inventoryItem"] = {**variant.get("inventoryItem", {}), "cost": offer["cost"]}


def _add_stock(variant: dict[str, Any], stock: Body) -> None:
    if stock:
        variant["inventoryQuantities"] = [
            {"locationId": place, "name": "available", "quantity": units} for place, units in sorted(stock.items())
        ]


def _emptied(empty: Body, now: Body, before: Body) -> dict[str, JSON]:
    return {name: value for name, value in empty.items() if name in before and name not in now}
