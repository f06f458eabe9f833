"""Data that comes by itself: collected, remembered by its content, worked through in slices."""
