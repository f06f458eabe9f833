"""The socket *may this be written?*: higher floors plug in, the door asks before it saves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from catalog.change_sets import current_act
from catalog.models import Product
from catalog.products.changes import ChangeError, ProductChange
from pimhub.foundation.actor import Act
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

Changes = Mapping[str, Mapping[str, Sequence[JSON]]]  # {SKU or "": {key: [old, new]}}
# (product, changes, SKUs that are new) → what is refused, and why.
Check = Callable[[Product, Changes, Collection[str]], Sequence[ChangeError]]
# (act, ids of the products of a batch) → the check of each: what it must know, it looks up once for all.
Guard = Callable[[Act, Collection[int]], Check]

# What is said of a product before anything of it is looked at: the person acting may not even see it.
Stranger = Callable[[Product], Sequence[ChangeError]]


@dataclass(frozen=True, slots=True)
class Diverted:
    """A value that was not written, and is handed to somebody else."""

    sku: str
    key: str
    old: JSON
    new: JSON


ADD = "catalog.add_product"

guards: Registry[Guard] = Registry("write guard")
# Code of a refusal → who takes what was refused: such a value is left out of the write, and the rest goes on.
diversions: Registry[Callable[[Product, Sequence[Diverted]], None]] = Registry("diversion of refused values")
# What another system said, in whatever way it came out: (product, what it wanted to write).
listeners: Registry[Callable[[Sequence[tuple[Product, ProductChange]]], None]] = Registry("listener at the write door")
bars: Registry[Stranger] = Registry("bar before the write door")


def checks(act: Act, ids: Collection[int]) -> Check:
    """The plugged-in guards as one, for a batch of products."""
    all_checks = [guard(act, ids) for guard in guards]

    def check(product: Product, changes: Changes, new: Collection[str]) -> list[ChangeError]:
        return [error for each in all_checks for error in each(product, changes, new)]

    return check


Foretold = dict[tuple[str, str], str]  # (SKU, key) → words


def foretold(product: Product, keys: Mapping[str, Collection[str]]) -> tuple[Foretold, Foretold]:
    """Of these keys ({SKU or "": keys}), which the act under way may not write, and which somebody else would get.

    Under ("", "") stands what holds for the product as a whole.
    """
    changes = {sku: {key: [None, None] for key in row} for sku, row in keys.items()}
    found = checks(current_act(), [product.pk])(product, changes, ())
    told = {(e.sku, e.key): (e.code, e.message) for e in found}
    return (
        {where: words for where, (code, words) in told.items() if code not in diversions},
        {where: words for where, (code, words) in told.items() if code in diversions},
    )


def locked(product: Product, keys: Mapping[str, Collection[str]]) -> Foretold:
    """Why the act under way may not write these keys."""
    return foretold(product, keys)[0]


def strangers(product: Product) -> list[ChangeError]:
    """What is refused before a conflict could tell what stands in the product."""
    return [error for bar in bars for error in bar(product)]


def newcomers(act: Act, code: str) -> list[ChangeError]:
    """What is refused of a product that is not there yet: a person needs the right to add one."""
    if act.user is None or act.user.has_perm(ADD):
        return []
    message = f"There is no product {code}, and adding one needs the right {ADD}." if code else f"This needs {ADD}."
    return [ChangeError("code", "forbidden", message)]
