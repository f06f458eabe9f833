"""Commands on a channel: find it, find the products."""

from __future__ import annotations

from catalog.management.base import BadInput
from catalog.models import Product, Variant
from catalog.models.codes import code_key
from channels.models import Channel


def channel_named(code: str) -> Channel:
    """Raises BadInput naming the known ones."""
    related = "mapping", "scope", "market__price_list__currency"
    channel = Channel.objects.select_related(*related).filter(code=code).first()
    if channel is None:
        known = ", ".join(Channel.objects.values_list("code", flat=True)) or "none; `manage.py demo` makes three"
        raise BadInput(f"There is no channel “{code}”. Known: {known}.")
    return channel


def products_named(skus: list[str]) -> list[Product]:
    """The products of these SKUs, each once. Raises BadInput naming the first unknown one."""
    found: dict[int, Product] = {}
    for sku in skus:
        variant = Variant.objects.select_related("product").filter(sku_key=code_key(sku)).first()
        if variant is None:
            raise BadInput(f"There is no SKU “{sku}”. Look it up in the product list; case does not matter.")
        found[variant.product_id] = variant.product
    return list(found.values())
