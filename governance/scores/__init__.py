"""The content score: points from listed parts, each of which says what is missing to the full."""
