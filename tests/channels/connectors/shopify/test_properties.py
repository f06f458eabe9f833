"""Whatever the product: what is sent is legal, one pass converges, and each change takes its own call."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.connectors.base import MappedProduct, MappedVariant, Medium, Price
from channels.connectors.shopify import canonical
from channels.connectors.shopify.documents import document
from channels.connectors.shopify.schema import check_variables
from pimhub.foundation.jsonvalue import digest
from tests.channels.connectors.shopify.builders import (
    CONNECTION,
    names,
    publish,
    rendered,
    shopify,
    variables,
)

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
amounts = st.decimals(min_value=0, max_value=100_000, places=2)
prices = st.builds(
    Price,
    currency=st.just("EUR"),
    price=amounts,
    compare_at=st.none() | amounts,
    sale_price=st.none() | amounts,
    sale_to=st.none() | st.just(dt.datetime(2027, 1, 1, tzinfo=dt.UTC)),
    cost=st.none() | amounts,
)
weights = st.fixed_dictionaries(
    {
        "amount": st.decimals(0, 1000, places=3).map(str),
        "unit": st.sampled_from(["g", "kg", "oz", "lb", "mg", "t"]),
    }
)
variant_fields = st.fixed_dictionaries(
    {},
    optional={
        "barcode": st.sampled_from(["4006381333931", "96385074", ""]),
        "weight": weights,
        "requires_shipping": st.booleans(),
        "unit_quantity": st.fixed_dictionaries(
            {"amount": st.decimals("0.01", 1000, places=2).map(str), "unit": st.sampled_from(["ml", "l"])}
        ),
        "unit_reference": st.sampled_from([{"amount": "100", "unit": "ml"}, {"amount": "1", "unit": "l"}]),
        "tracked": st.booleans(),
        "taxable": st.booleans(),
        "inventory_policy": st.sampled_from(["DENY", "CONTINUE"]),
        "tax_code": words,
        "country_of_origin": st.sampled_from(["IT", "de", "CN"]),
        "hs_code": st.sampled_from(["610910", "6109100000"]),
    },
)
product_fields = st.fixed_dictionaries(
    {"title": words.filter(str.strip)},
    optional={
        "description_html": words.map(lambda text: f"<p>{text}</p>"),
        "vendor": words,
        "product_type": words,
        "handle": words,
        "tags": st.lists(words, max_size=4),
        "seo_title": words,
        "seo_description": words,
        "category": st.sampled_from(["aa-1-13-8", "gid://shopify/TaxonomyCategory/sg"]),
        "gift_card": st.booleans(),
        "status": st.sampled_from(["ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED"]),
        "published": st.booleans(),
    },
)


@st.composite
def products(draw: st.DrawFn) -> MappedProduct:
    axes = draw(st.integers(0, 3))
    count = draw(st.integers(1, 4)) if axes else 1
    variants = tuple(
        MappedVariant(
            sku=f"SKU-{index}",
            gtin=draw(st.sampled_from(["", "4006381333931"])),
            fields=draw(variant_fields),
            options=tuple((f"Axis {axis}", f"Value {index if axis == 0 else index % 2}") for axis in range(axes)),
            price=draw(prices),
            stock=draw(st.dictionaries(st.sampled_from(["main", "far", "attic"]), st.integers(-5, 10_000))),
        )
        for index in range(count)
    )
    keys = draw(st.lists(st.sampled_from(["sha256:a", "sha256:b", "sha256:c", "url:https://x.test/d.jpg"]), max_size=5))
    media = tuple(
        Medium(
            key=key,
            url=key.removeprefix("url:") if key.startswith("url:") else f"https://pim.test/{key[7:]}.jpg",
            alt=draw(words),
            sku=draw(st.sampled_from(["", "SKU-0", "SKU-1", "GONE"])),
        )
        for key in keys
    )
    return MappedProduct(
        code="P-1", revision=1, locale="en_US", fields=draw(product_fields), variants=variants, media=media
    )


connections = st.fixed_dictionaries(
    {
        "locations": st.sampled_from(
            [
                {"main": "gid://shopify/Location/1", "far": "gid://shopify/Location/2"},
                {"main": "gid://shopify/Location/1"},
            ]
        ),
        "publications": st.lists(st.sampled_from([f"gid://shopify/Publication/{n}" for n in (1, 2)]), unique=True),
    }
).map(lambda given: replace(CONNECTION, settings=given))

few = settings(max_examples=60, deadline=None)


def legal(calls):
    for call in calls:
        assert check_variables(document(call.name), variables(call)) == []
    return True


@few
@given(products(), connections)
def test_one_pass_is_legal_and_leaves_nothing_to_do(product, connection):
    known, calls = publish(product, None, connection)
    assert legal(calls)
    wanted = rendered(product, connection)
    assert shopify.plan(wanted, known, connection) == []
    assert digest(wanted.bodies) == digest(known.accepted)


@few
@given(products(), products(), connections)
def test_from_any_product_to_any_other(before, after, connection):
    known, _ = publish(before, None, connection)
    held = {key for key in known.links if key.startswith("media:")}
    shown = {file["key"] for file in rendered(before).bodies[""]["media"]["files"]}
    known, calls = publish(after, known, connection)
    assert legal(calls)
    assert "metafieldDefinitionCreate" not in names(calls)
    urls = rendered(after).media_urls
    for call in calls:
        if call.name == "productSet":
            sent = {file.get("originalSource") for file in variables(call)["input"].get("files", [])}
            assert not {urls[key] for key in shown & set(urls) if f"media:{key}" in held} & sent
            assert call.destructive == (len(after.variants) < len(before.variants))
    # Where nothing can be sent (no stock any more, say) the wanted body itself need not be accepted.
    assert shopify.plan(rendered(after, connection), known, connection) == []


@few
@given(products(), st.data())
def test_a_price_changes_alone(product, data):
    known, _ = publish(product)
    index = data.draw(st.integers(0, len(product.variants) - 1))
    old = product.variants[index]
    changed = replace(old, price=data.draw(prices.filter(lambda p: rendered_offer(p) != rendered_offer(old.price))))
    variants = tuple(changed if v is old else v for v in product.variants)
    _, calls = publish(replace(product, variants=variants), known)
    assert names(calls) == ["productVariantsBulkUpdate"]
    assert [v["id"] for v in variables(calls[0])["variants"]] == [f"gid://shopify/ProductVariant/{old.sku}"]
    assert legal(calls)


def rendered_offer(price):
    from channels.connectors.shopify.render import offer

    return offer(price)


@few
@given(products(), st.integers(0, 50_000))
def test_stock_changes_alone(product, units):
    known, _ = publish(product)
    old = product.variants[0]
    changed = replace(old, fields={**old.fields, "tracked": True}, stock={**old.stock, "main": units})
    stable = replace(product, variants=(replace(old, fields=changed.fields), *product.variants[1:]))
    known, _ = publish(stable, known)
    _, calls = publish(replace(product, variants=(changed, *product.variants[1:])), known)
    if old.stock.get("main") == units:
        assert calls == []
        return
    assert names(calls) == ["inventorySetQuantities"]
    [quantity] = variables(calls[0])["input"]["quantities"]
    assert (quantity["quantity"], quantity["changeFromQuantity"]) == (units, old.stock.get("main"))
    assert legal(calls)


@given(st.decimals(0, 10_000_000, places=4))
def test_money_and_numbers_lose_nothing(amount):
    assert Decimal(canonical.money(str(amount))) == amount
    assert Decimal(canonical.number(str(amount))) == amount
    # On the wire a weight is a float, and reads back as the same decimal.
    text = canonical.number(str(amount))
    assert canonical.number(repr(float(text))) == text


@given(words)
def test_normal_forms_are_fixed_points(text):
    for form in (canonical.text, canonical.html, canonical.handle, canonical.category):
        assert form(form(text)) == form(text)
    assert canonical.tags(canonical.tags([text, text.upper()])) == canonical.tags([text, text.upper()])
