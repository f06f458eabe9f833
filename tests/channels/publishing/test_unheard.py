"""A change whose answer was lost, taken back before anybody knew: the channel ends with what is wanted now."""

from __future__ import annotations

import pytest

from catalog import events
from catalog.products.changes import ProductChange
from channels.publishing.dispatch import dispatch
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_three_channels import CHANNELS, approved, as_desired, calm, chaos, reprice, settled
from tests.channels.publishing.test_three_channels import shop3 as shop3  # noqa: PLC0414


@pytest.mark.parametrize("what", ["price", "text"])
def test_what_was_taken_back_after_a_lost_answer_is_sent_again(shop3: Shop, what: str) -> None:
    shop = shop3
    product = approved(shop, "tee")

    def change(word: str) -> None:
        if what == "price":
            reprice(shop, "tee", word)
        else:
            shop.write(ProductChange(code="tee", values={"name@en_US": f"Shirt {word}"}))
            shop.approve(product)
        events.derive()

    change("21.50")
    settled(shop)
    chaos(shop, "timeout_after", rate=1, seed=1)
    change("23.50")
    dispatch(seconds=2)
    calls = shop.sandbox.control("calls?since=0")
    assert {c["channel"] for c in calls if c["chaos"] == "timeout_after" and c["effects"]} == set(CHANNELS)
    calm(shop)
    change("21.50")
    settled(shop)
    as_desired(shop)
