"""A small shop by name: mara writes, rafael reviews, chiara minds the channels, ada administers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from catalog.change_sets import acting
from catalog.models import Attribute, AttributeOption, ChangeSet, Product, User
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from catalog.products.load import load_states
from catalog.products.state import Flat, flatten
from catalog.products.write import WriteResult, write_products
from catalog.setup import ensure_base
from governance.models import Revision, Standing
from governance.workflow import verbs

ROLES = {"mara": "merchandiser", "rafael": "reviewer", "chiara": "channelmanager", "ada": "admin"}
SIZES = ("s", "m", "l")


@dataclass
class World:
    people: dict[str, User]

    def write(self, *changes: ProductChange, by: str = "mara", **how: Any) -> list[WriteResult]:
        with acting(user=self.people[by], source=ChangeSet.Source.PAGE, reason="a test"):
            return write_products(changes, **how)

    def change(self, code: str = "tee", by: str = "mara", **parts: Any) -> WriteResult:
        return self.write(ProductChange(code=code, **parts), by=by)[0]

    def product(self, code: str = "tee", sizes: Sequence[str] = ("s", "m")) -> Product:
        """A product in the family `default` with a variant per size, at 19.90, five of each."""
        result = self.change(
            code,
            family="default",
            axes=("size",),
            values={"name@en_US": f"{code.title()} shirt", "brand": "Acme"},
            variants=tuple(variant(f"{code}-{size}", size) for size in sizes),
        )
        assert result.status == "created", result.errors
        return Product.objects.get(code=code)

    def flat(self, code: str = "tee") -> Flat:
        return flatten(load_states(codes=[code], lock=False)[code])

    def verb(self, name: str, product: Product, by: str, **given: Any) -> Any:
        with acting(user=self.people[by], source=ChangeSet.Source.PAGE):
            return getattr(verbs, name)(product=product, user=self.people[by], **given)

    def approve(self, product: Product, by: str = "rafael") -> Revision:
        self.verb("submit", product, "mara")
        content_hash = Standing.objects.get(product=product).content_hash
        revision: Revision = self.verb("approve", product, by, content_hash=content_hash)
        return revision


def variant(sku: str, size: str, price: str = "19.90", **parts: Any) -> VariantChange:
    given: dict[str, Any] = {
        "values": {"size": size},
        "offers": {"default": OfferChange(price=Decimal(price))},
        "stock": {"main": 5},
    }
    return VariantChange(sku=sku, **(given | parts))


def build_world() -> World:
    ensure_base()
    people = {}
    for name, role in ROLES.items():
        people[name] = User.objects.create_user(name, password=f"{name}-secret")
        people[name].groups.add(Group.objects.get(name=role))
    size = Attribute.objects.get(code="size")
    for code in SIZES:
        AttributeOption.objects.create(attribute=size, code=code, label_key=code, labels={"en_US": code.upper()})
    return World(people)


@contextmanager
def lasting(blocker: Any) -> Iterator[None]:
    """Rows that a whole file of tests looks at: written once, taken away at its end. Each test still has its own
    savepoint."""
    with blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            yield
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)
