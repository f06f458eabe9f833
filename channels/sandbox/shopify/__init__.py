"""A local Shopify shop: the official 2026-10 schema executed over the sandbox's store."""
