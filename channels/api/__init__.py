"""Channels through the API: what is published, where, and why not."""
