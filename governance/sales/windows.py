"""Which sales may be shown: all, or where a policy asks for it, those that one of its approvers has approved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from catalog.models import Offer, PriceList
from governance.models import SaleDecision, SalePolicy

SALE = ("sale_price", "sale_from", "sale_to")


@dataclass(frozen=True, slots=True)
class Windows:
    """`policies`: {price list: the policy that asks}, of the lists that were asked about."""

    policies: Mapping[int, SalePolicy]

    def among(self, offers: QuerySet[Offer]) -> QuerySet[Offer]:
        """The offers, each with the word on its sale as it is now: `word` is True, False or None."""
        return with_word(offers) if self.policies else offers

    def may_show(self, offer: Offer) -> bool:
        """Of an offer read by `among`."""
        if offer.sale_price is None or offer.price_list_id not in self.policies:
            return True
        return bool(offer.word)  # type: ignore[attr-defined]

    def shown(self, offer: Offer) -> Offer:
        """The offer as it may be shown: without a sale that nobody approved."""
        if self.may_show(offer):
            return offer
        bare = copy(offer)
        for name in SALE:
            setattr(bare, name, None)
        return bare


def windows(price_lists: Collection[int]) -> Windows:
    rows = SalePolicy.objects.filter(Q(price_list__in=price_lists) | Q(price_list__isnull=True)).order_by("pk")
    own: dict[int, SalePolicy] = {p.price_list_id: p for p in rows if p.price_list_id is not None}
    general = next((p for p in rows if p.price_list_id is None), None)
    return Windows(own if general is None else dict.fromkeys(price_lists, general) | own)


def with_word(offers: QuerySet[Offer]) -> QuerySet[Offer]:
    """A decision counts for exactly the price and the window that were decided on."""
    same = SaleDecision.objects.filter(
        _same("sale_from"),
        _same("sale_to"),
        variant=OuterRef("variant"),
        price_list=OuterRef("price_list"),
        sale_price=OuterRef("sale_price"),
    )
    return offers.annotate(word=Subquery(same.order_by("-pk").values("approved")[:1]))


def _same(name: str) -> Q:
    outer: Any = OuterRef(name)
    return Q(**{name: outer}) | (Q(**{f"{name}__isnull": True}) & Q(IsNull(outer, True)))


def policed() -> QuerySet[PriceList]:
    """Price lists whose sales need a word."""
    policies = SalePolicy.objects.filter(Q(price_list__isnull=True) | Q(price_list=OuterRef("pk")))
    return PriceList.objects.filter(Exists(policies))
