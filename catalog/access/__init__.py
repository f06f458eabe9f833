"""How machines get in: tokens, their scopes, short-lived signed tokens, and their rate."""
