"""A new product from the little that is known of it at first, and another variant of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product as combinations
from math import prod

from catalog.attributes.spec import ValueProblem
from catalog.models import Family, Product
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.keys import slugged
from pimhub.foundation.jsonvalue import JSON

MOST = 500  # variants made at once


def begun(
    *,
    family: Family,
    code: str = "",
    sku: str = "",
    values: Mapping[str, JSON],
    axes: Mapping[str, Sequence[JSON]] | None = None,
) -> ProductChange:
    """The change that makes the product, with a variant for each combination of what its axes may be.

    `axes`: attribute code → canonical values, in order; without any, the product has the one variant `sku`. What is
    not given is made by the family's patterns; without a pattern, SKUs are made of the code and the axes' values.
    Raises ValueProblem when that cannot be, or makes too many.
    """
    axes = axes or {}
    if not code and not family.code_pattern:
        raise ValueProblem("code_missing", "A product needs a code. Type one; this family has no pattern to make it.")
    made = bool(family.sku_pattern)
    if not made and not code and (axes or not sku):
        raise ValueProblem(
            "code_missing", "The family makes codes, but no SKUs. Type a code; the SKUs are made of it then."
        )
    count = prod(len(several) for several in axes.values())
    if count > MOST:
        raise ValueProblem("too_many", f"This would make {count} variants; at most {MOST} are made at once.")
    if axes:
        each = (dict(zip(axes, chosen, strict=True)) for chosen in combinations(*axes.values()))
        variants = [VariantChange(sku="" if made else _sku(code, own.values()), values=own) for own in each]
    else:
        variants = [VariantChange(sku=sku or ("" if made else code))]
    return ProductChange(code=code, family=family.code, values=values, axes=tuple(axes), variants=tuple(variants))


def another(product: Product, *, sku: str = "", values: Mapping[str, JSON]) -> ProductChange:
    """The change that adds a variant with these values of the product's axes."""
    if not sku and not product.family.sku_pattern:
        sku = _sku(product.code, [values.get(axis) for axis in product.axes])
    return ProductChange(code=product.code, variants=(VariantChange(sku=sku, values=values),))


def _sku(code: str, values: Iterable[JSON]) -> str:
    return "-".join([code, *(slugged(value).lower().replace("_", "-") for value in values)])
