"""Pure Python, no ORM: attribute types, value sets, value keys, diffs."""
