"""The main job from the command line: a real file in, approved listings live, a feed out."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.flows.product import ROOT, Product

pytestmark = pytest.mark.flow
FURNITURE = ROOT / "tests/data/shopify/packt_furniture.csv"
BUCKETS = ("created", "updated", "unchanged", "rejected", "merged")


def test_a_file_goes_in_and_listings_go_live(product: Product, tmp_path: Path) -> None:
    assert product.run("demo", "--empty", "--json").json["products"] == 0
    product.start()

    dry = product.run("import_products", str(FURNITURE), "--dry-run", "--json")
    assert dry.code == 0
    assert (dry.json["created"], dry.json["change_set"]) == (21, None)
    done = product.run("import_products", str(FURNITURE), "--json").json
    assert sum(done[b] for b in BUCKETS) == done["rows"] == 21
    assert (done["created"], done["products"], done["variants"]) == (21, 20, 21)
    again = product.run("import_products", str(FURNITURE), "--json").json
    assert again["unchanged"] == again["rows"]

    sku = "floor-lamp"
    assert product.run("preview", "shopify", "--sku", sku, "--json").json["blocked"] is True
    assert product.run("submit", "--all", "--as", "merchandiser", "--json").json["submitted"] == 20
    own = product.run("approve", "--all", "--as", "merchandiser", "--json").json
    assert own["approved"] == 0
    assert product.run("approve", "--all", "--as", "reviewer", "--json").json["approved"] == 20

    shown = product.run("preview", "shopify", "--sku", sku, "--json").json
    assert shown["blocked"] is False
    published = product.run("publish", "shopify", "--wait", "--json").json
    assert published["listings"] == published["live"] == 41
    assert product.run("publish", "shopify", "--wait", "--json").json["unchanged"] == 41
    report = product.run("reconcile", "shopify", "--json").json
    assert (report["checked"], report["in_sync"], report["drifted"], report["missing"]) == (41, 41, [], [])

    google = product.run("publish", "google", "--wait", "--json").json
    assert google["listings"] == google["live"] + google["blocked"]
    out = tmp_path / "feed.xml"
    feed = product.run("export_feed", "google", "--out", str(out), "--json").json
    assert feed["items"] + len(feed["skipped"]) == 21
    assert len(ET.parse(out).getroot().findall("channel/item")) == feed["items"]

    amazon = product.run("preview", "amazon", "--sku", sku, "--json")
    assert amazon.code == 0
    assert [p["code"] for p in amazon.json["preflight"]] == ["no_product_type"]
    assert product.sandbox("violations") == []


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """A home without products that nothing runs in; these commands leave it as it is."""
    made = Product(tmp_path_factory.mktemp("empty") / "home")
    assert made.run("demo", "--empty").code == 0
    return made


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["preview", "nowhere", "--sku", "X"], "nowhere"),
        (["publish", "shopify", "--sku", "no-such-sku"], "no-such-sku"),
        (["import_products", "/no/such/file.csv"], "/no/such/file.csv"),
        (["submit", "--all", "--as", "nobody"], "nobody"),
        (["export_feed", "shopify", "--out", "/tmp/never.xml"], "feed"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(empty: Product, arguments: list[str], word: str) -> None:
    refused = empty.run(*arguments, "--json")
    assert refused.code == 2
    assert refused.out == ""
    assert word in refused.err
    assert "Traceback" not in refused.err


def test_publishing_without_a_worker_says_so(empty: Product) -> None:
    refused = empty.run("publish", "shopify", "--wait", "--json")
    assert refused.code == 1
    assert "worker" in refused.err
    assert refused.json["listings"] == 0
