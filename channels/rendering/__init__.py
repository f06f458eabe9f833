"""From the live revision to what a channel should show. Pure but for reading rows."""
