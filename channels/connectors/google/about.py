"""What the owner of a Google channel fills in (settings.py reads it)."""

from __future__ import annotations

from channels.connectors.abilities import SettingField

SETTINGS = (
    SettingField("account", "Merchant Center account", required=True, help="Its number, such as 1001."),
    SettingField("data_source", "Data source", required=True, help="Such as accounts/1001/dataSources/2001."),
    SettingField("content_language", "Language", help="Two letters; empty: the market's."),
    SettingField("feed_label", "Feed label", help="Usually the country, such as DE."),
    SettingField("countries", "Countries", "list", help="Where the label's offers are shown; empty: its own."),
    SettingField(
        "shipping",
        "Shipping",
        "rows",
        columns=("country", "service", "price"),
        help="A line each, such as DE; Standard; 4.90. Empty: the account's own rates.",
    ),
    SettingField(
        "supplements", "Only these fields", "list", help="For a supplemental data source: target fields, a line each."
    ),
    SettingField("locations", "Locations that count", "list", help="Our codes; empty: all."),
    SettingField("variant_parameter", "Parameter of variants", help="Tells variants apart in links; empty: variant."),
)
CREDENTIALS = (("service_account",), ("access_token",))
MORE_SECRETS = ("webhook_token", "webhook_token_previous")
