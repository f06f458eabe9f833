"""What the owner of an Amazon channel fills in (settings.py reads it)."""

from __future__ import annotations

from channels.connectors.abilities import SettingField

SETTINGS = (
    SettingField("seller", "Seller", required=True, help="Such as A2EXAMPLE, from Seller Central."),
    SettingField("marketplace", "Marketplace", required=True, help="Its id, such as A1PA6795UKMFR9 for Germany."),
    SettingField("language", "Language of the texts", help="Such as de_DE; empty: the market's."),
    SettingField("locations", "Locations that count", "list", help="Our codes; empty: all."),
    SettingField("fulfillment_channel", "Fulfilment", help="DEFAULT, or AMAZON_EU where Amazon counts the stock."),
    SettingField("lead_time_days", "Days until a parcel leaves", "number"),
    SettingField("gtin_exempt", "May list without GTIN", "flag"),
    SettingField("axes", "Names of axes", "map", help="Our axis = Amazon's attribute, where they differ."),
    SettingField("preview", "Amazon checks each new item before it is put", "flag"),
    SettingField("check_restrictions", "Ask whether this seller may list it", "flag"),
    SettingField(
        "bulk_from",
        "Products that go as one feed",
        "number",
        help="From how many waiting products on. Empty: 500, which take five calls a second longer than a feed takes; "
        "0: never.",
    ),
    SettingField("queue", "Queue of notifications", "url", help="It is asked for what changed; empty: none."),
    SettingField("token_url", "Where tokens are given", "url", help="Empty: Login with Amazon."),
)
MORE_SECRETS = ("queue_token",)
CREDENTIALS = (("client_id", "client_secret", "refresh_token"), ("access_token",))
