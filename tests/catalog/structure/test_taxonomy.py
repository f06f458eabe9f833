"""Shopify's taxonomy as tree, attributes and options. The excerpt is of release 2024-10 (MIT)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from catalog.change_sets import acting
from catalog.models import Attribute, AttributeOption, Category
from catalog.structure import taxonomy
from tests.world import World

WHOLE = Path(settings.BASE_DIR).parent / "shared/data/taxonomy/shopify-2024-10"
ENGLISH = """# Shopify Product Taxonomy - Categories: 2024-10

gid://shopify/TaxonomyCategory/ap       : Animals & Pet Supplies
gid://shopify/TaxonomyCategory/ap-1     : Animals & Pet Supplies > Live Animals
gid://shopify/TaxonomyCategory/ap-2     : Animals & Pet Supplies > Pet Supplies
gid://shopify/TaxonomyCategory/ap-2-1   : Animals & Pet Supplies > Pet Supplies > Bird Supplies
"""
GERMAN = "gid://shopify/TaxonomyCategory/ap : Tiere & Tierbedarf\n"
MAPPING = """rules:
- input: {product_category_id: ap-1}
  output: {product_category_id: ['3237']}
"""
ATTRIBUTES = {
    "attributes": [
        {
            "name": "Diaper features",
            "handle": "diaper-features",
            "description": "x",
            "values": [
                {"name": "Leakproof", "handle": "diaper-features__leakproof"},
                {"name": "leakproof", "handle": "diaper-features__leakproof-2"},
            ],
        }
    ]
}


def release(folder: Path) -> Path:
    for place, text in (
        ("en/categories.txt", ENGLISH),
        ("de/categories.txt", GERMAN),
        ("en/attributes.json", json.dumps(ATTRIBUTES)),
        ("integrations/google/2021-09-21/mappings/from_shopify.yml", MAPPING),
    ):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_release_becomes_tree_attributes_and_options(world: World, tmp_path: Path) -> None:
    with acting(source="command"):
        made = taxonomy.load(release(tmp_path))
    assert made == {"categories": 4, "attributes": 1, "options": 2, "mapped_to_google": 1}
    root = Category.objects.get(code="shopify")
    assert [c.code for c in Category.objects.get_descendants(root)] == [
        "shopify_ap",
        "shopify_ap-1",
        "shopify_ap-2",
        "shopify_ap-2-1",
    ]
    assert Category.objects.find_problems() == ([], [], [], [], [])
    top = Category.objects.get(code="shopify_ap")
    assert top.labels == {"en_US": "Animals & Pet Supplies", "de_DE": "Tiere & Tierbedarf"}
    assert Category.objects.get(code="shopify_ap-1").values == {"google_product_category": "3237"}
    attribute = Attribute.objects.get(code="shopify_diaper_features")
    assert list(attribute.options.values_list("code", flat=True)) == ["leakproof", "leakproof-2"]


def test_a_newer_release_adds_and_renames_and_takes_nothing_away(world: World, tmp_path: Path) -> None:
    with acting(source="command"):
        taxonomy.load(release(tmp_path))
        again = taxonomy.load(tmp_path)
        more = ENGLISH.replace("Live Animals", "Living Animals") + (
            "gid://shopify/TaxonomyCategory/ap-2-2 : Animals & Pet Supplies > Pet Supplies > Cat Supplies\n"
        )
        (tmp_path / "en/categories.txt").write_text(more, encoding="utf-8")
        newer = taxonomy.load(tmp_path)
    assert again == {"categories": 0, "attributes": 0, "options": 0, "mapped_to_google": 1}
    assert newer["categories"] == 1
    assert Category.objects.get(code="shopify_ap-1").label() == "Living Animals"
    assert Category.objects.get_parent(Category.objects.get(code="shopify_ap-2-2")).code == "shopify_ap-2"
    assert Category.objects.find_problems() == ([], [], [], [], [])


def test_a_folder_without_a_release_is_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(taxonomy.BadFolder, match="categories.txt"), acting(source="command"):
        taxonomy.load(tmp_path)


@pytest.mark.skipif(not WHOLE.is_dir(), reason="the whole taxonomy is not on this machine")
def test_the_whole_taxonomy(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_taxonomy", str(WHOLE), "--json")
    made = json.loads(capsys.readouterr().out)
    assert (made["categories"], made["attributes"], made["options"]) == (10_365, 1_974, 20_501)
    assert made["mapped_to_google"] > 9_000
    assert AttributeOption.objects.filter(attribute__code__startswith="shopify_").count() == 20_501
    assert Category.objects.find_problems() == ([], [], [], [], [])
