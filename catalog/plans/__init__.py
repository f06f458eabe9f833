"""Changes of many products, previewed first: planned, looked at, applied exactly so, and undone."""
