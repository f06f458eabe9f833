"""How fast Google may be called: quotas are per method and minute, and grow with the account's catalogue.

Google does not tell them with its answers, so each begins at a usual one and is corrected by refusals
(developers.google.com/merchant/api, "Quotas and limits").
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from channels.connectors.abilities import Rate
from pimhub.foundation.http import Request

PER_SECOND, BURST = 50.0, 100.0

_METHODS = (
    ("POST", re.compile(r"/productInputs:insert$"), "productInputs.insert"),
    ("PATCH", re.compile(r"/productInputs/[^/]+$"), "productInputs.patch"),
    ("DELETE", re.compile(r"/productInputs/[^/]+$"), "productInputs.delete"),
    ("GET", re.compile(r"/products(/[^/]+)?$"), "products.read"),
)


def rate(request: Request) -> Rate | None:
    """The limit of a call; None of logging in."""
    path = urlsplit(request.url).path
    for verb, shape, name in _METHODS:
        if request.method == verb and shape.search(path):
            return Rate(name, PER_SECOND, BURST, learns=True)
    return None
