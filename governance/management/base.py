"""What `submit` and `approve` share: which products, and one answer for all of them."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from catalog import events
from catalog.change_sets import acting
from catalog.management.base import BadInput, PimhubCommand, user_named
from catalog.models import ChangeSet, User, Variant
from catalog.models.codes import code_key
from governance.models import Standing
from governance.workflow.base import Refused


class WorkflowCommand(PimhubCommand):
    """Carries one verb out on many products; what is refused is listed, the rest goes on."""

    done: str  # name of the count in the answer
    states: tuple[str, ...]  # which products `--all` means
    wholesale = False  # whether nobody named the products

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sku", nargs="+", action="extend", default=[])
        parser.add_argument("--all", action="store_true")
        parser.add_argument("--as", dest="user", required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        started = time.monotonic()
        user = user_named(options["user"])
        if bool(options["sku"]) == options["all"]:
            raise BadInput("Name the products with --sku, or take them all with --all.")
        self.wholesale = bool(options["all"])
        done, refused = 0, []
        for standing in self._selection(options["sku"]):
            try:
                with acting(user=user, source=ChangeSet.Source.COMMAND):
                    self.carry_out(standing, user)
                done += 1
            except Refused as error:
                refused.append({"product": standing.product.code, "code": error.code, "message": str(error)})
        events.derive()
        return {self.done: done, "refused": refused, "seconds": round(time.monotonic() - started, 3)}

    def carry_out(self, standing: Standing, user: User) -> None:
        """The verb on one product. Raises Refused."""
        raise NotImplementedError

    def tell(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result[self.done]} {self.done}, {len(result['refused'])} refused.")
        for item in result["refused"]:
            self.stdout.write(f"  {item['product']}: {item['message']}")

    def _selection(self, skus: list[str]) -> list[Standing]:
        query = Standing.objects.select_related("product", "live").order_by("product_id")
        if not skus:
            return list(query.filter(state__in=self.states))
        products = []
        for sku in skus:
            variant = Variant.objects.filter(sku_key=code_key(sku)).first()
            if variant is None:
                raise BadInput(f"There is no SKU “{sku}”. Look it up in the product list; case does not matter.")
            products.append(variant.product_id)
        return list(query.filter(product_id__in=products))
