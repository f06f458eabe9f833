"""Our categories and options in a channel's words: suggested, counted, kept as a version, and used when rendering."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import Attribute, AttributeOption, Category, Product
from catalog.products.changes import ProductChange
from channels.connections import connector_of
from channels.mapping import maps, tables, versions
from channels.mapping import trial as trials
from channels.mapping.expressions import BadExpression, parse, write
from channels.models import Channel, MappingVersion
from channels.publishing.desire import Desired, desire
from governance.models import Standing
from tests.channels.publishing.conftest import shop as shop
from tests.channels.publishing.shop import Shop


def category(code: str, label: str, *, parent: Category | None = None, **more: object) -> Category:
    given = {"code": code, "code_key": code, "labels": {"en_US": label}, **more}
    return Category.objects.add_child(parent, given) if parent else Category.objects.add_root(given)


@pytest.fixture
def trees(db: None) -> dict[str, Category]:
    """Ours, and a piece of Shopify's taxonomy with its mapping to Google's."""
    taxonomy = category("shopify", "Shopify product taxonomy")
    apparel = category(
        "shopify_aa", "Apparel & Accessories", parent=taxonomy, values={"google_product_category": "166"}
    )
    shirts = category("shopify_aa-1", "T-Shirts", parent=apparel, values={"google_product_category": "212"})
    shirts.labels = {"en_US": "T-Shirts", "de_DE": "Hemden"}
    shirts.save()
    category("shopify_aa-2", "Coats", parent=apparel, values={"google_product_category": "5598"})
    ours = category("ours", "Our shop")
    men = category("men", "Men", parent=ours)
    return {
        "hemden": category("hemden", "Hemden", parent=men),
        "tshirt": category("tshirt", "T-Shirt", parent=men),
        "odd": category("odd", "Odds and ends", parent=men),
        "own": category("own", "Robes", parent=men, values={"google_product_category": "208"}),
    }


def placed(shop: Shop, code: str, *categories: Category) -> Product:
    product = shop.product(code)
    shop.write(ProductChange(code=code, categories=tuple(each.code for each in categories)))
    shop.approve(product)
    return product


def read(channel: Channel, field: str, source: str, *, suggest: bool = True) -> maps.Map:
    connector, version = connector_of(channel), maps.base(channel)
    rules = version.rules if version else {}
    place = next(p for p in maps.places(channel, connector, rules) if (p[0].code, p[1]) == (field, source))
    return maps.read(channel, connector, rules, *place, suggest=suggest)


def offered(found: maps.Map) -> dict[str, list[tuple[str, str]]]:
    return {row.code: [(each.value, each.reason) for each in row.suggestions] for row in found.rows}


def google(shop: Shop) -> Channel:
    Channel.objects.filter(code="google").update(publishes_on_approval=True)
    return Channel.objects.select_related("mapping").get(code="google")


def mapped(channel: Channel, product: Product) -> dict[str, dict[str, object]]:
    """What the mapping in force makes of the approved product, by row."""
    found = desire(channel, Standing.objects.select_related("live", "product").get(product=product))
    assert isinstance(found, Desired)
    return {v.sku: dict(v.fields) for v in found.source.mapped.variants}


def in_force(version: MappingVersion, shop: Shop) -> None:
    trial = trials.start(version=version, user=shop.user("channelmanager"))
    while trials.advance(trial.pk):
        pass
    versions.activate(version=version, user=shop.user("admin"))


def test_names_in_any_language_shipped_tables_and_neighbours_suggest(shop: Shop, trees: dict[str, Category]) -> None:
    channel = google(shop)
    for n, name in enumerate(trees):
        placed(shop, f"p{n}", trees[name])
    shop.settle()
    found = offered(read(channel, "google_product_category", maps.CATEGORY))
    assert found["hemden"][0] == ("212", "the same name")  # by its German name
    assert found["tshirt"][0] == ("212", "the same name")  # one or several
    assert found["own"][0] == ("208", "said by the category")
    assert found["odd"] == []
    place = next(f for f in connector_of(channel).target_fields if f.code == "google_product_category")
    user = shop.user("channelmanager")
    maps.propose(
        channel=channel, field=place, source=maps.CATEGORY, table={"hemden": "212", "tshirt": "212"}, user=user
    )
    again = read(channel, "google_product_category", maps.CATEGORY)
    assert offered(again)["odd"] == [("212", "as 2 neighbours")]
    assert [row.code for row in again.unmapped] == ["odd", "own"]
    assert again.products_unmapped == 2


def test_what_is_mapped_to_shopify_is_known_for_google(shop: Shop, trees: dict[str, Category]) -> None:
    channel = google(shop)
    placed(shop, "p", trees["odd"])
    shop.settle()
    shopify = shop.channel("shopify")
    field = next(f for f in connector_of(shopify).target_fields if f.code == "category")
    user = shop.user("channelmanager")
    version = maps.propose(channel=shopify, field=field, source=maps.CATEGORY, table={"odd": "aa-2"}, user=user)
    Channel.objects.filter(pk=shopify.pk).update(mapping=version)
    found = offered(read(channel, "google_product_category", maps.CATEGORY))
    assert found["odd"] == [("5598", f"as on {shopify.label}")]


def test_a_table_is_a_version_that_a_second_person_puts_in_force(shop: Shop, trees: dict[str, Category]) -> None:
    channel = google(shop)
    product = placed(shop, "p", trees["hemden"], trees["odd"])
    shop.settle()
    field = next(f for f in connector_of(channel).target_fields if f.code == "google_product_category")
    user = shop.user("channelmanager")
    version = maps.propose(channel=channel, field=field, source=maps.CATEGORY, table={"hemden": "212"}, user=user)
    assert version.pk != channel.mapping_id
    assert mapped(channel, product)["p-s"].get("google_product_category") is None
    version.channel = channel
    assert versions.why_not(version, user)
    in_force(version, shop)
    channel = google(shop)
    assert mapped(channel, product)["p-s"]["google_product_category"] == "212"


def test_options_say_the_channels_words(shop: Shop) -> None:
    channel = google(shop)
    color = Attribute.objects.get(code="color")
    AttributeOption.objects.create(attribute=color, code="nvy", label_key="marine", labels={"en_US": "Marine"})
    shop.product("tee", sizes=("s", "nvy"))
    shop.approve(Product.objects.get(code="tee"))
    shop.settle()
    found = read(channel, "color", "color")
    assert [(row.code, row.label, row.products) for row in found.rows] == [("nvy", "Marine", 1), ("s", "S", 1)]
    assert found.unmapped == []  # Google takes any color
    assert read(channel, "condition", "condition").unmapped == []  # “new” is Google's own word
    version = maps.propose(
        channel=channel, field=found.field, source="color", table={"nvy": "Navy"}, user=shop.user("channelmanager")
    )
    in_force(version, shop)
    said = mapped(google(shop), Product.objects.get(code="tee"))
    assert said["tee-nvy"]["color"] == "Navy"
    assert said["tee-s"]["color"] == "S"  # an option without a word stays what customers read


def test_the_page_keeps_what_was_chosen_and_leads_to_what_it_changes(
    shop: Shop, trees: dict[str, Category], client: Client
) -> None:
    channel = google(shop)
    placed(shop, "p", trees["hemden"])
    shop.settle()
    client.force_login(shop.user("channelmanager"))
    listed = client.get(f"/channels/{channel.code}/maps/").content.decode()
    assert f"/channels/{channel.code}/maps/google_product_category/category/" in listed
    address = f"/channels/{channel.code}/maps/google_product_category/category/"
    page = client.get(address).content.decode()
    assert 'data-suggested="212"' in page
    answer = client.post(address, {"to:hemden": "212"})
    version = MappingVersion.objects.get(channel=channel, note="Google product category: 1 word of the table")
    assert answer.headers["Location"] == f"/channels/{channel.code}/mapping/{version.number}/"
    assert version.trials.exists()
    assert tables.table_of(version.rules["google_product_category"], maps.CATEGORY) == {"hemden": "212"}
    assert client.get(f"/channels/{channel.code}/maps/no_such/category/").status_code == 404
    client.force_login(shop.user("reviewer"))
    assert client.post(address, {"to:hemden": "1"}).status_code == 403


@pytest.mark.parametrize(
    "rule",
    [
        'google_product_category, $category | map: {"$category": {"shirts": "212"}}',
        'color | map: {"color": {"nvy": "Navy"}} | labels',
    ],
)
def test_a_table_is_written_as_any_other_step(rule: str) -> None:
    read_rule = parse(rule)
    assert read_rule is not None
    assert write(read_rule) == rule


def test_a_table_without_its_source_is_refused() -> None:
    with pytest.raises(BadExpression, match="needs a table for each source"):
        parse('color | map: {"nvy": "Navy"}')


def test_an_emptied_table_leaves_the_rule_as_it_was() -> None:
    rule = {"from": "color", "transforms": ["labels"]}
    with_it = tables.with_table(rule, "color", {"nvy": "Navy"})
    assert with_it["transforms"][0] == {"name": "map", "tables": {"color": {"nvy": "Navy"}}}
    assert tables.with_table(with_it, "color", {}) == rule
    assert tables.with_table({"const": "SHIRT"}, "$category", {"a": "COAT"})["default"] == "SHIRT"
