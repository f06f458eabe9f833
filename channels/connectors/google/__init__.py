"""Google Merchant Center: offers through the Merchant API products/v1, and feed files."""

from __future__ import annotations

from channels.connectors.google.connector import GoogleConnector
from channels.connectors.registry import connectors

connectors.add("google", GoogleConnector())
