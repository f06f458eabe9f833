"""`manage.py explain CHANNEL --sku SKU`: why it is or is not live, and who must act."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from catalog.management.base import PimhubCommand
from catalog.models import Variant
from catalog.models.codes import code_key
from channels.explain import explain
from channels.management.base import channel_named, products_named


class Command(PimhubCommand):
    help = "Tell in one chain why a SKU is or is not live on a channel, and who must act. Nothing is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel")
        parser.add_argument("--sku", required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        channel = channel_named(options["channel"])
        [product] = products_named([options["sku"]])
        sku = Variant.objects.get(sku_key=code_key(options["sku"])).sku
        return {"channel": channel.code, "product": product.code, "sku": sku, **explain(channel, product, sku)}

    def tell(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['sku']} on {result['channel']}: {result['state']}")
        for link in result["chain"]:
            mark = "yes" if link["ok"] else "NO "
            who = f" → {link['who']}" if link["who"] else ""
            self.stdout.write(f"  {mark} {link['step']}: {link['reason']}{who}")
