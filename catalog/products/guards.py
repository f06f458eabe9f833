"""The socket *may this be written?*: higher floors plug in, the door asks before it saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from catalog.models import Product
from catalog.products.changes import ChangeError
from pimhub.foundation.actor import Act
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

# (act, product, {sku or "": {key: [old, new]}}) → what is refused, and why.
Guard = Callable[[Act, Product, Mapping[str, Mapping[str, Sequence[JSON]]]], Sequence[ChangeError]]

ADD = "catalog.add_product"

guards: Registry[Guard] = Registry("write guard")


def newcomers(act: Act, code: str) -> list[ChangeError]:
    """What is refused of a product that is not there yet: a person needs the right to add one."""
    if act.user is None or act.user.has_perm(ADD):
        return []
    message = f"There is no product {code}, and adding one needs the right {ADD}." if code else f"This needs {ADD}."
    return [ChangeError("code", "forbidden", message)]


def refusals(act: Act, product: Product, changes: Mapping[str, Mapping[str, Sequence[JSON]]]) -> list[ChangeError]:
    """What the plugged-in guards refuse of these changes."""
    return [error for guard in guards for error in guard(act, product, changes)]
