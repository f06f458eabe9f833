"""The benchmarks run, on a few products; what they measure is nobody's concern here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.product import ROOT, Product

pytestmark = pytest.mark.flow


@pytest.mark.parametrize(
    ("arguments", "figure"),
    [
        (["import_rows", "--products", "4"], "rows_per_second"),
        (["feed_items", "--products", "4"], "items_per_second"),
        (["publishing", "--products", "2"], "items_per_second"),
        pytest.param(["freshness", "--products", "4"], "live_p50_s", marks=pytest.mark.long),
        pytest.param(["webhooks", "--products", "4"], "p99_ms", marks=pytest.mark.long),
        pytest.param(["stock_freshness", "--products", "6"], "live_p50_s", marks=pytest.mark.long),
        (["pages", "--products", "4"], "p50_ms"),
        (["governance", "--products", "60"], "entries_s"),
        (["prompt_versions", "--products", "20"], "seconds"),
        (["shopify", "--products", "6"], "of_limit"),
        pytest.param(["file_intake", "--rows", "6000"], "killed", marks=pytest.mark.long),
        (["shopify_files", "--folder", str(ROOT / "tests/data/shopify")], "rows"),
    ],
)
def test_a_benchmark_prints_figures_and_leaves_nothing(tmp_path: Path, arguments: list[str], figure: str) -> None:
    product = Product(tmp_path / "home")
    done = product.run("bench", *arguments, "--json")
    assert done.code == 0, done.err
    (rows,) = done.json.values()
    assert any(row.get(figure) for row in rows)
    assert not (product.home / "pimhub.sqlite3").exists()


def test_a_benchmark_that_there_is_not_is_refused(tmp_path: Path) -> None:
    refused = Product(tmp_path / "home").run("bench", "nothing")
    assert refused.code == 2
    assert "import_rows" in refused.err
