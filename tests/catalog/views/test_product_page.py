"""The product page: what it shows in people's words, and what it takes."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from catalog.models import AssociationType, Attribute, AttributeOption, Offer, Product, StockLevel, Variant
from catalog.products.changes import AssociationChange, VariantChange
from catalog.products.trash import trash_option
from tests.world import World

GTIN = "4006381333931"


@pytest.fixture
def mara(world: World, client: Client) -> Client:
    world.product()
    client.force_login(world.people["mara"])
    return client


def form(**changed: str) -> dict[str, str]:
    """What the form holds for both variants, and what was changed in it."""
    held = {}
    for sku in ("tee-s", "tee-m"):
        for name, value in (("gtin", ""), ("price", "19.90"), ("stock", "5")):
            held[f"{name}:{sku}"] = held[f"base-{name}:{sku}"] = value
    return held | changed


def test_labels_stand_where_codes_were(mara: Client) -> None:
    text = mara.get("/products/tee/").content.decode()
    assert "Size" in text
    assert "Price (default)" in text
    assert "offers.default.price" not in text
    assert '"id":' not in text


def test_a_gtin_is_written_and_a_wrong_one_stays_to_be_mended(mara: Client) -> None:
    assert mara.post("/products/tee/", form(**{"gtin:tee-s": GTIN})).status_code == 302
    assert Variant.objects.get(sku="tee-s").gtin == GTIN
    wrong = mara.post("/products/tee/", form(**{"gtin:tee-m": "4006381333932", "price:tee-m": "21.00"}))
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert "check digit" in text.lower()
    assert 'value="4006381333932"' in text
    assert 'value="21.00"' in text
    assert Variant.objects.get(sku="tee-m").gtin is None


def test_yes_and_no_are_chosen(mara: Client) -> None:
    text = mara.get("/products/tee/").content.decode()
    assert '<option value="true">Yes</option>' in text
    mara.post("/products/tee/", form(**{"value:gift_card": "true", "base:gift_card": ""}))
    assert Product.objects.get(code="tee").values["gift_card"] is True


def test_reviewers_land_in_their_queue_and_merchandisers_on_products(mara: Client, world: World) -> None:
    assert mara.get("/").headers["Location"] == "/products/"
    for name, page in (("rafael", "/review/"), ("chiara", "/channels/")):
        mara.force_login(world.people[name])
        assert mara.get("/").headers["Location"] == page


def test_options_by_the_thousand_are_searched_while_typing(mara: Client, world: World) -> None:
    gender = Attribute.objects.get(code="gender")
    AttributeOption.objects.bulk_create(
        AttributeOption(attribute=gender, code=f"g{n}", label_key=f"kind {n}", labels={"en_US": f"Kind {n}"})
        for n in range(3000)
    )
    page = mara.get("/products/tee/").content.decode()
    assert page.count("<option") < 500
    assert "/attributes/gender/options/" in page
    found = mara.get("/attributes/gender/options/", {"value:gender": "kind 299"}).content.decode()
    assert '<option value="g299">Kind 299</option>' in found
    several = mara.get("/attributes/tags/options/", {"value:tags": "a; b"}).content.decode()
    assert several == ""
    assert '"x; g2999"' in mara.get("/attributes/gender/options/", {"q": "x; kind 2999"}).content.decode()
    mara.post("/products/tee/?locale=en_US", {"value:gender": "KIND 7", "base:gender": ""})
    assert Product.objects.get(code="tee").values["gender"] == "g7"
    wrong = mara.post("/products/tee/?locale=en_US", {"value:gender": "nothing", "base:gender": "g7"})
    assert wrong.status_code == 422


def chosen(page: str, key: str) -> str:
    """What a browser would send for a list to choose from."""
    box = re.search(rf'<select [^>]*name="value:{key}".*?</select>', page, re.S)
    assert box is not None
    picked = re.search(r'<option value="([^"]*)" selected', box[0])
    return picked[1] if picked else ""


def test_an_option_that_is_in_the_trash_stays_where_it_was_chosen(mara: Client, world: World) -> None:
    gender = Attribute.objects.get(code="gender")
    unisex = AttributeOption.objects.get(attribute=gender, code="unisex")
    world.change("tee", values={"gender": "unisex"})
    trash_option(unisex, force=True)
    page = mara.get("/products/tee/").content.decode()
    assert chosen(page, "gender") == "unisex"


def test_variants_choose_from_the_same_lists(mara: Client) -> None:
    page = mara.get("/products/tee/variant/?sku=tee-s").content.decode()
    assert chosen(page, "size") == "s"
    sent = {"value:taxable": "false", "base:taxable": chosen(page, "taxable")}
    assert mara.post("/products/tee/variant/?sku=tee-s", sent).status_code == 302
    assert Variant.objects.get(sku="tee-s").values["taxable"] is False


@pytest.mark.parametrize(
    ("name", "mine", "theirs"), [("price", "20.90", "21.00"), ("stock", "4", "3"), ("gtin", "4006381333931", "")]
)
def test_figures_that_somebody_changed_meanwhile_are_not_written_over(
    mara: Client, name: str, mine: str, theirs: str
) -> None:
    seen = {f"base-{name}:tee-s": "96385074" if name == "gtin" else form()[f"{name}:tee-s"]}
    if name == "price":
        Offer.objects.filter(variant__sku="tee-s").update(price=theirs)
    if name == "stock":
        StockLevel.objects.filter(variant__sku="tee-s").update(available=theirs)
    answer = mara.post("/products/tee/", form(**{f"{name}:tee-s": mine}) | seen)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody changed this meanwhile" in page
    assert f'name="{name}:tee-s" value="{mine}"' in page  # what was typed is still there
    assert f'name="base-{name}:tee-s" value="{theirs}"' in page  # saved again, it replaces theirs
    variant = Variant.objects.get(sku="tee-s")
    assert (variant.gtin or "") == ""
    assert f"{variant.offers.get().price:.2f}" == ("21.00" if name == "price" else "19.90")
    assert variant.stock_levels.get().available == (3 if name == "stock" else 5)


def test_a_price_is_shown_to_its_last_decimal(mara: Client) -> None:
    Offer.objects.filter(variant__sku="tee-s").update(price="0.0049")
    assert 'name="price:tee-s" value="0.0049"' in mara.get("/products/tee/").content.decode()


def test_a_variants_value_that_somebody_changed_meanwhile_is_not_written_over(mara: Client, world: World) -> None:
    address = "/products/tee/variant/?sku=tee-s"
    world.change("tee", variants=(VariantChange(sku="tee-s", values={"mpn": "THEIRS"}),))
    sent = {"value:mpn": "MINE", "base:mpn": ""}
    answer = mara.post(address, sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody changed this meanwhile" in page
    assert 'value="MINE"' in page
    assert 'name="base:mpn" value="THEIRS"' in page
    assert Variant.objects.get(sku="tee-s").values["mpn"] == "THEIRS"
    assert mara.post(address, sent | {"base:mpn": "THEIRS"}).status_code == 302
    assert Variant.objects.get(sku="tee-s").values["mpn"] == "MINE"


def test_what_was_saved_is_named_in_words(mara: Client) -> None:
    page = mara.post("/products/tee/", form(**{"price:tee-s": "20.90", "stock:tee-s": "4"}), follow=True).content
    assert "Saved: Price (default), Stock (main)." in page.decode()


@pytest.mark.parametrize(("sku", "address"), [("", "/products/tee/trash/"), ("tee-s", "/products/tee/variants/trash/")])
def test_what_is_in_use_asks_before_it_goes_to_the_trash(world: World, client: Client, sku: str, address: str) -> None:
    AssociationType.objects.create(code="goes_with")
    for code in ("tee", "jug"):
        world.product(code)
    target = AssociationChange(sku=sku) if sku else AssociationChange(product="tee")
    world.change("jug", associations={"goes_with": (target,)})
    client.force_login(world.people["ada"])
    asked = client.post(address, {"sku": sku})
    text = asked.content.decode()
    assert (asked.status_code, "associated by: jug" in text, f'action="{address}"' in text) == (409, True, True)
    assert f"{sku or 'tee'} is in use" in text
    assert Variant.objects.filter(sku="tee-s", product__trashed_at__isnull=True, trashed_at__isnull=True).exists()
    assert client.post(address, {"sku": sku, "force": "1"}).status_code == 302
    assert not Variant.objects.filter(sku="tee-s", product__trashed_at__isnull=True, trashed_at__isnull=True).exists()
