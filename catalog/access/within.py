"""Reach at the write door: nobody changes what their roles do not reach, whichever way they come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from catalog.access.reach import CHANGE, EVERYTHING, GROUP, LOCALE, SCOPE, VIEW, Reach, Sight, sight
from catalog.attributes.values import ValueKey
from catalog.models import Category, Product, User
from catalog.products import parts
from catalog.products.changes import ChangeError
from catalog.products.guards import Changes, Check, bars, guards
from catalog.products.state import is_part
from pimhub.foundation.actor import Act

FORBIDDEN = "forbidden"


def within(act: Act, ids: Collection[int]) -> Check:
    user = act.user if isinstance(act.user, User) else None
    reached = sight(CHANGE, user=user) if user is not None else EVERYTHING
    if reached.everything:
        return lambda product, changes, new: ()
    reached.learn(pk for pk in ids if pk is not None)

    def check(product: Product, changes: Changes, new: Collection[str]) -> Sequence[ChangeError]:
        pair = changes.get("", {}).get("categories")
        after = reached.at(_ids(pair[1])) if pair else None
        reaches = reached.on(product.pk) if product.pk is not None else reached.at(_ids(pair[1] if pair else []))
        if not reaches or after == ():
            return [_outside(product, reached, leaves=bool(reaches))]
        return [
            _refusal(reached, reaches, sku, key)
            for sku, row in changes.items()
            for key in (*row, *([""] if sku in new and product.pk is not None else ()))
            if not _creates(product, key) and not reached.among(reaches, key)
        ]

    return check


def _creates(product: Product, key: str) -> bool:
    """Whether the key only says what a product is that is not there yet; the right to add decides of that."""
    return product.pk is None and is_part(key) and parts.part_of(key)[0] in (parts.STRUCTURE, parts.CATEGORIES)


def _ids(codes: object) -> list[int]:
    given = codes if isinstance(codes, list) else []
    return list(Category.objects.filter(code__in=given).values_list("pk", flat=True)) if given else []


def _outside(product: Product, reached: Sight, *, leaves: bool) -> ChangeError:
    if leaves:
        message = f"Then {product.code} would be outside the categories of your roles ({_names(reached.reaches)})."
        return ChangeError("categories", FORBIDDEN, message)
    where = "Put it into one of them." if product.pk is None else "Ask somebody who looks after it."
    message = f"{product.code} is outside the categories of your roles ({_names(reached.reaches)}). {where}"
    return ChangeError("categories" if product.pk is None else "", FORBIDDEN, message)


def _refusal(reached: Sight, reaches: Sequence[Reach], sku: str, key: str) -> ChangeError:
    what = _words(reached, reaches, key)
    message = f"Your roles ({_names(reaches)}) do not cover {what}. You can propose the change."
    return ChangeError(key, FORBIDDEN, message, sku=sku)


def _words(reached: Sight, reaches: Sequence[Reach], key: str) -> str:
    """What of the key is not covered, in words."""
    if not key or is_part(key):
        return parts.LABELS[parts.part_of(key)[0]]
    parsed = ValueKey.parse(key)
    for kind, code, words in (
        (LOCALE, parsed.locale, "texts in"),
        (SCOPE, parsed.scope, "values for"),
        (GROUP, reached.groups.get(parsed.attribute), "the attribute group"),
    ):
        if code and not any(reach.has(kind, code) for reach in reaches):
            return f"{words} {code}"
    return key


def _names(reaches: Iterable[Reach] | None) -> str:
    return ", ".join(sorted(reach.role for reach in reaches or ()))


def stranger(product: Product) -> list[ChangeError]:
    """What is said, before anything of it is looked at, of a product that the person acting does not see."""
    if sight(VIEW).everything or sight(VIEW).on(product.pk):
        return []
    message = f"{product.code} is outside the categories of your roles. Ask somebody who looks after it."
    return [ChangeError("", FORBIDDEN, message)]


def plug_in() -> None:
    guards.add("catalog.reach", within)
    bars.add("catalog.reach", stranger)
