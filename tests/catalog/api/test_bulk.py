"""Ten thousand products in a call: a result a line, in order, one bad line stopping no other."""

from __future__ import annotations

import gc
import io
import json
import tracemalloc
from typing import Any

import pytest

from catalog.api import bulk, offers, product_lines
from catalog.models import ChangeSet, JournalEntry, Product, Variant
from tests.catalog.api.conftest import Api
from tests.world import World


def line(number: int, **more: Any) -> dict[str, Any]:
    return {
        "code": f"b{number}",
        "family": "default",
        "values": {"name@en_US": f"Bulk {number}"},
        "variants": [{"sku": f"b{number}"}],
    } | more


MIXED = [
    line(1),
    line(2, values={"brand": "Acme", "colour": "x"}),
    "{not json",
    line(3, family="none"),
    line(1),
    "",
    line(4),
]


def test_every_line_has_its_answer_in_order(api: Api) -> None:
    results = api.bulk("products/", MIXED)
    assert [(r["line"], r["code"], r["status"]) for r in results] == [
        (1, "b1", 201),
        (2, "b2", 422),
        (3, "", 400),
        (4, "b3", 422),
        (5, "b1", 200),
        (7, "b4", 201),
    ]
    assert results[1]["errors"][0]["key"] == "colour"
    assert results[3]["errors"][0]["code"] == "unknown_family"
    assert results[4]["result"] == "unchanged"
    assert set(Product.objects.values_list("code", flat=True)) == {"b1", "b4"}


def test_rejecting_values_keeps_the_rest_of_a_line(api: Api) -> None:
    results = api.bulk("products/?on_error=reject_values", MIXED)
    assert [r["status"] for r in results] == [201, 201, 400, 422, 200, 201]
    assert results[1]["errors"][0]["code"] == "unknown_attribute"
    assert Product.objects.get(code="b2").values == {"brand": "Acme"}


def test_rejecting_all_writes_all_or_nothing(api: Api) -> None:
    results = api.bulk("products/?on_error=reject_all", MIXED)
    assert [r["status"] for r in results] == [424, 422, 400, 422, 424, 424]
    assert not Product.everything.exists()
    assert not JournalEntry.objects.exists()
    good = api.bulk("products/?on_error=reject_all", [line(n) for n in range(5)])
    assert {r["status"] for r in good} == {201}
    assert Product.objects.count() == 5


def test_a_dry_run_writes_nothing(api: Api) -> None:
    assert [r["status"] for r in api.bulk("products/?dry_run=true", MIXED)] == [201, 422, 400, 422, 200, 201]
    assert not Product.everything.exists()


def test_one_call_is_one_change_set(api: Api) -> None:
    api.bulk("products/", [line(n) for n in range(450)])  # more than two batches
    api.bulk("products/", [line(n, values={"brand": "Acme"}) for n in range(450)], X_Change_Reason="rebranded")
    touched = JournalEntry.objects.filter(sku="", changes__has_key="brand")
    assert touched.count() == 450
    (act,) = ChangeSet.objects.filter(pk__in=touched.values("change_set"))
    assert (act.source, act.reason, act.user) == ("api", "rebranded", api.world.people["mara"])


def test_a_product_that_breaks_us_is_named_and_the_others_go_in(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    written = product_lines.write_products

    def fragile(changes: Any, **how: Any) -> Any:
        if any(c.code == "b2" for c in changes):
            raise RuntimeError("broken")
        return written(changes, **how)

    monkeypatch.setattr(product_lines, "write_products", fragile)
    results = api.bulk("products/", [line(1), line(2), line(3)])
    assert [(r["status"], [e["code"] for e in r["errors"]]) for r in results] == [
        (201, []),
        (500, ["internal_error"]),
        (201, []),
    ]


def test_a_message_that_breaks_us_is_named_and_the_others_are_taken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.bulk("products/", [line(1), line(2)])
    taken = offers.take

    def fragile(messages: Any, reference: Any) -> Any:
        if any(m.sku == "b2" for m in messages):
            raise RuntimeError("broken")
        return taken(messages, reference)

    monkeypatch.setattr(offers, "take", fragile)
    messages = [{"sku": f"b{n}", "location": "main", "available": n} for n in (2, 1)]
    results = api.bulk("stock/", [*messages, "{"])
    assert [(r["line"], r["code"], r["status"]) for r in results] == [(1, "b2", 500), (2, "b1", 200), (3, "", 400)]
    assert [s["available"] for s in api.get("stock/").json()["results"]] == [1]


@pytest.mark.parametrize("path", ["products/", "offers/", "stock/", "attributes/"])
def test_a_line_that_is_too_long_is_refused_by_itself(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(bulk, "MAX_LINE", 100)
    results = api.of("ada").bulk(path, ["{" + " " * 200 + "}", "[]"])
    assert [(r["line"], r["status"]) for r in results] == [(1, 413), (2, 422)]


def test_only_so_many_and_only_so_long(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MAX_LINES", 3)
    answer = api.send("products/", [line(n) for n in range(4)])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_lines")
    monkeypatch.setattr(bulk, "MAX_LINE", 200)
    results = api.bulk("products/", [line(1), line(2, values={"brand": "x" * 300}), line(3)])
    assert [(r["status"], r["line"]) for r in results] == [(201, 1), (413, 2), (201, 3)]


def test_other_media_types_are_told_what_to_send(api: Api) -> None:
    answer = api.patch("products/", [line(1)])
    assert (answer.status_code, answer.json()["code"]) == (415, "not_ndjson")


def test_a_chunked_body_is_read_to_its_end(api: Api) -> None:
    """Clients that stream do not say how long the body is."""
    body = b"\n".join(json.dumps(line(n)).encode() for n in range(3))
    answer = api.client.generic(
        "PATCH",
        "/api/v1/products/",
        b"",
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {api.token}", "Transfer-Encoding": "chunked"},
        **{"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": "application/x-ndjson"},
    )
    assert len(b"".join(answer).splitlines()) == 3  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)  # or what waits for the commit would grow
def test_memory_is_flat_in_the_number_of_lines(api: Api) -> None:
    """What is alive after each two hundred lines does not grow."""
    answer = api.send("products/", [line(n) for n in range(2400)])
    tracemalloc.start()
    alive = []
    for _ in answer:
        gc.collect()
        alive.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(alive) == 12
    assert alive[-1] < alive[1] + 100_000
    assert Variant.objects.count() == 2400
