"""What leaves the house: mapping, rendering, preflight, publishing, read-back."""
