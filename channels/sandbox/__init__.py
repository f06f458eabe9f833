"""The sandbox: local Shopify and Google servers that enforce the official schemas and run-time rules.

`python -m channels.sandbox --home DIR` runs it; `channels.sandbox.server.serve` is the same from code.
It knows nothing of the rest of the house: no Django, no models, only the vendors' schema files.
"""
