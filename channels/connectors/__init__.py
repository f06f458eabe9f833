"""One folder per channel kind. Delete a folder and its tests, and nothing else breaks."""
