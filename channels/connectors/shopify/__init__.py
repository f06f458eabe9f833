"""Shopify: products, variants, prices, stock and pictures through the Admin GraphQL API 2026-10."""

from __future__ import annotations

from channels.connectors.registry import connectors
from channels.connectors.shopify.connector import ShopifyConnector

connectors.add("shopify", ShopifyConnector())
