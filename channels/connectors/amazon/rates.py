"""How fast Amazon may be called, by operation: "Usage Plan" of each in the Swagger documents.

The header `x-amzn-RateLimit-Limit` tells the rate of this seller and application where it is another one.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from channels.connectors.abilities import Rate
from pimhub.foundation.http import Request, Response

_LISTINGS = "/listings/2021-08-01/items/"
_DEFINITIONS = "/definitions/2020-09-01/productTypes"
_FEEDS, _REPORTS = "/feeds/2021-06-30/", "/reports/2021-06-30/"
# (method, folder, whether one of them is named) → (operation, calls a second, at once). Of createFeed the limit is that
# of JSON_LISTINGS_FEED: five in five minutes.
_OF_FEEDS = {
    ("POST", "documents", False): ("createFeedDocument", 0.5, 15.0),
    ("GET", "documents", True): ("getFeedDocument", 0.0222, 10.0),
    ("POST", "feeds", False): ("createFeed", 5 / 300, 5.0),
    ("GET", "feeds", False): ("getFeeds", 0.0222, 10.0),
    ("GET", "feeds", True): ("getFeed", 2.0, 15.0),
    ("DELETE", "feeds", True): ("cancelFeed", 2.0, 15.0),
}
_OF_REPORTS = {
    ("POST", "reports", False): ("createReport", 0.0167, 15.0),
    ("GET", "reports", True): ("getReport", 2.0, 15.0),
    ("GET", "documents", True): ("getReportDocument", 0.0167, 15.0),
}
# Method → (operation, calls a second, at once) for one item.
_ITEM = {
    "PUT": ("putListingsItem", 5.0, 10.0),
    "PATCH": ("patchListingsItem", 5.0, 5.0),
    "GET": ("getListingsItem", 5.0, 10.0),
    "DELETE": ("deleteListingsItem", 5.0, 5.0),
}


def rate(request: Request) -> Rate | None:
    """The limit of a call; None of logging in and of downloads."""
    path = urlsplit(request.url).path
    if path.endswith("/catalog/2022-04-01/items"):
        return Rate("searchCatalogItems", 2.0, 2.0)
    if path.endswith("/listings/2021-08-01/restrictions"):
        return Rate("getListingsRestrictions", 5.0, 10.0)
    for api, operations in ((_FEEDS, _OF_FEEDS), (_REPORTS, _OF_REPORTS)):
        if api in path:
            folder, _, one = path.partition(api)[2].partition("/")
            known = operations.get((request.method, folder, bool(one)))
            return Rate(*known) if known else None
    _, found, item = path.partition(_LISTINGS)
    if found:
        return Rate(*_ITEM[request.method]) if "/" in item else Rate("searchListingsItems", 5.0, 5.0)
    return Rate("getDefinitionsProductType", 5.0, 10.0) if _DEFINITIONS in path else None


def told(response: Response) -> float | None:
    try:
        found = float(response.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return found if 0 < found < 1_000_000 else None
