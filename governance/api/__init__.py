"""What governance adds to the API: where products stand, and the verbs of the workflow."""
