"""What the owner of a Shopify channel fills in (settings.py reads it)."""

from __future__ import annotations

from channels.connectors.base import SettingField

SETTINGS = (
    SettingField("locations", "Locations", "map", help="Our code = Shopify's id, such as gid://shopify/Location/1."),
    SettingField("publications", "Sales channels", "list", help="Ids such as gid://shopify/Publication/1."),
    SettingField("currency", "Currency of the shop", help="Such as EUR. Preflight compares it with the price list."),
)
CREDENTIALS = (("access_token",), ("client_id", "client_secret"))
