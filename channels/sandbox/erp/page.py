"""The ERP's screen: its items beside what the shops show of them, its orders, and a day of trade to watch."""

from __future__ import annotations

from html import escape
from typing import Any

from channels.sandbox import shoppers
from channels.sandbox.erp.books import untold
from channels.sandbox.erp.trade import CHANNELS
from channels.sandbox.store import Document, Store

_SHOWN = 200  # items; the newest 30 orders
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.quiet { color: color-mix(in srgb, currentColor 60%, transparent); }
form { display: flex; flex-wrap: wrap; gap: 1rem; align-items: end; padding: 1rem 0;
  border-block: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
form.figures { padding: 0; border: 0; gap: .4rem; flex-wrap: nowrap; }
label { display: grid; font-size: .85rem; } input, button { font: inherit; padding: .3rem .5rem; }
table { border-collapse: collapse; margin-top: .5rem; } th { text-align: left; font-weight: 600; }
td, th { padding: .15rem 1.2rem .15rem 0; } .number { text-align: right; font-variant-numeric: tabular-nums; }
.bad { color: #c0392b; } .good { color: #1e8449; } progress { width: 20rem; }
"""


def page(store: Store, trade: dict[str, Any], *, problem: str = "") -> str:
    """The HTML; it loads itself again while shoppers buy."""
    again = '<meta http-equiv="refresh" content="2">' if trade["running"] else ""
    items = store.all("erp_item")
    wired = bool(store.count("erp_hook"))
    told = "PIMHub is told of each change by itself." if wired else "PIMHub is told when it asks."
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        '<meta name="viewport" content="width=device-width"><title>Sandbox ERP</title>'
        '<link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><h1>Sandbox ERP</h1>"
        "<p>It owns prices and stock, takes the orders of the sandbox shops, and tells its changes late, doubled and "
        f'shuffled. {told} <a href="/">The shops</a></p>{_wrong(problem)}{_trade(trade, wired=wired)}'
        f'<p class="quiet">{store.count("erp_order")} orders booked, {trade["waiting"]} messages of the shops on '
        f"their way, {untold(store)} updates not told yet.</p>{_items(store, items)}{_orders(store)}</body></html>"
    )


def _wrong(problem: str) -> str:
    return f'<p class="bad">{escape(problem)}</p>' if problem else ""


def _trade(trade: dict[str, Any], *, wired: bool) -> str:
    problem = _wrong(trade["problem"])
    if trade["running"]:
        done, orders = trade["done"], trade["orders"]
        return f'<p><progress max="{orders}" value="{done}"></progress> {done} of {orders} orders</p>{problem}'
    over = f"<p>{trade['done']} of {trade['orders']} orders were placed.</p>" if trade["orders"] else ""
    fields = "".join(
        f'<label>{label} <input name="{name}" value="{value}" size="{size}"></label>'
        for name, label, value, size in (
            ("orders", "Orders", "100", 5),
            ("seed", "Seed", "1", 5),
            ("stock", "Stock is told to (address of a source)", "", 45),
            ("offers", "Prices are told to (address of a source)", "", 45),
            ("secret", "Secret of these sources", "", 45),
        )[: 2 if wired else None]
    )
    return f'{over}{problem}<form method="post" action="/erp/trade">{fields}<button>Let shoppers buy</button></form>'


def _items(store: Store, items: list[Document]) -> str:
    if not items:
        return "<p>No items yet. With the first order the ERP takes on what the Shopify shop shows.</p>"
    head = "".join(f'<th class="number">{name.capitalize()}' for name in CHANNELS)
    rows = "".join(
        f'<tr><th scope="row">{escape(item["sku"])}<td>{_figures(item)}'
        f"{''.join(_shelf(store, c, item) for c in CHANNELS)}"
        for item in items[:_SHOWN]
    )
    more = f'<p class="quiet">and {len(items) - _SHOWN} more</p>' if len(items) > _SHOWN else ""
    return (
        "<h2>Items</h2><table><thead><tr><th>SKU<th>Price and units available"
        f"{head}</thead><tbody>{rows}</tbody></table>{more}"
    )


def _figures(item: Document) -> str:
    sku = escape(item["sku"], quote=True)
    price = f'<input name="price" value="{escape(item["price"])}" size="7" aria-label="Price of {sku}">'
    units = f'<input name="available" value="{item["available"]}" size="4" aria-label="Units of {sku}">'
    name = f'<input type="hidden" name="sku" value="{sku}">'
    return f'<form class="figures" method="post" action="/erp/items">{name}{price}{units}<button>Set</button></form>'


def _shelf(store: Store, channel: str, item: Document) -> str:
    units = shoppers.on_shelf(store, channel, item["sku"])
    if units is None:
        return '<td class="number quiet">not listed'
    if channel == "google":
        same, told = (units > 0) == (item["available"] > 0), "in stock" if units else "out of stock"
    else:
        same, told = units == item["available"], str(units)
    return f'<td class="number {"good" if same else "bad"}">{told}'


def _orders(store: Store) -> str:
    orders = store.all("trade_order")
    rows = "".join(
        f'<tr><th scope="row">{escape(order["id"])}<td>{escape(order["channel"])}'
        f"<td>{escape(order['kind'].replace('_', ' '))}<td>{escape(_lines(order))}"
        for order in reversed(orders[-30:])
    )
    return f"<h2>Newest orders</h2><table><tbody>{rows}</tbody></table>" if rows else ""


def _lines(order: Document) -> str:
    return ", ".join(f"{line['quantity']} × {line['sku']}" for line in order["lines"]) or "nothing was left to buy"
