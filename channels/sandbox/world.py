"""The fixed world of the sandbox: who may enter, and what shop and account stand there."""

from __future__ import annotations

from typing import Any, Final

TOKEN: Final = "sandbox-token"  # noqa: S105  # accepted on every channel; the sandbox only listens locally
CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105

SHOPIFY_VERSION: Final = "2026-10"
CURRENCY: Final = "EUR"
OPENED: Final = "2026-01-01T00:00:00Z"
# What `$app` and an omitted namespace of a metafield stand for.
APP_NAMESPACE: Final = "app--1"

LOCATIONS: Final = {"gid://shopify/Location/1": "Main", "gid://shopify/Location/2": "Second"}
# A new variant is stocked here with nothing on hand.
HOME_LOCATION: Final = "gid://shopify/Location/1"
PUBLICATIONS: Final = {
    "gid://shopify/Publication/1": "Online Store",
    "gid://shopify/Publication/2": "Point of Sale",
}
COLLECTIONS: Final = {
    "gid://shopify/Collection/1": "Home page",
    "gid://shopify/Collection/2": "New",
    "gid://shopify/Collection/3": "Summer sale",
    "gid://shopify/Collection/4": "Gifts",
    "gid://shopify/Collection/5": "On sale",
}
# These fill themselves by conditions: no product can be put in or taken out.
SMART_COLLECTIONS: Final = frozenset({"gid://shopify/Collection/5"})
# Languages of the shop, the primary one first; the last is there but not published.
LOCALES: Final = {
    "en": ("English", True),
    "de": ("German", True),
    "fr": ("French", True),
    "es": ("Spanish", True),
    "it": ("Italian", False),
}

AMAZON_SELLER: Final = "A2SANDBOXSELLER"
# Marketplace → where its shoppers are.
AMAZON_MARKETPLACES: Final = {"A1PA6795UKMFR9": "amazon.de", "ATVPDKIKX0DER": "amazon.com"}
# What the ERP signs its calls to the demo's sources with.
ERP_SECRET: Final = "whsec_c2FuZGJveC1lcnAtc2lnbnMtd2l0aC10aGlzLi4="  # noqa: S105
REFRESH_TOKEN: Final = "Atzr|sandbox-refresh"  # noqa: S105

GOOGLE_ACCOUNT: Final = "1001"
# Data source → the language and label that its offers must carry.
DATA_SOURCES: Final = {
    "accounts/1001/dataSources/2001": ("en", "US"),
    "accounts/1001/dataSources/2002": ("de", "DE"),
    "accounts/1001/dataSources/2003": ("en", "US"),  # a second source, for offers that move
    "accounts/1001/dataSources/2004": ("fr", "FR"),
    "accounts/1001/dataSources/2005": ("en", "US"),  # supplemental
}
SUPPLEMENTAL: Final = frozenset({"accounts/1001/dataSources/2005"})
# The countries in which offers of a feed label are shown.
COUNTRIES: Final = {"US": ["US"], "DE": ["AT", "DE"], "FR": ["FR"]}

# What `POST /_control/settings` may change, and where it starts.
SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "shopify": {
        "answer_after": 0.0,  # seconds between the effect of a call and its answer
        "media_delay": 0.0,  # seconds until a new image is READY
        "media_fail": [],  # parts of an originalSource that cannot be downloaded
        "bulk_seconds": 0.0,  # that a line of a bulk operation takes
        "bulk_fail_after": None,  # lines after which a bulk operation breaks off
        "operation_polls": 1,  # reads until an asynchronous operation is COMPLETE
        "token_ttl": 86399,
        "webhooks": [],  # where messages go: [{"url", "secret"}]; see webhooks.py
        "webhook_copies": 1,
        "webhook_shuffle": False,
        "webhook_delay": 0.0,
        "webhook_forged": 0,  # of a hundred
        "scopes_denied": [],  # access scopes that the app was not granted
        "bucket": False,  # enforce the leaky bucket of query cost
        "bucket_maximum": 2000,
        "restore_rate": 100,
    },
    "amazon": {
        "answer_after": 0.0,
        "visible_after": 0.3,  # seconds until a submission is seen by a read
        "late_issues": [],  # [{sku, code, message, severity, attributeNames}] that Amazon finds afterwards
        "pages": [],  # [{gtin, asin}] that Amazon has
        "restricted": [],  # [{asin, message, reasonCode, link}] that the seller may not list
        "wanted": [],  # attributes that an item needs although its definition does not say so
        "also_required": [],  # attributes that the definitions newly require
        "feed_after": 0.3,  # seconds until a feed is worked on
        "feed_ends": [],  # how the next feeds end, each once: DONE, CANCELLED, FATAL (half of it is done then)
        "report_after": 0.3,  # seconds until a report is done
        "report_ends": [],  # how the next reports end, each once: DONE, CANCELLED, FATAL
        "queue": False,  # keep notifications for `GET /amazon/_queue`
        "link_ttl": 300,  # seconds that the address of a definition is good for
        "token_ttl": 3600,
        "bucket": False,  # enforce the rates of the operations
        "rate_times": 1,  # this seller may call so many times as fast as usual; answers tell it
    },
    "google": {
        "answer_after": 0.0,
        "visible_after": 0.3,  # seconds until an insert is seen by a read
        "clock_offset": 0,  # seconds added to the clock, to live through an expiry
        "requests_per_minute": None,  # enforce this quota
        "token_ttl": 3599,
    },
}
