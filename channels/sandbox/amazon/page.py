"""What a shopper would find on Amazon, for the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from channels.sandbox.amazon.listings import Listings
from channels.sandbox.journal import Record
from channels.sandbox.store import Document, Store
from channels.sandbox.world import AMAZON_MARKETPLACES


def seller(store: Store) -> Listings:
    """The account, for those who only look."""
    return Listings(store, Record("amazon"), next(iter(AMAZON_MARKETPLACES)))


def item_article(store: Store, item: Document, *, image: Callable[[str | None, str | None], str]) -> str:
    account = seller(store)
    summary, held = account.summary(item), item["attributes"]
    level = next((e["value"] for e in held.get("parentage_level", [])), "")
    parent = account.parent_of(item)
    tie = {"parent": "parent", "child": f"variant of {parent}" if parent else "listed alone"}.get(level, "")
    issues = account.issues(item)
    word, tone = {2: ("buyable", "good"), 1: ("visible", "good")}.get(len(summary["status"]), ("suppressed", "bad"))
    offers = [f"{offer['price']['amount']} {offer['price']['currencyCode']}" for offer in account.offers(item)]
    units = [f"{e['quantity']} in stock" for e in held.get("fulfillment_availability", []) if "quantity" in e]
    facts = " · ".join(escape(part) for part in (item["sku"], item["asin"], item["productType"], tie) if part)
    told = "".join(f"<li>{escape(issue['message'])}" for issue in issues)
    return (
        f"<article>{image(summary.get('mainImage', {}).get('link'), summary['itemName'])}<div>"
        f'<h3>{escape(summary["itemName"] or "(no title)")} <span class="badge {tone}">{word}</span></h3>'
        f'<div class="quiet">{facts} · updated {escape(item["updated"])}</div>'
        f'<div>{escape(", ".join([*offers, *units]))}</div><ul class="bad">{told}</ul></div></article>'
    )
