"""Who may change what, what is approved, and proof of both."""
