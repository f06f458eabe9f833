"""What a Google channel is told, and its names for our ids.

settings = {"account": "1001", "data_source": "accounts/1001/dataSources/2001",
            "content_language": "en", "feed_label": "US",
            "locations": ["main"],           (stock that counts; default: all of it)
            "variant_parameter": "variant",  (tells variants apart in a link; "" = they share one)
            "product_url": "https://shop.example.com/products/{handle}"}
credentials = {"access_token"} or {"service_account": text of the JSON key file}
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from channels.connectors.base import Connection

VERSION = "v1"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a channel, read; a missing one is ""."""

    account: str
    data_source: str
    content_language: str
    feed_label: str
    locations: frozenset[str] | None  # None: every location counts
    variant_parameter: str
    shop: str  # the shop's front page


def read(connection: Connection) -> Settings:
    given = connection.settings
    locations = given.get("locations")
    shop = urlsplit(str(given.get("product_url") or ""))
    return Settings(
        account=str(given.get("account") or ""),
        data_source=str(given.get("data_source") or ""),
        content_language=str(given.get("content_language") or ""),
        feed_label=str(given.get("feed_label") or ""),
        locations=frozenset(locations) if locations else None,
        variant_parameter=str(given.get("variant_parameter", "variant")),
        shop=f"{shop.scheme}://{shop.netloc}/" if shop.netloc else "",
    )


# ---- link keys ---------------------------------------------------------------------------------


def offer_link(sku: str) -> str:
    """→ the address of the offer's input: its name and data source, as a delete needs them."""
    return f"offer:{sku}"


def sent_link(sku: str) -> str:
    """→ the version that Google last took."""
    return f"sent:{sku}"


def seen_link(sku: str) -> str:
    """→ the version that was last read back."""
    return f"seen:{sku}"


OFFER = "offer:"
