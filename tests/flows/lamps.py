"""Lamps to review: as many products as a flow wants, by name and number."""

from __future__ import annotations

from tests.flows.product import Product

_MAKE = """
from catalog.change_sets import acting
from catalog.models import Product, User
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.write import write_products
mara = User.objects.get(username="merchandiser")
with acting(user=mara, source="command"):
    results = write_products([
        ProductChange(code=f"lamp-{{n:02}}", family="default",
                      values={{"name@en_US": f"Lamp {{n:02}}", {values}}},
                      variants=(VariantChange(sku=f"lamp-{{n:02}}-1"),))
        for n in range({count})
    ])
    assert all(result.status == "created" for result in results), results
lamps = Product.objects.filter(code__startswith="lamp-").order_by("code")
"""


def make_lamps(product: Product, count: int, *, values: str = "", then: str) -> None:
    """Lamp 00 and on, with further `values` where `n` is the number; `then` finds them as `lamps`, and mara."""
    done = product.run("shell", "-c", _MAKE.format(count=count, values=values) + then)
    assert done.code == 0, done.err
