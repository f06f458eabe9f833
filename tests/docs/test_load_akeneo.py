"""The loader of the documentation, run against the API: every cell lands, is inherited, or is refused with a reason."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from catalog.models import Product, Variant
from tests.catalog.api.conftest import Api
from tests.world import World, build_world

ICECAT = Path(settings.BASE_DIR).parent / "shared/data/akeneo_icecat"
SMALL = {
    "locales": "code;activated\nen_US;1\nde_DE;1\nxx_XX;0\n",
    "currencies": "code;activated\nEUR;1\n",
    "categories": "code;parent;label-en_US\nmaster;;Master\nshirts;master;Shirts\n",
    "channels": "code;label-en_US;locales;currencies;tree\nprint;Print;en_US,de_DE;EUR;master\n",
    "attribute_groups": "code;sort_order;label-en_US\nmarketing;0;Marketing\n",
    "attributes": "code;label-en_US;decimals_allowed;default_metric_unit;group;localizable;max_characters;"
    "metric_family;scopable;sort_order;type;unique;useable_as_grid_filter;wysiwyg_enabled\n"
    "sku;SKU;;;marketing;0;;;0;1;pim_catalog_identifier;1;1;\n"
    "ean;EAN;;;marketing;0;;;0;1;pim_catalog_text;1;1;\n"
    "title;Title;;;marketing;1;10;;1;2;pim_catalog_text;0;1;\n"
    "colour;Colour;;;marketing;0;;;0;3;pim_catalog_simpleselect;0;1;\n"
    "heft;Heft;1;GRAM;marketing;0;;Weight;0;4;pim_catalog_metric;0;0;\n"
    "cost;Cost;1;;marketing;0;;;0;5;pim_catalog_price_collection;0;0;\n",
    "attribute_options": "code;label-en_US;attribute;sort_order\nred;Red;colour;1\nblue;Blue;colour;2\n",
    "association_types": "code;label-en_US\nX_SELL;Cross sell\n",
    "families": "code;label-en_US;attributes;attribute_as_image;attribute_as_label;requirements-print\n"
    "shirts;Shirts;sku,ean,title,colour,heft,cost;;title;sku,title\n",
    "family_variants": "code;family;variant-axes_1;variant-axes_2;variant-attributes_1;variant-attributes_2\n"
    "by_colour;shirts;colour;;sku,colour,heft;\n",
    "product_models": "code;family_variant;parent;categories;title-en_US-print;cost-EUR\n"
    "polo;by_colour;;shirts;Polo;9.50\nempty;by_colour;;shirts;Empty;\n",
    "products": "sku;categories;enabled;family;parent;groups;ean;title-en_US-print;colour;heft;heft-unit;cost-EUR;"
    "X_SELL-products;X_SELL-groups\n"
    "polo-red;shirts;1;shirts;polo;;4006381333931;Polo;red;180;GRAM;9.50;;\n"
    "polo-blue;shirts;1;shirts;polo;;4006381333932;Polo;blue;190;GRAM;9.50;;\n"
    "lone;shirts;1;shirts;;;;Lone;red;200;GRAM;3;polo-red;promo\n"
    "long;shirts;1;shirts;;;;A title too long;green;;;;;\n"
    "orphan;shirts;1;shirts;gone;;;Orphan;red;;;;;\n"
    "kindless;;1;;;;;Kindless;;;;;;\n",
}


def loaded(world: World, folder: Path) -> Any:
    path = Path(settings.BASE_DIR) / "docs/examples/load_akeneo.py"
    spec = importlib.util.spec_from_file_location("load_akeneo", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    api = Api(world).of("ada", rate=100_000)

    def send(method: str, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        answer = api.call(method, path, body, kind=kind)
        return answer.status_code, b"".join(answer) if answer.streaming else answer.content

    return module.load(folder, send)


@pytest.mark.django_db
def test_a_small_export_is_accounted_for_cell_by_cell(tmp_path: Path) -> None:
    world = build_world()
    for name, text in SMALL.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    done = loaded(world, tmp_path)
    assert dict(done.refused) == {
        "its parent does not exist": 2,
        "no product is below the model": 1,
        "value refused: gtin_check_digit": 1,
        "value refused: too_long": 1,
        "value refused: unknown_option": 1,
        "product refused: family_missing": 1,
        "associations with groups are not spoken": 1,
    }
    assert done.repeated == 4
    assert "not accounted for" not in done.report()
    polo = Product.objects.get(code="polo")
    assert polo.values == {"title@en_US#print": "Polo", "cost": {"EUR": "9.50"}}
    assert Variant.objects.get(sku="polo-red").values == {"colour": "red", "heft": {"amount": "180", "unit": "g"}}
    assert Variant.objects.get(sku="polo-red").gtin == "4006381333931"
    again = loaded(world, tmp_path)
    assert (again.landed, again.rows["products/ created"]) == (done.landed, 0)


@pytest.mark.django_db
@pytest.mark.skipif(not ICECAT.is_dir(), reason="the demo catalogue is not on this machine")
def test_a_real_export_is_accounted_for() -> None:
    done = loaded(build_world(), ICECAT)
    assert "not accounted for" not in done.report()
    assert done.rows["products/ created"] == 1046
    assert done.rows["products/ rejected"] == 1
    assert done.rows["families/ created"] == 17
    assert done.landed > 7000
    assert not [reason for reason in done.refused if "internal" in reason or "not_on_variant" in reason]
