"""The journal is complete: played back over nothing, it gives the product as it is."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import JournalEntry
from catalog.products.changes import OfferChange, VariantChange
from catalog.products.state import Flat, is_part
from pimhub.foundation.jsonvalue import JSON
from tests.world import World

STEP = st.tuples(
    st.sampled_from(["Acme", "Bolt", None]),
    st.sampled_from(["tee-s", "TEE-M"]),
    st.sampled_from(["1", "2", None]),
    st.sampled_from([Decimal("18.5"), Decimal("19.9"), Decimal("21.0001")]),
    st.integers(-3, 3),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=5))
def test_the_journal_played_back_is_the_product(world: World, steps: list[tuple[object, ...]]) -> None:
    code = f"p{JournalEntry.objects.count()}"
    world.product(code)
    for brand, sku, mpn, price, stock in steps:
        world.change(
            code,
            values={"brand": brand},
            variants=(
                VariantChange(
                    str(sku).replace("tee", code).replace("TEE", code),
                    values={"mpn": mpn},
                    offers={"default": OfferChange(price=price)},
                    stock={"main": stock},
                ),
            ),
        )
    played: Flat = {}
    for entry in JournalEntry.objects.filter(product__code=code).order_by("pk"):
        row = played.setdefault(entry.sku, {})
        for key, (_, new, *deliberate) in entry.changes.items():
            row[key] = new
            if new is None and not (deliberate and deliberate[0] & 2) and not is_part(key):
                del row[key]  # inherited, not empty
    now = world.flat(code)
    assert played.keys() == now.keys()
    for sku, row in now.items():
        assert _said(played[sku]) == _said(row)


def _said(row: dict[str, JSON]) -> dict[str, JSON]:
    """Parts that are nothing may be left out; an empty value may not, it is not an inherited one."""
    return {k: v for k, v in row.items() if v not in (None, []) or not is_part(k)}
