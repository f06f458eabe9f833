"""The demo's channels, pointed at the sandbox."""

from __future__ import annotations

from catalog.models import Market, Scope
from channels.connectors.registry import connectors
from channels.models import Channel, MappingVersion
from pimhub.foundation.jsonvalue import JSON

PRODUCT_URL = "https://shop.example/products/{handle}"
CHANNELS: tuple[tuple[str, str, dict[str, JSON]], ...] = (
    (
        "shopify",
        "Shopify shop",
        {
            "endpoint": "sandbox",
            "locations": {"main": "gid://shopify/Location/1"},
            "publications": ["gid://shopify/Publication/1"],
            "currency": "EUR",
            "product_url": PRODUCT_URL,
        },
    ),
    ("amazon", "Amazon", {"endpoint": "sandbox", "product_url": PRODUCT_URL}),
    (
        "google",
        "Google Merchant",
        {
            "endpoint": "sandbox",
            "account": "1001",
            "data_source": "accounts/1001/dataSources/2001",
            "content_language": "en",
            "feed_label": "US",
            "product_url": PRODUCT_URL,
        },
    ),
)


def ensure_channels() -> None:
    scope, market = Scope.objects.get(code="default"), Market.objects.get(code="default")
    for code, label, settings in CHANNELS:
        channel, made = Channel.objects.get_or_create(
            code=code,
            defaults={"label": label, "connector": code, "scope": scope, "market": market, "settings": settings},
        )
        if not made:
            continue
        channel.credentials = {"access_token": "sandbox-token"}
        if code in connectors:
            rules = dict(connectors.get(code).default_rules)
            channel.mapping = MappingVersion.objects.create(channel=channel, number=1, rules=rules)
        channel.save()
