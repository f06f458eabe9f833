"""The workflow: a table of moves, and one verb a file."""
