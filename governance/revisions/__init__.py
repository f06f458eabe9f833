"""Revisions: freeze what is approved, read what was frozen."""
