"""The demo's channels, pointed at the sandbox."""

from __future__ import annotations

from catalog.models import Market, Scope
from channels.connectors.registry import connectors
from channels.definitions import keep
from channels.models import Channel, MappingVersion
from channels.sandbox.amazon import types
from channels.sandbox.world import AMAZON_SELLER, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN
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
    (
        "amazon",
        "Amazon",
        {
            "endpoint": "sandbox",
            "seller": AMAZON_SELLER,
            "marketplace": "A1PA6795UKMFR9",
            "language": "en_GB",
            "gtin_exempt": True,
            "product_url": PRODUCT_URL,
        },
    ),
    (
        "google",
        "Google Merchant",
        {
            "endpoint": "sandbox",
            "account": "1001",
            "data_source": "accounts/1001/dataSources/2001",
            "content_language": "en",
            "feed_label": "US",
            "feed_formats": ["xml", "tsv"],
            "product_url": PRODUCT_URL,
        },
    ),
)


# Apparel goes to Amazon as SHIRT, the one product type of the sandbox, with the constants that it requires.
AMAZON_RULES: dict[str, JSON] = {
    "product_type": {
        "from": ["amazon_product_type", "google_product_category", "product_type", "$categories"],
        "transforms": [
            {
                "name": "match",
                "table": dict.fromkeys(
                    ("shirt", "shirts", "tee", "tees", "t shirt", "t shirts", "clothing", "apparel"), "SHIRT"
                ),
            }
        ],
    },
    "bullet_point": {"from": "description", "transforms": ["plain_text", {"name": "truncate", "length": 500}]},
    "fabric_type": {"from": "material", "transforms": ["labels"], "default": "Cotton"},
    "item_type_keyword": {"const": "fashion-t-shirts"},
    "supplier_declared_dg_hz_regulation": {"const": "not_applicable"},
}

RULES = {"amazon": AMAZON_RULES}
CREDENTIALS = {
    "shopify": {"access_token": TOKEN, "client_secret": CLIENT_SECRET},
    "amazon": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN},
}


def ensure_channels() -> None:
    scope, market = Scope.objects.get(code="default"), Market.objects.get(code="default")
    for code, label, settings in CHANNELS:
        channel, made = Channel.objects.get_or_create(
            code=code,
            defaults={"label": label, "connector": code, "scope": scope, "market": market, "settings": settings},
        )
        if not made:
            continue
        channel.credentials = CREDENTIALS.get(code, {"access_token": TOKEN})
        if code in connectors:
            rules = dict(connectors.get(code).default_rules) | RULES.get(code, {})
            channel.mapping = MappingVersion.objects.create(channel=channel, number=1, rules=rules)
        channel.save()
        if code == "amazon":
            _ensure_definitions(channel)


def _ensure_definitions(channel: Channel) -> None:
    """What the sandbox would hand out, so that a preview needs no running sandbox."""
    for name, data in types.known().items():
        keep(channel, name, checksum=types.checksum(data), text=data.decode())
