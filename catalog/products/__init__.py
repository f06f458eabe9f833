"""Verbs on products: the door for writes and its neighbours."""
