"""Mapping: which value feeds which field of a channel."""
