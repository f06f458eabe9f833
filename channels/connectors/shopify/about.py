"""What the owner of a Shopify channel fills in (settings.py reads it)."""

from __future__ import annotations

from channels.connectors.abilities import SettingField

SETTINGS = (
    SettingField("locations", "Locations", "map", help="Our code = Shopify's id, such as gid://shopify/Location/1."),
    SettingField("publications", "Sales channels", "list", help="Ids such as gid://shopify/Publication/1."),
    SettingField("currency", "Currency of the shop", help="Such as EUR. Preflight compares it with the price list."),
    SettingField(
        "ownership",
        "Who fills a field",
        "map",
        help="Field = owned (ours alone), merged (ours beside what others put there) or foreign (left alone).",
    ),
    SettingField(
        "metafields",
        "Types of metafields",
        "map",
        help="Such as custom.material = single_line_text_field, a line each.",
    ),
    SettingField("translations", "Further languages", "map", help="Ours = the shop's, such as de_DE = de."),
    SettingField(
        "bulk_from",
        "Send as one file from",
        "number",
        help="So many waiting products go in one file that Shopify works through (usually 250); 0: never.",
    ),
    SettingField("redirects", "Old addresses lead to new ones", "flag", usual=True),
)
CREDENTIALS = (("access_token",), ("client_id", "client_secret"))
MORE_SECRETS = ("client_secret_previous",)  # messages are signed with either while it is changed
