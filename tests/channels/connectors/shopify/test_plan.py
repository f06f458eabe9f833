"""Each change takes the smallest call that makes it, and nothing takes a call twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from channels.connectors.base import Facet, Known, Price
from tests.channels.connectors.shopify.builders import (
    CONNECTION,
    FRONT,
    SIDE,
    names,
    publish,
    rendered,
    sent,
    shopify,
    tee,
    variables,
    variant,
    with_fields,
    writes,
)

LOCATION = "gid://shopify/Location/1"
ONLINE, POS = "gid://shopify/Publication/1", "gid://shopify/Publication/2"


def published():
    known, _ = publish(tee())
    return known


def test_a_new_product_is_one_call_after_the_definition_then_published():
    known, calls = publish(tee())
    assert names(calls) == ["metafieldDefinitionCreate", "productSet", "publishablePublish"]
    assert shopify.plan(rendered(tee()), known, CONNECTION) == []
    definition = variables(calls[0])["definition"]
    assert (definition["namespace"], definition["key"], definition["type"]) == ("$app", "pim_id", "id")


def test_the_call_is_complete_to_the_last_header():
    call = shopify.plan(rendered(tee()), Known(), CONNECTION)[1]
    assert call.request.url == "https://shop.test/admin/api/2026-10/graphql.json"
    assert call.request.headers["X-Shopify-Access-Token"] == "secret"
    assert call.request.redacted()["headers"]["X-Shopify-Access-Token"] == "[secret]"
    assert sent(call)["operationName"] == "productSet"
    assert b": " not in call.request.body.split(b'"variables"')[1]
    assert call.then == ("publish to 1 sales channels",)


def test_creating_sends_everything_under_our_own_id():
    call = shopify.plan(rendered(tee()), Known(links={"definition:pim_id": "x"}), CONNECTION)[0]
    given = variables(call)
    assert given["identifier"] is None  # never an update of a product that is there already
    assert given["synchronous"] is True
    assert given["input"] == {
        "title": "Tee",
        "descriptionHtml": "<p>Soft.</p>",
        "vendor": "Acme",
        "handle": "tee",
        "tags": ["Cotton", "new"],
        "metafields": [{"namespace": "$app", "key": "pim_id", "type": "id", "value": "TEE"}],
        "seo": {"title": "A soft tee"},
        "status": "ACTIVE",
        "productOptions": [{"name": "Size", "position": 1, "values": [{"name": "S"}, {"name": "M"}]}],
        "files": [
            {"originalSource": FRONT.url, "alt": "Front", "contentType": "IMAGE"},
            {"originalSource": SIDE.url, "alt": "Side", "contentType": "IMAGE"},
        ],
        "variants": [
            {
                "sku": "TEE-S",
                "taxable": True,
                "inventoryPolicy": "DENY",
                "position": 1,
                "optionValues": [{"optionName": "Size", "name": "S"}],
                "inventoryItem": {
                    "tracked": True,
                    "measurement": {"weight": {"value": 0.2, "unit": "KILOGRAMS"}},
                    "cost": "7.50",
                },
                "file": {"originalSource": SIDE.url, "alt": "Side", "contentType": "IMAGE"},
                "price": "19.90",
                "compareAtPrice": None,
                "inventoryQuantities": [{"locationId": LOCATION, "name": "available", "quantity": 5}],
            },
            {
                "sku": "TEE-M",
                "taxable": True,
                "inventoryPolicy": "DENY",
                "position": 2,
                "optionValues": [{"optionName": "Size", "name": "M"}],
                "inventoryItem": {
                    "tracked": True,
                    "measurement": {"weight": {"value": 0.2, "unit": "KILOGRAMS"}},
                    "cost": "7.50",
                },
                "price": "19.90",
                "compareAtPrice": None,
                "inventoryQuantities": [{"locationId": LOCATION, "name": "available", "quantity": 5}],
            },
        ],
    }
    assert not call.idempotent
    assert not call.destructive


def test_a_changed_price_takes_one_bulk_update():
    dear = Price(currency="EUR", price=Decimal("25"), sale_price=Decimal("21.5"), cost=Decimal("7.5"))
    product = tee(variants=(variant("TEE-S", "S", price=dear), variant("TEE-M", "M")))
    known, calls = publish(product, published())
    assert names(calls) == ["productVariantsBulkUpdate"]
    assert variables(calls[0]) == {
        "productId": "gid://shopify/Product/1",
        "variants": [
            {
                "id": "gid://shopify/ProductVariant/TEE-S",
                "price": "21.50",
                "compareAtPrice": "25.00",
                "inventoryItem": {"cost": "7.50"},
            }
        ],
    }
    assert calls[0].carries == (("TEE-S", Facet.OFFER),)
    # The sale ends: the struck-through price goes.
    _, calls = publish(tee(), known)
    assert variables(calls[0])["variants"][0]["compareAtPrice"] is None


def test_a_cost_no_longer_known_is_emptied():
    product = tee(variants=(variant("TEE-S", "S", price=Price("EUR", Decimal("19.9"))), variant("TEE-M", "M")))
    _, [call] = publish(product, published())
    assert variables(call)["variants"][0]["inventoryItem"] == {"cost": None}


def test_changed_stock_takes_one_call_against_what_we_know():
    known = published()
    product = tee(variants=(variant("TEE-S", "S", stock={"main": 2}), variant("TEE-M", "M")))
    [call] = shopify.plan(rendered(product), known, CONNECTION)
    assert call.name == "inventorySetQuantities"
    assert variables(call)["input"]["quantities"] == [
        {
            "inventoryItemId": "gid://shopify/InventoryItem/TEE-S",
            "locationId": LOCATION,
            "quantity": 2,
            "changeFromQuantity": 5,
        }
    ]
    again = shopify.plan(rendered(product), known, CONNECTION)[0]
    assert call.request == again.request  # the same key for the same call
    later = shopify.plan(rendered(product), replace(known, number=known.number + 1), CONNECTION)[0]
    assert variables(later)["key"] != variables(call)["key"]


def test_stock_we_never_saw_is_set_whatever_it_is():
    known = published()
    accepted = {row: {k: v for k, v in bodies.items() if k != "stock"} for row, bodies in known.accepted.items()}
    [call] = shopify.plan(rendered(tee()), replace(known, accepted=accepted), CONNECTION)
    assert {q["changeFromQuantity"] for q in variables(call)["input"]["quantities"]} == {None}


def test_many_stock_rows_are_split():
    many = tuple(variant(f"V{i}", f"Size {i}") for i in range(250))
    known, _ = publish(tee(variants=many, media=()))
    more = tuple(replace(v, stock={"main": 6, "far": 1}) for v in many)
    connection = replace(
        CONNECTION,
        settings={**CONNECTION.settings, "locations": {"main": LOCATION, "far": "gid://shopify/Location/2"}},
    )
    product = tee(variants=more, media=())
    calls = shopify.plan(rendered(product, connection), known, connection)
    assert names(calls) == ["inventorySetQuantities"] * 2
    assert [len(variables(c)["input"]["quantities"]) for c in calls] == [250, 250]
    assert len({variables(c)["key"] for c in calls}) == 2
    assert sum(len(c.carries) for c in calls) == 250


def test_changed_text_leaves_price_stock_and_pictures_alone():
    _, [call] = publish(with_fields(tee(), title="Best tee"), published())
    given = variables(call)
    assert call.name == "productSet"
    assert given["identifier"] == {"id": "gid://shopify/Product/1"}
    assert given["input"]["title"] == "Best tee"
    assert not {"files", "status"} & set(given["input"])
    for one in given["input"]["variants"]:
        assert one["id"] == f"gid://shopify/ProductVariant/{one['sku']}"
        assert not {"price", "compareAtPrice", "inventoryQuantities", "file"} & set(one)
        assert "cost" not in one["inventoryItem"]
    assert call.carries == (("", Facet.CONTENT),)
    assert call.idempotent


def test_a_new_handle_leaves_a_redirect_behind():
    _, [call] = publish(with_fields(tee(), handle="soft-tee"), published())
    given = variables(call)["input"]
    assert (given["handle"], given["redirectNewHandle"]) == ("soft-tee", True)


def test_what_we_no_longer_say_is_emptied():
    product = with_fields(tee(), vendor=None, tags=None, seo_title=None)
    product = replace(product, variants=(variant("TEE-S", "S", fields={}), variant("TEE-M", "M")))
    known, calls = publish(product, published())
    call, tags = writes(calls)
    given = variables(call)["input"]
    assert (given["vendor"], given["seo"]) == ("", {"title": ""})
    assert "tags" not in given
    assert (tags.name, variables(tags)["tags"]) == ("tagsRemove", ["Cotton", "new"])
    weight = given["variants"][0]["inventoryItem"]["measurement"]["weight"]
    assert weight == {"value": 0.0, "unit": "KILOGRAMS"}
    # Once emptied it is the shop's own affair again.
    _, [call] = publish(with_fields(product, title="Other"), known)
    assert "vendor" not in variables(call)["input"]


def test_a_new_variant_brings_its_price_and_stock():
    product = tee(variants=(*tee().variants, variant("TEE-L", "L", stock={"main": 1})))
    known, calls = publish(product, published())
    assert names(calls) == ["productSet"]
    *old, new = variables(calls[0])["input"]["variants"]
    assert all("price" not in one and "id" in one for one in old)
    assert (new["price"], new["inventoryItem"]["cost"]) == ("19.90", "7.50")
    assert new["inventoryQuantities"] == [{"locationId": LOCATION, "name": "available", "quantity": 1}]
    assert not calls[0].destructive
    assert ("TEE-L", Facet.STOCK) in calls[0].carries
    assert known.links["inventory:TEE-L"] == "gid://shopify/InventoryItem/TEE-L"


def test_removing_a_variant_is_destructive_and_forgets_its_ids():
    known, [call] = publish(tee(variants=(variant("TEE-S", "S"),)), published())
    assert call.destructive
    assert call.context["removed"] == ["TEE-M"]
    assert "variant:TEE-M" not in known.links
    assert "inventory:TEE-M" not in known.links


def test_several_changes_come_in_order():
    dear = Price(currency="EUR", price=Decimal("25"))
    product = with_fields(
        tee(variants=(variant("TEE-S", "S", price=dear, stock={"main": 0}), variant("TEE-M", "M"))),
        title="New",
        status="ARCHIVED",
    )
    _, calls = publish(product, published())
    assert names(calls) == [
        "productSet",
        "productVariantsBulkUpdate",
        "inventorySetQuantities",
        "productUpdate",
    ]


def test_ids_beyond_the_first_page_are_read_before_anything_is_changed():
    many = tuple(variant(f"V{i}", f"Size {i}") for i in range(251))
    product = tee(variants=many, media=())
    known, _ = publish(product)
    assert "variant:V250" not in known.links
    dear = tuple(replace(v, price=Price("EUR", Decimal("1"))) for v in many)
    [call] = shopify.plan(rendered(tee(variants=dear, media=())), known, CONNECTION)
    assert call.name == "productRead"
    assert call.carries == ()
    assert call.context["skus"] == ["V250"]
