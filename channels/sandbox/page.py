"""The page at `/`: what the sandbox shop and the sandbox account show, for people."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any

from channels.sandbox.amazon.page import item_article, seller
from channels.sandbox.google.products import Offers
from channels.sandbox.journal import Record
from channels.sandbox.shopify.media import media_status
from channels.sandbox.shopify.options import names_of
from channels.sandbox.shopify.reading import media_of, variants_of
from channels.sandbox.store import Document, Store
from channels.sandbox.world import CURRENCY, LOCATIONS, PUBLICATIONS

PER_PAGE = 50
_ROWS = 25  # of one product; what is left out is counted

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
header p, footer, .quiet { color: color-mix(in srgb, currentColor 60%, transparent); }
article { display: grid; grid-template-columns: 8rem 1fr; gap: 1rem; padding: 1rem 0;
  border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
article img, .none { width: 8rem; height: 8rem; object-fit: cover; border-radius: .4rem; }
.none { display: grid; place-items: center; border: 1px dashed; opacity: .4; font-size: .8rem; }
h2 { margin-top: 2.5rem; } h3 { margin: 0; }
table { border-collapse: collapse; margin-top: .5rem; } th { text-align: left; font-weight: 600; }
td, th { padding: .15rem 1.2rem .15rem 0; } .number { text-align: right; font-variant-numeric: tabular-nums; }
.badge { border: 1px solid; border-radius: 1rem; padding: 0 .6rem; font-size: .8rem; }
.bad { color: #c0392b; } .good { color: #1e8449; }
"""


def page(store: Store, number: int) -> str:
    """The HTML of page `number` (from 1) of every channel."""
    violations = store.count("violation")
    remark = (
        f'<p class="bad">{violations} requests broke a channel\'s contract: '
        '<a href="/_control/violations">see which</a></p>'
        if violations
        else '<p class="good">No request broke a channel\'s contract.</p>'
    )
    shop, shop_pages = _shop(store, number)
    account, account_pages = _account(store, number)
    items, item_pages = _cut(seller(store).everything(), number)
    pages = max(shop_pages, account_pages, item_pages)
    links = " ".join(f"<b>{n}</b>" if n == number else f'<a href="/?page={n}">{n}</a>' for n in range(1, pages + 1))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Your sandbox shop</title>'
        f"<style>{_STYLE}</style></head><body><header><h1>Your sandbox shop</h1>"
        "<p>What a shopper would find: a local stand-in for Shopify, Amazon and Google that applies "
        f"their rules. Nothing here leaves this computer.</p>{remark}</header>{shop}{_items(store, items)}{account}"
        f"<footer>{'<p>Page ' + links + '</p>' if pages > 1 else ''}</footer></body></html>"
    )


def _shop(store: Store, number: int) -> tuple[str, int]:
    products = sorted(store.all("product"), key=lambda product: product["updatedAt"], reverse=True)
    shown, pages = _cut(products, number)
    body = "".join(_product(store, product) for product in shown)
    return _section("Shopify", len(products), "products", body), pages


def _product(store: Store, product: Document) -> str:
    now = dt.datetime.now(dt.UTC).timestamp()
    media = media_of(store, product["_files"])
    ready = [m for m in media if media_status(m, now) == "READY"]
    pictures = [m for m in ready if m["mediaContentType"] == "IMAGE"]
    picture = _image(pictures[0]["_source"], pictures[0]["alt"]) if pictures else _image(None, None)
    places = [PUBLICATIONS[id] for id in sorted(product["_publications"])]
    variants = variants_of(store, product)
    rows = "".join(_variant(store, product, variant) for variant in variants[:_ROWS])
    if len(variants) > _ROWS:
        rows += f'<tr><td class="quiet" colspan="5">and {len(variants) - _ROWS} more</tr>'
    images = _counted(media)
    return (
        f'<article id="{escape(product["handle"])}">{picture}<div><h3>{escape(product["title"])} '
        f'<span class="badge">{escape(product["status"].lower())}</span></h3>'
        f'<div class="quiet">{escape(product["vendor"])} · {images} · '
        f"{escape(', '.join(places) or 'not published')} · updated {escape(product['updatedAt'])}</div>"
        '<table><tr><th>Variant<th>SKU<th class="number">Price<th class="number">Before'
        f'<th class="number">Stock</tr>{rows}</table></div></article>'
    )


def _counted(media: list[Document]) -> str:
    """“2 images, 1 video”"""
    kinds = {"image": ("IMAGE",), "video": ("VIDEO", "EXTERNAL_VIDEO"), "3D model": ("MODEL_3D",)}
    counts = {name: sum(m["mediaContentType"] in kind for m in media) for name, kind in kinds.items()}
    return ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n or name == "image")


def _variant(store: Store, product: Document, variant: Document) -> str:
    item = store.get("item", variant["_item"]) or {}
    chosen = tuple((option, value) for option, value in variant["_options"])
    title = " / ".join(value["name"] for _, value in names_of(product["_options"], chosen))
    stock = ", ".join(f"{units} {escape(LOCATIONS[place])}" for place, units in sorted(item.get("_levels", {}).items()))
    before = f"{variant['compareAtPrice']} {CURRENCY}" if variant["compareAtPrice"] else ""
    return (
        f"<tr><td>{escape(title)}<td>{escape(item.get('sku') or '')}"
        f'<td class="number">{escape(variant["price"])} {CURRENCY}<td class="number">{escape(before)}'
        f'<td class="number">{stock}</tr>'
    )


def _items(store: Store, shown: list[Document]) -> str:
    body = "".join(item_article(store, item, image=_image) for item in shown)
    return _section("Amazon", len(seller(store).everything()), "items", body)


def _account(store: Store, number: int) -> tuple[str, int]:
    offers = Offers(store, Record("google")).everything()
    shown, pages = _cut(offers, number)
    body = "".join(_offer(product) for _, product in shown)
    return _section("Google Merchant Center", len(offers), "offers", body), pages


def _offer(product: Document) -> str:
    held = product.get("productAttributes", {})
    title = held.get("title") or (held.get("structuredTitle") or {}).get("content") or "(no title)"
    status = product["productStatus"]
    refused = any(issue["severity"] == "DISAPPROVED" for issue in status["itemLevelIssues"])
    issues = "".join(f"<li>{escape(issue['detail'])}" for issue in status["itemLevelIssues"])
    word, tone = ("disapproved", "bad") if refused else ("approved", "good")
    badge = f'<span class="badge {tone}">{word}</span>'
    return (
        f"<article>{_image(held.get('imageLink'), title)}<div><h3>{escape(title)} {badge}</h3>"
        f'<div class="quiet">{escape(product["offerId"])} · {escape(product["contentLanguage"])} · '
        f"{escape(product['feedLabel'])} · updated {escape(status['lastUpdateDate'])} · "
        f"expires {escape(status['googleExpirationDate'][:10])}</div>"
        f"<div>{escape(_price(held.get('price')))} {escape(_price(held.get('salePrice'), 'on sale for '))} "
        f"{escape(str(held.get('availability', '')).replace('_', ' ').lower())}</div>"
        f'<ul class="bad">{issues}</ul></div></article>'
    )


def _price(price: dict[str, Any] | None, prefix: str = "") -> str:
    if not price or not price.get("amountMicros"):
        return ""
    return f"{prefix}{int(price['amountMicros']) / 1_000_000:.2f} {price.get('currencyCode', '')}"


def _image(source: str | None, alt: str | None) -> str:
    if not source or not source.startswith(("http://", "https://")):
        return '<div class="none">no image</div>'
    return f'<img loading="lazy" src="{escape(source)}" alt="{escape(alt or "")}">'


def _section(title: str, count: int, noun: str, body: str) -> str:
    empty = f'<p class="quiet">Nothing here yet: publish a product and its {noun} appear.</p>'
    return f'<section><h2>{title} <span class="quiet">{count} {noun}</span></h2>{body or empty}</section>'


def _cut(items: list[Any], number: int) -> tuple[list[Any], int]:
    start = (number - 1) * PER_PAGE
    return items[start : start + PER_PAGE], -(-len(items) // PER_PAGE)
