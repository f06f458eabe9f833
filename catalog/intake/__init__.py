"""Prices and stock as sources send them: fast, in any order, as often as they come."""
