"""What an Amazon channel is told, and its names for our ids.

settings = {"seller": "A2EXAMPLE", "marketplace": "A1PA6795UKMFR9",
            "language": "en_GB",             (of the texts; default: the channel's language)
            "locations": ["main"],           (stock that counts; default: all of it)
            "fulfillment_channel": "DEFAULT",(AMAZON_EU and the like: Amazon counts the stock itself)
            "lead_time_days": 2,             (days until a parcel leaves; default: Amazon's own)
            "gtin_exempt": true,             (the brand may list without GTIN)
            "axes": {"shoe_size": "size"},   (our axis → Amazon's attribute, where the names differ)
            "preview": true,                 (Amazon checks each new item before it is put; default: no)
            "check_restrictions": true,      (may this seller list the ASIN, or the page of the GTIN? default: no)
            "bulk_from": 500,                (so many waiting products go as one feed; 0: never)
            "token_url": "https://…"}        (where tokens are given; default: Login with Amazon)
credentials = {"access_token"} or {"client_id", "client_secret", "refresh_token"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.connectors.base import Connection
from channels.connectors.outcome import Row

LISTINGS = "2021-08-01"
DEFINITIONS = "2020-09-01"
FEEDS = REPORTS = "2021-06-30"

# Amazon's own fulfilment centres; their stock is counted by Amazon.
BY_AMAZON = "AMAZON"

# A feed takes minutes before its first item is done; one by one, five calls a second are through with some hundred
# products by then. With more than these the feed is faster, and leaves the calls to prices and stock.
BULK_FROM = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a channel, read; a missing one is ""."""

    seller: str
    marketplace: str
    language: str
    locations: frozenset[str] | None  # None: every location counts
    fulfillment_channel: str
    lead_time_days: int | None
    gtin_exempt: bool
    axes: Mapping[str, str]
    preview: bool = False
    check_restrictions: bool = False
    bulk_from: int = BULK_FROM

    @property
    def counts_stock(self) -> bool:
        """Whether the stock is ours to tell."""
        return not self.fulfillment_channel.startswith(BY_AMAZON)


def read(connection: Connection) -> Settings:
    given = connection.settings
    locations, days = given.get("locations"), given.get("lead_time_days")
    return Settings(
        seller=str(given.get("seller") or ""),
        marketplace=str(given.get("marketplace") or ""),
        language=str(given.get("language") or ""),
        locations=frozenset(locations) if locations else None,
        fulfillment_channel=str(given.get("fulfillment_channel") or "DEFAULT"),
        lead_time_days=None if days in (None, "") else int(days),
        gtin_exempt=bool(given.get("gtin_exempt")),
        axes=dict(given.get("axes") or {}),
        preview=bool(given.get("preview")),
        check_restrictions=bool(given.get("check_restrictions")),
        bulk_from=BULK_FROM if given.get("bulk_from") in (None, "") else int(given["bulk_from"]),
    )


# ---- link keys ---------------------------------------------------------------------------------

ITEM, SENT, DONE, SEEN, ASIN = "item:", "sent:", "done:", "seen:", "asin:"


def item_link(row: Row) -> str:
    """→ the SKU under which the row is, or may be, on Amazon."""
    return f"{ITEM}{row}"


def sent_link(row: Row) -> str:
    """→ Amazon's clock when it last took something for the row, and the number of that submission."""
    return f"{SENT}{row}"


def done_link(row: Row) -> str:
    """→ the `sent_link` whose effect was read back: Amazon has nothing in the works."""
    return f"{DONE}{row}"


def seen_link(row: Row) -> str:
    """→ the SKU under which the row was read back: it exists."""
    return f"{SEEN}{row}"


def asin_link(row: Row) -> str:
    """→ the number of Amazon's product page."""
    return f"{ASIN}{row}"


def valid_link(row: Row) -> str:
    """→ the digest of the item that Amazon last found valid."""
    return f"valid:{row}"


def may_link(row: Row) -> str:
    """→ the ASIN and condition that this seller may list."""
    return f"may:{row}"


def page_link(row: Row) -> str:
    """→ the GTIN and Amazon's product page of it, as in "4006381333931=B012345678"; nothing behind it: not one page."""
    return f"page:{row}"


def links_of(row: Row) -> tuple[str, ...]:
    makers = item_link, sent_link, done_link, seen_link, asin_link, valid_link, may_link, page_link
    return tuple(make(row) for make in makers)
