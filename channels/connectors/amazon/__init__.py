"""Amazon: listings through the Selling Partner API, Listings Items 2021-08-01."""

from __future__ import annotations

from channels.connectors.amazon.connector import AmazonConnector
from channels.connectors.registry import connectors

connectors.add("amazon", AmazonConnector())
