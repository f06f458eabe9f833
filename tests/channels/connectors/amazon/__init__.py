"""The Amazon connector."""
