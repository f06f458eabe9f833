"""What a Google channel is told, and its names for our ids.

settings = {"account": "1001", "data_source": "accounts/1001/dataSources/2001",
            "content_language": "en", "feed_label": "US",
            "locations": ["main"],           (stock that counts; default: all of it)
            "variant_parameter": "variant",  (tells variants apart in a link; "" = they share one)
            "countries": ["DE", "AT"],       (where the label's offers are shown; default: the label's own country)
            "shipping": [{"country": "DE", "service": "Standard", "price": "4.90"}],
                                             (in the currency of the price list; default: the account's own rates)
            "supplements": ["title", "custom_label_0"],
                                             (the data source is a supplemental one: only these fields go out, for
                                              offers that come from elsewhere)
            "product_url": "https://shop.example.com/products/{handle}"}
credentials = {"access_token"} or {"service_account": text of the JSON key file}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    countries: tuple[str, ...] = ()
    shipping: tuple[Mapping[str, str], ...] = ()
    supplements: frozenset[str] = frozenset()  # of a supplemental data source: the fields that go out

    def sends(self, code: str) -> bool:
        """Whether a field goes out at all."""
        return not self.supplements or code in self.supplements


def read(connection: Connection) -> Settings:
    given = connection.settings
    locations, label = given.get("locations"), str(given.get("feed_label") or "")
    shop = urlsplit(str(given.get("product_url") or ""))
    return Settings(
        account=str(given.get("account") or ""),
        data_source=str(given.get("data_source") or ""),
        content_language=str(given.get("content_language") or ""),
        feed_label=label,
        locations=frozenset(locations) if locations else None,
        variant_parameter=str(given.get("variant_parameter", "variant")),
        countries=tuple(given.get("countries") or ()) or ((label,) if re.fullmatch("[A-Z]{2}", label) else ()),
        shipping=tuple({str(k): str(v) for k, v in one.items()} for one in given.get("shipping") or ()),
        supplements=frozenset(given.get("supplements") or ()),
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


def patched_link(sku: str) -> str:
    """→ Google's clock when it last took a patch: patches have no version to tell an old state by."""
    return f"patched:{sku}"


def unsure_link(sku: str) -> str:
    """→ "1" after a call whose answer was lost: what Google holds is then written whole, whatever we wanted before."""
    return f"unsure:{sku}"


def links_of(sku: str) -> list[str]:
    return [offer_link(sku), sent_link(sku), seen_link(sku), patched_link(sku), unsure_link(sku)]


OFFER = "offer:"
