"""Amazon: its place, not built yet.

Nothing is registered here, so a channel of kind "amazon" can be set up and mapped, and every
listing on it says `no_connector` in its preflight until the connector exists.
"""
