"""What a shop answers when it is asked what it shows: the tee of `builders`, as it should be."""

from __future__ import annotations

import copy

from tests.channels.connectors.shopify.builders import CONNECTION, answered, publish, rendered, shopify, tee

KNOWN, _ = publish(tee())
WANTED = rendered(tee())
AA, BB = KNOWN.links["media:sha256:aa"], KNOWN.links["media:sha256:bb"]
ONLINE, POS = "gid://shopify/Publication/1", "gid://shopify/Publication/2"


def image(gid, alt, status="READY", errors=()):
    found = [{"code": code, "message": message} for code, message in errors]
    return {"id": gid, "alt": alt, "mediaContentType": "IMAGE", "status": status, "mediaErrors": found}


def variant_node(sku, size, position, media=()):
    return {
        "id": f"gid://shopify/ProductVariant/{sku}",
        "sku": sku,
        "position": position,
        "barcode": None,
        "price": "19.90",
        "compareAtPrice": None,
        "showUnitPrice": False,
        "unitPriceMeasurement": None,
        "taxable": True,
        "taxCode": "",
        "inventoryPolicy": "DENY",
        "requiresComponents": False,
        "selectedOptions": [{"name": "Size", "value": size}],
        "media": {"nodes": [{"id": gid} for gid in media]},
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{sku}",
            "tracked": True,
            "requiresShipping": True,
            "countryCodeOfOrigin": None,
            "harmonizedSystemCode": None,
            "unitCost": {"amount": "7.5"},
            "measurement": {"weight": {"value": 0.2, "unit": "KILOGRAMS"}},
            "inventoryLevels": {
                "pageInfo": {"hasNextPage": False},
                "nodes": [
                    {
                        "location": {"id": "gid://shopify/Location/1"},
                        "quantities": [{"name": "available", "quantity": 5}],
                    },
                    {
                        "location": {"id": "gid://shopify/Location/9"},
                        "quantities": [{"name": "available", "quantity": 70}],
                    },
                ],
            },
        },
    }


PRODUCT = {
    "id": "gid://shopify/Product/1",
    "title": "Tee",
    "descriptionHtml": "<p>Soft.</p>",
    "vendor": "Acme",
    "productType": "Set by the shop",
    "handle": "tee",
    "tags": ["new", "Cotton"],
    "status": "ACTIVE",
    "isGiftCard": False,
    "category": None,
    "seo": {"title": "A soft tee", "description": None},
    "options": [
        {
            "name": "Size",
            "position": 1,
            "optionValues": [
                {"name": "S", "hasVariants": True},
                {"name": "M", "hasVariants": True},
                {"name": "L", "hasVariants": False},
            ],
        }
    ],
    "resourcePublicationsV2": {"nodes": [{"publication": {"id": ONLINE}}, {"publication": {"id": POS}}]},
    "collections": {"nodes": []},
    "metafields": {"nodes": []},
    "media": {"nodes": [image(AA, "Front"), image(BB, "Side")]},
    # Not in the order of their positions.
    "variants": {"nodes": [variant_node("TEE-M", "M", 2), variant_node("TEE-S", "S", 1, [BB])]},
}


def shown(wanted=WANTED, known=KNOWN, connection=CONNECTION, **changes):
    node = {**copy.deepcopy(PRODUCT), **changes}
    responses = [answered({"data": {"productByIdentifier": node}})]
    return shopify.interpret_read(wanted, known, responses, connection)


def variants(change):
    nodes = copy.deepcopy(PRODUCT["variants"]["nodes"])
    change(nodes)
    return {"nodes": nodes}
